package prompts

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parley-im/parley/internal/fault"
)

// Versions keeps what was saved. Names are checked by Store before they get here.
type Versions interface {
	// Active returns the version that was activated last; fault.NotFound if none was.
	Active(ctx context.Context, name string) (Prompt, error)
	// List returns the saved versions, newest first, the active one marked.
	List(ctx context.Context, name string) ([]Prompt, error)
	// Add stores p under the number that follows the newest, and returns it. It does not activate it.
	Add(ctx context.Context, p Prompt) (version int, err error)
	// Activate makes a version the one that answers; 0: none. fault.NotFound if it was never saved.
	Activate(ctx context.Context, name string, version int) error
}

// Store is all prompts with their versions.
type Store struct{ versions Versions }

// New returns a Store that keeps saved versions in v.
func New(v Versions) *Store { return &Store{versions: v} }

// Active returns the version that answers: the default if no other was activated.
func (s *Store) Active(ctx context.Context, name string) (Prompt, error) {
	standard, err := Default(name)
	if err != nil {
		return Prompt{}, err
	}
	p, err := s.versions.Active(ctx, name)
	if errors.Is(err, fault.NotFound) {
		standard.Active = true
		return standard, nil
	}
	if err != nil {
		return Prompt{}, fmt.Errorf("read prompt %s: %w", name, err)
	}
	p.Active = true
	return p, nil
}

// Versions returns all versions, newest first; the last is the default, version 0.
func (s *Store) Versions(ctx context.Context, name string) ([]Prompt, error) {
	standard, err := Default(name)
	if err != nil {
		return nil, err
	}
	saved, err := s.versions.List(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("list prompt %s: %w", name, err)
	}
	standard.Active = true
	for _, p := range saved {
		standard.Active = standard.Active && !p.Active
	}
	return append(saved, standard), nil
}

// Version returns one version; fault.NotFound if it was never saved.
func (s *Store) Version(ctx context.Context, name string, version int) (Prompt, error) {
	all, err := s.Versions(ctx, name)
	if err != nil {
		return Prompt{}, err
	}
	for _, p := range all {
		if p.Version == version {
			return p, nil
		}
	}
	return Prompt{}, noVersion(name, version)
}

// Save stores a new version and returns its number. Name, Text, Author and Note
// of p are used. A text with problems is refused with fault.Invalid (the sentence
// tells the first; Check tells all). It does not answer before Activate.
func (s *Store) Save(ctx context.Context, p Prompt) (version int, err error) {
	if _, ok := split(p.Name); !ok {
		return 0, notFound(p.Name)
	}
	p.Text = strings.ReplaceAll(p.Text, "\r\n", "\n")
	if problems := Check(p.Name, p.Text); len(problems) > 0 {
		return 0, problems[0].fault()
	}
	if utf8.RuneCountInString(p.Note) > 1000 {
		return 0, fault.Say(fault.Invalid, "note_too_long", "The note may have 1,000 characters at most.")
	}
	p.Active, p.CreatedAt = false, time.Now().UTC()
	if version, err = s.versions.Add(ctx, p); err != nil {
		return 0, fmt.Errorf("save prompt %s: %w", p.Name, err)
	}
	return version, nil
}

// Activate makes a version the one that answers from the next question on.
// 0 goes back to the default.
func (s *Store) Activate(ctx context.Context, name string, version int) error {
	if _, ok := split(name); !ok {
		return notFound(name)
	}
	if version < 0 {
		return noVersion(name, version)
	}
	err := s.versions.Activate(ctx, name, version)
	if errors.Is(err, fault.NotFound) {
		return noVersion(name, version).Because(err)
	}
	if err != nil {
		return fmt.Errorf("activate version %d of prompt %s: %w", version, name, err)
	}
	return nil
}

func noVersion(name string, version int) *fault.Error {
	return fault.Say(fault.NotFound, "version_not_found", "The prompt %s has no version %d.", name, version)
}
