package web

import (
	"net/http"
	"net/netip"
	"testing"
)

func TestAddress(t *testing.T) {
	believed := &Server{Config: Config{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}}}
	nobody := &Server{}
	tests := []struct {
		name    string
		server  *Server
		remote  string
		forward []string
		want    string
	}{
		{"direct", nobody, "203.0.113.7:1234", nil, "203.0.113.7"},
		{"a header from anybody", nobody, "203.0.113.7:1234", []string{"1.2.3.4"}, "203.0.113.7"},
		{"a header from a stranger", believed, "203.0.113.7:1234", []string{"1.2.3.4"}, "203.0.113.7"},
		{"through a proxy", believed, "10.0.0.1:1234", []string{"198.51.100.9"}, "198.51.100.9"},
		{"through two proxies", believed, "10.0.0.1:1234", []string{"198.51.100.9, 10.0.0.2"}, "198.51.100.9"},
		{"what the caller made up comes first", believed, "10.0.0.1:1234", []string{"6.6.6.6", "198.51.100.9"}, "198.51.100.9"},
		{"nonsense", believed, "10.0.0.1:1234", []string{"6.6.6.6, nonsense"}, "10.0.0.1"},
		{"no header", believed, "10.0.0.1:1234", nil, "10.0.0.1"},
		{"proxies only", believed, "10.0.0.1:1234", []string{"10.0.0.3"}, "10.0.0.3"},
		{"IPv6 counts as its /64", nobody, "[2001:db8::1:2:3:4]:1234", nil, "2001:db8::/64"},
		{"IPv4 in IPv6", nobody, "[::ffff:203.0.113.7]:1234", nil, "203.0.113.7"},
		{"no port", nobody, "pipe", nil, "pipe"},
	}
	for _, test := range tests {
		r := &http.Request{RemoteAddr: test.remote, Header: http.Header{"X-Forwarded-For": test.forward}}
		if got := test.server.address(r); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
