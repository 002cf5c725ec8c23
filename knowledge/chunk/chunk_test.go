package chunk_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/rivo/uniseg"
	"pgregory.net/rapid"

	"github.com/parley-im/parley/knowledge/chunk"
	"github.com/parley-im/parley/knowledge/extract"
)

func heading(level int, text string) extract.Block {
	return extract.Block{Kind: extract.Heading, Level: level, Text: text}
}

func paragraph(text string) extract.Block { return extract.Block{Kind: extract.Paragraph, Text: text} }

// small sizes keep the examples short: 40 English letters, 16 Chinese characters
var small = chunk.Options{Target: 60, Max: 80, Min: 10, Repeat: 24}

func TestSplit(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   []extract.Block
		want []chunk.Piece
	}{
		{"nothing", nil, nil},
		{"only blanks", []extract.Block{paragraph(" \n ")}, nil},
		{"heading path", []extract.Block{heading(1, "Shop"), heading(2, "Delivery"), paragraph("Two days."), heading(2, "Returns"), paragraph("One week."), heading(1, "About"), paragraph("Since 1990.")}, []chunk.Piece{
			{Text: "Two days.", Heading: "Shop › Delivery"}, {Text: "One week.", Heading: "Shop › Returns"}, {Text: "Since 1990.", Heading: "About"}}},
		{"heading with nothing under it", []extract.Block{heading(1, "A"), heading(1, "Contact us"), heading(2, "By phone")}, []chunk.Piece{
			{Text: "A\nContact us\nBy phone"}}},
		{"sentences", []extract.Block{paragraph("First sentence here. Second sentence here. Third sentence is here.")}, []chunk.Piece{
			{Text: "First sentence here. Second sentence"}}},
		{"chinese sentences and overlap", []extract.Block{paragraph("今天天气很好。我们去。他说：“好！”“走吧。”明天再去公园散步。")}, []chunk.Piece{
			{Text: "今天天气很好。我们去。"}}},
		{"small neighbours join", []extract.Block{heading(1, "A"), paragraph("x"), heading(1, "B"), paragraph("y")}, []chunk.Piece{{Text: "A\nx\nB\ny"}}},
		{"table rows name their columns", []extract.Block{{Kind: extract.Table, Header: []string{"Size", "Price"}, Rows: [][]string{{"S", "8"}, {"M", ""}, {"L", "12", "extra"}}, Location: "sheet Prices"}}, []chunk.Piece{
			{Text: "Size: S; Price: 8\nSize: M", Location: "sheet Prices"}, {Text: "Size: L; Price: 12; extra", Location: "sheet Prices"}}},
		{"table without rows", []extract.Block{{Kind: extract.Table, Header: []string{"Size", "Price"}}}, []chunk.Piece{{Text: "Size; Price"}}},
		{"list items stay whole", []extract.Block{{Kind: extract.List, Text: "- one apple\n- two pears\n- three plums\n- four figs"}}, []chunk.Piece{
			{Text: "- one apple\n- two pears\n- three plums"}, {Text: "- four figs"}}},
		{"location is of the first block", []extract.Block{{Kind: extract.Paragraph, Text: "One page.", Location: "page 1"}, {Kind: extract.Paragraph, Text: "Two.", Location: "page 2"}}, []chunk.Piece{
			{Text: "One page.\nTwo.", Location: "page 1"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := chunk.Split(extract.Document{Blocks: tt.in}, small)
			if strings.Contains(tt.name, "sentences") { // where exactly is the packer's business
				for i, p := range got {
					if fresh := p.Text[p.Overlap:]; i < len(got)-1 && !strings.ContainsAny(lastRune(fresh), ".。！”") {
						t.Errorf("piece %d ends inside a sentence: %q", i, p.Text)
					}
				}
				if len(got) < 2 {
					t.Errorf("one piece: %+v", got)
				}
				return
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func lastRune(s string) string {
	r, _ := utf8.DecodeLastRuneInString(strings.TrimSpace(s))
	return string(r)
}

func TestOverlapRepeatsTheSentenceBefore(t *testing.T) {
	got := chunk.Split(extract.Document{Blocks: []extract.Block{paragraph("One one one. Two two. Three three. Four four. Five five. Six six. Seven.")}}, small)
	for i := 1; i < len(got); i++ {
		if o := got[i].Text[:got[i].Overlap]; o != "" && !strings.HasSuffix(strings.TrimSpace(got[i-1].Text), strings.TrimSpace(o)) {
			t.Errorf("piece %d begins with %q, the one before ends %q", i, o, got[i-1].Text)
		}
	}
	if !slices.ContainsFunc(got, func(p chunk.Piece) bool { return p.Overlap > 0 }) {
		t.Errorf("nothing is repeated: %+v", got)
	}
}

func bare(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
}

// check holds for every document of paragraphs and lists: no text is lost or
// doubled, pieces are bounded, valid and never end inside a grapheme.
func check(t interface {
	Helper()
	Fatalf(string, ...any)
}, texts []string, o chunk.Options) {
	t.Helper()
	var d extract.Document
	for _, s := range texts {
		d.Blocks = append(d.Blocks, paragraph(s))
	}
	pieces := chunk.Split(d, o)
	if again := chunk.Split(d, o); !cmp.Equal(pieces, again) {
		t.Fatalf("not the same twice")
	}
	var got strings.Builder
	for i, p := range pieces {
		if p.Text == "" || !utf8.ValidString(p.Text) || strings.TrimSpace(p.Text) != p.Text {
			t.Fatalf("piece %d is %q", i, p.Text)
		}
		if p.Overlap < 0 || p.Overlap >= len(p.Text) || !utf8.ValidString(p.Text[p.Overlap:]) {
			t.Fatalf("piece %d overlaps %d of %q", i, p.Overlap, p.Text)
		}
		n := 0
		for _, r := range p.Text {
			n += 2
			if r >= 0x2E80 {
				n += 3
			}
		}
		if n > o.Max+2*len(texts)+2 && uniseg.GraphemeClusterCount(p.Text) > 1 { // line ends come on top
			t.Fatalf("piece %d has the size %d: %q", i, n, p.Text)
		}
		got.WriteString(p.Text[p.Overlap:])
	}
	if want := bare(strings.Join(texts, "")); bare(got.String()) != want {
		t.Fatalf("the pieces say %q, the document %q", bare(got.String()), want)
	}
}

func TestProperties(t *testing.T) {
	sentence := rapid.OneOf(
		rapid.StringMatching(`[A-Za-z ,]{0,60}[.!?] `),
		rapid.StringMatching(`[一-龥，、“”]{0,40}[。！？]`),
		rapid.String().Filter(utf8.ValidString),
		rapid.SampledFrom([]string{"👨‍👩‍👧‍👦", "e\u0301\u0302\u0303", "🇨🇳🇩🇪", "한국어 텍스트", "\u200d", "a\u00a0b"}),
	)
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
			return strings.Join(rapid.SliceOfN(sentence, 0, 8).Draw(t, "sentences"), "")
		}), 0, 5).Draw(t, "paragraphs")
		o := chunk.Options{Target: rapid.IntRange(40, 200).Draw(t, "target"), Min: 10, Repeat: rapid.IntRange(0, 40).Draw(t, "repeat")}
		o.Max = o.Target + rapid.IntRange(0, 100).Draw(t, "room")
		check(t, texts, o)
	})
}

