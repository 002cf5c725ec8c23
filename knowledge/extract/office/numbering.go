package office

import (
	"encoding/xml"
	"strconv"
	"strings"

	"github.com/parley-im/parley/knowledge/extract/archive"
)

// numbering knows the lists of a document and counts their items.
type numbering struct {
	lists map[string]map[int]numberLevel // by numId
	from  map[string]string              // numId to the abstract list that it counts in
	count map[string]*[9]int             // by abstract list
}

type numberLevel struct {
	format string // "decimal", "bullet", …
	text   string // "%1.", "第%1章"
	start  int
}

// readNumbering reads numbering.xml.
func (r *docxReader) readNumbering() (*numbering, error) {
	n := &numbering{lists: make(map[string]map[int]numberLevel), from: make(map[string]string), count: make(map[string]*[9]int)}
	name := r.dir + "/numbering.xml"
	if !r.a.Has(name) {
		return n, nil
	}
	abstract := make(map[string]map[int]numberLevel)
	err := readPart(r.ctx, r.a, name, r.limits, func(t *archive.Tokens, _ xml.StartElement) error {
		return t.Children(func(e xml.StartElement) error {
			switch e.Name.Local {
			case "abstractNum":
				levels, err := readLevels(t)
				abstract[archive.Attr(e, "abstractNumId")] = levels
				return err
			case "num":
				id, base := archive.Attr(e, "numId"), ""
				err := t.Children(func(e xml.StartElement) error {
					switch e.Name.Local {
					case "abstractNumId":
						base = archive.Attr(e, "val")
					case "lvlOverride":
						n.from[id] = id // counts for itself
					}
					return t.Skip()
				}, nil)
				n.lists[id] = abstract[base]
				if n.from[id] == "" {
					n.from[id] = "abstract " + base
				}
				return err
			}
			return t.Skip()
		}, nil)
	})
	return n, err
}

func readLevels(t *archive.Tokens) (map[int]numberLevel, error) {
	levels := make(map[int]numberLevel)
	err := t.Children(func(e xml.StartElement) error {
		if e.Name.Local != "lvl" {
			return t.Skip()
		}
		at, err := strconv.Atoi(archive.Attr(e, "ilvl"))
		if err != nil {
			return t.Skip()
		}
		level := numberLevel{start: 1}
		err = t.Children(func(e xml.StartElement) error {
			switch e.Name.Local {
			case "numFmt":
				level.format = archive.Attr(e, "val")
			case "lvlText":
				level.text = archive.Attr(e, "val")
			case "start":
				if s, err := strconv.Atoi(archive.Attr(e, "val")); err == nil {
					level.start = s
				}
			}
			return t.Skip()
		}, nil)
		levels[at] = level
		return err
	}, nil)
	return levels, err
}

// next counts one item and returns its mark: "-" for a bullet, "1.2" or "(3)"
// for a number, "" if the paragraph is in no list.
func (n *numbering) next(id string, at int) string {
	levels := n.lists[id]
	level, ok := levels[at]
	if !ok || id == "0" || at < 0 || at > 8 {
		return ""
	}
	if level.format == "bullet" || level.format == "" {
		return "-"
	}
	if level.format == "none" {
		return ""
	}
	counts := n.count[n.from[id]]
	if counts == nil {
		counts = new([9]int)
		n.count[n.from[id]] = counts
	}
	if counts[at] == 0 {
		counts[at] = level.start
	} else {
		counts[at]++
	}
	for deeper := at + 1; deeper < len(counts); deeper++ {
		counts[deeper] = 0
	}
	mark := level.text
	for i := range at + 1 {
		c := counts[i]
		if c == 0 {
			c = 1
		}
		mark = strings.ReplaceAll(mark, "%"+strconv.Itoa(i+1), numeral(c, levels[i].format))
	}
	return mark
}

func numeral(n int, format string) string {
	switch format {
	case "lowerLetter", "upperLetter":
		s := string(rune('a' + (n-1+26)%26))
		if format == "upperLetter" {
			s = strings.ToUpper(s)
		}
		return s
	case "lowerRoman":
		return strings.ToLower(roman(n))
	case "upperRoman":
		return roman(n)
	case "chineseCounting", "chineseCountingThousand", "ideographDigital", "japaneseCounting", "taiwaneseCountingThousand", "taiwaneseCounting":
		return chinese(n)
	}
	return strconv.Itoa(n)
}

func roman(n int) string {
	if n < 1 || n > 99 {
		return strconv.Itoa(n)
	}
	ones := []string{"", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"}
	tens := []string{"", "X", "XX", "XXX", "XL", "L", "LX", "LXX", "LXXX", "XC"}
	return tens[n/10] + ones[n%10]
}

func chinese(n int) string {
	if n < 1 || n > 99 {
		return strconv.Itoa(n)
	}
	digits := []string{"", "一", "二", "三", "四", "五", "六", "七", "八", "九"}
	switch {
	case n < 10:
		return digits[n]
	case n < 20:
		return "十" + digits[n-10]
	}
	return digits[n/10] + "十" + digits[n%10]
}
