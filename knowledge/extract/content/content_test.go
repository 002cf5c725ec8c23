package content

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestClean(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"line breaks", "a\r\nb\rc\u2028d", "a\nb\nc\nd"},
		{"NUL and controls", "a\x00b\x07c\x1bd", "abcd"},
		{"NFC", "Cafe\u0301", "Café"},
		{"marks", "\uFEFFa\u00ADb\u200Bc", "abc"},
		{"hidden tags", "ok\U000E0041\U000E0042", "ok"},
		{"broken UTF-8", "a\xffb", "a\uFFFDb"},
		{"no-break space", "1\u00A0km", "1 km"},
		{"outside the basic plane", "𠮷野家🍜", "𠮷野家🍜"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Clean(test.in); got != test.want {
				t.Errorf("Clean(%q) = %q, want %q", test.in, got, test.want)
			}
		})
	}
}

func TestJoin(t *testing.T) {
	for _, test := range []struct {
		name string
		in   []string
		want string
	}{
		{"Latin", []string{"one", "two"}, "one two"},
		{"Chinese", []string{"签收后", "七天内。", "可以退"}, "签收后七天内。可以退"},
		{"mixed", []string{"支持", "iPhone"}, "支持 iPhone"},
		{"Korean", []string{"안녕", "하세요"}, "안녕 하세요"},
		{"hyphen", []string{"docu-", "ment"}, "document"},
		{"name with hyphen", []string{"Mid-", "Autumn"}, "Mid- Autumn"},
		{"number broken in Chinese", []string{"超过 1", "2 个月内有效，请联系客服"}, "超过 12 个月内有效，请联系客服"},
		{"numbers in a row", []string{"in 2020", "15 people came"}, "in 2020 15 people came"},
		{"empty lines", []string{"", "a", " ", "b"}, "a b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Join(test.in); got != test.want {
				t.Errorf("Join(%q) = %q, want %q", test.in, got, test.want)
			}
		})
	}
}

func TestLine(t *testing.T) {
	if got, want := Line(" a -\n b\t c "), "a - b c"; got != want {
		t.Errorf("Line() = %q, want %q", got, want)
	}
	if got, want := Lines(" a \n\n b  c \n"), "a\nb c"; got != want {
		t.Errorf("Lines() = %q, want %q", got, want)
	}
	if got, want := Short("中文名字", 2), "中文…"; got != want {
		t.Errorf("Short() = %q, want %q", got, want)
	}
}

func TestNewTable(t *testing.T) {
	for _, test := range []struct {
		name  string
		rows  [][]string
		first bool
		want  Block
	}{
		{
			"labels are a header",
			[][]string{{"地区", "运费"}, {"江浙沪", "8元"}}, false,
			Block{Kind: Table, Header: []string{"地区", "运费"}, Rows: [][]string{{"江浙沪", "8元"}}},
		},
		{
			"numbers are none",
			[][]string{{"1", "2"}, {"3", "4"}}, false,
			Block{Kind: Table, Rows: [][]string{{"1", "2"}, {"3", "4"}}},
		},
		{
			"unless the file says so",
			[][]string{{"1", "2"}, {"3", "4"}}, true,
			Block{Kind: Table, Header: []string{"1", "2"}, Rows: [][]string{{"3", "4"}}},
		},
		{
			"years and months may be",
			[][]string{{"项目", "2025", "10月"}, {"a", "1", "2"}}, false,
			Block{Kind: Table, Header: []string{"项目", "2025", "10月"}, Rows: [][]string{{"a", "1", "2"}}},
		},
		{
			"empty rows and columns go, short rows are filled",
			[][]string{{"", "a", "", "b"}, {"", "", "", ""}, {"", " x "}}, false,
			Block{Kind: Table, Header: []string{"a", "b"}, Rows: [][]string{{"x", ""}}},
		},
		{
			"one row is never only a header",
			[][]string{{"a", "b"}}, true,
			Block{Kind: Table, Rows: [][]string{{"a", "b"}}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ok := NewTable(test.rows, test.first)
			if diff := cmp.Diff(test.want, got); !ok || diff != "" {
				t.Errorf("NewTable() ok=%v (-want +got):\n%s", ok, diff)
			}
		})
	}
	if _, ok := NewTable([][]string{{"", " "}}, false); ok {
		t.Error("NewTable() of nothing is ok")
	}
}

func TestProblem(t *testing.T) {
	cause := errors.New("cause")
	if got := Or(Fail(Bomb, "x", cause), Damaged); got.(*Problem).Code != Bomb || !errors.Is(got, cause) {
		t.Errorf("Or() = %v, want the problem that there was", got)
	}
	if got := Or(cause, Damaged); got.(*Problem).Code != Damaged || !errors.Is(got, cause) {
		t.Errorf("Or() = %v, want damaged, because of the cause", got)
	}
	if got := (Limits{Pages: 3}).Filled(); got.Pages != 3 || got.Time != time.Minute || got.Entries != 10_000 {
		t.Errorf("Filled() = %+v", got)
	}
}
