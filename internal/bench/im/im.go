// Package im is a made-up chat platform on loopback, on the far side of a webhook
// channel: the observer whose notes decide, never Parley's own counters.
//
// A Platform takes what the bot posts (Seen), as its Profile can: with or without
// edits, dropping second tries or not. It offers messages to Parley until they are
// acknowledged (Say), over several servers if there are several. Faults make it
// misbehave as real platforms do.
package im

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Secret signs both ways.
const Secret = "a secret of the bench only"

// Profile is what the platform can do.
type Profile struct {
	Name      string
	Edit      bool // a post can be replaced; answers grow in place
	MaxText   int  // of one post; 0: no limit
	Conflict  bool // a key that was posted before is answered with 409
	Forgetful bool // does not know keys again, against the contract: two tries are two posts
}

// Profiles are the kinds of platform that recovery differs for.
func Profiles() []Profile {
	return []Profile{
		{Name: "plain"},
		{Name: "edit", Edit: true},
		{Name: "split", MaxText: 100},
		{Name: "edit-split", Edit: true, MaxText: 100},
		{Name: "conflict", Conflict: true},
		{Name: "forgetful", Forgetful: true},
	}
}

// Faults are shares of posts and edits that go wrong. The zero value is none.
type Faults struct {
	Lossy  float64                // kept, but answered with 500
	Broken float64                // not kept, answered with 500
	Busy   float64                // not kept, answered with 429 and Retry-After: 1
	Hang   float64                // kept, and never answered
	Denied func(chat string) bool // 403, always
}

// Post is one message of the bot as people see it.
type Post struct {
	Key       string    `json:"key"`
	ID        string    `json:"id"`
	Type      string    `json:"type"`
	Chat      string    `json:"chat"`
	InReplyTo string    `json:"in_reply_to"`
	Text      string    `json:"text"`
	Final     bool      `json:"final"`
	Notice    bool      `json:"notice"`
	At        time.Time `json:"-"` // it showed first
	FinalAt   time.Time `json:"-"` // it showed its whole text
}

// Platform is one that runs.
type Platform struct {
	URL     string
	profile Profile
	server  *http.Server
	client  *http.Client
	ended   chan struct{}

	mu      sync.Mutex
	chance  *rand.Rand
	faults  Faults
	until   time.Time // answers nobody before
	posts   []*Post
	byID    map[string]*Post
	last    time.Time
	strange []string
	counts  map[string]int
}

// New starts a platform. seed is of its faults.
func New(profile Profile, seed uint64) (*Platform, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the made-up platform: %w", err)
	}
	p := &Platform{
		profile: profile, URL: "http://" + l.Addr().String(), last: time.Now(), ended: make(chan struct{}),
		chance: rand.New(rand.NewPCG(seed, 1)), byID: map[string]*Post{}, counts: map[string]int{},
		client: &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 128}},
	}
	p.server = &http.Server{Handler: http.HandlerFunc(p.receive), ReadHeaderTimeout: 5 * time.Second}
	go func() {
		defer close(p.ended)
		_ = p.server.Serve(l) // ends with Close
	}()
	return p, nil
}

// Close ends it.
func (p *Platform) Close() error {
	err := p.server.Close()
	<-p.ended
	p.client.CloseIdleConnections()
	return err
}

// Settings are the channel's for config.yaml, in one line.
func (p *Platform) Settings() string {
	return fmt.Sprintf("{kind: webhook, secret: %q, url: %q, edit: %t, pace: 100ms, max_text: %d, timeout: 2s}",
		Secret, p.URL, p.profile.Edit, p.profile.MaxText)
}

// Misbehave sets the faults from now on.
func (p *Platform) Misbehave(f Faults) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = f
}

// Pause lets nobody get an answer for a while.
func (p *Platform) Pause(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until = time.Now().Add(d)
}

