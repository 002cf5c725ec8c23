package activity

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/parley-im/parley/internal/fault"
)

// Cursor is what Filter.Before has to be for the conversations after c.
func Cursor(c Conversation) string { return fmt.Sprintf("%d-%s", c.LastAt.UnixMicro(), c.ID) }

// ReadCursor takes a Cursor apart; fault.Invalid if it is none.
func ReadCursor(s string) (lastAt, id int64, err error) {
	a, b, _ := strings.Cut(s, "-")
	lastAt, err = strconv.ParseInt(a, 10, 64)
	if err == nil {
		id, err = strconv.ParseInt(b, 10, 64)
	}
	if err != nil {
		return 0, 0, fault.Say(fault.Invalid, "invalid_cursor", "before is not the next of a page before.")
	}
	return lastAt, id, nil
}
