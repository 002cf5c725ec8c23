package markup_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/parley-im/parley/gateway/markup"
)

func TestSplit(t *testing.T) {
	code := "```go\n" + strings.Repeat("line of code\n", 20) + "```"
	table := "| A | B |\n| --- | --- |\n" + strings.Repeat("| 1 | 2 |\n", 30)
	family := "👨‍👩‍👧‍👦"
	for _, c := range []struct {
		name, in string
		limit    int
		check    func(t *testing.T, parts []string)
	}{
		{"fits", "short", 40, func(t *testing.T, parts []string) {
			if len(parts) != 1 || parts[0] != "short" {
				t.Errorf("got %q", parts)
			}
		}},
		{"no limit", strings.Repeat("x", 9000), 0, func(t *testing.T, parts []string) {
			if len(parts) != 1 {
				t.Errorf("%d parts", len(parts))
			}
		}},
		{"between paragraphs", "first paragraph is here\n\nsecond paragraph is here", 40, func(t *testing.T, parts []string) {
			if len(parts) != 2 || parts[0] != "first paragraph is here" {
				t.Errorf("got %q", parts)
			}
		}},
		{"code is fenced in each part", "Do this:\n\n" + code + "\n\nDone.", 120, func(t *testing.T, parts []string) {
			lines := 0
			for _, p := range parts {
				if strings.Count(p, "```")%2 != 0 {
					t.Errorf("a fence is open in %q", p)
				}
				lines += strings.Count(p, "line of code")
			}
			if lines != 20 {
				t.Errorf("%d lines of code left of 20", lines)
			}
		}},
		{"tables repeat their head", strings.TrimSpace(table), 100, func(t *testing.T, parts []string) {
			rows := 0
			for _, p := range parts {
				if !strings.HasPrefix(p, "| A | B |\n| --- | --- |\n") {
					t.Errorf("no head in %q", p)
				}
				rows += strings.Count(p, "| 1 | 2 |")
			}
			if rows != 30 {
				t.Errorf("%d rows left of 30", rows)
			}
		}},
		{"between lines", strings.TrimSpace(strings.Repeat("- an item of a list\n", 10)), 50, func(t *testing.T, parts []string) {
			for _, p := range parts {
				if !strings.HasPrefix(p, "- ") {
					t.Errorf("an item was cut: %q", p)
				}
			}
		}},
		{"after sentences", strings.Repeat("这是一句不太长的话。", 20), 50, func(t *testing.T, parts []string) {
			for _, p := range parts {
				if !strings.HasSuffix(p, "。") {
					t.Errorf("a sentence was cut: %q", p)
				}
			}
		}},
		{"between words", strings.TrimSpace(strings.Repeat("word ", 60)), 50, func(t *testing.T, parts []string) {
			for _, p := range parts {
				for w := range strings.FieldsSeq(p) {
					if w != "word" {
						t.Errorf("a word was cut: %q", p)
					}
				}
			}
		}},
		{"characters stay whole", strings.Repeat(family, 30), 60, func(t *testing.T, parts []string) {
			for _, p := range parts {
				if strings.Trim(strings.ReplaceAll(p, family, ""), "\n") != "" {
					t.Errorf("a character was cut: %q", p)
				}
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			parts := markup.Split(c.in, c.limit, markup.Options{})
			for _, p := range parts {
				if n := utf8.RuneCountInString(p); c.limit > 0 && n > c.limit {
					t.Errorf("a part has %d runes, at most %d fit: %q", n, c.limit, p)
				}
			}
			c.check(t, parts)
		})
	}
}

// letters is what may not be lost.
func letters(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r > 0x2E80 || r >= 'a' && r <= 'z' {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func TestSplitLosesNothing(t *testing.T) {
	in := strings.Repeat("一段中文 with words and `code` and **bold** text, [1] and more. ", 40) + "\n\n- item\n- item\n"
	for _, plain := range []bool{false, true} {
		o := markup.Options{Plain: plain}
		whole := markup.Render(in, o)
		for _, limit := range []int{40, 57, 100, 500} {
			got := letters(strings.Join(markup.Split(whole, limit, o), " "))
			if want := letters(whole); got != want {
				t.Errorf("limit %d, plain %v: %d letters of %d are left", limit, plain, len(got), len(want))
			}
		}
	}
}
