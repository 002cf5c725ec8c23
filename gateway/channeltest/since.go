package channeltest

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

// catchesUp: what was said while nobody listened is read, flagged as it would have been
// live, and read again until it could be stored.
func (s *suite) catchesUp() {
	c, ok := s.ch.(gateway.Catcher)
	s.need(ok, "history")
	l := s.listen()
	before := l.hear(Said{Chat: "one", Text: "before"})
	cursor := s.since(c, "", nil)
	l.cancel()
	l.wait()
	said := map[string]Said{"missed": {Chat: "one", Text: "missed"}}
	if s.far.Groups {
		said["missed in the group"] = Said{Chat: Group, Text: "missed in the group", Mention: true}
		said["not for you"] = Said{Chat: Group, Text: "not for you"}
	}
	for _, x := range said {
		s.far.Say(s.T, x)
	}
	ctx, done := s.deadline()
	defer done()
	if _, err := c.Since(ctx, cursor, func(context.Context, gateway.Message) error { return fault.Unavailable }); err == nil {
		s.Error("Since went on though nothing could be stored")
	}
	var got map[string]gateway.Message
	for next := cursor; len(got) < len(said); sleep(ctx, s.T) { // an archive may lag behind
		if ctx.Err() != nil {
			s.Fatalf("of %d messages that were missed, these were read: %v", len(said), got)
		}
		got = map[string]gateway.Message{}
		s.since(c, next, got)
		delete(got, before.Text)
	}
	for text, x := range said {
		m, ok := got[text]
		if !ok || m.Direct != (x.Chat == "one") || m.Mentioned != x.Mention || m.ID == "" || m.ID == before.ID {
			s.Errorf("%q was read as %+v (%v)", text, m, ok)
		}
		if x.Chat == "one" && (m.Conversation != before.Conversation || m.Sender.ID != before.Sender.ID) {
			s.Errorf("read in %+v of %+v, live it was in %+v of %+v", m.Conversation, m.Sender, before.Conversation, before.Sender)
		}
	}
}

// since reads into got, by text.
func (s *suite) since(c gateway.Catcher, cursor string, got map[string]gateway.Message) string {
	s.Helper()
	ctx, done := s.deadline()
	defer done()
	next, err := c.Since(ctx, cursor, func(_ context.Context, m gateway.Message) error {
		if got != nil {
			got[m.Text] = m
		}
		return nil
	})
	if err != nil {
		s.Fatalf("Since: %v", err)
	}
	return next
}

// files: a file is opened with what the channel needs for it, and nothing else is.
func (s *suite) files() {
	f, ok := s.ch.(gateway.Fetcher)
	s.need(ok && s.far.Files, "files")
	const content = "a file of 29 bytes, all there"
	m := s.listen().hear(Said{Chat: "one", Text: "look", File: "notes.txt", Content: content})
	if len(m.Attachments) != 1 || m.Attachments[0].Name != "notes.txt" || m.Text != "look" {
		s.Fatalf("it came as %+v", m)
	}
	read := func(a gateway.Attachment, limit int64) (string, error) {
		ctx, done := context.WithTimeout(s.Context(), patience)
		defer done()
		r, err := f.Fetch(ctx, a, limit)
		if err != nil {
			return "", err
		}
		defer r.Close()
		data, err := io.ReadAll(r)
		return string(data), err
	}
	if got, err := read(m.Attachments[0], int64(len(content))); err != nil || got != content {
		s.Errorf("read %q, %v", got, err)
	}
	if _, err := read(m.Attachments[0], int64(len(content))-1); !errors.Is(err, fault.Invalid) {
		s.Errorf("a file larger than allowed gave %v, want fault.Invalid", err)
	}
	begun := time.Now()
	if _, err := read(gateway.Attachment{Name: "x", URL: "http://169.254.169.254/latest/meta-data"}, 1000); err == nil || time.Since(begun) > patience/2 {
		s.Errorf("an address of elsewhere gave %v after %v", err, time.Since(begun))
	}
}
