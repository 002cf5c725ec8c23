package bench

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// im is a made-up chat platform on loopback, on the far side of a webhook channel:
// the observer whose notes decide, never Parley's own counters. As the contract
// asks, it keeps one post for one Idempotency-Key.
type im struct {
	secret string
	server *http.Server
	url    string
	client *http.Client

	mu      sync.Mutex
	chance  *rand.Rand
	lossy   float64 // share of posts that are kept but answered with 500
	posts   map[string]post
	order   []string // keys as they came first
	last    time.Time
	strange []string
}

// post is one message of the bot as people see it.
type post struct {
	Key       string `json:"key"`
	Type      string `json:"type"`
	Chat      string `json:"chat"`
	InReplyTo string `json:"in_reply_to"`
	Text      string `json:"text"`
	Final     bool   `json:"final"`
	Notice    bool   `json:"notice"`
	times     int
}

func newIM(secret string, seed uint64, lossy float64) (*im, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the made-up platform: %w", err)
	}
	m := &im{
		secret: secret, url: "http://" + l.Addr().String(), lossy: lossy, posts: map[string]post{}, last: time.Now(),
		chance: rand.New(rand.NewPCG(seed, 1)),
		client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
	}
	m.server = &http.Server{Handler: http.HandlerFunc(m.receive), ReadHeaderTimeout: 5 * time.Second}
	go m.server.Serve(l) //nolint:errcheck // ends with close
	return m, nil
}

func (m *im) close() { _ = m.server.Close() }

func (m *im) sign(timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(m.secret))
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// receive takes a post of the bot.
func (m *im) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		http.Error(w, "body", http.StatusBadRequest)
		return
	}
	var p post
	signed := hmac.Equal([]byte(m.sign(r.Header.Get("X-Parley-Timestamp"), body)), []byte(r.Header.Get("X-Parley-Signature")))
	if err := json.Unmarshal(body, &p); err != nil || !signed {
		m.mu.Lock()
		m.strange = append(m.strange, fmt.Sprintf("a post with a bad signature or body: %.100q", body))
		m.mu.Unlock()
		http.Error(w, "signature", http.StatusUnauthorized)
		return
	}
	if p.Type != "message" {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	key := r.Header.Get("Idempotency-Key")
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last = time.Now()
	old, seen := m.posts[key]
	switch {
	case key == "" || key != p.Key:
		m.strange = append(m.strange, "a post without its key")
	case !seen:
		p.times = 1
		m.posts[key] = p
		m.order = append(m.order, key)
	default:
		if old.Text != p.Text {
			m.strange = append(m.strange, "the same key came with another text: "+key)
		}
		old.times++
		m.posts[key] = old
	}
	if m.chance.Float64() < m.lossy {
		http.Error(w, "answer lost", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"id":%q}`, "p-"+key)
}

// say offers a message until it is acknowledged, as platforms do.
func (m *im) say(ctx context.Context, to string, body []byte) (tries int, err error) {
	for {
		tries++
		err := m.offer(ctx, to, body)
		if err == nil {
			return tries, nil
		}
		if errors.Is(err, errRefused) {
			return tries, err
		}
		select {
		case <-ctx.Done():
			return tries, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

var errRefused = errors.New("refused for good")

func (m *im) offer(ctx context.Context, to string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return err
	}
	now := strconv.FormatInt(time.Now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Parley-Timestamp", now)
	req.Header.Set("X-Parley-Signature", m.sign(now, body))
	res, err := m.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(res.Body, 1000))
	switch {
	case res.StatusCode == http.StatusAccepted || res.StatusCode == http.StatusConflict:
		return nil // 409: this very request was taken before, its answer was lost
	case res.StatusCode >= 400 && res.StatusCode < 500 && res.StatusCode != http.StatusTooManyRequests && res.StatusCode != http.StatusNotFound:
		return fmt.Errorf("%w: status %d: %s", errRefused, res.StatusCode, answer)
	}
	return fmt.Errorf("status %d", res.StatusCode)
}

// idle is how long ago the last post came.
func (m *im) idle() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Since(m.last)
}

// seen returns all posts in the order they came first, and what was strange.
func (m *im) seen() (list []post, strange []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, key := range m.order {
		list = append(list, m.posts[key])
	}
	return list, append([]string(nil), m.strange...)
}
