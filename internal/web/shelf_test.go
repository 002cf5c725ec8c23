package web_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge"
)

// shelf is a small knowledge base in memory: files are texts, each is one chunk.
type shelf struct {
	mu          sync.Mutex
	collections []knowledge.Collection
	documents   []knowledge.Document
	files       map[string][]byte
	asked       knowledge.Query
	began       chan struct{} // closed when the first bytes of an upload were read
}

func newShelf() *shelf { return &shelf{files: map[string][]byte{}} }

func (s *shelf) Collections(context.Context) ([]knowledge.Collection, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]knowledge.Collection(nil), s.collections...), nil
}

func (s *shelf) CreateCollection(_ context.Context, name, note string) (knowledge.Collection, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := knowledge.Collection{ID: fmt.Sprint("c", len(s.collections)+1), Name: name, Note: note}
	s.collections = append(s.collections, c)
	return c, nil
}

func (s *shelf) UpdateCollection(_ context.Context, id, name, note string) (knowledge.Collection, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.collections {
		if c := &s.collections[i]; c.ID == id {
			c.Name, c.Note = name, note
			return *c, nil
		}
	}
	return knowledge.Collection{}, fault.NotFound
}

func (s *shelf) DeleteCollection(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, c := range s.collections {
		if c.ID == id {
			s.collections = append(s.collections[:i], s.collections[i+1:]...)
			return nil
		}
	}
	return fmt.Errorf("delete collection %s: %w", id, fault.NotFound)
}

func (s *shelf) Documents(_ context.Context, f knowledge.Filter) (knowledge.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	page := knowledge.Page{Counts: map[knowledge.Stage]int{}}
	for _, d := range s.documents {
		if d.Collection == f.Collection && strings.Contains(d.Name, f.Text) {
			page.Documents = append(page.Documents, d)
			page.Counts[d.Stage]++
		}
	}
	return page, nil
}

func (s *shelf) find(id string) (int, error) {
	for i, d := range s.documents {
		if d.ID == id {
			return i, nil
		}
	}
	return 0, fmt.Errorf("find document %s: %w", id, fault.NotFound)
}

func (s *shelf) Document(_ context.Context, id string) (knowledge.Document, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.find(id)
	if err != nil {
		return knowledge.Document{}, err
	}
	return s.documents[i], nil
}

func (s *shelf) Update(ctx context.Context, id string, c knowledge.Change) (knowledge.Document, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.find(id)
	if err != nil {
		return knowledge.Document{}, err
	}
	if c.Title != nil {
		s.documents[i].Title = *c.Title
	}
	return s.documents[i], nil
}

func (s *shelf) Delete(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.find(id)
	if err != nil {
		return err
	}
	s.documents = append(s.documents[:i], s.documents[i+1:]...)
	delete(s.files, id)
	return nil
}

func (s *shelf) Retry(ctx context.Context, id string) error {
	_, err := s.Document(ctx, id)
	return err
}

func (s *shelf) Cancel(ctx context.Context, id string) error { return s.Retry(ctx, id) }

func (s *shelf) Chunks(ctx context.Context, id string, after, limit int) ([]knowledge.Chunk, error) {
	d, err := s.Document(ctx, id)
	if err != nil || after >= 0 {
		return nil, err
	}
	return []knowledge.Chunk{{ID: "x", Text: string(s.files[d.ID])}}, nil
}

// Add stores nothing when reading fails, as the real one does.
func (s *shelf) Add(_ context.Context, u knowledge.Upload) (knowledge.Document, bool, error) {
	head := make([]byte, 1)
	_, err := io.ReadFull(u.Body, head)
	if err == nil && s.began != nil {
		close(s.began)
	}
	data, restErr := io.ReadAll(u.Body)
	data, err = append(head, data...), errors.Join(err, restErr)
	if err != nil {
		return knowledge.Document{}, false, fmt.Errorf("read upload: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.documents {
		if d.Collection == u.Collection && d.Name == u.Name && bytes.Equal(s.files[d.ID], data) {
			return d, false, nil
		}
	}
	d := knowledge.Document{
		ID: fmt.Sprint("d", len(s.documents)+1), Collection: u.Collection, Name: u.Name, Title: u.Name, Labels: u.Labels,
		URL: u.URL, Size: int64(len(data)), Stage: knowledge.Ready, AddedBy: u.AddedBy,
	}
	s.documents, s.files[d.ID] = append(s.documents, d), data
	return d, true, nil
}

func (s *shelf) File(ctx context.Context, id string) (io.ReadCloser, knowledge.Document, error) {
	d, err := s.Document(ctx, id)
	return io.NopCloser(bytes.NewReader(s.files[id])), d, err
}

func (s *shelf) Retrieve(_ context.Context, q knowledge.Query) ([]knowledge.Passage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = q
	var found []knowledge.Passage
	for _, d := range s.documents {
		if text := string(s.files[d.ID]); strings.Contains(text, q.Text) {
			found = append(found, knowledge.Passage{DocumentID: d.ID, Document: d.Title, Text: text, Relevance: 0.8})
		}
	}
	return found, nil
}
