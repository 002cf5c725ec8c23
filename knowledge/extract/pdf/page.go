package pdf

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"

	"github.com/parley-im/parley/knowledge/extract/content"
)

// page is one page as lines in reading order.
type page struct {
	number int // from 1
	lines  []line
}

// line is one printed line. Places are in points from the bottom left; they are
// all zero if PDFium could not tell them.
type line struct {
	text        string
	left, right float64
	base, low   float64   // where the first and the last character stand
	size        float64   // of the characters
	cells       []string  // set apart by wide gaps: a row of a table
	at          []float64 // where each of the cells starts
}

func (r *reader) pages() ([]page, error) {
	n, err := r.pdf.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: r.doc})
	if err != nil {
		return nil, fmt.Errorf("count pages: %w", err)
	}
	if n.PageCount > r.limits.Pages {
		return nil, content.Fail(content.TooLarge, fmt.Sprintf("it has more than %d pages", r.limits.Pages), nil)
	}
	var pages []page
	var size int64
	var broken error
	for i := range n.PageCount {
		if err := r.ctx.Err(); err != nil {
			return nil, err
		}
		lines, err := r.page(i)
		if err != nil {
			broken = fmt.Errorf("page %d: %w", i+1, err) // the others may still be read
			continue
		}
		for _, l := range lines {
			size += int64(len(l.text))
		}
		if size > r.limits.TextBytes {
			return nil, content.Fail(content.TooLarge, fmt.Sprintf("it has more than %d MB of text", r.limits.TextBytes>>20), nil)
		}
		pages = append(pages, page{number: i + 1, lines: lines})
	}
	if len(pages) == 0 && broken != nil {
		return nil, broken
	}
	return pages, nil
}

func (r *reader) page(i int) ([]line, error) {
	p, err := r.pdf.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: r.doc, Index: i})
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	lines, err := r.pageText(p.Page)
	if _, e := r.pdf.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: p.Page}); err == nil && e != nil {
		return nil, fmt.Errorf("close: %w", e)
	}
	return lines, err
}

func (r *reader) pageText(p references.FPDF_PAGE) ([]line, error) {
	t, err := r.pdf.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: requests.Page{ByReference: &p}})
	if err != nil {
		return nil, fmt.Errorf("load text: %w", err)
	}
	lines, err := r.lines(t.TextPage)
	if _, e := r.pdf.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: t.TextPage}); err == nil && e != nil {
		return nil, fmt.Errorf("close text: %w", e)
	}
	return lines, err
}

func (r *reader) lines(t references.FPDF_TEXTPAGE) ([]line, error) {
	n, err := r.pdf.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: t})
	if err != nil {
		return nil, fmt.Errorf("count characters: %w", err)
	}
	if n.Count <= 0 {
		return nil, nil
	}
	// Not GetPageText: that one breaks characters outside the basic plane.
	text, err := r.pdf.FPDFText_GetText(&requests.FPDFText_GetText{TextPage: t, Count: n.Count})
	if err != nil {
		return nil, fmt.Errorf("read text: %w", err)
	}
	chars := []rune(strings.TrimRight(text.Text, "\x00"))
	placed := len(chars) == n.Count // one rune for each character, so that places can be looked up
	var lines []line
	for start := 0; start < len(chars); {
		end := start
		for end < len(chars) && chars[end] != '\n' && chars[end] != '\r' {
			end++
		}
		first, last := start, end-1
		for first < end && unicode.IsSpace(chars[first]) {
			first++
		}
		for last > first && unicode.IsSpace(chars[last]) {
			last--
		}
		if text := clean(chars[first:max(end, first)]); text != "" {
			l := line{text: text}
			if placed {
				r.place(&l, t, chars, first, last)
			}
			lines = append(lines, l)
		}
		start = end + 1
	}
	return lines, nil
}

// clean returns the characters of a line as text. PDFium marks the hyphen at
// which a word was broken by U+0002 or U+FFFE.
func clean(chars []rune) string {
	var b strings.Builder
	for i, c := range chars {
		if c == 2 || c == 0xFFFE {
			if i < len(chars)-1 && unicode.IsLower(chars[i+1]) {
				continue // the rest of the word was put behind it
			}
			c = '-'
		}
		if c >= 0xF000 && c <= 0xF0FF {
			c = '•' // of a symbol font
		}
		b.WriteRune(c)
	}
	return content.Line(b.String())
}

