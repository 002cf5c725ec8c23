package live_test

import (
	"testing"

	"github.com/parley-im/parley/internal/live"
	"github.com/parley-im/parley/internal/live/livetest"
)

func TestMemory(t *testing.T) {
	livetest.Run(t, func(*testing.T) livetest.Ends {
		m := &live.Memory{}
		return livetest.Ends{A: m, B: m}
	})
}
