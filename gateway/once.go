package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/parley-im/parley/internal/fault"
)

// once makes part n show out, by a post or by an edit, and stores each step before
// and after. r, if the text still grows, must not be closed when it first shows.
func (p *poster) once(ctx context.Context, n int, out Outgoing, r *reply) error {
	post := p.post(n)
	unsure := post != nil && post.ID == "" && !p.sure
	if post == nil {
		first := Post{Part: n, Key: fmt.Sprintf("%s/%d", p.x.ReplyKey, n)}
		if err := p.open(ctx, first, r); err != nil {
			return err
		}
		post = p.post(n)
	}
	out.Key = post.Key
	if post.ID == "" {
		older, err := p.create(ctx, *post, out, unsure)
		if err != nil || !older {
			return err
		}
		post = p.post(n)
	}
	if p.editor != nil {
		if !sleep(ctx, time.Until(p.next)) {
			return context.Cause(ctx)
		}
		if err := p.edit(ctx, post.ID, out); err != nil {
			return err
		}
	}
	if !out.Final || post.Done {
		return nil
	}
	done := *post
	done.Done = true
	return p.intend(ctx, done)
}

// open stores the intent to post, unless the reply was closed for a follow-up.
func (p *poster) open(ctx context.Context, post Post, r *reply) error {
	p.x.gate.Lock()
	defer p.x.gate.Unlock()
	if r != nil && r.isClosed() {
		return errClosed
	}
	if err := p.intend(ctx, post); err != nil {
		return err
	}
	p.x.shown, p.sure = true, true
	return nil
}

// create posts out and stores the ID. If it is not known whether an earlier try got
// through, it is looked for, or left to the platform to drop the duplicate, or
// posted again: at most one duplicate for each crash just there. older reports
// that the platform may show the text of the earlier try.
func (p *poster) create(ctx context.Context, post Post, out Outgoing, unsure bool) (older bool, err error) {
	if unsure {
		if post.ID, err = p.look(ctx, post.Key); err != nil {
			return false, err
		}
		older = post.ID != "" || p.link.profile.Dedupes
	}
	if post.ID == "" {
		p.sure = false
		if post.ID, err = p.call(ctx, out); err != nil {
			p.sure = notThere(err)
			return false, err
		}
		p.link.g.event(EventPosted, p.link.name, "", p.x.ReceivedAt)
	}
	p.next = time.Now().Add(p.pace)
	older = older && p.editor != nil
	post.Done = out.Final && !older
	fresh := !p.begun()
	if err := p.intend(ctx, post); err != nil {
		return false, err
	}
	p.visible()
	if fresh {
		p.link.g.event(EventFirstText, p.link.name, "", p.x.ReceivedAt)
	}
	return older, nil
}

// begun reports whether anything of the answer is known to show.
func (p *poster) begun() bool {
	for _, post := range p.x.Posts {
		if post.ID != "" {
			return true
		}
	}
	return false
}

// look asks the platform for the post with key.
func (p *poster) look(ctx context.Context, key string) (id string, err error) {
	f, ok := p.link.ch.(Finder)
	if !ok {
		if !p.link.profile.Dedupes {
			p.fallback(FallbackUnsure)
		}
		return "", nil
	}
	defer recovered(&err)
	if err := p.x.mine(ctx); err != nil {
		return "", err
	}
	ctx, done := p.x.limited(ctx)
	defer done()
	if id, err = f.Find(ctx, p.x.Conversation, key); err != nil {
		return "", fmt.Errorf("find post: %w: %w", err, fault.Unavailable)
	}
	return id, nil
}

func (p *poster) call(ctx context.Context, out Outgoing) (id string, err error) {
	defer recovered(&err)
	if err := p.x.mine(ctx); err != nil {
		return "", err
	}
	ctx, done := p.x.limited(ctx)
	defer done()
	if id, err = p.link.ch.Post(ctx, out); err != nil {
		return "", fmt.Errorf("post: %w", err)
	}
	if id == "" {
		id = out.Key // the platform names no posts: ours will do
	}
	p.link.sent()
	return id, nil
}

func (p *poster) edit(ctx context.Context, id string, out Outgoing) (err error) {
	defer recovered(&err)
	if err := p.x.mine(ctx); err != nil {
		return err
	}
	ctx, done := p.x.limited(ctx)
	defer done()
	err = p.editor.Edit(ctx, id, out)
	p.next = time.Now().Add(p.pace)
	if err != nil {
		return fmt.Errorf("edit: %w", err)
	}
	p.link.sent()
	p.link.g.event(EventEdited, p.link.name, "", p.x.ReceivedAt)
	return nil
}

// notThere reports whether a post that failed with err certainly does not show.
func notThere(err error) bool {
	if _, ok := errors.AsType[*RetryAfter](err); ok {
		return true
	}
	kind := fault.Kind(err)
	return kind == fault.Invalid || kind == fault.Denied || kind == fault.NotFound
}
