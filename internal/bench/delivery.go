package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/parley-im/parley/internal/sqlite"
)

// Delivery measures what becomes of messages while the server is killed.
type Delivery struct {
	Program       []string      // how to call parley
	Model         *Standin      // the model that is asked
	Messages      int           // in all
	Conversations int           // they are spread over these
	Rate          int           // messages a second, in all
	Kill          time.Duration // kill -9 this often; 0: never
	Failpoint     string        // die there in the first run, such as "settle.after:3"; "": no
	Lossy         float64       // share of posts that the platform keeps but answers with 500
	Again         float64       // share of messages that the platform offers a second time
	Seed          uint64
	Patience      time.Duration // with no new post for this long the run is over; 0: a minute
}

// DeliveryReport is what the platform saw.
type DeliveryReport struct {
	Store         string         `json:"store"`
	Seed          uint64         `json:"seed"`
	Messages      int            `json:"messages"`
	Conversations int            `json:"conversations"`
	Kills         int            `json:"kills"`
	Failpoint     string         `json:"failpoint,omitempty"`
	Answered      int            `json:"answered"`
	Lost          int            `json:"lost"`           // acknowledged, never answered
	Twice         int            `json:"answered_twice"` // more than one post for a message
	Misordered    int            `json:"misordered"`     // answered before an earlier message of the conversation
	Half          int            `json:"half_written"`   // not the whole answer
	Notices       int            `json:"notices"`        // an apology in place of an answer
	Strange       []string       `json:"strange,omitempty"`
	Rows          map[string]int `json:"rows"` // of the ledger, by state
	ModelCalls    int            `json:"model_calls"`
	CallsPerOne   float64        `json:"model_calls_per_message"`
	Seconds       float64        `json:"seconds"`
}

// Fault says what broke the promise, or "".
func (r DeliveryReport) Fault() string {
	open := r.Messages
	for state, n := range r.Rows {
		if state == "done" || state == "dead" {
			open -= n
		}
	}
	switch {
	case r.Lost > 0, r.Twice > 0, r.Misordered > 0, r.Half > 0, r.Notices > 0, len(r.Strange) > 0, r.Answered != r.Messages:
		return fmt.Sprintf("of %d messages %d were answered: %d lost, %d answered twice, %d out of order, %d half-written, %d notices, strange: %q",
			r.Messages, r.Answered, r.Lost, r.Twice, r.Misordered, r.Half, r.Notices, r.Strange)
	case open != 0:
		return fmt.Sprintf("%d rows of the ledger are not terminal: %v", open, r.Rows)
	}
	return ""
}

const secret = "a secret of the bench only"

// Run sends all messages, kills as told, waits for the answers and counts.
func (d Delivery) Run(ctx context.Context) (DeliveryReport, error) {
	report := DeliveryReport{Store: "sqlite", Seed: d.Seed, Messages: d.Messages, Conversations: d.Conversations, Failpoint: d.Failpoint}
	dir, err := os.MkdirTemp("", "parley-delivery-")
	if err != nil {
		return report, fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(dir)
	platform, err := newIM(secret, d.Seed, d.Lossy)
	if err != nil {
		return report, err
	}
	defer platform.close()
	server, err := d.prepare(dir, platform.url)
	if err != nil {
		return report, err
	}

	began := time.Now()
	var environment []string
	if d.Failpoint != "" {
		environment = append(environment, "PARLEY_FAILPOINT="+d.Failpoint)
	}
	if err := server.start(environment...); err != nil {
		return report, err
	}
	if d.Failpoint == "" {
		if err := server.ready(ctx); err != nil {
			return report, err
		}
	}
	sending, stop := context.WithCancel(ctx)
	defer stop()
	group, sending := errgroup.WithContext(sending)
	group.Go(func() error { return d.send(sending, server, platform) })
	finished := make(chan struct{})
	group.Go(func() error {
		defer close(finished)
		return d.wait(sending, platform)
	})
	if d.Failpoint != "" {
		if err := server.died(sending); err != nil {
			return report, errors.Join(err, context.Cause(sending))
		}
		server.Kills++
		if err := server.start(); err != nil {
			return report, err
		}
	}
	if d.Kill > 0 {
		group.Go(func() error { return d.keepKilling(sending, server, finished) })
	}
	if err := group.Wait(); err != nil {
		return report, fmt.Errorf("%w\n%s", err, server.log)
	}
	report.Seconds = time.Since(began).Seconds()
	if err := server.stop(40 * time.Second); err != nil {
		return report, err
	}
	report.Kills = server.Kills
	d.judge(&report, platform)
	report.ModelCalls = d.Model.Calls()
	report.CallsPerOne = float64(report.ModelCalls) / float64(max(1, d.Messages))
	report.Rows, err = ledgerRows(ctx, filepath.Join(dir, "parley.db"))
	return report, err
}

func (d Delivery) prepare(dir, platform string) (*process, error) {
	listen, err := freeAddress()
	if err != nil {
		return nil, err
	}
	config := fmt.Sprintf(`models: [{name: standin, base_url: %q, api_key: none, model: standin}]
answers: {ask_anyway: true, history_tokens: 0}
gateway: {merge_window: 0s, stale_after: 24h}
channels:
  im: {kind: webhook, secret: %q, url: %q}
`, d.Model.URL, secret, platform)
	file := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, fmt.Errorf("write configuration: %w", err)
	}
	return &process{program: d.Program, config: file, data: dir, listen: listen}, nil
}

