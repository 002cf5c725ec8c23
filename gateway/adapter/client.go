package adapter

import (
	"errors"
	"net"
	"net/http"
)

// Pinned is client, or a new one, for requests that carry a token or a signature: it follows nobody
// elsewhere. Each request needs a deadline of its own; the one for all is taken off,
// since a file may take longer than a call.
func Pinned(client *http.Client) *http.Client {
	pinned := http.Client{}
	if client != nil {
		pinned = *client
	}
	pinned.Timeout = 0
	pinned.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &pinned
}

// TimedOut reports whether a read failed because nothing came before its deadline.
func TimedOut(err error) bool {
	t, ok := errors.AsType[net.Error](err)
	return ok && t.Timeout()
}