// in a document of any structure every heading, row and item is in some piece
func TestNoStructureIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d extract.Document
		var want []string
		n := 0
		word := func() string {
			n++
			w := fmt.Sprintf("w%dx", n)
			want = append(want, w)
			return w
		}
		for range rapid.IntRange(0, 30).Draw(t, "blocks") {
			switch rapid.IntRange(0, 4).Draw(t, "kind") {
			case 0, 1:
				d.Blocks = append(d.Blocks, heading(rapid.IntRange(0, 4).Draw(t, "level"), word()))
			case 2:
				d.Blocks = append(d.Blocks, extract.Block{Kind: extract.List, Text: "- " + word() + "\n- " + word()})
			case 3:
				d.Blocks = append(d.Blocks, extract.Block{Kind: extract.Table, Header: []string{"h", ""}, Rows: [][]string{{word(), word()}, {"", word()}}})
			case 4:
				d.Blocks = append(d.Blocks, paragraph(strings.Repeat(word()+" and more. ", rapid.IntRange(1, 8).Draw(t, "times"))))
			}
		}
		all := ""
		for _, p := range chunk.Split(d, small) {
			all += p.Heading + " " + p.Text + " "
		}
		for _, w := range want {
			if !strings.Contains(all, w) {
				t.Fatalf("%s is lost in %q", w, all)
			}
		}
	})
}

func FuzzSplit(f *testing.F) {
	f.Add("One. Two. Three.", "今天。明天！", 60)
	f.Fuzz(func(t *testing.T, a, b string, target int) {
		if !utf8.ValidString(a) || !utf8.ValidString(b) {
			return // the extractor's contract
		}
		target = 40 + min(500, max(0, target))
		check(t, []string{a, b}, chunk.Options{Target: target, Max: target + 40, Min: 10, Repeat: 20})
	})
}

func TestDefaultsAreAsWide(t *testing.T) {
	for _, tt := range []struct {
		text     string
		min, max int // characters of a piece that is not the last
	}{
		{strings.Repeat("这是一句关于退货和运费的说明。", 200), 220, 400},
		{strings.Repeat("This is one sentence about returns and postage. ", 100), 600, 1000},
	} {
		pieces := chunk.Split(extract.Document{Blocks: []extract.Block{paragraph(tt.text)}}, chunk.Defaults())
		for i, p := range pieces[:len(pieces)-1] {
			if n := utf8.RuneCountInString(p.Text); n < tt.min || n > tt.max {
				t.Errorf("piece %d has %d characters, want %d to %d", i, n, tt.min, tt.max)
			}
		}
	}
}

func ExampleSplit() {
	d := extract.Document{Blocks: []extract.Block{heading(1, "Returns"), paragraph("Within seven days.")}}
	for _, p := range chunk.Split(d, chunk.Defaults()) {
		fmt.Printf("%s: %s\n", p.Heading, p.Text)
	}
	// Output: Returns: Within seven days.
}
