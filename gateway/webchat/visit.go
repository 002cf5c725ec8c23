package webchat

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

const (
	maxText    = 4000 // runes in one message
	maxReason  = 500
	history    = 60 // entries that a tab is told when it connects
	storeLimit = 10 * time.Second
)

// visit is a socket whose visitor is known.
type visit struct {
	c     *Channel
	s     *socket
	token string // to be kept by the browser; "" where a cookie does that
	room  *room
	out   func()
}

// hello finds out who the visitor is and shows what was said so far. It returns
// nil if the socket has to end.
func (c *Channel) hello(ctx context.Context, s *socket, f asked, same bool) *visit {
	ctx, cancel := context.WithTimeout(ctx, storeLimit)
	defer cancel()
	v := &visit{c: c, s: s}
	if !same {
		visitor, err := c.signing.recognise(ctx, f.Token)
		if err == nil {
			v.token, err = c.signing.token(ctx, visitor)
		}
		if err != nil {
			c.log.Error("recognise webchat visitor", "err", err)
			s.end(websocket.CloseInternalServerErr)
			return nil
		}
		if !c.identify(s, visitor) {
			s.send(encode(refused{Type: "refused", Code: codeTooMany}))
			s.end(closePolicy)
			return nil
		}
	}
	v.room, v.out = c.rooms.enter(s.visitor, time.Now())
	v.room.mu.Lock()
	defer v.room.mu.Unlock()
	s.locale = f.Locale
	n, err := c.store.Chats(ctx, c.name, s.visitor, false)
	if err == nil {
		s.chat = chatID(s.visitor, n)
		err = v.welcome(ctx)
	}
	if err != nil {
		c.log.Error("open webchat", "err", err)
		s.end(websocket.CloseInternalServerErr)
	}
	v.room.sockets[s] = struct{}{}
	return v
}

// leave takes the socket out of its room.
func (v *visit) leave() {
	v.room.mu.Lock()
	delete(v.room.sockets, v.s)
	v.room.mu.Unlock()
	v.out()
}

// welcome tells what was said so far, with the answer in progress as far as it
// has grown. The caller holds room.mu, so nothing is told twice or left out.
func (v *visit) welcome(ctx context.Context) error {
	entries, err := v.c.store.Last(ctx, v.c.name, v.s.chat, history)
	if err != nil {
		return err
	}
	v.room.reconcile(v.s.chat, entries) // the other tabs are told no less
	v.room.expect(expectMore)
	w := welcome{Type: "welcome", Token: v.token, Chat: v.s.chat, History: []said{}}
	for _, e := range entries {
		if d, ok := v.room.drafts[draftKey(e.Chat, e.ID)]; ok && e.Bot && !e.Final {
			d.entry.Rating = e.Rating
			e = d.entry
		}
		w.History = append(w.History, shown(e))
	}
	v.s.send(encode(w))
	return nil
}

// take does what one frame asks for.
func (v *visit) take(ctx context.Context, f asked) {
	ctx, cancel := context.WithTimeout(ctx, storeLimit)
	defer cancel()
	switch f.Type {
	case "say":
		v.answer(f.ID, v.say(ctx, f))
	case "stop":
		v.answer("", v.deliver(ctx, gateway.Message{ID: uuid.NewString(), Stop: true}))
	case "rate":
		v.answer(f.Post, v.rate(ctx, f))
	case "new":
		v.answer("", v.another(ctx))
	case "ping":
		v.s.send(encode(sign{"pong"}))
	default: // a newer browser client than this server: it has to live without
		v.s.send(encode(refused{Type: "refused", ID: f.ID, Code: codeInvalid}))
	}
}

// answer tells the tab why something was refused. nil is nothing to tell.
func (v *visit) answer(id string, err error) {
	if err == nil {
		return
	}
	r, ok := err.(*refusal)
	if !ok {
		r = &refusal{code: codeUnavailable, after: 2 * time.Second}
		switch fault.Kind(err) {
		case fault.NotFound:
			r = &refusal{code: codeNotFound}
		case fault.Invalid:
			r = &refusal{code: codeInvalid}
		case nil:
			v.c.log.Error("webchat frame failed", "err", err)
		}
	}
	seconds := int((r.after + time.Second - 1) / time.Second)
	v.s.send(encode(refused{Type: "refused", ID: id, Code: r.code, RetryAfter: seconds}))
}

// refusal is what the visitor is told, as a code.
type refusal struct {
	code  string
	after time.Duration
}

func (r *refusal) Error() string { return "refused: " + r.code }

