package office

import (
	"encoding/xml"
	"strconv"
	"strings"

	"github.com/parley-im/parley/knowledge/extract/archive"
	"github.com/parley-im/parley/knowledge/extract/content"
)

// docxParagraph reads one w:p.
type docxParagraph struct {
	body     *docxBody
	text     strings.Builder
	style    string
	level    int // of a heading, by an outline level of its own
	numID    string
	numLevel int
	boxes    []docxBlock // text boxes that are anchored here
	notes    []noteRef
}

type noteRef struct{ key, mark string }

// read reads the runs below the element whose start was returned last.
func (p *docxParagraph) read() error {
	t := p.body.t
	return t.Children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "pPr":
			return p.properties()
		case "r":
			return p.run()
		case "del", "moveFrom", "sdtPr", "sdtEndPr", "instrText", "delText", "rPr":
			return t.Skip()
		case "AlternateContent":
			return p.body.alternate(p.read)
		case "t":
			return p.characters() // m:t, in a formula
		}
		return p.read() // hyperlink, ins, smartTag, fldSimple, sdt, oMath and the like
	}, nil)
}

func (p *docxParagraph) properties() error {
	t := p.body.t
	return t.Children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "pStyle":
			p.style = archive.Attr(e, "val")
		case "outlineLvl":
			p.level = outline(e)
		case "numPr":
			return numberOf(t, &p.numID, &p.numLevel)
		}
		return t.Skip()
	}, nil)
}

// outline returns the heading level of w:outlineLvl; its 9 is body text.
func outline(e xml.StartElement) int {
	n, err := strconv.Atoi(archive.Attr(e, "val"))
	if err != nil || n < 0 || n > 8 {
		return 0
	}
	return n + 1
}

// numberOf reads w:numPr.
func numberOf(t *archive.Tokens, id *string, level *int) error {
	return t.Children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "numId":
			*id = archive.Attr(e, "val")
		case "ilvl":
			if n, err := strconv.Atoi(archive.Attr(e, "val")); err == nil && n >= 0 && n <= 8 {
				*level = n
			}
		}
		return t.Skip()
	}, nil)
}

// run reads one w:r, or a part of one.
func (p *docxParagraph) run() error {
	t := p.body.t
	start := p.text.Len()
	hidden := false
	err := t.Children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "rPr":
			return t.Children(func(e xml.StartElement) error {
				if v := archive.Attr(e, "val"); e.Name.Local == "vanish" && v != "0" && v != "false" {
					hidden = true
				}
				return t.Skip()
			}, nil)
		case "t":
			return p.characters()
		case "tab", "ptab":
			p.text.WriteByte(' ')
		case "br", "cr":
			p.text.WriteByte('\n')
		case "noBreakHyphen":
			p.text.WriteByte('-')
		case "footnoteReference", "endnoteReference":
			p.note(strings.TrimSuffix(e.Name.Local, "Reference"), archive.Attr(e, "id"))
		case "AlternateContent":
			return p.body.alternate(p.run)
		case "txbxContent":
			return p.box()
		case "ruby", "rubyBase", "r", "drawing", "pict", "object", "inline", "anchor", "graphic", "graphicData",
			"wsp", "wgp", "wpc", "wpg", "grpSp", "txbx", "shape", "rect", "roundrect", "oval", "group", "textbox", "shapetype":
			return p.run()
		}
		return t.Skip() // delText, instrText, rt, pictures, …
	}, nil)
	if hidden && err == nil {
		kept := p.text.String()[:start]
		p.text.Reset()
		p.text.WriteString(kept)
	}
	return err
}

func (p *docxParagraph) characters() error {
	text, err := p.body.t.Text()
	p.text.WriteString(text)
	return err
}

// note puts a mark into the text; the note itself follows the paragraph.
func (p *docxParagraph) note(kind, id string) {
	key := kind + " " + id
	if p.body.r.notes[key] == "" {
		return
	}
	p.body.r.noted++
	mark := strconv.Itoa(p.body.r.noted)
	p.notes = append(p.notes, noteRef{key: key, mark: mark})
	p.text.WriteString("[" + mark + "]")
}

// box reads a text box; it comes after the paragraph that it is anchored to.
func (p *docxParagraph) box() error {
	inner := docxBody{r: p.body.r, t: p.body.t}
	if err := inner.read(); err != nil {
		return err
	}
	p.boxes = append(p.boxes, inner.out...)
	return nil
}

// readNotes reads the footnotes or endnotes, which stand in a part of their own.
func (r *docxReader) readNotes(kind string) error {
	name := r.dir + "/" + kind + "s.xml"
	if !r.a.Has(name) {
		return nil
	}
	return readPart(r.ctx, r.a, name, r.limits, func(t *archive.Tokens, _ xml.StartElement) error {
		return t.Children(func(e xml.StartElement) error {
			if kind := archive.Attr(e, "type"); kind != "" && kind != "normal" {
				return t.Skip() // the line above the notes
			}
			body := docxBody{r: r, t: t}
			if err := body.read(); err != nil {
				return err
			}
			r.notes[kind+" "+archive.Attr(e, "id")] = content.Line(content.PlainText(merge(body.out)))
			return nil
		}, nil)
	})
}
