package webchat

import (
	"context"
	"hash/fnv"
	"maps"
	"slices"
	"time"
)

// How often a room is looked at in the Store when other replicas may write to it.
const (
	watchEvery = time.Second      // while something is expected
	lookEvery  = 30 * time.Second // else
	expectFor  = 2 * time.Minute  // after something was said
	expectMore = 10 * time.Second // after something changed
	newest     = 8                // entries that are looked at often
)

// mark is what the tabs of a room have been told of an entry.
type mark struct {
	final  bool
	rating int
	text   uint64
}

func marked(e Entry) mark {
	h := fnv.New64a()
	_, _ = h.Write([]byte(e.Text)) // never fails
	return mark{e.Final, e.Rating, h.Sum64()}
}

func markKey(e Entry) string {
	if e.Bot {
		return "b" + draftKey(e.Chat, e.ID)
	}
	return "v" + draftKey(e.Chat, e.ID)
}

// note says that the tabs have been told of e. The caller holds x.mu.
func (x *room) note(e Entry) { x.marks[markKey(e)] = marked(e) }

// expect has the room looked at often for a while. The caller holds x.mu.
func (x *room) expect(d time.Duration) {
	if until := time.Now().Add(d); until.After(x.busy) {
		x.busy = until
	}
	if soon := time.Now().Add(watchEvery); soon.Before(x.due) {
		x.due = soon
	}
}

// reconcile tells the tabs what they have not been told of: entries are the last ones
// of a chat, as they are stored. The caller holds x.mu.
func (x *room) reconcile(chat string, entries []Entry) (changed bool) {
	for _, e := range entries {
		key, draft := markKey(e), draftKey(chat, e.ID)
		was, known := x.marks[key]
		now := marked(e)
		switch {
		case !known:
			x.tell(chat, shown(e))
			changed = true
		case e.Final && (!was.final || was.text != now.text):
			x.tell(chat, edit{Type: "edit", ID: e.ID, Text: e.Text, Sources: e.Sources, Final: true, Notice: e.Notice})
			changed = true
		}
		if known && was.rating != now.rating {
			x.tell(chat, rated{Type: "rated", Post: e.ID, Value: e.Rating})
		}
		if e.Bot && e.Final {
			delete(x.drafts, draft)
		} else if _, ok := x.drafts[draft]; e.Bot && !ok {
			x.drafts[draft] = drafted(e)
		}
		x.marks[key] = now
	}
	if len(x.marks) > 4*history { // of long ago; they are told again at worst
		maps.DeleteFunc(x.marks, func(key string, _ mark) bool {
			return !slices.ContainsFunc(entries, func(e Entry) bool { return markKey(e) == key })
		})
	}
	return changed
}

// refresh looks into the Store for what other replicas wrote, and with chats also
// whether the visitor has begun another one. The caller holds x.mu.
func (c *Channel) refresh(ctx context.Context, x *room, chats bool) {
	ctx, cancel := context.WithTimeout(ctx, storeLimit)
	defer cancel()
	if chats {
		for s := range x.sockets {
			n, err := c.store.Chats(ctx, c.name, s.visitor, false)
			if err == nil && s.chat != chatID(s.visitor, n) {
				err = c.move(ctx, x, chatID(s.visitor, n))
			}
			if err != nil {
				c.log.Warn("look for another webchat", "err", err)
			}
			break // they are all of one visitor
		}
	}
	done := map[string]bool{}
	for s := range x.sockets {
		if done[s.chat] {
			continue
		}
		done[s.chat] = true
		n := newest
		if chats {
			n = history
		}
		entries, err := c.store.Last(ctx, c.name, s.chat, n)
		if err != nil {
			c.log.Warn("look for webchat entries", "err", err)
			return
		}
		if x.reconcile(s.chat, entries) {
			x.expect(expectMore)
		}
	}
}

// move shows another chat in all tabs. The caller holds x.mu.
func (c *Channel) move(ctx context.Context, x *room, chat string) error {
	entries, err := c.store.Last(ctx, c.name, chat, history)
	if err != nil {
		return err
	}
	x.reconcile(chat, entries) // tells nobody: they are welcomed with it
	for s := range x.sockets {
		s.chat = chat
		tab := &visit{c: c, s: s, room: x}
		if err := tab.welcome(ctx); err != nil {
			return err
		}
	}
	return nil
}

// watch looks into the Store until ctx ends: often where something is expected, and
// now and then everywhere. It is what remains when the bus is dead.
func (c *Channel) watch(ctx context.Context) {
	for pause(ctx, watchEvery) {
		for _, visitor := range c.rooms.visitors() {
			if ctx.Err() != nil {
				return
			}
			c.watchOne(ctx, visitor)
		}
	}
}

func (c *Channel) watchOne(ctx context.Context, visitor string) {
	x, leave, ok := c.rooms.visit(visitor)
	if !ok {
		return
	}
	defer leave()
	x.mu.Lock()
	defer x.mu.Unlock()
	now := time.Now()
	busy := now.Before(x.busy)
	if len(x.sockets) == 0 || now.Before(x.due) {
		return
	}
	x.due = now.Add(lookEvery)
	c.refresh(ctx, x, !busy)
	if now.Before(x.busy) {
		x.due = now.Add(watchEvery / 2) // by the next round
	}
}