// say takes a message: stored for the page, delivered to the Gateway, and only
// then acknowledged. Sent again it has the same ID, and both know it.
func (v *visit) say(ctx context.Context, f asked) error {
	switch {
	case uuid.Validate(f.ID) != nil || strings.TrimSpace(f.Text) == "":
		return &refusal{code: codeInvalid}
	case utf8.RuneCountInString(f.Text) > maxText:
		return &refusal{code: codeTooLong}
	}
	now := time.Now()
	if d := max(v.c.addresses.wait(ctx, v.s.address), v.c.visitors.wait(ctx, v.s.visitor)); d > 0 {
		return &refusal{code: codeRateLimited, after: d}
	}
	v.room.saying.Lock() // not room.mu: Post may need that one before the delivery is through
	defer v.room.saying.Unlock()
	if err := v.keep(ctx, f, now); err != nil {
		return err
	}
	if err := v.deliver(ctx, gateway.Message{ID: f.ID, Text: f.Text, SentAt: now}); err != nil {
		return err
	}
	v.s.send(encode(ack{Type: "ack", ID: f.ID}))
	return nil
}

// keep stores a message and shows it in all tabs.
func (v *visit) keep(ctx context.Context, f asked, now time.Time) error {
	v.room.mu.Lock()
	defer v.room.mu.Unlock()
	if f.Locale != "" {
		v.s.locale = f.Locale
	}
	e, fresh, err := v.c.store.Append(ctx, Entry{
		Channel: v.c.name, Chat: v.s.chat, ID: f.ID, Text: f.Text, Final: true, At: now,
	})
	if err != nil {
		return err
	}
	if fresh {
		v.room.tell(e.Chat, shown(e))
		v.room.note(e)
		v.c.spread(news{What: newsStored, Chat: e.Chat})
	}
	v.room.expect(expectFor)
	return nil
}

func (v *visit) deliver(ctx context.Context, m gateway.Message) error {
	v.room.mu.Lock()
	chat, locale := v.s.chat, v.s.locale
	v.room.mu.Unlock()
	m.ID = messageID(chat, m.ID)
	m.Conversation = gateway.Conversation{Channel: v.c.name, Chat: chat}
	m.Sender = gateway.Person{ID: v.s.visitor}
	m.Locale, m.Direct = locale, true
	if m.SentAt.IsZero() {
		m.SentAt = time.Now()
	}
	return v.c.Deliver(ctx, m)
}

// rate hands a thumb on and shows it in all tabs.
func (v *visit) rate(ctx context.Context, f asked) error {
	if f.Value < -1 || f.Value > 1 || utf8.RuneCountInString(f.Reason) > maxReason {
		return &refusal{code: codeInvalid}
	}
	v.room.mu.Lock()
	chat := v.s.chat
	v.room.mu.Unlock()
	if _, err := v.c.store.Find(ctx, v.c.name, chat, f.Post); err != nil {
		return err
	}
	err := v.c.rate(ctx, gateway.Rating{
		Conversation: gateway.Conversation{Channel: v.c.name, Chat: chat}, Post: f.Post,
		Person: gateway.Person{ID: v.s.visitor}, Value: f.Value, Reason: f.Reason,
	})
	if err != nil {
		return err
	}
	v.room.mu.Lock()
	defer v.room.mu.Unlock()
	if err := v.c.store.Rate(ctx, v.c.name, chat, f.Post, f.Value); err != nil {
		return err
	}
	v.room.tell(chat, rated{Type: "rated", Post: f.Post, Value: f.Value})
	key := markKey(Entry{Chat: chat, Bot: true, ID: f.Post})
	if m, ok := v.room.marks[key]; ok {
		m.rating = f.Value
		v.room.marks[key] = m
	}
	v.c.spread(news{What: newsStored, Chat: chat})
	return nil
}

// another begins a new conversation in all tabs of the visitor. The old one ends
// where it is.
func (v *visit) another(ctx context.Context) error {
	if d := v.c.visitors.wait(ctx, v.s.visitor); d > 0 {
		return &refusal{code: codeRateLimited, after: d}
	}
	v.room.mu.Lock()
	defer v.room.mu.Unlock()
	n, err := v.c.store.Chats(ctx, v.c.name, v.s.visitor, true)
	if err != nil {
		return err
	}
	defer v.c.spread(news{What: newsAnother, Chat: chatID(v.s.visitor, n)})
	return v.c.move(ctx, v.room, chatID(v.s.visitor, n))
}