// send lets all conversations speak at once, each in its order, at the rate asked for.
func (d Delivery) send(ctx context.Context, server *process, platform *im) error {
	to := "http://" + server.listen + "/channels/im/"
	pace := time.NewTicker(time.Second / time.Duration(max(1, d.Rate)))
	defer pace.Stop()
	group, ctx := errgroup.WithContext(ctx)
	for c := range d.Conversations {
		chance := rand.New(rand.NewPCG(d.Seed, uint64(c)+100))
		group.Go(func() error {
			for n := c; n < d.Messages; n += d.Conversations {
				select {
				case <-pace.C:
				case <-ctx.Done():
					return ctx.Err()
				}
				body, err := json.Marshal(map[string]any{
					"id": n, "chat": fmt.Sprintf("c%d", c), "direct": true, "sender": map[string]any{"id": fmt.Sprintf("u%d", c)},
					"text": fmt.Sprintf("When does parcel %s arrive?", mark(n)), "sent_at": time.Now().Format(time.RFC3339Nano),
				})
				if err != nil {
					return err
				}
				if _, err := platform.say(ctx, to, body); err != nil {
					return fmt.Errorf("send message %d: %w", n, err)
				}
				if chance.Float64() < d.Again {
					again := []byte(strings.TrimSuffix(string(body), "}") + `,"redelivered":true}`)
					if _, err := platform.say(ctx, to, again); err != nil {
						return fmt.Errorf("send message %d again: %w", n, err)
					}
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// mark makes a word that only message n has; its answer must repeat it.
func mark(n int) string { return fmt.Sprintf("PX%07d", n) }

// wait returns when every message has a final post, or when nothing came for long.
func (d Delivery) wait(ctx context.Context, platform *im) error {
	patience := d.Patience
	if patience == 0 {
		patience = time.Minute
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
		list, _ := platform.seen()
		answered := map[string]bool{}
		for _, p := range list {
			if p.Final {
				answered[p.InReplyTo] = true
			}
		}
		if len(answered) >= d.Messages || platform.idle() > patience {
			return nil
		}
	}
}

func (d Delivery) keepKilling(ctx context.Context, server *process, finished <-chan struct{}) error {
	chance := rand.New(rand.NewPCG(d.Seed, 2))
	for {
		// the phase is random, so that kills fall on every step
		after := d.Kill/2 + time.Duration(chance.Int64N(int64(d.Kill)))
		select {
		case <-ctx.Done():
			return nil
		case <-finished:
			return nil
		case <-time.After(after):
		}
		server.kill()
		if err := server.start(); err != nil {
			return err
		}
	}
}

func (d Delivery) judge(r *DeliveryReport, platform *im) {
	list, strange := platform.seen()
	r.Strange = strange
	posts := map[string]int{}
	next := map[string]int{} // by conversation: the number of its last answered message
	for _, p := range list {
		posts[p.InReplyTo]++
		var n int
		if _, err := fmt.Sscanf(p.InReplyTo, "%d", &n); err != nil {
			r.Strange = append(r.Strange, fmt.Sprintf("a post that answers %q", p.InReplyTo))
			continue
		}
		if last, ok := next[p.Chat]; ok && n < last {
			r.Misordered++
		}
		next[p.Chat] = max(next[p.Chat], n)
		switch {
		case p.Notice:
			r.Notices++
		case !p.Final || !strings.Contains(p.Text, mark(n)) || !strings.Contains(p.Text, Ending):
			r.Half++
		}
	}
	for n := range d.Messages {
		switch posts[fmt.Sprint(n)] {
		case 0:
			r.Lost++
		case 1:
			r.Answered++
		default:
			r.Twice++
		}
	}
}

// ledgerRows counts the rows of the ledger by state.
func ledgerRows(ctx context.Context, path string) (map[string]int, error) {
	db, err := sqlite.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := db.Read.QueryContext(ctx, `SELECT state, count(*) FROM messages GROUP BY state`)
	if err != nil {
		return nil, fmt.Errorf("count the ledger: %w", err)
	}
	defer rows.Close()
	states := map[string]int{}
	for rows.Next() {
		var state string
		var n int
		if err := rows.Scan(&state, &n); err != nil {
			return nil, fmt.Errorf("count the ledger: %w", err)
		}
		states[state] = n
	}
	return states, rows.Err()
}
