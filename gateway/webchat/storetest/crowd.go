package storetest

import (
	"bytes"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/parley-im/parley/gateway/webchat"
)

// crowd runs f n times at once, every other time on the other handle.
func crowd(n int, one, other webchat.Store, f func(i int, s webchat.Store)) {
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		s := one
		if i%2 == 1 {
			s = other
		}
		wg.Go(func() {
			<-begin
			f(i, s)
		})
	}
	close(begin)
	wg.Wait()
}

// inOrder checks that the numbers of a chat have neither gaps nor doubles.
func inOrder(t *testing.T, s webchat.Store, chat string, want int) {
	t.Helper()
	all, err := s.Last(t.Context(), "web", chat, want+10)
	if err != nil || len(all) != want {
		t.Fatalf("chat %s has %d entries, %v; want %d", chat, len(all), err, want)
	}
	ids := map[string]bool{}
	for i, e := range all {
		if e.Seq != int64(i+1) {
			t.Errorf("entry %d of chat %s has the number %d", i, chat, e.Seq)
		}
		if side := fmt.Sprint(e.Bot, e.ID); ids[side] {
			t.Errorf("chat %s has %s twice", chat, e.ID)
		} else {
			ids[side] = true
		}
	}
}

func manyInOneChat(t *testing.T, one, other webchat.Store) {
	var fresh atomic.Int32
	var mu sync.Mutex
	numbers := map[string]int64{}
	crowd(60, one, other, func(i int, s webchat.Store) { // 40 different ones, 20 of them twice
		e := webchat.Entry{Channel: "web", Chat: "v.1", ID: fmt.Sprint(i % 40), Bot: i%2 == 0, At: at}
		stored, first, err := s.Append(t.Context(), e)
		if err != nil {
			t.Error(err)
			return
		}
		if first {
			fresh.Add(1)
		}
		mu.Lock()
		defer mu.Unlock()
		if was, ok := numbers[e.ID]; ok && was != stored.Seq {
			t.Errorf("%s was told to be number %d, and number %d", e.ID, was, stored.Seq)
		}
		numbers[e.ID] = stored.Seq
	})
	if fresh.Load() != 40 {
		t.Errorf("%d entries were called fresh, want 40", fresh.Load())
	}
	inOrder(t, one, "v.1", 40)
}

// theSameAtOnce: a browser that sends again while the first request is under way.
func theSameAtOnce(t *testing.T, one, other webchat.Store) {
	var fresh atomic.Int32
	crowd(20, one, other, func(_ int, s webchat.Store) {
		stored, first, err := s.Append(t.Context(), webchat.Entry{Channel: "web", Chat: "v.1", ID: "u", Text: "once", At: at})
		if err != nil || stored.Seq != 1 || stored.Text != "once" {
			t.Errorf("got %+v, %v", stored, err)
		}
		if first {
			fresh.Add(1)
		}
	})
	if fresh.Load() != 1 {
		t.Errorf("%d of 20 were told that theirs is new", fresh.Load())
	}
	inOrder(t, one, "v.1", 1)
}

func manyChats(t *testing.T, one, other webchat.Store) {
	crowd(40, one, other, func(i int, s webchat.Store) {
		for n := range 3 {
			if _, _, err := s.Append(t.Context(), webchat.Entry{Channel: "web", Chat: fmt.Sprint("v.", i%10), ID: fmt.Sprint(i, "-", n), At: at}); err != nil {
				t.Error(err)
			}
		}
	})
	for i := range 10 {
		inOrder(t, other, fmt.Sprint("v.", i), 12)
	}
}

// oneKey: replicas that start together make one key.
func oneKey(t *testing.T, one, other webchat.Store) {
	var mu sync.Mutex
	var keys [][]byte
	crowd(10, one, other, func(_ int, s webchat.Store) {
		k, err := s.Key(t.Context())
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		keys = append(keys, k)
	})
	final := key(t, one)
	for _, k := range keys {
		if !bytes.Equal(k, final) {
			t.Fatal("somebody was told another key than the one that stays")
		}
	}
}

func chatsAtOnce(t *testing.T, one, other webchat.Store) {
	var mu sync.Mutex
	got := map[int]bool{}
	crowd(20, one, other, func(_ int, s webchat.Store) {
		n, err := s.Chats(t.Context(), "web", "v", true)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		got[n] = true
	})
	for n := 2; n <= 21; n++ {
		if !got[n] {
			t.Errorf("nobody began chat %d: %v", n, got)
		}
	}
}

// ratingsAtOnce: a thumb and the text under it are changed at the same time, by
// different people; neither undoes the other.
func ratingsAtOnce(t *testing.T, one, other webchat.Store) {
	ctx := t.Context()
	e := webchat.Entry{Channel: "web", Chat: "v.1", ID: "k/0", Bot: true, At: at}
	if _, _, err := one.Append(ctx, e); err != nil {
		t.Fatal(err)
	}
	crowd(20, one, other, func(i int, s webchat.Store) {
		var err error
		if i < 10 {
			err = s.Rate(ctx, "web", "v.1", "k/0", 1)
		} else {
			err = s.Save(ctx, webchat.Entry{Channel: "web", Chat: "v.1", ID: "k/0", Text: "whole", Final: true})
		}
		if err != nil {
			t.Error(err)
		}
	})
	got, err := one.Find(ctx, "web", "v.1", "k/0")
	if err != nil || got.Rating != 1 || got.Text != "whole" || !got.Final || !got.At.Equal(at) {
		t.Errorf("got %+v, %v", got, err)
	}
}
