// Package live carries hints between the replicas of one installation: a message
// came in, a person pressed stop, an answer has grown by a few words.
//
// A Bus is an ear, not a memory. Delivery is at most once and best effort, and
// whoever uses a Bus must also work, a little slower, when it loses or refuses
// everything, by looking into the database. So a Bus may be as simple as it likes:
// Memory joins the parts of one process, internal/redis/live joins processes over
// Redis, and internal/postgres/notify over the database itself. All of them run the
// suite in livetest.
package live

import (
	"context"
	"fmt"

	"github.com/parley-im/parley/internal/fault"
)

// MaxPayload is the longest payload in bytes. It is small so that every
// implementation can carry it: a notification of Postgres holds 8,000 bytes of text.
const MaxPayload = 4 << 10

// MaxTopic is the longest topic in bytes.
const MaxTopic = 64

// Bus carries payloads to everybody who has subscribed to a topic, in this process
// and in the others. A topic is made of lower-case letters, digits, '.', ':', '_'
// and '-'. It is safe for use by many goroutines.
type Bus interface {
	// Publish sends payload to the subscribers of topic, those of this process
	// included. nil says that it was handed on, not that anybody got it. What one
	// caller publishes one after the other arrives in that order. It never waits for
	// a subscriber, and for a broken connection no longer than ctx allows.
	// fault.Invalid: too long; fault.Unavailable: nobody can be reached now.
	Publish(ctx context.Context, topic string, payload []byte) error
	// Subscribe returns once what is published from now on is delivered. The channel
	// is closed soon after ctx ends, and not before: a connection that breaks is
	// made again by the Bus, and what was published meanwhile is lost. So is what a
	// slow subscriber does not take in time. Payloads must not be changed.
	Subscribe(ctx context.Context, topic string) (<-chan []byte, error)
}

// Check reports what no Bus carries, as fault.Invalid. Implementations call it.
func Check(topic string, payload []byte) error {
	if topic == "" || len(topic) > MaxTopic {
		return fmt.Errorf("topic of %d bytes: %w", len(topic), fault.Invalid)
	}
	for i := range len(topic) {
		switch c := topic[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '.', c == ':', c == '_', c == '-':
		default:
			return fmt.Errorf("topic with the byte %#x: %w", c, fault.Invalid)
		}
	}
	if len(payload) > MaxPayload {
		return fmt.Errorf("payload of %d bytes: %w", len(payload), fault.Invalid)
	}
	return nil
}
