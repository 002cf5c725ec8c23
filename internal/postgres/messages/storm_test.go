package messages_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
	"github.com/parley-im/parley/internal/postgres/messages"
	"github.com/parley-im/parley/internal/postgres/postgrestest"
	"github.com/parley-im/parley/internal/testservice"
)

// Connections end in the middle of whatever they do.
func TestConnectionsAreTerminated(t *testing.T) {
	address := postgrestest.URL(t)
	admin := postgrestest.Connect(t, address+"&application_name=admin&pool_max_conns=1")
	storm(t, address, 30, func(int) {
		const query = `
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'parley' AND random() < 0.3`
		if _, err := admin.Exec(t.Context(), query); err != nil {
			t.Error(err)
		}
	})
}

// The server stops in "immediate" mode in the middle of writes and starts again.
func TestTheServerRestarts(t *testing.T) {
	s := postgrestest.Server(t, testservice.PostgresOptions{Durable: true})
	address := s.URL("postgres")
	if _, _, err := postgrestest.Connect(t, address).Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	storm(t, address, 3, func(int) {
		must(t, s.Crash())
		must(t, s.Start())
	})
}

const (
	stormChats = 12
	stormEach  = 25 // messages a chat
)

// storm lets two replicas receive and answer messages while harm is done so many times,
// spread evenly over the work, and then compares what the database holds with what was
// acknowledged.
func storm(t *testing.T, address string, times int, harm func(n int)) {
	var replicas []gateway.Ledger
	for range 2 {
		replicas = append(replicas, messages.New(postgrestest.Connect(t, address)))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	var progress atomic.Int64 // steps: each message is received and finished
	var stop atomic.Bool
	var wg sync.WaitGroup
	for chat := range stormChats {
		wg.Go(func() {
			for n := range stormEach {
				m := message(fmt.Sprint(chat), fmt.Sprint(chat, "-", n), fmt.Sprint(n))
				if err := again(ctx, t, func() error { _, err := replicas[chat%2].Receive(ctx, m); return err }); err != nil {
					t.Error(err)
				}
				progress.Add(1)
			}
		})
	}
	for w := range 6 {
		wg.Go(func() {
			for !stop.Load() && ctx.Err() == nil {
				if worked(ctx, t, replicas[w%2]) {
					progress.Add(1)
				}
			}
		})
	}
	const steps = 2 * stormChats * stormEach
	for n := range times {
		for progress.Load() < int64(steps*(n+1)/(times+1)) && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		harm(n)
	}
	calm := postgrestest.Connect(t, address)
	for ctx.Err() == nil {
		left := 0
		const query = `SELECT count(*) FROM messages WHERE state IN ('done', 'dead')`
		must(t, calm.Pool.QueryRow(ctx, query).Scan(&left))
		if left == stormChats*stormEach {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	stop.Store(true)
	wg.Wait()
	inspect(t, calm)
}

// again calls f until the database answers. Only its absence is excused.
func again(ctx context.Context, t *testing.T, f func() error) error {
	for {
		err := f()
		if err == nil || errors.Is(err, fault.Conflict) || ctx.Err() != nil {
			return err
		}
		if !errors.Is(err, fault.Unavailable) {
			t.Errorf("%v has no kind that says it may work later", err)
			return err
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// worked takes a turn and brings it to its end, like the gateway does.
func worked(ctx context.Context, t *testing.T, l gateway.Ledger) bool {
	var turn *gateway.Turn
	err := again(ctx, t, func() (err error) {
		turn, err = l.Take(ctx, gateway.TakeOptions{Owner: "w", Lease: 300 * time.Millisecond, Merge: -1})
		return err
	})
	if err != nil || turn == nil {
		time.Sleep(time.Millisecond)
		return false
	}
	settle := func() error { return l.Settle(ctx, turn, gateway.Answer{Text: turn.Messages[0].Text}) }
	post := gateway.Post{Key: turn.ReplyKey + "/0"}
	steps := []func() error{
		func() error { return l.Intend(ctx, turn, post) },
		func() error { post.ID = "id"; return l.Intend(ctx, turn, post) },
		func() error { return l.Finish(ctx, turn, gateway.Outcome{State: gateway.Done, Reason: "answered"}) },
	}
	if turn.State == gateway.Taken {
		steps = append([]func() error{settle}, steps...)
	}
	for _, step := range steps {
		if err := again(ctx, t, step); err != nil {
			return false // lost, or done by a call whose answer did not arrive
		}
	}
	return true
}

// inspect checks what is left when all has ended.
func inspect(t *testing.T, db *postgres.DB) {
	t.Helper()
	for what, query := range map[string]string{
		"messages that are missing or not done":       `SELECT ` + fmt.Sprint(stormChats*stormEach) + ` - count(*) FROM messages WHERE state = 'done'`,
		"messages out of order within a conversation": `SELECT count(*) FROM (SELECT text::int AS n, lag(text::int) OVER (PARTITION BY conversation ORDER BY seq) AS before FROM messages) x WHERE n <> before + 1`,
		"turns that do not have one message":          `SELECT count(*) FROM turns t WHERE (SELECT count(*) FROM messages m WHERE m.turn = t.id) <> 1`,
		"turns out of order": `SELECT count(*) FROM (SELECT m.text::int AS n, lag(m.text::int) OVER (PARTITION BY m.conversation ORDER BY t.id) AS before
			FROM turns t JOIN messages m ON m.turn = t.id) x WHERE n <> before + 1`,
		"turns that began before the one before had ended": `SELECT count(*) FROM (SELECT taken_at, lag(done_at) OVER (PARTITION BY conversation ORDER BY id) AS before FROM turns) x WHERE taken_at < before`,
		"turns without answer, post or end":                `SELECT count(*) FROM turns t WHERE state <> 'done' OR answer IS NULL OR (SELECT count(*) FROM posts p WHERE p.turn = t.id AND platform_id = 'id') <> 1`,
		"answers to another question":                      `SELECT count(*) FROM turns t JOIN messages m ON m.turn = t.id WHERE t.answer ->> 'text' <> m.text`,
		"conversations that are held or wait":              `SELECT count(*) FROM conversations WHERE owner <> '' OR waiting_at IS NOT NULL`,
	} {
		n := -1
		if err := db.Pool.QueryRow(t.Context(), query).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d %s, %v", n, what, err)
		}
	}
	resumed, turns := 0, 0
	must(t, db.Pool.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE attempt > 1), count(*) FROM turns`).Scan(&resumed, &turns))
	t.Logf("%d of %d turns were taken more than once", resumed, turns)
}
