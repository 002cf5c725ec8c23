package office

import (
	"encoding/xml"
	"regexp"
	"strconv"
	"strings"

	"github.com/parley-im/parley/knowledge/extract/archive"
)

// style is what a paragraph style says of a paragraph's part in the document.
type style struct {
	based    string
	level    int // of a heading, or 0
	title    bool
	contents bool // an entry in the table of contents
	numID    string
	numLevel int
}

// readStyles reads styles.xml. The ids of styles depend on the language of the
// program (Chinese Word calls Heading 1 "1"), the names do not, or they are
// known translations; an outline level is as good.
func (r *docxReader) readStyles() (map[string]style, error) {
	styles := make(map[string]style)
	name := r.dir + "/styles.xml"
	if !r.a.Has(name) {
		return styles, nil
	}
	err := readPart(r.ctx, r.a, name, r.limits, func(t *archive.Tokens, _ xml.StartElement) error {
		return t.Children(func(e xml.StartElement) error {
			if e.Name.Local != "style" {
				return t.Skip()
			}
			s, err := readStyle(t)
			styles[archive.Attr(e, "styleId")] = s
			return err
		}, nil)
	})
	if err != nil {
		return nil, err
	}
	out := make(map[string]style, len(styles))
	for id, s := range styles {
		parent := s.based
		for range 20 { // a chain longer than that is a circle
			p, ok := styles[parent]
			if !ok {
				break
			}
			if s.level == 0 && !s.title {
				s.level = p.level
			}
			if s.numID == "" {
				s.numID, s.numLevel = p.numID, p.numLevel
			}
			s.contents = s.contents || p.contents
			parent = p.based
		}
		out[id] = s
	}
	return out, nil
}

func readStyle(t *archive.Tokens) (style, error) {
	var s style
	named := 0
	err := t.Children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "name":
			named = headingName(archive.Attr(e, "val"))
			s.title = isTitle(archive.Attr(e, "val"))
			s.contents = isContents(archive.Attr(e, "val"))
		case "basedOn":
			s.based = archive.Attr(e, "val")
		case "pPr":
			return t.Children(func(e xml.StartElement) error {
				switch e.Name.Local {
				case "outlineLvl":
					s.level = outline(e)
				case "numPr":
					return numberOf(t, &s.numID, &s.numLevel)
				}
				return t.Skip()
			}, nil)
		}
		return t.Skip()
	}, nil)
	if named > 0 {
		s.level = named
	}
	if s.title {
		s.level = 1
	}
	return s, err
}

func headingName(name string) int {
	m := regexp.MustCompile(`(?i)^(?:heading|标题|標題|見出し)\s*([1-9])$`).FindStringSubmatch(strings.TrimSpace(name))
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0
	}
	return n
}

func isTitle(name string) bool {
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "title", "标题", "標題", "表題":
		return true
	}
	return false
}

func isContents(name string) bool {
	return regexp.MustCompile(`(?i)^(toc|目录|目錄|目次)\s*[1-9]$`).MatchString(strings.TrimSpace(name))
}
