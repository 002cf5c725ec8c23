package bot

import "testing"

func TestParseCommands(t *testing.T) {
	for _, c := range []struct {
		text, commands, rest string
	}{
		{"/help", "/help", ""},
		{" ／帮助 ", "/help", ""},
		{"/HELP@parley", "/help", ""},
		{"/重置", "/reset", ""},
		{"/停止", "/stop", ""},
		{"／來源", "/sources", ""},
		{"/hlep", "/?", ""},
		{"/reset\nHow do I return a book?", "/reset", "How do I return a book?"},
		{"How do I return a book?\n/sources", "/sources", "How do I return a book?"},
		{"/etc/hosts is where?", "", "/etc/hosts is where?"},
		{"1/2 or 3/4", "", "1/2 or 3/4"},
		{"/help me with returns", "", "/help me with returns"},
		{"a\n/tmp", "", "a\n/tmp"},
		{"/", "", "/"},
		{"hello", "", "hello"},
	} {
		commands, rest := parseCommands(c.text)
		got := ""
		for _, one := range commands {
			got += one
		}
		if got != c.commands || rest != c.rest {
			t.Errorf("parseCommands(%q) = %q, %q; want %q, %q", c.text, got, rest, c.commands, c.rest)
		}
	}
}