func sign(timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(Secret))
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// receive takes a post or an edit of the bot.
func (p *Platform) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		http.Error(w, "body", http.StatusBadRequest)
		return
	}
	var post Post
	signed := hmac.Equal([]byte(sign(r.Header.Get("X-Parley-Timestamp"), body)), []byte(r.Header.Get("X-Parley-Signature")))
	if err := json.Unmarshal(body, &post); err != nil || !signed {
		p.note("a post with a bad signature or body: %.100q", body)
		http.Error(w, "signature", http.StatusUnauthorized)
		return
	}
	if post.Type == "typing" {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	p.mu.Lock()
	wait := time.Until(p.until)
	p.mu.Unlock()
	if wait > 0 {
		select {
		case <-time.After(wait):
		case <-r.Context().Done():
		}
		panic(http.ErrAbortHandler) // whoever still waits gets a broken connection
	}
	way := p.draw(post.Chat)
	id, fresh := "", false
	if keeps := way == "" || way == "lossy" || way == "hang"; keeps {
		id, fresh = p.keep(post, r.Header.Get("Idempotency-Key"))
	}
	switch {
	case way == "denied":
		http.Error(w, "not in this chat", http.StatusForbidden)
	case way == "busy":
		w.Header().Set("Retry-After", "1")
		http.Error(w, "too many", http.StatusTooManyRequests)
	case way == "broken":
		http.Error(w, "broken", http.StatusInternalServerError)
	case way == "lossy":
		http.Error(w, "answer lost", http.StatusInternalServerError)
	case way == "hang":
		<-r.Context().Done()
	case id == "":
		http.Error(w, "no such message", http.StatusNotFound)
	default:
		w.Header().Set("Content-Type", "application/json")
		if p.profile.Conflict && !fresh && post.Type == "message" {
			w.WriteHeader(http.StatusConflict)
		}
		fmt.Fprintf(w, `{"id":%q}`, id)
	}
}

// draw decides how a request goes.
func (p *Platform) draw(chat string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	f, x, way := p.faults, p.chance.Float64(), ""
	switch {
	case f.Denied != nil && f.Denied(chat):
		way = "denied"
	case x < f.Lossy:
		way = "lossy"
	case x < f.Lossy+f.Broken:
		way = "broken"
	case x < f.Lossy+f.Broken+f.Busy:
		way = "busy"
	case x < f.Lossy+f.Broken+f.Busy+f.Hang:
		way = "hang"
	}
	if way != "" {
		p.counts[way]++
	}
	return way
}

// keep shows a post, or changes one. id is "" for an edit of nothing.
func (p *Platform) keep(post Post, key string) (id string, fresh bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.last = now
	if post.Type == "edit" {
		return p.edit(post, now), false
	}
	if key == "" || key != post.Key {
		p.strangely("a post without its key")
	}
	id = "p-" + key
	if old := p.byID[id]; old != nil && !p.profile.Forgetful {
		if old.Text != post.Text && !p.profile.Edit {
			p.strangely("the same key came with another text: " + key)
		}
		return id, false
	}
	if p.byID[id] != nil {
		id = fmt.Sprintf("%s-again%d", id, len(p.posts))
	}
	p.check(post)
	post.ID, post.At = id, now
	if post.Final {
		post.FinalAt = now
	}
	p.posts = append(p.posts, &post)
	p.byID[id] = &post
	return id, true
}

func (p *Platform) edit(post Post, now time.Time) string {
	old := p.byID[post.ID]
	switch {
	case !p.profile.Edit:
		p.strangely("an edit, which this platform does not have")
	case old == nil:
		p.strangely("an edit of a message that is not there: " + post.ID)
	case old.Final && old.Text != post.Text:
		p.strangely("a message that was whole changed: " + post.ID)
	default:
		p.check(post)
		old.Text, old.Notice, old.InReplyTo = post.Text, post.Notice, post.InReplyTo
		if post.Final && !old.Final {
			old.Final, old.FinalAt = true, now
		}
	}
	if old == nil {
		return ""
	}
	return old.ID
}

func (p *Platform) check(post Post) {
	if n := len([]rune(post.Text)); p.profile.MaxText > 0 && n > p.profile.MaxText {
		p.strangely(fmt.Sprintf("a post of %d characters, where %d are the most", n, p.profile.MaxText))
	}
}

func (p *Platform) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.strangely(fmt.Sprintf(format, args...))
}

// strangely notes what must not happen. The caller holds p.mu.
func (p *Platform) strangely(what string) {
	if len(p.strange) < 20 {
		p.strange = append(p.strange, what)
	}
}

// Idle is how long ago the last post came.
func (p *Platform) Idle() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Since(p.last)
}

// Seen returns all posts in the order they came first, and what was strange.
func (p *Platform) Seen() (list []Post, strange []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, one := range p.posts {
		list = append(list, *one)
	}
	return list, append([]string(nil), p.strange...)
}

// Wrong returns how often it misbehaved, by the way.
func (p *Platform) Wrong() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	ways := map[string]int{}
	for way, n := range p.counts {
		ways[way] = n
	}
	return ways
}

// Part is the place of a post in an answer of several, from 0.
func (p Post) Part() (part int) {
	_, number, _ := strings.Cut(p.Key, "/")
	number, _, _ = strings.Cut(number, ".")
	_, _ = fmt.Sscanf(number, "%d", &part) // a key of another form is part 0
	return part
}
