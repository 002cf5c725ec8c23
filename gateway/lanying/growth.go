package lanying

import (
	"context"
	"fmt"
	"strings"

	"github.com/parley-im/parley/gateway"
)

// growth is how far an answer that grows is known to be shown.
type growth struct {
	text string
	seq  int
}

// afterRestart is a number of a piece that is greater than any that another process
// may have used.
const afterRestart = 10_000

// grow notes what a post shows.
func (c *Channel) grow(post string, out gateway.Outgoing, seq int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.grown) > 10_000 {
		clear(c.grown)
	}
	if out.Final {
		delete(c.grown, post)
		return
	}
	c.grown[post] = growth{out.Text, seq}
}

// Edit lets a post grow by the piece that is new, which only those get who look on, or
// replaces it: at its end, and where it is not known what people see.
func (c *Channel) Edit(ctx context.Context, post string, out gateway.Outgoing) error {
	mid, err := parse(post)
	if err != nil {
		return err
	}
	c.mu.Lock()
	before, known := c.grown[post]
	delete(c.grown, post) // until this went well: a piece must not come twice
	c.mu.Unlock()
	if !known {
		before.seq = afterRestart
	}
	m := message{ContentType: typeReplace, Content: out.Text, Related: mid, OnlineOnly: !out.Final}
	if piece, ok := strings.CutPrefix(out.Text, before.text); ok && known && !out.Final {
		m.ContentType, m.Content = typeAppend, piece
		if piece == "" {
			c.grow(post, out, before.seq)
			return nil
		}
	}
	if _, err := c.send(ctx, out, m, before.seq+1); err != nil {
		return fmt.Errorf("edit: %w", err)
	}
	if out.Final {
		c.loop.spoke(out.Text)
	}
	c.grow(post, out, before.seq+1)
	return nil
}
