// Package office reads the documents of office programs: DOCX with a reader of
// its own over archive (there is no well-kept library for it), XLSX with
// excelize after archive has measured what the file unpacks to.
package office

import (
	"context"
	"encoding/xml"
	"errors"
	"path"
	"strings"

	"github.com/parley-im/parley/knowledge/extract/archive"
	"github.com/parley-im/parley/knowledge/extract/content"
)

// DOCX reads a WordprocessingML document: its body with tables, lists, text
// boxes and notes as a reader sees them. Deleted and hidden text, comments,
// page headers and tables of contents are left out.
func DOCX(ctx context.Context, a *archive.Archive, limits content.Limits) (content.Document, error) {
	d := content.Document{Type: "docx"}
	main := mainPart(ctx, a, limits, "word/document.xml")
	r := docxReader{ctx: ctx, a: a, limits: limits, dir: path.Dir(main)}
	var err error
	if r.styles, err = r.readStyles(); err != nil {
		return d, err
	}
	if r.numbers, err = r.readNumbering(); err != nil {
		return d, err
	}
	r.notes = make(map[string]string)
	for _, kind := range []string{"footnote", "endnote"} {
		if err := r.readNotes(kind); err != nil {
			return d, err
		}
	}
	err = readPart(ctx, a, main, limits, func(t *archive.Tokens, root xml.StartElement) error {
		body := docxBody{r: &r, t: t}
		if err := body.read(); err != nil {
			return err
		}
		d.Blocks = below(r.title, merge(body.out))
		return nil
	})
	if err != nil {
		return d, err
	}
	d.Title = r.title
	if d.Title == "" {
		d.Title = coreTitle(ctx, a, limits)
	}
	return d, nil
}

type docxReader struct {
	ctx     context.Context
	a       *archive.Archive
	limits  content.Limits
	dir     string // of the main part
	styles  map[string]style
	numbers *numbering
	notes   map[string]string // by kind and id
	noted   int               // notes that were referred to so far
	title   string            // the paragraph in the style Title
	cells   int
}

// below moves headings one level down when the document has a title above them.
func below(title string, blocks []content.Block) []content.Block {
	if title == "" {
		return blocks
	}
	for i, b := range blocks {
		if b.Kind == content.Heading && b.Text != title {
			blocks[i].Level++
		}
	}
	return blocks
}

// readPart opens a part and hands its tokens to read, after the root's start.
func readPart(ctx context.Context, a *archive.Archive, name string, limits content.Limits, read func(*archive.Tokens, xml.StartElement) error) error {
	part, err := a.Open(name)
	if err != nil {
		return err
	}
	t := archive.NewTokens(ctx, part, limits.Depth)
	root, err := t.Root()
	if err == nil {
		err = read(t, root)
	}
	return errors.Join(err, part.Close())
}

// mainPart returns the part that the package names as its document.
func mainPart(ctx context.Context, a *archive.Archive, limits content.Limits, usual string) string {
	found := ""
	if a.Has("_rels/.rels") {
		// A broken list of relationships only means that the usual name is tried.
		_ = readPart(ctx, a, "_rels/.rels", limits, func(t *archive.Tokens, _ xml.StartElement) error {
			return t.Children(func(e xml.StartElement) error {
				if strings.HasSuffix(archive.Attr(e, "Type"), "/officeDocument") {
					found = strings.TrimPrefix(archive.Attr(e, "Target"), "/")
				}
				return t.Skip()
			}, nil)
		})
	}
	if found != "" && a.Has(found) {
		return found
	}
	return usual
}

// coreTitle returns the title in the document's properties, or "".
func coreTitle(ctx context.Context, a *archive.Archive, limits content.Limits) string {
	if !a.Has("docProps/core.xml") {
		return ""
	}
	title := ""
	// Without properties the document is as good.
	_ = readPart(ctx, a, "docProps/core.xml", limits, func(t *archive.Tokens, _ xml.StartElement) error {
		return t.Children(func(e xml.StartElement) error {
			text, err := t.Text()
			if e.Name.Local == "title" {
				title = content.Short(content.Line(text), 200)
			}
			return err
		}, nil)
	})
	return title
}

// docxBody reads blocks from where a body, a cell, a text box or a note starts.
type docxBody struct {
	r   *docxReader
	t   *archive.Tokens
	out []docxBlock
}

// docxBlock is a block, or one item of a list that is yet to be joined.
type docxBlock struct {
	content.Block
	item bool
}

func (b *docxBody) add(block content.Block) {
	b.out = append(b.out, docxBlock{Block: block})
}

// read reads what is below the element whose start was returned last.
func (b *docxBody) read() error {
	return b.t.Children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "p":
			return b.paragraph()
		case "tbl":
			return b.table()
		case "del", "moveFrom", "sectPr", "sdtPr", "sdtEndPr", "tcPr", "txbxPr":
			return b.t.Skip()
		case "AlternateContent":
			return b.alternate(b.read)
		}
		return b.read() // body, sdtContent, ins, customXml and the like
	}, nil)
}

// alternate reads the first of the versions that a writer offers of one thing.
func (b *docxBody) alternate(read func() error) error {
	taken := false
	return b.t.Children(func(e xml.StartElement) error {
		if taken || e.Name.Local != "Choice" && e.Name.Local != "Fallback" {
			return b.t.Skip()
		}
		taken = true
		return read()
	}, nil)
}

func (b *docxBody) paragraph() error {
	p := docxParagraph{body: b}
	if err := p.read(); err != nil {
		return err
	}
	text := content.Lines(p.text.String())
	s := b.r.styles[p.style]
	if p.level == 0 {
		p.level = s.level
	}
	if p.numID == "" {
		p.numID, p.numLevel = s.numID, s.numLevel
	}
	switch {
	case s.contents || text == "":
	case p.level > 0 && p.level <= 9:
		text = strings.ReplaceAll(text, "\n", " ")
		if s.title && b.r.title == "" {
			b.r.title = text
		}
		if mark := b.r.numbers.next(p.numID, p.numLevel); mark != "" && mark != "-" {
			text = mark + " " + text
		}
		b.add(content.Block{Kind: content.Heading, Level: p.level, Text: text})
	default:
		mark := b.r.numbers.next(p.numID, p.numLevel)
		if mark == "" {
			b.add(content.Block{Kind: content.Paragraph, Text: text})
			break
		}
		text = strings.Repeat("  ", p.numLevel) + mark + " " + strings.ReplaceAll(text, "\n", "\n  ")
		b.out = append(b.out, docxBlock{content.Block{Kind: content.List, Text: text}, true})
	}
	b.out = append(b.out, p.boxes...)
	for _, note := range p.notes {
		if text := b.r.notes[note.key]; text != "" {
			b.add(content.Block{Kind: content.Paragraph, Text: "[" + note.mark + "] " + text})
		}
	}
	return nil
}

// merge joins the items that follow each other to lists.
func merge(in []docxBlock) []content.Block {
	var out []content.Block
	open := false
	for _, b := range in {
		if open && b.item {
			out[len(out)-1].Text += "\n" + b.Text
			continue
		}
		out = append(out, b.Block)
		open = b.item
	}
	return out
}
