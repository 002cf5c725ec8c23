package config

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var channelName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// check returns what is wrong with values that have the right type.
func (c Config) check() []Problem {
	var list []Problem
	bad := func(format string, args ...any) { list = append(list, Problem{Message: fmt.Sprintf(format, args...)}) }

	if err := checkAddress(c.Listen); err != nil {
		bad("listen: %v", err)
	}
	if c.PublicURL != "" {
		if err := checkURL(c.PublicURL); err != nil {
			bad("public_url: %v", err)
		}
	}
	if _, err := c.TrustedProxies(); err != nil {
		bad("trusted_proxies: %v", err)
	}
	if c.Data == "" {
		bad("data: name a folder")
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level) {
		bad("log.level: %q is none of debug, info, warn, error", c.Log.Level)
	}
	for i, m := range c.Models {
		where := fmt.Sprintf("models[%d]", i)
		if m.Model == "" {
			bad("%s.model: name the model", where)
		}
		for _, message := range checkEndpoint(m.BaseURL, m.API, m.APIVersion) {
			bad("%s.%s", where, message)
		}
		if m.Temperature != nil && (*m.Temperature < 0 || *m.Temperature > 2) {
			bad("%s.temperature: %v is not between 0 and 2", where, *m.Temperature)
		}
		if m.MaxTokens < 0 || m.Context < 0 {
			bad("%s: max_tokens and context must not be negative", where)
		}
		for key, d := range map[string]time.Duration{"connect": m.Connect, "first_token": m.FirstToken, "stall": m.Stall, "total": m.Total} {
			if d < 0 {
				bad("%s.%s: %v is negative", where, key, d)
			}
		}
	}
	for key, e := range map[string]*Embedder{"embedder": c.Embedder, "former_embedder": c.Former} {
		if e == nil {
			continue
		}
		if e.Model == "" {
			bad("%s.model: name the model", key)
		}
		for _, message := range checkEndpoint(e.BaseURL, e.API, e.APIVersion) {
			bad("%s.%s", key, message)
		}
		if e.Dimensions < 0 || e.Batch < 0 || e.Timeout < 0 {
			bad("%s: dimensions, batch and timeout must not be negative", key)
		}
	}
	if d := string(c.Database); d != "" && !strings.HasPrefix(d, "postgres://") && !strings.HasPrefix(d, "postgresql://") {
		bad("database: must begin with postgres://, or be empty for the file in the data folder")
	}
	if r := string(c.Redis); r != "" && !strings.HasPrefix(r, "redis://") && !strings.HasPrefix(r, "rediss://") {
		bad("redis: must begin with redis:// or rediss://, or be empty")
	}
	if c.Answers.Cache < 0 {
		bad("answers.cache: %v is negative", c.Answers.Cache)
	}
	if c.Answers.KnownAt < 0 || c.Answers.KnownAt > 1 {
		bad("answers.known_at: %v is not between 0 and 1", c.Answers.KnownAt)
	}
	if c.Answers.Passages < 1 || c.Answers.Passages > 50 {
		bad("answers.passages: %d is not between 1 and 50", c.Answers.Passages)
	}
	if c.Answers.HistoryTokens < 0 {
		bad("answers.history_tokens: %d is negative", c.Answers.HistoryTokens)
	}
	if c.Uploads.MaxSize < 1 || c.Uploads.ParseTime <= 0 || c.Uploads.ParseMemory < 128<<20 || c.Uploads.Workers < 1 {
		bad("uploads: max_size, parse_time and workers must be above zero, parse_memory at least 128MB")
	}
	if c.Gateway.MergeWindow < 0 || c.Gateway.StaleAfter <= 0 || c.Gateway.AnswerTimeout <= 0 || c.Gateway.Workers < 1 || c.Gateway.MaxCrashes < 1 {
		bad("gateway: merge_window must not be negative; stale_after, answer_timeout, workers and max_crashes must be above zero")
	}
	for _, name := range slices.Sorted(maps.Keys(c.Channels)) {
		if !channelName.MatchString(name) {
			bad("channels.%s: a channel's name has small letters, digits and hyphens, 40 at most", name)
		}
		if c.Channels[name].Kind == "" {
			bad("channels.%s.kind: say which adapter it is", name)
		}
		if g := c.Channels[name].Groups; !slices.Contains([]string{"", "mention", "always", "never"}, g) {
			bad("channels.%s.groups: %q is none of mention, always, never", name, g)
		}
		for _, p := range slices.Concat(c.Channels[name].Allow, c.Channels[name].Deny) {
			if _, err := path.Match(p, ""); err != nil || p == "" {
				bad("channels.%s: %q, in allow or deny, is neither an ID of a person nor a pattern like *@example.com", name, p)
			}
		}
	}
	return list
}

func checkEndpoint(base, api, version string) []string {
	var list []string
	if err := checkURL(base); err != nil {
		list = append(list, "base_url: "+err.Error())
	}
	switch api {
	case "", "openai":
	case "azure":
		if version == "" {
			list = append(list, "api_version: azure needs one, such as 2024-10-21")
		}
	default:
		list = append(list, fmt.Sprintf("api: %q is neither openai nor azure", api))
	}
	return list
}

func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return fmt.Errorf("%q is not a URL that begins with http:// or https://", text)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%q must have no user, query or fragment", u.Redacted())
	}
	return nil
}

// TrustedProxies returns the networks whose X-Forwarded-For header is believed.
func (c Config) TrustedProxies() ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, text := range c.Proxies {
		if a, err := netip.ParseAddr(text); err == nil {
			list = append(list, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("%q is neither an address such as 10.0.0.7 nor a network such as 10.0.0.0/8", text)
		}
		list = append(list, p.Masked())
	}
	return list, nil
}

func checkAddress(text string) error {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return fmt.Errorf("%q is not HOST:PORT", text)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("%q is not a port between 0 and 65535", port)
	}
	return nil
}
