package groupcommit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-im/parley/internal/groupcommit"
)

// disk takes a second for each group, and remembers the groups.
type disk struct{ groups [][]int }

func (d *disk) write(ctx context.Context, group []int) ([]string, error) {
	d.groups = append(d.groups, slices.Clone(group))
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if slices.Contains(group, -1) {
		return nil, errors.New("broken")
	}
	var out []string
	for _, n := range group {
		out = append(out, fmt.Sprint("wrote ", n))
	}
	return out, nil
}

func TestGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		w := groupcommit.New(3, time.Minute, d.write)
		var all sync.WaitGroup
		for n := range 8 {
			all.Go(func() {
				time.Sleep(time.Duration(n) * time.Millisecond)
				got, err := w.Do(t.Context(), n)
				if want := fmt.Sprint("wrote ", n); got != want || err != nil {
					t.Errorf("item %d: %q, %v, want %q", n, got, err, want)
				}
			})
		}
		all.Wait()
		got, want := fmt.Sprint(d.groups), "[[0] [1 2 3] [4 5 6] [7]]"
		if got != want {
			t.Errorf("groups %s, want %s", got, want)
		}
		if _, err := w.Do(t.Context(), 9); err != nil {
			t.Errorf("after a pause: %v", err)
		}
	})
}

func TestAnErrorIsOneGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		w := groupcommit.New(2, time.Minute, d.write)
		var all sync.WaitGroup
		failed := make([]bool, 5)
		for i, n := range []int{0, -1, 2, 3, 4} {
			all.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				_, err := w.Do(t.Context(), n)
				failed[i] = err != nil
			})
		}
		all.Wait()
		if want := []bool{false, true, true, false, false}; !slices.Equal(failed, want) {
			t.Errorf("failed %v, want %v", failed, want)
		}
	})
}

// Whoever gives up is not written if its group was not begun, and holds nobody up.
func TestGivingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		w := groupcommit.New(10, time.Minute, d.write)
		var all sync.WaitGroup
		do := func(n int, patience time.Duration, want error) {
			all.Go(func() {
				time.Sleep(time.Duration(n) * time.Millisecond)
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				if _, err := w.Do(ctx, n); !errors.Is(err, want) {
					t.Errorf("item %d: %v, want %v", n, err, want)
				}
			})
		}
		do(0, time.Millisecond/2, nil) // its group is under way: written, and it waits for that
		do(1, 100*time.Millisecond, context.DeadlineExceeded)
		do(2, time.Hour, nil)
		all.Wait()
		if got, want := fmt.Sprint(d.groups), "[[0] [2]]"; got != want {
			t.Errorf("groups %s, want %s", got, want)
		}
	})
}

// With callers that come and give up at any moment, each that was told it is written was,
// once, and nobody is left waiting.
func TestNobodyIsForgotten(t *testing.T) {
	var mu sync.Mutex
	written := map[int]int{}
	w := groupcommit.New(4, time.Minute, func(_ context.Context, group []int) ([]int, error) {
		mu.Lock()
		defer mu.Unlock()
		for _, n := range group {
			written[n]++
		}
		return group, nil
	})
	var all sync.WaitGroup
	for n := range 2000 {
		all.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			if n%3 == 0 {
				go cancel()
			}
			defer cancel()
			got, err := w.Do(ctx, n)
			mu.Lock()
			defer mu.Unlock()
			if err == nil && (got != n || written[n] != 1) || written[n] > 1 {
				t.Errorf("item %d: result %d, written %d times", n, got, written[n])
			}
		})
	}
	all.Wait()
}
