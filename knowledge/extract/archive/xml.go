package archive

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/parley-im/parley/knowledge/extract/content"
)

// Tokens reads the elements of an XML part one after another.
type Tokens struct {
	ctx   context.Context
	d     *xml.Decoder
	limit int
	depth int
	count int
}

// NewTokens reads from r until ctx ends. Elements may be nested limit deep.
func NewTokens(ctx context.Context, r io.Reader, limit int) *Tokens {
	d := xml.NewDecoder(transform.NewReader(r, unicode.BOMOverride(transform.Nop)))
	d.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		switch strings.ToLower(charset) {
		case "utf-16", "utf-16le", "utf-16be", "unicode":
			return in, nil // made UTF-8 above, by its byte order mark
		}
		return nil, fmt.Errorf("unknown encoding %q", content.Short(charset, 40))
	}
	return &Tokens{ctx: ctx, d: d, limit: limit}
}

// Next returns the next start, end or text token; io.EOF at the end. A document
// type declaration is refused: office programs write none, attackers do.
func (t *Tokens) Next() (xml.Token, error) {
	for {
		if t.count++; t.count%1024 == 0 && t.ctx.Err() != nil {
			return nil, t.ctx.Err()
		}
		token, err := t.d.Token()
		if err == io.EOF {
			return nil, io.EOF
		}
		if err != nil {
			return nil, content.Or(fmt.Errorf("read XML: %w", err), content.Damaged)
		}
		switch token.(type) {
		case xml.StartElement:
			if t.depth++; t.depth > t.limit {
				return nil, content.Fail(content.Damaged, "", errors.New("XML nested too deeply"))
			}
		case xml.EndElement:
			t.depth--
		case xml.CharData:
		case xml.Directive:
			return nil, content.Fail(content.Damaged, "", errors.New("XML with a document type declaration"))
		default:
			continue
		}
		return token, nil
	}
}

// Skip reads to the end of the element whose start was returned last.
func (t *Tokens) Skip() error {
	for level := t.depth; t.depth >= level; {
		if _, err := t.Next(); err != nil {
			return unexpected(err)
		}
	}
	return nil
}

// Children calls child for each element directly below the one whose start was
// returned last, and text, if not nil, for the characters there. child must read
// its element to the end (by Skip, Text or Children).
func (t *Tokens) Children(child func(xml.StartElement) error, text func([]byte)) error {
	for {
		token, err := t.Next()
		if err != nil {
			return unexpected(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if err := child(token); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		case xml.CharData:
			if text != nil {
				text(token)
			}
		}
	}
}

// Text returns the characters of the element whose start was returned last,
// those of elements in it included.
func (t *Tokens) Text() (string, error) {
	var b strings.Builder
	for level := t.depth; t.depth >= level; {
		token, err := t.Next()
		if err != nil {
			return "", unexpected(err)
		}
		if c, ok := token.(xml.CharData); ok {
			b.Write(c)
		}
	}
	return b.String(), nil
}

// Root reads up to the first element.
func (t *Tokens) Root() (xml.StartElement, error) {
	for {
		token, err := t.Next()
		if err != nil {
			return xml.StartElement{}, unexpected(err)
		}
		if start, ok := token.(xml.StartElement); ok {
			return start, nil
		}
	}
}

func unexpected(err error) error {
	if err == io.EOF {
		return content.Fail(content.Damaged, "", io.ErrUnexpectedEOF)
	}
	return err
}

// Attr returns the attribute of that local name, or "".
func Attr(e xml.StartElement, local string) string {
	for _, a := range e.Attr {
		if a.Name.Local == local {
			return a.Value
		}
	}
	return ""
}
