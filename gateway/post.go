package gateway

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/parley-im/parley/gateway/markup"
	"github.com/parley-im/parley/internal/fault"
)

const (
	callTimeout = 15 * time.Second // of one Post, Edit or Find
	waitMost    = 5 * time.Second  // what is longer gives the turn back meanwhile
	triesAtOnce = 4
	paceMost    = 30 * time.Second
	firstWait   = time.Millisecond // an answer that is whole by then is one post, without an edit
)

// poster brings one answer to the platform: the growing text while it is written,
// and the whole when it is settled. One goroutine uses it at a time.
type poster struct {
	x       *turn
	link    *link
	editor  Editor // nil: one post at the end
	visible func() // called when something shows

	plain bool          // the platform refused markup
	pace  time.Duration // least time between two calls; grows when the platform complains
	next  time.Time     // no call before
	sure  bool          // the post that failed last is certainly not there
	shown string        // what the first part shows
}

func newPoster(x *turn) *poster {
	p := &poster{x: x, link: x.link, pace: x.link.profile.Pace, visible: func() {}}
	p.editor, _ = x.link.ch.(Editor)
	return p
}

func (p *poster) options() markup.Options {
	return markup.Options{Plain: p.link.profile.Format != Markdown, ImageHosts: p.link.g.ImageHosts}
}

// parts is the answer as the platform shows it, in posts that are not too long.
func (p *poster) parts(a Answer, text string) []string {
	o, limit := p.options(), p.link.profile.MaxText
	s := markup.Render(text, o)
	if len(a.Sources) > 0 && !p.link.profile.Sources && text == a.Text {
		s += "\n\n" + sources(a, o)
	}
	if !o.Plain {
		limit -= limit / 10 // plain text, if it must be, may be a little longer
	}
	return markup.Split(s, limit, o)
}

