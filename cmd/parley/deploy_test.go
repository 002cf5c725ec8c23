package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v4"
)

// TestDeploymentsCallCommandsThatExist parses each command line in deploy/ with the
// command line of this program.
func TestDeploymentsCallCommandsThatExist(t *testing.T) {
	existing := write(t, t.TempDir(), "config.yaml", "")
	var calls [][]string
	for _, file := range []string{"compose.yaml", "kubernetes/deployment.yaml", "kubernetes/backup.example.yaml"} {
		for _, list := range listsUnder(t, deployed(t, file), "command", "args", "test") {
			if i := slices.Index(list, "/parley"); i >= 0 {
				list = list[i+1:]
			}
			calls = append(calls, list)
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^\s*(?:ENTRYPOINT|CMD|HEALTHCHECK .*\\\n\s*CMD) (\[.*\])$`).FindAllStringSubmatch(deployed(t, "Dockerfile"), -1) {
		var list []string
		if err := json.Unmarshal([]byte(m[1]), &list); err != nil {
			t.Fatal(err)
		}
		if list = slices.DeleteFunc(list, func(s string) bool { return s == "/parley" }); len(list) > 0 {
			calls = append(calls, list)
		}
	}
	for _, unit := range []string{"parley.service", "parley-backup.service"} {
		for _, m := range regexp.MustCompile(`(?m)^Exec\w+=/usr/local/bin/parley (.*)$`).FindAllStringSubmatch(deployed(t, "systemd/"+unit), -1) {
			calls = append(calls, strings.Fields(m[1]))
		}
	}
	commands := map[string]bool{}
	for _, list := range calls {
		if slices.Contains([]string{"postgres", "redis-server", "CMD-SHELL"}, list[0]) || slices.Contains(list, "pg_isready") {
			continue
		}
		args := slices.Clone(list)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "%d/config.yaml", existing)
		}
		parser, err := kong.New(&cli{}, kong.Exit(func(int) {}))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(args); err != nil {
			t.Errorf("parley %s: %v", strings.Join(list, " "), err)
		}
		commands[list[0]] = true
	}
	for _, want := range []string{"serve", "migrate", "doctor", "backup"} {
		if !commands[want] {
			t.Errorf("no deployment calls %s: this test looks in the wrong place", want)
		}
	}
}

func deployed(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../deploy", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// listsUnder returns the lists of words that stand under one of the keys.
func listsUnder(t *testing.T, text string, keys ...string) (found [][]string) {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Load([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		for i, child := range n.Content {
			if n.Kind == yaml.MappingNode && i%2 == 1 && slices.Contains(keys, n.Content[i-1].Value) && child.Kind == yaml.SequenceNode {
				var list []string
				if err := child.Load(&list); err != nil {
					t.Fatal(err)
				}
				found = append(found, list)
			}
			walk(child)
		}
	}
	walk(&doc)
	return found
}
