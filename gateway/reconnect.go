package gateway

import (
	"fmt"

	"github.com/parley-im/parley/internal/fault"
)

// Reconnect ends the connection of a channel so that it is made anew at once, also where
// it would be tried again only after a pause. fault.NotFound: there is no such channel;
// fault.Conflict: another process has its connection.
func (g *Gateway) Reconnect(name string) error {
	g.mu.Lock()
	var found *link
	for _, l := range g.links {
		if l.name == name && l.ch != nil {
			found = l
		}
	}
	g.mu.Unlock()
	if found == nil {
		return fmt.Errorf("channel %s: %w", name, fault.NotFound)
	}
	found.mu.Lock()
	here := found.listens
	found.mu.Unlock()
	if !here {
		return fault.Say(fault.Conflict, "channel_elsewhere", "This server does not hold the connection of %s: another one does, or it is about to be made.", name)
	}
	select {
	case found.anew <- struct{}{}:
	default: // somebody else wants it too
	}
	return nil
}
