package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// from puts into RemoteAddr where a request really came from, for the limits of
// everything behind it: the address without its port, of IPv6 the /64.
func (s *Server) from(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(r.Context()) // a copy: the server's own is not ours to change
		r.RemoteAddr = s.address(r)
		next.ServeHTTP(w, r)
	})
}

// address is where a request came from: behind proxies that are believed, what the
// last of them saw.
func (s *Server) address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.believed(host); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		host = hop.String()
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	if a = a.Unmap(); a.Is4() {
		return a.String()
	}
	p, err := a.WithZone("").Prefix(64) // one customer has a whole /64
	if err != nil {
		return a.String()
	}
	return p.String()
}

func (s *Server) believed(host string) bool {
	a, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	for _, p := range s.Proxies {
		if p.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}
