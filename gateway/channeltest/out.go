package channeltest

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

func outgoing(m gateway.Message, key, text string) gateway.Outgoing {
	return gateway.Outgoing{Conversation: m.Conversation, Key: key, InReplyTo: m.ID, Text: text, Final: true}
}

// asked makes the person of chat one ask something.
func (s *suite) asked() gateway.Message {
	s.Helper()
	return s.listen().hear(Said{Chat: "one", Text: "question"})
}

func (s *suite) post(out gateway.Outgoing) (id string) {
	s.Helper()
	ctx, done := s.deadline()
	defer done()
	id, err := s.ch.Post(ctx, out)
	if err != nil {
		s.Fatalf("post: %v", err)
	}
	if id == "" {
		s.Fatal("post returned no ID")
	}
	return id
}

func (s *suite) one(chat string) Shown {
	s.Helper()
	shown := s.far.Shown(s.T, chat, "")
	if len(shown) != 1 {
		s.Fatalf("people see %d posts in %s, want 1: %+v", len(shown), chat, shown)
	}
	return shown[0]
}

func (s *suite) posts() {
	l := s.listen()
	m := l.hear(Said{Chat: "one", Text: "question"})
	l.hear(Said{Chat: "two", Text: "elsewhere"})
	out := outgoing(m, "k-posts/0", texts[2]+"\n"+texts[1])
	if s.profile.Sources {
		out.Sources = []gateway.Source{{Number: 1, Title: "Returns", URL: "https://example.com/returns", Excerpt: "Seven days."}}
	}
	id := s.post(out)
	got := s.one("one")
	if got.ID != id || got.Text != out.Text || got.Sources != len(out.Sources) {
		s.Errorf("people see %+v, want text %q with ID %s and %d sources", got, out.Text, id, len(out.Sources))
	}
	if got.Key != "" && got.Key != out.Key {
		s.Errorf("key %q, want %q", got.Key, out.Key)
	}
	if got.InReplyTo != "" && got.InReplyTo != m.ID {
		s.Errorf("in reply to %q, want %q", got.InReplyTo, m.ID)
	}
	if others := s.far.Shown(s.T, "two", ""); len(others) != 0 {
		s.Errorf("the other chat shows %+v", others)
	}
	if s.far.Threads {
		s.postsInThread(l)
	}
}

func (s *suite) postsInThread(l *listener) {
	s.Helper()
	chat := "two"
	if s.far.Groups {
		chat = Group
	}
	m := l.hear(Said{Chat: chat, Thread: "a", Text: "in a thread", Mention: s.far.Groups})
	s.post(outgoing(m, "k-thread/0", "to the thread"))
	if in := s.far.Shown(s.T, chat, "a"); len(in) != 1 || in[0].Text != "to the thread" {
		s.Errorf("the thread shows %+v", in)
	}
	if outside := s.far.Shown(s.T, chat, ""); len(outside) != 0 {
		s.Errorf("outside the thread people see %+v", outside)
	}
}

// postsInGroup does in a group all that is done in a direct chat.
func (s *suite) postsInGroup() {
	s.need(s.far.Groups, "groups")
	m := s.listen().hear(Said{Chat: Group, Text: "question", Mention: true})
	out := outgoing(m, "k-group/0", "It takes")
	e, edits := s.ch.(gateway.Editor)
	out.Final = !edits
	id := s.post(out)
	if edits {
		out.Text, out.Final = "It takes three days.", true
		ctx, done := s.deadline()
		defer done()
		if err := e.Edit(ctx, id, out); err != nil {
			s.Fatal(err)
		}
	}
	got := s.one(Group)
	if got.ID != id || got.Text != out.Text {
		s.Errorf("people see %+v, want text %q with ID %s", got, out.Text, id)
	}
	if got.InReplyTo != "" && got.InReplyTo != m.ID {
		s.Errorf("in reply to %q, want %q", got.InReplyTo, m.ID)
	}
	if f, ok := s.ch.(gateway.Finder); ok {
		ctx, done := s.deadline()
		defer done()
		if found, err := f.Find(ctx, m.Conversation, out.Key); err != nil || found != id {
			s.Errorf("Find gave %q, %v; want %q", found, err, id)
		}
	}
}

func (s *suite) longest() {
	n := s.profile.MaxText
	if n == 0 {
		n = 20000
	}
	m := s.asked()
	unit := "长文 👍 word\n"
	text := strings.Repeat(unit, n/utf8.RuneCountInString(unit))
	text += strings.Repeat("末", n-utf8.RuneCountInString(text))
	s.post(outgoing(m, "k-long/0", text))
	if got := s.one("one").Text; got != text {
		s.Errorf("%d runes were posted, people see %d", n, utf8.RuneCountInString(got))
	}
}

