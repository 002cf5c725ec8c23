package messages

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/gateway"
)

// row is a message with its place in the queue.
type row struct {
	seq     int64
	adopted bool // part of the turn that is open
	at      int64
	age     time.Duration
	message gateway.Message
}

func scanRow(from pgx.CollectableRow) (r row, err error) {
	var text string
	var body []byte
	var age int64
	if err := from.Scan(&r.seq, &r.adopted, &text, &body, &r.at, &age); err != nil {
		return r, err
	}
	if err := json.Unmarshal(body, &r.message); err != nil {
		return r, fmt.Errorf("message %d: %w", r.seq, err)
	}
	r.message.Text, r.age = text, time.Duration(age)*time.Microsecond
	return r, nil
}

// parted tells the messages of the open turn from those that wait behind it.
func parted(rows []row) (adopted, waiting []row) {
	n := 0
	for n < len(rows) && rows[n].adopted {
		n++
	}
	return rows[:n], rows[n:]
}

// run is how many of rows, from the first, are read together.
func run(rows []row, merge time.Duration) int {
	n := 1
	for n < len(rows) && gateway.Follows(rows[n-1].message, rows[n].message) &&
		rows[n].at-rows[n-1].at <= merge.Microseconds() {
		n++
	}
	return n
}

func messages(rows []row) []gateway.Message {
	var all []gateway.Message
	for _, r := range rows {
		all = append(all, r.message)
	}
	return all
}

// set gives t its messages. The age of the first is turned into a time of our clock.
func set(t *gateway.Turn, rows []row) {
	t.Messages, t.ReceivedAt = messages(rows), time.Now().Add(-rows[0].age)
}
