package prompts

import (
	"embed"
	"fmt"
	"strings"

	"github.com/parley-im/parley/internal/fault"
)

//go:embed defaults/*.txt
var defaults embed.FS

// Names lists the prompts there are, in the order people read them.
func Names() []string {
	return []string{"answer-en", "answer-zh", "rewrite-en", "rewrite-zh"}
}

// Default returns version 0 of a prompt; fault.NotFound if there is no such prompt.
func Default(name string) (Prompt, error) {
	base, ok := split(name)
	if !ok {
		return Prompt{}, notFound(name)
	}
	text, err := defaults.ReadFile("defaults/" + base + ".txt")
	if err != nil {
		return Prompt{}, fmt.Errorf("read default prompt %s: %w", base, err)
	}
	return Prompt{Name: name, Text: strings.TrimSpace(string(text)) + "\n"}, nil
}

// split takes the prefix off a name: "shop.answer-en" is a kind of "answer-en".
func split(name string) (base string, ok bool) {
	prefix, base, prefixed := strings.Cut(name, ".")
	if !prefixed {
		base = name
	} else if !isPrefix(prefix) {
		return "", false
	}
	for _, n := range Names() {
		if n == base {
			return base, true
		}
	}
	return "", false
}

func isPrefix(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

// required lists the variables without which the prompt cannot do its work.
func required(name string) []string {
	base, _ := split(name)
	switch {
	case strings.HasPrefix(base, "answer-"):
		return []string{"Passages"}
	case strings.HasPrefix(base, "rewrite-"):
		return []string{"History", "Question"}
	}
	return nil
}

func notFound(name string) *fault.Error {
	return fault.Say(fault.NotFound, "prompt_not_found", "There is no prompt %q. There are: %s.", short(name), strings.Join(Names(), ", "))
}
