package xmpp

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/parley-im/parley/internal/fault"
)

const (
	discoverTimeout = 10 * time.Second
	discoverBytes   = 64 << 10
)

// discover asks the domain where its WebSocket is (XEP-0156).
func (c *Channel) discover(ctx context.Context) (string, error) {
	domain := c.set.jid.Domain
	found, err := c.hostMeta(ctx, "https://"+domain+"/.well-known/host-meta.json")
	if err != nil {
		return "", fault.Say(fault.Unavailable, "xmpp_discovery", "%s does not tell where the WebSocket of its XMPP server is; set url.", domain).Because(err)
	}
	return found, nil
}

func (c *Channel) hostMeta(ctx context.Context, address string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, discoverTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	client := c.client
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: status %d", address, resp.StatusCode)
	}
	var meta struct {
		Links []struct {
			Rel  string `json:"rel"`
			Href string `json:"href"`
		} `json:"links"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, discoverBytes)).Decode(&meta); err != nil {
		return "", fmt.Errorf("%s: %w", address, err)
	}
	for _, l := range meta.Links {
		if u, err := url.Parse(l.Href); err == nil && l.Rel == "urn:xmpp:alt-connections:websocket" && u.Scheme == "wss" && u.Host != "" {
			return l.Href, nil
		}
	}
	return "", fmt.Errorf("%s has no encrypted WebSocket", address)
}
