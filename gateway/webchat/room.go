package webchat

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/parley-im/parley/gateway/webchat/growth"
)

// rooms holds a room for each visitor who has a tab open or an answer in progress.
type rooms struct {
	mu    sync.Mutex
	all   map[string]*room
	sweep time.Time
}

// room is where the tabs of one visitor and the Gateway meet. Its lock is held
// while something is stored and told, so that every tab sees what is stored, in
// that order, whether it comes by history or live.
type room struct {
	users int // guarded by rooms.mu: who holds the room right now

	saying sync.Mutex // held while one message is stored and delivered: they stay in order

	mu      sync.Mutex
	sockets map[*socket]struct{}
	drafts  map[string]draft // answers in progress, by chat and ID
	marks   map[string]mark  // what the tabs have been told of
	busy    time.Time        // something is expected until then
	due     time.Time        // when to look into the Store again
}

// draft is the text of an answer that still grows. It lives in memory only: the
// Store has the first words, and after a crash the Gateway brings the last ones.
type draft struct {
	entry  Entry
	at     time.Time
	writer growth.Writer // if this replica writes it
	by     string        // else, who does
	reader growth.Reader
}

func drafted(e Entry) draft { return draft{entry: e, at: time.Now()} }

// draftLife is when an answer that never became final is forgotten.
const draftLife = time.Hour

// enter returns the room of visitor; leave must be called once it is not used any more.
func (r *rooms) enter(visitor string, now time.Time) (_ *room, leave func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil {
		r.all = map[string]*room{}
	}
	if now.After(r.sweep) {
		r.sweep = now.Add(draftLife / 4)
		for v, x := range r.all {
			if x.users == 0 && x.stale(now) {
				delete(r.all, v)
			}
		}
	}
	x := r.all[visitor]
	if x == nil {
		x = &room{sockets: map[*socket]struct{}{}, drafts: map[string]draft{}, marks: map[string]mark{}}
		r.all[visitor] = x
	}
	return x, r.use(visitor, x)
}

// visit returns the room of visitor if there is one.
func (r *rooms) visit(visitor string) (_ *room, leave func(), ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	x := r.all[visitor]
	if x == nil {
		return nil, nil, false
	}
	return x, r.use(visitor, x), true
}

// visitors lists who has a room.
func (r *rooms) visitors() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.all))
}

// use counts one who holds the room in, and with leave out. The caller holds r.mu.
func (r *rooms) use(visitor string, x *room) (leave func()) {
	x.users++
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		x.users--
		if x.users == 0 && x.stale(time.Now()) {
			delete(r.all, visitor)
		}
	}
}

// stale reports whether nothing would be lost without the room.
func (x *room) stale(now time.Time) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	for k, d := range x.drafts {
		if now.Sub(d.at) > draftLife {
			delete(x.drafts, k)
		}
	}
	return len(x.drafts) == 0
}

// tell sends a frame to the tabs that show chat. The caller holds x.mu.
func (x *room) tell(chat string, frame any) {
	data := encode(frame)
	for s := range x.sockets {
		if s.chat == chat {
			s.send(data)
		}
	}
}

func draftKey(chat, id string) string { return chat + "\x00" + id }