// place finds out where the characters first to last of a page stand. What
// cannot be told stays zero: the text matters more.
func (r *reader) place(l *line, t references.FPDF_TEXTPAGE, chars []rune, first, last int) {
	a, err := r.pdf.FPDFText_GetLooseCharBox(&requests.FPDFText_GetLooseCharBox{TextPage: t, Index: first})
	if err != nil {
		return
	}
	z, err := r.pdf.FPDFText_GetLooseCharBox(&requests.FPDFText_GetLooseCharBox{TextPage: t, Index: last})
	if err != nil {
		return
	}
	at, err := r.pdf.FPDFText_GetCharOrigin(&requests.FPDFText_GetCharOrigin{TextPage: t, Index: first})
	if err != nil {
		return
	}
	end, err := r.pdf.FPDFText_GetCharOrigin(&requests.FPDFText_GetCharOrigin{TextPage: t, Index: last})
	if err != nil {
		return
	}
	size, err := r.pdf.FPDFText_GetFontSize(&requests.FPDFText_GetFontSize{TextPage: t, Index: first})
	if err != nil {
		return
	}
	scale := 1.0
	if m, err := r.pdf.FPDFText_GetMatrix(&requests.FPDFText_GetMatrix{TextPage: t, Index: first}); err == nil {
		scale = math.Hypot(float64(m.Matrix.C), float64(m.Matrix.D))
	}
	l.left, l.right = float64(a.Rect.Left), float64(z.Rect.Right)
	l.base, l.low = at.Y, end.Y
	l.size = math.Round(size.FontSize*scale*2) / 2
	if l.size > 0 && last-first > 2 && r.gaps(t, first, last-first+1, l.size) {
		r.cut(l, t, chars, first, last)
	}
}

// gaps reports whether there is a wide gap among n characters. It asks for the
// boxes of whole pieces, which costs less than asking for each character.
func (r *reader) gaps(t references.FPDF_TEXTPAGE, first, n int, size float64) bool {
	rects, err := r.pdf.FPDFText_CountRects(&requests.FPDFText_CountRects{TextPage: t, StartIndex: first, Count: n})
	if err != nil || rects.Count < 2 || rects.Count > 100 {
		return false
	}
	type span struct{ from, to float64 }
	spans := make([]span, 0, rects.Count)
	for i := range rects.Count {
		q, err := r.pdf.FPDFText_GetRect(&requests.FPDFText_GetRect{TextPage: t, Index: i})
		if err != nil {
			return false
		}
		spans = append(spans, span{q.Left, q.Right})
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	to := spans[0].to
	for _, s := range spans[1:] {
		if s.from-to > wideGap*size {
			return true
		}
		to = max(to, s.to)
	}
	return false
}

// wideGap, in sizes of the character, sets two cells apart.
const wideGap = 1.2

// cut finds the cells of a row and sets them apart in its text.
func (r *reader) cut(l *line, t references.FPDF_TEXTPAGE, chars []rune, first, last int) {
	var cells []string
	at := []float64{l.left}
	start, right := first, l.left
	for i := first; i <= last; i++ {
		if unicode.IsSpace(chars[i]) {
			continue
		}
		box, err := r.pdf.FPDFText_GetLooseCharBox(&requests.FPDFText_GetLooseCharBox{TextPage: t, Index: i})
		if err != nil {
			return
		}
		left := float64(box.Rect.Left)
		if i > first && left-right > wideGap*l.size {
			cells = append(cells, clean(chars[start:i]))
			at = append(at, left)
			start = i
		}
		right = float64(box.Rect.Right)
	}
	cells = append(cells, clean(chars[start:last+1]))
	if len(cells) > 1 && utf8.RuneCountInString(cells[0]) < 5 && item.MatchString(cells[0]+" .") {
		cells[1] = cells[0] + " " + cells[1] // the mark of a list item
		cells, at = cells[1:], at[1:]
		l.text = cells[0]
	}
	if len(cells) > 1 {
		l.cells, l.at = cells, at
		l.text = strings.Join(cells, " | ")
	}
}
