package config

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Problem is one thing wrong in the file.
type Problem struct {
	Line    int // 0 where it belongs to no line
	Message string
}

// Problems is the error that Load returns: everything that is wrong, by line.
type Problems struct {
	File string
	List []Problem
}

func (p *Problems) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d problem(s):", p.File, len(p.List))
	for _, one := range p.List {
		if one.Line > 0 {
			fmt.Fprintf(&b, "\n  line %d: %s", one.Line, one.Message)
		} else {
			fmt.Fprintf(&b, "\n  %s", one.Message)
		}
	}
	return b.String()
}

// Load reads the file at path. getenv gives the values of ${NAMES}.
// An empty path gives the defaults.
func Load(path string, getenv func(string) (string, bool)) (Config, error) {
	c := Default()
	if path == "" {
		return c, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	return Parse(path, text, getenv)
}

// Parse is Load for a text that was read already.
func Parse(name string, text []byte, getenv func(string) (string, bool)) (Config, error) {
	c := Default()
	found := &Problems{File: name}
	var doc yaml.Node
	if len(strings.TrimSpace(string(text))) > 0 {
		if err := yaml.Load(text, &doc); err != nil {
			found.addYAML(err)
			return Config{}, found
		}
	}
	if doc.Kind != 0 {
		found.expand(&doc, getenv)
		if channelsGiven(&doc) {
			c.Channels = nil // the default channel only stands in for a missing section
		}
		if err := doc.Load(&c, yaml.WithKnownFields()); err != nil {
			found.addYAML(err)
		}
	}
	found.List = append(found.List, c.check()...)
	if len(found.List) > 0 {
		slices.SortStableFunc(found.List, func(a, b Problem) int { return a.Line - b.Line })
		return Config{}, found
	}
	return c, nil
}

func channelsGiven(doc *yaml.Node) bool {
	if doc.Kind != yaml.DocumentNode || len(doc.Content) == 0 {
		return false
	}
	top := doc.Content[0]
	for i := 0; i+1 < len(top.Content); i += 2 {
		if top.Content[i].Value == "channels" {
			return true
		}
	}
	return false
}

var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// expand replaces ${NAME} in every value. A variable that is not set is a problem;
// one that is set but empty is taken as empty.
func (p *Problems) expand(n *yaml.Node, getenv func(string) (string, bool)) {
	if n.Kind == yaml.ScalarNode && strings.Contains(n.Value, "${") {
		n.Value = variable.ReplaceAllStringFunc(n.Value, func(m string) string {
			name := variable.FindStringSubmatch(m)[1]
			value, ok := getenv(name)
			if !ok {
				p.List = append(p.List, Problem{n.Line, fmt.Sprintf("the environment variable %s is not set; set it, or take ${%s} out", name, name)})
			}
			return value
		})
		if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) == 0 {
			n.Tag = "" // let a number from the environment be a number
		}
	}
	for _, child := range n.Content {
		p.expand(child, getenv)
	}
}

var unknownKey = regexp.MustCompile(`^field (\S+) not found in type .*$`)

func (p *Problems) addYAML(err error) {
	list, ok := errors.AsType[*yaml.LoadErrors](err)
	if !ok {
		p.List = append(p.List, Problem{Message: strings.TrimPrefix(err.Error(), "yaml: ")})
		return
	}
	for _, e := range list.Errors {
		message := e.Message
		if m := unknownKey.FindStringSubmatch(message); m != nil {
			message = fmt.Sprintf("unknown key %q", m[1])
		}
		p.List = append(p.List, Problem{e.Mark.Line, message})
	}
}
