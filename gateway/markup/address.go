package markup

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// address is a link target that may be shown.
type address struct {
	text  string // the whole, with nothing in it that Markdown could read
	place string // host, or mail address
	web   bool
}

const maxURL = 2000

// parseURL accepts http, https and mailto.
func parseURL(s string) (address, bool) {
	s = strings.TrimSpace(clean(s))
	if len(s) > maxURL {
		return address{}, false
	}
	u, err := url.Parse(s)
	if err != nil {
		return address{}, false
	}
	switch u.Scheme {
	case "http", "https":
		if u.Host == "" || u.Opaque != "" || strings.ContainsAny(u.Host, "<>()[]\\\"'` ") && !strings.HasPrefix(u.Host, "[") {
			return address{}, false
		}
		u.User = nil // https://bank.example@evil.example
		return address{text: encode(u.String()), place: encode(u.Hostname()), web: true}, true
	case "mailto":
		to, err := url.PathUnescape(u.Opaque)
		if err != nil || !mail.MatchString(to) {
			return address{}, false
		}
		return address{text: "mailto:" + encode(to), place: to}, true
	}
	return address{}, false
}

var mail = regexp.MustCompile(`^[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+\.[A-Za-z]{2,}$`)

// encode leaves nothing that ends a link or begins other markup.
func encode(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c <= ' ' || c == 0x7f || strings.IndexByte("<>()\"'`\\*_[]{}|^~!", c) >= 0:
			b.WriteString(hex(c))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func hex(c byte) string {
	const digits = "0123456789ABCDEF"
	return "%" + string(digits[c>>4]) + string(digits[c&15])
}

// same reports whether the words are the address.
func same(label string, u address) bool {
	trim := func(s string) string {
		s = strings.ToLower(s)
		for _, p := range []string{"https://", "http://", "mailto:", "www."} {
			s = strings.TrimPrefix(s, p)
		}
		return strings.TrimSuffix(s, "/")
	}
	return trim(encode(label)) == trim(u.text)
}

var domain = regexp.MustCompile(`(?i)://|[\p{L}\p{N}\-]+\.[\p{L}]{2,}`)

// claims reports whether the words look like an address of another place.
func claims(label string, u address) bool {
	rest := strings.ReplaceAll(strings.ToLower(label), strings.ToLower(u.place), "")
	return domain.MatchString(rest)
}

func allowed(host string, hosts []string) bool {
	return slices.ContainsFunc(hosts, func(h string) bool { return strings.EqualFold(h, host) })
}
