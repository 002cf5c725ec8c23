package lanying

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/parley-im/parley/gateway"
)

const (
	loopMemory = 5 * time.Minute
	loopEchoes = 3 // of our own words from one chat: it is a machine
)

// loop notices somebody who says again and again what the bot said, as another bot
// does that does not mark itself.
type loop struct {
	mu     sync.Mutex
	said   map[[32]byte]time.Time
	echoes map[string]int // by chat
}

// spoke notes what the bot said.
func (l *loop) spoke(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.said == nil {
		l.said, l.echoes = map[[32]byte]time.Time{}, map[string]int{}
	}
	now := time.Now()
	for key, at := range l.said {
		if now.Sub(at) > loopMemory {
			delete(l.said, key)
		}
	}
	l.said[sha256.Sum256([]byte(text))] = now
}

// echo reports whether what came in is the third of our own answers in a row.
func (l *loop) echo(conv gateway.Conversation, text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ours := l.said[sha256.Sum256([]byte(text))]
	if !ours || time.Since(at) > loopMemory {
		delete(l.echoes, conv.Chat)
		return false
	}
	l.echoes[conv.Chat]++
	return l.echoes[conv.Chat] >= loopEchoes
}
