package prompts_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/prompts"
)

var vars = prompts.Vars{Assistant: "Ada", Language: "English", Question: "why {{.Date}}?", Passages: "[1] a", History: "user: hi", Date: "2026-11-23"}

func TestRender(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"plain } text {", "plain } text {"},
		{"{{.Assistant}}: {{ .Question }}", "Ada: why {{.Date}}?"},
		{"{{.Passages}}{{.History}}{{.Date}}{{.Language}}", "[1] auser: hi2026-11-23English"},
		{"two braces: {{{{.Question}}", "two braces: {{.Question}}"},
		{"}} alone", "}} alone"},
		{"{ {.Question} }", "{ {.Question} }"},
	} {
		got, err := prompts.Prompt{Text: c.text}.Render(vars)
		if err != nil || got != c.want {
			t.Errorf("Render(%q) = %q, %v; want %q", c.text, got, err, c.want)
		}
	}
}

func TestCheck(t *testing.T) {
	type p = prompts.Problem
	for _, c := range []struct {
		name, text string
		want       []p // without messages
	}{
		{"answer-en", "{{.Passages}}", nil},
		{"rewrite-zh", "{{.History}} {{.Question}}", nil},
		{"answer-en", "hello", []p{{Line: 1, Column: 1, Code: "missing_variable"}}},
		{"rewrite-en", "{{.Question}}", []p{{Line: 1, Column: 1, Code: "missing_variable"}}},
		{"shop.answer-en", "hello", []p{{Line: 1, Column: 1, Code: "missing_variable"}}},
		{"answer-zh", "资料：\n  中文 {{.Nope}} {{.Passages}}", []p{{Line: 2, Column: 6, Code: "unknown_variable"}}},
		{"answer-en", "{{.Passages}}\n{{.Passages", []p{{Line: 2, Column: 1, Code: "unclosed"}}},
		{"answer-en", "{{.Passages}} {{.Question\n}}", []p{{Line: 1, Column: 15, Code: "unclosed"}}},
		{"answer-en", `{{.Passages}} {{if .Question}} {{printf "%s" .Date}} {{Question}} {{.}} {{}} {{.Question.Len}}`, []p{
			{Line: 1, Column: 15, Code: "malformed"}, {Line: 1, Column: 32, Code: "malformed"}, {Line: 1, Column: 54, Code: "malformed"},
			{Line: 1, Column: 67, Code: "malformed"}, {Line: 1, Column: 73, Code: "malformed"}, {Line: 1, Column: 78, Code: "malformed"}}},
		{"answer-en", " \n ", []p{{Line: 1, Column: 1, Code: "empty"}}},
		{"answer-en", "{{.Passages}}\x00", []p{{Line: 1, Column: 1, Code: "not_text"}}},
		{"answer-en", "{{.Passages}}\xff", []p{{Line: 1, Column: 1, Code: "not_text"}}},
		{"answer-en", "{{.Passages}}\n" + strings.Repeat("x", prompts.MaxText), []p{{Line: 2, Column: 32755, Code: "too_long"}}},
	} {
		got := prompts.Check(c.name, c.text)
		for i := range got {
			if got[i].Message == "" {
				t.Errorf("%.40q: a problem without a message", c.text)
			}
			got[i].Message = ""
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("Check(%s, %.40q) (-want +got):\n%s", c.name, c.text, diff)
		}
		_, err := prompts.Prompt{Text: c.text}.Render(vars)
		for _, problem := range c.want {
			if strings.Contains("unclosed malformed unknown_variable too_long", problem.Code) && !errors.Is(err, fault.Invalid) {
				t.Errorf("Render(%.40q): %v, although Check finds %s", c.text, err, problem.Code)
			}
		}
	}
}

func TestDefaults(t *testing.T) {
	for _, name := range prompts.Names() {
		p, err := prompts.Default(name)
		if err != nil {
			t.Fatal(err)
		}
		if problems := prompts.Check(name, p.Text); len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
		}
		text, err := p.Render(vars)
		if err != nil || !strings.Contains(text, "Ada") && strings.HasPrefix(name, "answer") {
			t.Errorf("%s renders to %q, %v", name, text, err)
		}
	}
	for _, name := range []string{"", "nope", "answer-fr", ".answer-en", "Shop.answer-en", "a.b.answer-en", "../answer-en", "shop.nope"} {
		if _, err := prompts.Default(name); !errors.Is(err, fault.NotFound) {
			t.Errorf("Default(%q): got %v, want NotFound", name, err)
		}
	}
}

func FuzzRender(f *testing.F) {
	for _, s := range []string{"{{.Question}}", "{{{{", "{{ .X }}", "{{", "}}{{.", "{{.Passages}}\n{{.Date"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		problems := prompts.Check("answer-en", text)
		out, err := prompts.Prompt{Text: text}.Render(prompts.Vars{})
		if len(problems) == 0 && err != nil {
			t.Errorf("Check finds nothing, Render says %v", err)
		}
		if len(out) > len(text) {
			t.Errorf("%d bytes became %d without values", len(text), len(out))
		}
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 {
				t.Errorf("a place that does not exist: %+v", p)
			}
		}
	})
}
