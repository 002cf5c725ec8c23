package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"strings"
	"time"

	"github.com/parley-im/parley/internal/bench/rig"
)

// staff is a member of staff with an API key.
type staff struct {
	base       string
	client     *http.Client
	key        string
	collection string
}

var setUp = regexp.MustCompile(`/console/setup\?token=(\S+)`)

// enter makes the first user of a new server, an API key and a collection.
func enter(ctx context.Context, server *rig.Process) (*staff, error) {
	token := setUp.FindStringSubmatch(server.Output())
	if token == nil {
		return nil, fmt.Errorf("the server printed no set-up link: %q", server.Output())
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	s := &staff{base: "http://" + server.Listen + "/api/v1", client: &http.Client{Timeout: 15 * time.Second, Jar: jar}}
	password := "not known " + token[1] // of this run only
	if err := s.call(ctx, http.MethodPost, "/setup", map[string]any{"token": token[1], "username": "bench", "name": "Bench", "password": password[:min(100, len(password))]}, nil); err != nil {
		return nil, err
	}
	var made struct {
		Secret string `json:"secret"`
	}
	permissions := []string{"documents.read", "documents.write", "collections.write", "search"}
	if err := s.call(ctx, http.MethodPost, "/keys", map[string]any{"name": "bench", "permissions": permissions}, &made); err != nil {
		return nil, err
	}
	s.key, s.client.Jar = made.Secret, nil
	var c struct {
		ID string `json:"id"`
	}
	err = s.call(ctx, http.MethodPost, "/collections", map[string]any{"name": "help"}, &c)
	s.collection = c.ID
	return s, err
}

// refusal is an answer that is no success.
type refusal struct {
	status int
	body   string
}

func (r *refusal) Error() string { return fmt.Sprintf("status %d: %s", r.status, r.body) }

// call speaks JSON with the API.
func (s *staff) call(ctx context.Context, method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return s.send(ctx, method, path, "application/json", body, out)
}

func (s *staff) send(ctx context.Context, method, path, kind string, body []byte, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", kind)
	if s.key != "" {
		req.Header.Set("Authorization", "Bearer "+s.key)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 64<<20))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %w", method, path, &refusal{res.StatusCode, string(answer[:min(300, len(answer))])})
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}

// upload uploads a file until it is acknowledged, and returns the document's ID.
func (s *staff) upload(ctx context.Context, name, text string) (string, error) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", name)
	if err == nil {
		_, err = io.WriteString(part, text)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		return "", err
	}
	for {
		var d struct {
			ID string `json:"id"`
		}
		err := s.send(ctx, http.MethodPost, "/collections/"+s.collection+"/documents", w.FormDataContentType(), form.Bytes(), &d)
		if err == nil {
			return d.ID, nil
		}
		if no, ok := errors.AsType[*refusal](err); ok && no.status < 500 && no.status != http.StatusTooManyRequests {
			return "", err
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return "", fmt.Errorf("%w; last: %w", context.Cause(ctx), err)
		}
	}
}

// stages counts the documents by stage.
func (s *staff) stages(ctx context.Context) (map[string]int, error) {
	var page struct {
		Counts map[string]int `json:"counts"`
	}
	err := s.call(ctx, http.MethodGet, "/collections/"+s.collection+"/documents?limit=1", nil, &page)
	return page.Counts, err
}

// chunks returns the texts of the live version, from one look if there are at most 200.
func (s *staff) chunks(ctx context.Context, id string) (texts []string, err error) {
	for after := ""; ; {
		var page struct {
			Chunks []struct {
				Text    string `json:"text"`
				Heading string `json:"heading"`
			} `json:"chunks"`
			Next string `json:"next"`
		}
		if err := s.call(ctx, http.MethodGet, "/documents/"+id+"/chunks?limit=200&after="+after, nil, &page); err != nil {
			return nil, err
		}
		for _, c := range page.Chunks {
			texts = append(texts, c.Heading+"\n"+c.Text)
		}
		if after = page.Next; after == "" {
			return texts, nil
		}
	}
}

func (s *staff) text(ctx context.Context, id string) (string, error) {
	texts, err := s.chunks(ctx, id)
	return strings.Join(texts, "\n"), err
}

// finds reports whether a search for a word brings a passage that has it.
func (s *staff) finds(ctx context.Context, word string) (bool, error) {
	var out struct {
		Passages []struct {
			Text string `json:"text"`
		} `json:"passages"`
	}
	if err := s.call(ctx, http.MethodPost, "/search", map[string]any{"question": word}, &out); err != nil {
		return false, err
	}
	for _, p := range out.Passages {
		if strings.Contains(p.Text, word) {
			return true, nil
		}
	}
	return false, nil
}
