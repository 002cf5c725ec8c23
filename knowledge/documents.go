package knowledge

import (
	"context"
	"io"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/parley-im/parley/internal/fault"
)

// Add stores an upload and asks for work on it: Run does it, or Process. It
// reports false when the newest version has the same bytes already. Over the
// limit nothing is kept.
func (b *Base) Add(ctx context.Context, u Upload) (d Document, changed bool, err error) {
	name, err := fileName(u.Name)
	if err != nil {
		return Document{}, false, err
	}
	labels, err := cleanLabels(u.Labels)
	if err != nil {
		return Document{}, false, err
	}
	stored, err := b.files.Save(ctx, u.Body, b.opts.MaxUpload)
	if err != nil {
		return Document{}, false, err
	}
	d, changed, err = b.store.Enqueue(ctx, NewVersion{
		ID: uuid.NewString(), Collection: u.Collection, Name: name, Labels: labels, URL: strings.TrimSpace(u.URL), AddedBy: u.AddedBy,
		File: stored.Key, Hash: stored.Hash, Size: stored.Size,
	})
	if err != nil || !changed {
		b.drop(context.WithoutCancel(ctx), stored.Key)
		return d, false, err
	}
	b.signal()
	return d, true, nil
}

// drop removes a file that became nobody's. If that fails, the sweep finds it.
func (b *Base) drop(ctx context.Context, key string) {
	known, err := b.store.Known(ctx, key)
	if err == nil && !known {
		err = b.files.Remove(ctx, key)
	}
	if err != nil {
		b.log.WarnContext(ctx, "unused upload stays until the sweep", "err", err)
	}
}

// Document returns one document.
func (b *Base) Document(ctx context.Context, id string) (Document, error) {
	return b.store.Document(ctx, id)
}

// Documents lists documents of a collection.
func (b *Base) Documents(ctx context.Context, f Filter) (Page, error) {
	if f.Limit <= 0 || f.Limit > 500 {
		f.Limit = 100
	}
	return b.store.Documents(ctx, f)
}

// Chunks lists chunks of the live version behind the place after (-1: from the start).
func (b *Base) Chunks(ctx context.Context, id string, after, limit int) ([]Chunk, error) {
	if limit <= 0 || limit > 1000 {
		limit = 50
	}
	return b.store.Chunks(ctx, id, after, limit)
}

// Update changes title, labels or address. Labels and address hold at once;
// another title is part of what is searched, so the document is indexed anew and
// the old title answers until then.
func (b *Base) Update(ctx context.Context, id string, c Change) (Document, error) {
	if c.Title != nil {
		t := strings.Join(strings.Fields(*c.Title), " ")
		if t == "" || utf8.RuneCountInString(t) > 300 || !utf8.ValidString(t) {
			return Document{}, fault.Say(fault.Invalid, "title_invalid", "The title of a document has 1 to 300 characters.")
		}
		c.Title = &t
	}
	if c.Labels != nil {
		labels, err := cleanLabels(*c.Labels)
		if err != nil {
			return Document{}, err
		}
		c.Labels = &labels
	}
	d, err := b.store.Change(ctx, id, c)
	if err == nil {
		b.signal()
	}
	return d, err
}

// File opens the live version as it was uploaded, or the only one there is.
func (b *Base) File(ctx context.Context, id string) (io.ReadCloser, Document, error) {
	key, d, err := b.store.File(ctx, id)
	if err != nil {
		return nil, Document{}, err
	}
	r, err := b.files.Open(ctx, key)
	return r, d, err
}

// Delete removes a document: when it returns, its rows, words, vectors and files
// are gone.
func (b *Base) Delete(ctx context.Context, id string) error {
	if err := b.store.Remove(ctx, id); err != nil {
		return err
	}
	b.stop(id)
	return b.clean(ctx)
}

// Retry asks again for work that failed or was cancelled.
func (b *Base) Retry(ctx context.Context, id string) error {
	err := b.store.Retry(ctx, id)
	if err == nil {
		b.signal()
	}
	return err
}

// Cancel ends work that waits or runs. The live version, if any, stays.
func (b *Base) Cancel(ctx context.Context, id string) error {
	if err := b.store.Cancel(ctx, id); err != nil {
		return err
	}
	b.stop(id)
	return nil
}

// signal wakes Run.
func (b *Base) signal() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// stop ends the work on a document in this process; in others the fence does.
func (b *Base) stop(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if cancel := b.running[id]; cancel != nil {
		cancel(errTaken)
	}
}

func fileName(name string) (string, error) {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, "\uFFFD"), `\`, "/"))
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, name))
	if name == "" || name == "." || name == "/" || name == ".." {
		return "", fault.Say(fault.Invalid, "name_missing", "The upload needs a file name.")
	}
	if utf8.RuneCountInString(name) > 255 {
		return "", fault.Say(fault.Invalid, "name_too_long", "The file name is longer than 255 characters.")
	}
	return name, nil
}

func cleanLabels(in []string) ([]string, error) {
	out := []string{}
	for _, l := range in {
		l = strings.TrimSpace(l)
		if l == "" || slices.Contains(out, l) {
			continue
		}
		if utf8.RuneCountInString(l) > 100 || !utf8.ValidString(l) {
			return nil, fault.Say(fault.Invalid, "label_invalid", "A label has at most 100 characters.")
		}
		out = append(out, l)
	}
	if len(out) > 50 {
		return nil, fault.Say(fault.Invalid, "too_many_labels", "A document has at most 50 labels.")
	}
	slices.Sort(out)
	return out, nil
}
