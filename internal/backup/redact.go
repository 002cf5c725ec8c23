package backup

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

const hidden = "taken out by the backup"

var (
	onlyVariables = regexp.MustCompile(`^(\s*\$\{[A-Za-z_][A-Za-z0-9_]*\})+\s*$`)
	secretWord    = regexp.MustCompile(`(?i)secret|token|passw|api_?key|private|credential|authorization|cookie|signature`)
)

// redact returns a configuration file with its secrets taken out. References such as
// ${MODEL_API_KEY} stay: they are no secrets, and they are what makes the file usable
// again. Comments go too, since a key that was commented out is still a key.
func redact(text []byte) ([]byte, error) {
	var doc yaml.Node
	if len(strings.TrimSpace(string(text))) == 0 {
		return text, nil
	}
	if err := yaml.Load(text, &doc); err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	clean(&doc, false)
	out, err := yaml.Dump(&doc)
	if err != nil {
		return nil, fmt.Errorf("write configuration: %w", err)
	}
	return out, nil
}

// clean hides what may be secret below n; secret: all of it.
func clean(n *yaml.Node, secret bool) {
	n.HeadComment, n.LineComment, n.FootComment = "", "", ""
	switch n.Kind {
	case yaml.ScalarNode:
		if n.Value == "" || onlyVariables.MatchString(n.Value) {
			return
		}
		if secret && n.Tag != "!!null" && n.Tag != "!!int" && n.Tag != "!!bool" && n.Tag != "!!float" {
			n.SetString(hidden)
		} else if u, err := url.Parse(n.Value); err == nil && u.Host != "" && (u.User != nil || secretWord.MatchString(u.RawQuery)) {
			n.SetString(hidden)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			key.HeadComment, key.LineComment, key.FootComment = "", "", ""
			// headers and extra_body go to model servers as they are: anything may be in them
			below := secret || secretWord.MatchString(key.Value) && !counts(key.Value) || key.Value == "headers" || key.Value == "extra_body" ||
				key.Value == "database" || key.Value == "redis"
			clean(value, below)
		}
	default:
		for _, child := range n.Content {
			clean(child, secret)
		}
	}
}

// counts tells the keys that speak of a model's tokens from those that hold one.
func counts(key string) bool { return strings.HasSuffix(key, "_tokens") || key == "first_token" }
