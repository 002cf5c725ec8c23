package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Secret is a value that is never printed.
type Secret string

// String hides the value.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "***"
}

// GoString hides the value.
func (s Secret) GoString() string { return s.String() }

// MarshalYAML hides the value.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// MarshalText hides the value, in JSON and logs too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Size is a number of bytes, written as 512kB, 100MB or 2GB (powers of 1024).
type Size int64

var units = []struct {
	suffix string
	factor int64
}{{"GB", 1 << 30}, {"MB", 1 << 20}, {"kB", 1 << 10}, {"KB", 1 << 10}, {"B", 1}, {"", 1}}

// UnmarshalYAML reads 100MB.
func (s *Size) UnmarshalYAML(n *yaml.Node) error {
	text := strings.TrimSpace(n.Value)
	for _, u := range units {
		number, ok := strings.CutSuffix(text, u.suffix)
		if !ok {
			continue
		}
		v, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
		if err != nil || v < 0 || v > (1<<62)/u.factor {
			break
		}
		*s = Size(v * u.factor)
		return nil
	}
	return fmt.Errorf("%q is not a size; write it as 512kB, 100MB or 2GB", n.Value)
}

// MarshalYAML writes 100MB.
func (s Size) MarshalYAML() (any, error) { return s.String(), nil }

// String writes 100MB.
func (s Size) String() string {
	for _, u := range units[:3] {
		if int64(s) >= u.factor && int64(s)%u.factor == 0 {
			return strconv.FormatInt(int64(s)/u.factor, 10) + u.suffix
		}
	}
	return strconv.FormatInt(int64(s), 10) + "B"
}

// UnmarshalYAML takes kind, collections and labels out and keeps the rest for the adapter.
func (c *Channel) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("a channel is a mapping with at least the key kind")
	}
	c.Rest = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: n.Line, Column: n.Column}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		var err error
		switch key.Value {
		case "kind":
			err = value.Load(&c.Kind)
		case "collections":
			err = value.Load(&c.Collections)
		case "labels":
			err = value.Load(&c.Labels)
		case "prompts":
			err = value.Load(&c.Prompts)
		case "groups":
			err = value.Load(&c.Groups)
		case "allow":
			err = value.Load(&c.Allow)
		case "deny":
			err = value.Load(&c.Deny)
		default:
			c.Rest.Content = append(c.Rest.Content, key, value)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", key.Value, err)
		}
	}
	return nil
}

// MarshalYAML writes the channel with its secrets hidden.
func (c Channel) MarshalYAML() (any, error) {
	out := yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	add := func(key string, value any) error {
		var k, v yaml.Node
		k.SetString(key)
		if err := v.Encode(value); err != nil {
			return err
		}
		out.Content = append(out.Content, &k, &v)
		return nil
	}
	if err := add("kind", c.Kind); err != nil {
		return nil, err
	}
	for _, k := range []struct {
		name  string
		value any
		empty bool
	}{
		{"collections", c.Collections, len(c.Collections) == 0}, {"labels", c.Labels, len(c.Labels) == 0}, {"prompts", c.Prompts, c.Prompts == ""},
		{"groups", c.Groups, c.Groups == ""}, {"allow", c.Allow, len(c.Allow) == 0}, {"deny", c.Deny, len(c.Deny) == 0},
	} {
		if k.empty {
			continue
		}
		if err := add(k.name, k.value); err != nil {
			return nil, err
		}
	}
	for i := 0; i+1 < len(c.Rest.Content); i += 2 {
		key, value := c.Rest.Content[i], c.Rest.Content[i+1]
		if secretKey(key.Value) {
			hidden := &yaml.Node{}
			hidden.SetString("***")
			value = hidden
		}
		out.Content = append(out.Content, key, value)
	}
	return &out, nil
}

func secretKey(key string) bool {
	key = strings.ToLower(key)
	return slices.ContainsFunc([]string{"secret", "token", "password", "api_key", "private"}, func(s string) bool {
		return strings.Contains(key, s)
	})
}

// Decode reads the adapter's own settings into a struct with yaml tags. All
// unknown keys and wrong types are reported together.
func (c Channel) Decode(into any) error {
	if len(c.Rest.Content) == 0 {
		return nil
	}
	if err := c.Rest.Load(into, yaml.WithKnownFields()); err != nil {
		p := &Problems{File: "channel settings"}
		p.addYAML(err)
		return p
	}
	return nil
}

// Print returns the effective configuration as YAML with secrets hidden.
func (c Config) Print() (string, error) {
	b, err := yaml.Dump(c)
	if err != nil {
		return "", fmt.Errorf("print configuration: %w", err)
	}
	return string(b), nil
}
