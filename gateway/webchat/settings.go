package webchat

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/parley-im/parley/internal/fault"
)

// settings of a browser chat. Texts are keyed by language: en, zh-CN, …
type settings struct {
	Title            map[string]string   `yaml:"title"`
	Greeting         map[string]string   `yaml:"greeting"`
	Suggestions      map[string][]string `yaml:"suggestions"`        // questions offered while nothing was said
	Origins          []string            `yaml:"origins"`            // other sites that may show the widget
	PerMinute        float64             `yaml:"per_minute"`         // messages of one visitor
	Burst            int                 `yaml:"burst"`              // of those at once
	AddressPerMinute float64             `yaml:"address_per_minute"` // messages of all visitors of one network address
	AddressBurst     int                 `yaml:"address_burst"`
	MaxSockets       int                 `yaml:"max_sockets"`
	VisitorSockets   int                 `yaml:"visitor_sockets"` // open tabs of one visitor
}

func defaults() settings {
	return settings{PerMinute: 10, Burst: 5, AddressPerMinute: 60, AddressBurst: 30, MaxSockets: 2000, VisitorSockets: 8}
}

// check reports everything that is wrong, and returns the origins that may open a
// socket beside the server's own.
func (s settings) check(name, publicURL string) (map[string]bool, error) {
	var wrong []error
	bad := func(format string, args ...any) {
		wrong = append(wrong, fault.Say(fault.Invalid, "settings", format, args...))
	}
	origins := map[string]bool{}
	for _, o := range s.Origins {
		if clean, ok := origin(o); ok && clean == strings.ToLower(o) {
			origins[clean] = true
		} else {
			bad("origins: %q must look like https://shop.example, without a path", o)
		}
	}
	if own, ok := origin(publicURL); ok {
		origins[own] = true
	}
	if s.PerMinute <= 0 || s.Burst < 1 || s.AddressPerMinute <= 0 || s.AddressBurst < 1 {
		bad("per_minute, burst, address_per_minute and address_burst must be above 0")
	}
	if s.MaxSockets < 1 || s.VisitorSockets < 1 {
		bad("max_sockets and visitor_sockets must be at least 1")
	}
	for lang, list := range s.Suggestions {
		if len(list) > 6 {
			bad("suggestions: at most 6 for %s", lang)
		}
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("channel %s: %w", name, errors.Join(wrong...))
	}
	return origins, nil
}

// origin returns the scheme and host of an address, as a browser writes them.
func origin(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return "", false
	}
	host := strings.ToLower(u.Host)
	if p := u.Port(); (u.Scheme == "http" && p == "80") || (u.Scheme == "https" && p == "443") {
		host = strings.TrimSuffix(host, ":"+p)
	}
	return u.Scheme + "://" + host, true
}
