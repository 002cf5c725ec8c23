package redis_test

import (
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"github.com/parley-im/parley/internal/redis"
	"github.com/parley-im/parley/internal/redistest"
)

// All that Parley's user of a Redis server needs, as docs for operators may tell it.
const leastRights = "~parley:* &parley:* -@all +ping +hello +auth +select +info +time " +
	"+get +mget +set +del +eval +evalsha +publish +subscribe +unsubscribe"

func TestLeastRights(t *testing.T) {
	server := redistest.Server(t)
	command := []any{"ACL", "SETUSER", "parley", "on", ">secret"}
	for right := range strings.FieldsSeq(leastRights) {
		command = append(command, right)
	}
	if err := admin(server, command...); err != nil {
		t.Fatal(err)
	}
	url := strings.Replace(server.URL(), "redis://", "redis://parley:secret@", 1) + "/3?read_timeout=1s"
	c, log := open(t, url)
	if s, err := c.Inspect(t.Context()); err != nil || s.Version == "" {
		t.Errorf("inspected %+v, %v", s, err)
	}
	a, b := newReplica(t, url), newReplica(t, url)
	until(t, "both hear", func() bool { return a.bus.Online() && b.bus.Online() })
	heard, err := b.bus.Subscribe(t.Context(), "t")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.bus.Publish(t.Context(), "t", []byte("hello")); err != nil {
		t.Errorf("publish: %v", err)
	}
	if got := string(<-heard); got != "hello" {
		t.Errorf("heard %q", got)
	}
	for i, r := range []*replica{a, b} {
		if ok, _ := r.limiter.Allow(t.Context(), "k", 1, 1); ok != (i == 0) {
			t.Errorf("replica %d was allowed %v", i, ok)
		}
		if got := r.ask(t, "shelf1", "where is it?"); got != passage("where is it?", "shelf1", 12)+" [1]" {
			t.Errorf("replica %d answered %q", i, got)
		}
	}
	if b.asked.Load() != 0 {
		t.Error("the second replica asked the model: the caches are not shared")
	}
	a.limiter.Forget(t.Context(), "k")
	if ok, _ := a.limiter.Allow(t.Context(), "k", 1, 1); !ok {
		t.Error("a limit could not be forgotten")
	}
	if h := c.Health(t.Context()); h.State != redis.OK || log.text() != "" {
		t.Errorf("health %+v, logged %q", h, log.text())
	}
	// Nothing outside database 3 and the prefix.
	all := goredis.NewClient(&goredis.Options{Addr: server.Address(), Protocol: 2, DB: 3})
	defer all.Close()
	keys, err := all.Keys(t.Context(), "*").Result()
	if err != nil || len(keys) != 3 { // a limit, a vector, an answer
		t.Errorf("keys %q, %v", keys, err)
	}
	for _, key := range keys {
		if !strings.HasPrefix(key, "parley:") || all.TTL(t.Context(), key).Val() <= 0 {
			t.Errorf("%s is not ours, or stays for ever", key)
		}
	}
}