func (s *suite) dedupes() {
	s.need(s.profile.Dedupes, "dropping of duplicates")
	m := s.asked()
	first := s.post(outgoing(m, "k-twice/0", "only once"))
	second := s.post(outgoing(m, "k-twice/0", "only once"))
	if first != second {
		s.Errorf("the same key gave the IDs %s and %s", first, second)
	}
	s.one("one")
	s.post(outgoing(m, "k-twice/1", "another part"))
	if shown := s.far.Shown(s.T, "one", ""); len(shown) != 2 {
		s.Errorf("two keys show %d posts", len(shown))
	}
}

func (s *suite) finds() {
	f, ok := s.ch.(gateway.Finder)
	s.need(ok, "search by key")
	m := s.asked()
	id := s.post(outgoing(m, "k-find/0", "find me"))
	ctx, done := s.deadline()
	defer done()
	if got, err := f.Find(ctx, m.Conversation, "k-find/0"); err != nil || got != id {
		s.Errorf("Find gave %q, %v; want %q", got, err, id)
	}
	if got, err := f.Find(ctx, m.Conversation, "k-find/1"); err != nil || got != "" {
		s.Errorf("Find of a key never posted gave %q, %v", got, err)
	}
}

func (s *suite) edits() {
	e, ok := s.ch.(gateway.Editor)
	s.need(ok, "edits")
	m := s.asked()
	out := outgoing(m, "k-edit/0", "It takes")
	out.Final = false
	id := s.post(out)
	ctx, done := s.deadline()
	defer done()
	for i, text := range []string{"It takes three", "It takes three days.", "It takes three days."} {
		out.Text, out.Final = text, i > 0
		if err := e.Edit(ctx, id, out); err != nil {
			s.Fatalf("edit %d: %v", i, err)
		}
		if got := s.one("one"); got.Text != text || got.ID != id {
			s.Errorf("after edit %d people see %+v, want %q", i, got, text)
		}
	}
}

func (s *suite) failures() {
	s.need(s.far.FailPost != nil, "failing posts")
	m := s.asked()
	for _, kept := range []bool{false, true} {
		key := map[bool]string{false: "k-fail/0", true: "k-kept/0"}[kept]
		s.far.FailPost(s.T, kept)
		ctx, done := s.deadline()
		if _, err := s.ch.Post(ctx, outgoing(m, key, key)); !errors.Is(err, fault.Unavailable) {
			s.Errorf("a post that failed (kept: %v) gave %v, want fault.Unavailable", kept, err)
		}
		done()
		if kept && !s.profile.Dedupes {
			if f, ok := s.ch.(gateway.Finder); ok {
				s.mustFind(f, m, key)
			}
			continue
		}
		s.post(outgoing(m, key, key))
		n := 0
		for _, x := range s.far.Shown(s.T, "one", "") {
			if x.Text == key {
				n++
			}
		}
		if n != 1 {
			s.Errorf("after a failure (kept: %v) and a second try people see it %d times", kept, n)
		}
	}
}

func (s *suite) mustFind(f gateway.Finder, m gateway.Message, key string) {
	s.Helper()
	ctx, done := s.deadline()
	defer done()
	if id, err := f.Find(ctx, m.Conversation, key); err != nil || id == "" {
		s.Errorf("a post whose answer was lost is not found: %q, %v", id, err)
	}
}

func (s *suite) rateLimit() {
	s.need(s.far.RefuseRate != nil, "rate limit")
	m := s.asked()
	const wait = 3 * time.Second
	s.far.RefuseRate(s.T, wait)
	ctx, done := s.deadline()
	defer done()
	_, err := s.ch.Post(ctx, outgoing(m, "k-rate/0", "too fast"))
	after, ok := errors.AsType[*gateway.RetryAfter](err)
	if !errors.Is(err, fault.Unavailable) || !ok {
		s.Fatalf("a rate limit gave %v, want fault.Unavailable in a RetryAfter", err)
	}
	if (after.After - wait).Abs() > time.Second {
		s.Errorf("wait %v, the platform asked for %v", after.After, wait)
	}
}

func (s *suite) context() {
	m := s.asked()
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	started := time.Now()
	if _, err := s.ch.Post(ctx, outgoing(m, "k-ctx/0", "too late")); err == nil {
		s.Error("Post with an ended context gave no error")
	}
	if took := time.Since(started); took > 2*time.Second {
		s.Errorf("Post with an ended context took %v", took)
	}
}

func (s *suite) typing() {
	ty, ok := s.ch.(gateway.Typer)
	s.need(ok, "typing sign")
	m := s.asked()
	ctx, done := s.deadline()
	defer done()
	for range 2 {
		if err := ty.Typing(ctx, m.Conversation); err != nil {
			s.Errorf("typing: %v", err)
		}
	}
	if shown := s.far.Shown(s.T, "one", ""); len(shown) != 0 {
		s.Errorf("typing shows as %+v", shown)
	}
}
