package im

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// Message is what a person says.
type Message struct {
	ID     string
	Chat   string
	Sender string
	Text   string
	Direct bool
	Extra  map[string]any // more fields; they are let through
}

func (m Message) body() ([]byte, error) {
	fields := map[string]any{
		"id": m.ID, "chat": m.Chat, "direct": m.Direct, "sender": map[string]any{"id": m.Sender},
		"text": m.Text, "sent_at": time.Now().Format(time.RFC3339Nano),
	}
	for k, v := range m.Extra {
		fields[k] = v
	}
	return json.Marshal(fields)
}

// Balancer spreads requests over servers and goes on with the next one when one
// does not take a request, as a load balancer with health checks does.
type Balancer struct {
	addresses []string
	now       atomic.Int64
	next      atomic.Int64
	spread    bool
}

// NewBalancer returns a balancer. With spread every request goes to another
// server; else all stay with one until it fails.
func NewBalancer(addresses []string, spread bool) *Balancer {
	return &Balancer{addresses: addresses, spread: spread}
}

// pick returns a server and what to call when it failed.
func (b *Balancer) pick() (address string, failed func()) {
	n := b.now.Load()
	if b.spread {
		n = b.next.Add(1)
	}
	return b.addresses[int(n)%len(b.addresses)], func() { b.now.CompareAndSwap(n, n+1) }
}

var errRefused = errors.New("refused for good")

// Say offers a message until it is acknowledged, as platforms do.
func (p *Platform) Say(ctx context.Context, to *Balancer, channel string, m Message) (tries int, err error) {
	body, err := m.body()
	if err != nil {
		return 0, err
	}
	for {
		tries++
		address, failed := to.pick()
		err := p.Offer(ctx, "http://"+address+"/channels/"+channel+"/", body)
		if err == nil {
			return tries, nil
		}
		failed()
		if errors.Is(err, errRefused) {
			return tries, err
		}
		select {
		case <-ctx.Done():
			return tries, context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Offer sends a body once.
func (p *Platform) Offer(ctx context.Context, url string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	now := strconv.FormatInt(time.Now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Parley-Timestamp", now)
	req.Header.Set("X-Parley-Signature", sign(now, body))
	res, err := p.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(res.Body, 1000))
	switch {
	case res.StatusCode == http.StatusAccepted || res.StatusCode == http.StatusConflict:
		return nil // 409: this very request was taken before, its answer was lost
	case res.StatusCode >= 400 && res.StatusCode < 500 && res.StatusCode != http.StatusTooManyRequests && res.StatusCode != http.StatusNotFound:
		return fmt.Errorf("%w: status %d: %s", errRefused, res.StatusCode, answer)
	}
	return fmt.Errorf("status %d", res.StatusCode)
}