// sources is the list under an answer.
func sources(a Answer, o markup.Options) string {
	var b strings.Builder
	if a.Label != "" {
		fmt.Fprintf(&b, "%s\n\n", markup.Words(a.Label, o))
	}
	for _, s := range a.Sources {
		line := fmt.Sprintf("[%d] %s", s.Number, markup.Words(s.Title, o))
		if s.Location != "" {
			line += " — " + markup.Words(s.Location, o)
		}
		if u := markup.Address(s.URL, o); u != "" {
			line += " " + u
		}
		if !o.Plain {
			line = "- " + line
		}
		b.WriteString(line + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

// outgoing is part n of the answer.
func (p *poster) outgoing(a Answer, text string, final bool) Outgoing {
	out := Outgoing{Conversation: p.x.Conversation, InReplyTo: p.x.Messages[len(p.x.Messages)-1].ID,
		Text: text, Final: final, Notice: a.Notice}
	if p.plain {
		out.Text = markup.Render(text, markup.Options{Plain: true})
	}
	if p.link.profile.Sources {
		out.Sources = a.Sources
	}
	return out
}

// stream shows the text of r as it grows, at the pace of the platform, until ctx
// ends. It is decoration: what fails here is left to finish.
func (p *poster) stream(ctx context.Context, r *reply) {
	for failed := 0; p.editor != nil && failed < triesAtOnce; {
		select {
		case <-r.wake:
		case <-ctx.Done():
			return
		}
		wait := time.Until(p.next)
		if !p.x.shown {
			wait = max(wait, firstWait)
		}
		if !sleep(ctx, wait) {
			return
		}
		a := r.answer()
		text := p.parts(a, markup.Safe(a.Text))[0]
		if strings.TrimSpace(text) == "" || text == p.shown {
			continue
		}
		err := p.once(ctx, 0, p.outgoing(a, text, false), r)
		if err == nil {
			p.shown, failed = text, 0
			continue
		}
		if errors.Is(err, errClosed) || errors.Is(err, errLedger) || !p.soften(err, failed+1) {
			return
		}
		failed++
		r.poke()
	}
}

// soften changes how the next try is made. It reports false if none makes sense.
func (p *poster) soften(err error, failed int) bool {
	if e, ok := errors.AsType[*RetryAfter](err); ok {
		p.pace = min(2*max(p.pace, time.Second), paceMost)
		p.next = time.Now().Add(e.After)
		p.fallback(FallbackRateLimited)
		return true
	}
	switch kind := fault.Kind(err); {
	case kind == fault.Invalid && !p.plain && !p.options().Plain:
		p.plain = true
		p.fallback(FallbackPlain)
		return true
	case kind == nil, kind == fault.Unavailable:
		p.next = time.Now().Add(pause(failed, 500*time.Millisecond, waitMost))
		p.fallback(FallbackRetry)
		return true
	}
	return false
}

func (p *poster) fallback(kind string) {
	p.link.g.event(EventFallback, p.link.name, kind, p.x.ReceivedAt)
}

// finish brings the whole answer. nil: all of it is on the platform.
func (p *poster) finish(ctx context.Context, a Answer) error {
	parts := p.parts(a, a.Text)
	if len(parts) > 1 {
		p.fallback(FallbackSplit)
	}
	for n, text := range parts {
		if post := p.post(n); post != nil && post.Done {
			continue
		}
		part := a
		if n < len(parts)-1 {
			part.Sources = nil // they go under the last
		}
		err := p.bring(ctx, n, part, text)
		if _, no := errors.AsType[*refused](err); no && errors.Is(err, fault.Invalid) {
			p.regret(ctx, n, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// bring makes part n show text.
func (p *poster) bring(ctx context.Context, n int, a Answer, text string) error {
	for try := 1; ; try++ {
		if wait := time.Until(p.next); wait > waitMost {
			return &later{wait, fmt.Errorf("the platform asks to wait: %w", fault.Unavailable)}
		} else if !sleep(ctx, wait) {
			return context.Cause(ctx)
		}
		err := p.once(ctx, n, p.outgoing(a, text, true), nil)
		if err == nil || errors.Is(err, errLedger) {
			return err
		}
		if p.soften(err, try) {
			if _, wait := errors.AsType[*RetryAfter](err); !wait && try >= triesAtOnce {
				return err
			}
			continue
		}
		if post := p.post(n); post.ID == "" {
			return &refused{err}
		}
		// The old post cannot be changed any more: the text comes as a new one.
		p.fallback(FallbackRepost)
		if err := p.replace(ctx, n); err != nil {
			return err
		}
	}
}

// regret says in place of a text that was refused that there is no answer.
func (p *poster) regret(ctx context.Context, n int, cause error) {
	a := p.x.apology(cause, "")
	if a.Text == "" || p.replace(ctx, n) != nil {
		return
	}
	out := p.outgoing(a, markup.Render(a.Text, markup.Options{Plain: true}), true)
	if err := p.once(ctx, n, out, nil); err != nil {
		p.link.g.Log.Error("apology not posted", "channel", p.link.name, "err", err)
	}
}

// post is the one that shows part n now, nil if there is none.
func (p *poster) post(n int) (found *Post) {
	for i := range p.x.Posts {
		if p.x.Posts[i].Part == n {
			found = &p.x.Posts[i]
		}
	}
	return found
}

// replace begins a new post for part n; nobody touches the old one any more.
func (p *poster) replace(ctx context.Context, n int) error {
	substitutes := 0
	for i := range p.x.Posts {
		if p.x.Posts[i].Part == n {
			substitutes++
		}
	}
	post := Post{Part: n, Key: fmt.Sprintf("%s/%d.%d", p.x.ReplyKey, n, substitutes)}
	p.sure = true
	return p.intend(ctx, post)
}

// intend stores what is known of a post, before anything relies on it.
func (p *poster) intend(ctx context.Context, post Post) error {
	err := p.x.store(ctx, func(ctx context.Context) error { return p.link.g.Ledger.Intend(ctx, p.x.Turn, post) })
	if err != nil {
		return err
	}
	for i := range p.x.Posts {
		if p.x.Posts[i].Key == post.Key {
			p.x.Posts[i] = post
			return nil
		}
	}
	p.x.Posts = append(p.x.Posts, post)
	return nil
}
