package main

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The lines that import, ask and extract print are a contract: other programs read
// them. These tests look at the keys as well as at the values.

const sampleFolder = "../../docs/sample"

// fields returns the keys of a JSON object in the order in which they stand.
func fields(t *testing.T, line string) []string {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(line))
	var keys []string
	depth := 0
	for key := true; d.More() || depth > 0; {
		token, err := d.Token()
		if err != nil {
			t.Fatalf("%q is no JSON: %v", line, err)
		}
		switch v := token.(type) {
		case json.Delim:
			if v == '{' || v == '[' {
				depth++
			} else {
				depth--
			}
			key = true
		case string:
			if depth == 1 && key {
				keys = append(keys, v)
			}
			key = depth != 1 || !key
		default:
			key = true
		}
	}
	return keys
}

func TestImportAndAsk(t *testing.T) {
	data := t.TempDir()
	broken := write(t, t.TempDir(), "broken.pdf", "%PDF-1.7\nthis is no PDF file")
	files, err := filepath.Glob(sampleFolder + "/help-centre/*")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d sample files, %v", len(files), err)
	}
	missing := filepath.Join(data, "missing.txt")
	args := append([]string{"import", "--data", data, "--collection", "help", "--label", "sample", "--json", broken, missing}, files...)
	status, out, errs := real(t, args...)
	if status != 0 {
		t.Fatalf("status %d: %s", status, errs)
	}
	for i, line := range strings.Split(strings.TrimSpace(out), "\n") {
		if got, want := fields(t, line), []string{"file", "status", "chunks", "error"}; !slices.Equal(got, want) {
			t.Errorf("%s: keys %q, want %q", line, got, want)
		}
		one := lines[imported](t, line)[0]
		switch good := i > 1; {
		case good && (one.Status != "ready" || one.Chunks < 1 || one.Error != ""), one.File != args[i+8]:
			t.Errorf("%d: %+v, want %s to be ready", i, one, args[i+8])
		case !good && (one.Status != "failed" || one.Chunks != 0 || one.Error == "" || strings.Contains(one.Error, "goroutine")):
			t.Errorf("%d: %+v, want a file that failed for a stated reason", i, one)
		}
	}

	status, out, errs = parley(t, "ask", "--data", data, "--collection", "help", "--json", "怎么申请电子发票？")
	if got, want := fields(t, out), []string{"answer", "mode", "known", "sources"}; status != 0 || !slices.Equal(got, want) {
		t.Fatalf("status %d, keys %q, want %q: %s", status, got, want, errs)
	}
	answer := lines[asked](t, out)[0]
	if !answer.Known || answer.Mode != "extractive" || len(answer.Sources) == 0 || answer.Sources[0].Document != "发票说明" ||
		answer.Sources[0].Score < 0.5 || !strings.Contains(answer.Answer, "电子发票") || !strings.Contains(answer.Answer, "[1]") {
		t.Errorf("%+v", answer)
	}
	sampleQuestions(t, data)
}

// sampleQuestions asks what comes with the sample; nine of ten answers must be right.
func sampleQuestions(t *testing.T, data string) {
	text, err := os.ReadFile(sampleFolder + "/questions.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	type question struct {
		Question, Contains string
		Known              bool
	}
	all := lines[question](t, string(text))
	var wrong []string
	for _, q := range all {
		status, out, errs := parley(t, "ask", "--data", data, "--collection", "help", "--json", q.Question)
		if status != 0 {
			t.Fatalf("%s: status %d: %s", q.Question, status, errs)
		}
		answer := lines[asked](t, out)[0]
		found := slices.ContainsFunc(answer.Sources, func(s askedSource) bool { return strings.Contains(s.Passage, q.Contains) })
		if answer.Known != q.Known || q.Known && !found || !q.Known && len(answer.Sources) > 0 {
			wrong = append(wrong, q.Question)
		}
	}
	if len(wrong)*10 > len(all) {
		t.Errorf("%d of %d questions were answered wrongly: %q", len(wrong), len(all), wrong)
	}
}

func TestExtract(t *testing.T) {
	dir := t.TempDir()
	good := write(t, dir, "notes.md", "# Opening hours\n\nWe open at nine.\n")
	empty := write(t, dir, "empty.txt", "")
	lying := write(t, dir, "lying.pdf", "PK\x03\x04 is how a ZIP file begins")
	status, out, errs := real(t, "extract", "--json", good, empty, lying)
	if status != 0 {
		t.Fatalf("status %d: %s", status, errs)
	}
	got := strings.Split(strings.TrimSpace(out), "\n")
	if len(got) != 3 {
		t.Fatalf("%d lines, want 3: %s", len(got), out)
	}
	for i, line := range got {
		if keys, want := fields(t, line), []string{"file", "type", "text", "error"}; !slices.Equal(keys, want) {
			t.Errorf("%s: keys %q, want %q", line, keys, want)
		}
		one := lines[extracted](t, line)[0]
		if ok := i == 0; ok != (one.Error == "") || ok != strings.Contains(one.Text, "We open at nine.") {
			t.Errorf("%+v", one)
		}
	}
}

func TestRefusals(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	dir := t.TempDir()
	typo := write(t, dir, "typo.yaml", "listen: 127.0.0.1:0\nlisen: 1\ngateway: {workers: many}\n")
	twice := write(t, dir, "twice.yaml", "channels:\n  one: {kind: telegram, token: \"12345:AAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}\n  two: {kind: telegram, token: \"12345:AAbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\"}\n")
	kind := write(t, dir, "kind.yaml", "channels: {im: {kind: icq}, hook: {kind: webhook, url: 7}}\n")
	tests := []struct {
		name string
		args []string
		want []string // in what is said
	}{
		{"port in use", []string{"serve", "--listen", taken.Addr().String()}, []string{taken.Addr().String(), "--listen"}},
		{"unknown key", []string{"serve", "--config", typo}, []string{"line 2", "lisen", "line 3", "many"}},
		{"one account twice", []string{"serve", "--config", twice, "--listen", "127.0.0.1:0"}, []string{"channels.two", "same account as channels.one"}},
		{"unknown channel", []string{"serve", "--config", kind, "--listen", "127.0.0.1:0"}, []string{"channels.im.kind", "icq", "webhook", "channels.hook"}},
		{"unknown collection", []string{"ask", "--collection", "nope", "Why?"}, []string{"nope"}},
		{"no question", []string{"ask"}, []string{"question"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, out, errs := parley(t, append(test.args, "--data", t.TempDir())...)
			if status == 0 || out != "" {
				t.Errorf("status %d, prints %q", status, out)
			}
			for _, want := range test.want {
				if !strings.Contains(errs, want) {
					t.Errorf("%q not in %q", want, errs)
				}
			}
		})
	}
}
