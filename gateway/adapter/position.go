package adapter

import (
	"encoding/json"
	"log/slog"
)

// Position reads the cursor of a Catcher that keeps it as JSON. One that cannot be read
// is the zero P, as at the very first start, and is told to log.
func Position[P any](cursor string, log *slog.Logger) (p P) {
	if cursor == "" {
		return p
	}
	if err := json.Unmarshal([]byte(cursor), &p); err != nil {
		log.Warn("the position cannot be read, it is made anew", "err", err)
		var none P
		return none
	}
	return p
}
