package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

func TestReconnect(t *testing.T) {
	inBubble(t, func(w *world) {
		begun, broken := 0, false
		w.platform.listen = func(context.Context) error {
			begun++
			if broken {
				return fmt.Errorf("refused: %w", fault.Unavailable)
			}
			return nil
		}
		w.start(echo)
		w.after(time.Second)
		if err := w.Reconnect("nobody"); !errors.Is(err, fault.NotFound) {
			t.Errorf("an unknown channel: %v", err)
		}
		for range 3 { // as people press a button
			if err := w.Reconnect("chat"); err != nil {
				t.Fatal(err)
			}
		}
		w.after(100 * time.Millisecond)
		if h := w.Health()[0]; begun < 2 || begun > 3 || h.State != gateway.Connected || h.Restarts != 0 || h.Error != "" {
			t.Errorf("%d connections, %+v", begun, h)
		}
		w.say("a", "p", "still there?")
		w.after(time.Second)
		w.want("a", "re: still there?")

		// During a pause it is tried at once, and the pauses begin anew.
		broken = true
		if err := w.Reconnect("chat"); err != nil {
			t.Fatal(err)
		}
		w.after(40 * time.Second)
		before := begun
		if h := w.Health()[0]; h.State != gateway.Waiting {
			t.Fatalf("%+v", h)
		}
		broken = false
		if err := w.Reconnect("chat"); err != nil {
			t.Fatal(err)
		}
		w.after(time.Millisecond)
		if h := w.Health()[0]; begun != before+1 || h.State != gateway.Connected {
			t.Errorf("%d connections more, %+v", begun-before, h)
		}
	})
}
