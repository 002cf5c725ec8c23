package bot_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/bot"
	"github.com/parley-im/parley/gateway"
)

var update = flag.Bool("update", false, "write the golden conversations anew")

// A golden conversation is a txtar file with the sections
//
//	config    "no model", "ask anyway", one a line
//	answers   what the model says to each question, a line each ("!" breaks off)
//	rewrites  what it makes of each follow-up
//	in        the messages, a line each; "group:" and "mention:" say where
//	out       what came of each: this is compared
func TestConversations(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conversations: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			names, sections := archive(string(data))
			got := converse(t, sections)
			if *update {
				sections["out"] = got
				if err := os.WriteFile(file, []byte(unarchive(names, sections)), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(sections["out"], got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func converse(t *testing.T, sections map[string]string) string {
	s := setUp(t, func(c *bot.Config) {
		if strings.Contains(sections["config"], "no model") {
			c.Model = nil
		}
		c.AskAnyway = strings.Contains(sections["config"], "ask anyway")
	})
	s.model.answers, s.model.rewrites = lines(sections["answers"]), lines(sections["rewrites"])
	var out strings.Builder
	for i, line := range lines(sections["in"]) {
		m := direct(strings.ReplaceAll(line, `\n`, "\n") + " ")
		m.ReplyKey = fmt.Sprintf("key-%d", i+1)
		for {
			where, rest, found := strings.Cut(m.Text, ": ")
			if !found {
				break
			}
			switch who, isPerson := strings.CutPrefix(where, "by "); {
			case where == "group":
				m.Direct = false
			case where == "mention":
				m.Direct, m.Mentioned = false, true
			case where == "file":
				m.Attachments = []gateway.Attachment{{Name: "a.pdf"}}
			case isPerson:
				m.Sender.ID = who
			default:
				found = false
			}
			if !found {
				break
			}
			m.Text = rest
		}
		m.Text = strings.TrimSpace(m.Text)
		asked := len(s.shelf.queries)
		var r reply
		err := s.Handle(t.Context(), m, &r)
		fmt.Fprintf(&out, "> %s\n", line)
		for _, q := range s.shelf.queries[asked:] {
			fmt.Fprintf(&out, "  searched: %s\n", strings.ReplaceAll(q.Text, "\n", " / "))
		}
		if r.notice {
			out.WriteString("  a notice\n")
		}
		if r.Len() > 0 {
			out.WriteString(strings.TrimRight(r.String(), "\n") + "\n")
		}
		for j, source := range r.sources {
			if j == 0 {
				fmt.Fprintf(&out, "%s:\n", r.label)
			}
			fmt.Fprintf(&out, "  [%d] %s (%s) %s\n", source.Number, source.Title, source.Location, source.URL)
		}
		if err != nil {
			fmt.Fprintf(&out, "  error: %v\n  apology: %s\n", err, s.Apology(m, err))
		}
		for _, got := range s.memory.all() {
			if got.ReplyKey == m.ReplyKey {
				fmt.Fprintf(&out, "  receipt: language=%s command=%q known=%v confidence=%.1f cited=%v mode=%s prompt=%s turns=%d error=%q\n",
					got.Language, got.Command, got.Known, got.Confidence, got.Cited, got.Mode, got.Prompt, len(got.Turns), got.Error)
			}
		}
		out.WriteString("\n")
	}
	return out.String()
}

func lines(s string) []string {
	var out []string
	for line := range strings.Lines(s) {
		if line = strings.TrimRight(line, "\n"); line != "" {
			out = append(out, line)
		}
	}
	return out
}

func archive(data string) (names []string, sections map[string]string) {
	sections = map[string]string{}
	name := ""
	for line := range strings.Lines(data) {
		if head, ok := strings.CutPrefix(strings.TrimSpace(line), "-- "); ok && strings.HasSuffix(head, " --") {
			name = strings.TrimSuffix(head, " --")
			names = append(names, name)
			continue
		}
		sections[name] += line
	}
	return names, sections
}

func unarchive(names []string, sections map[string]string) string {
	out := sections[""]
	for _, n := range names {
		out += "-- " + n + " --\n" + sections[n]
	}
	return out
}
