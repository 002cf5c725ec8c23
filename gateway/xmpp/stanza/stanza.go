// Package stanza is XML as XMPP uses it: small trees of elements, without comments,
// processing instructions or entities (RFC 6120, section 11.1), and the addresses of
// those who send them (jid.go). What comes from outside is read with limits.
package stanza

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Node is one element. Its name space is Space whether or not it inherits it.
type Node struct {
	Space, Name string
	Attrs       []Attr
	Text        string // all text directly in it, joined
	Nodes       []*Node
}

// Attr is an attribute; xml:lang has the name "xml:lang", others of a name space are dropped.
type Attr struct{ Name, Value string }

// New makes an element with pairs of attribute names and values; empty values are left out.
func New(space, name string, attrs ...string) *Node {
	n := &Node{Space: space, Name: name}
	for i := 0; i+1 < len(attrs); i += 2 {
		if attrs[i+1] != "" {
			n.Attrs = append(n.Attrs, Attr{attrs[i], attrs[i+1]})
		}
	}
	return n
}

// Add appends children and returns n.
func (n *Node) Add(children ...*Node) *Node {
	for _, c := range children {
		if c != nil {
			n.Nodes = append(n.Nodes, c)
		}
	}
	return n
}

// Say sets the text and returns n.
func (n *Node) Say(text string) *Node {
	n.Text = text
	return n
}

// Attr returns the value of an attribute, "" if it has none.
func (n *Node) Attr(name string) string {
	if n != nil {
		for _, a := range n.Attrs {
			if a.Name == name {
				return a.Value
			}
		}
	}
	return ""
}

// Set replaces or adds an attribute.
func (n *Node) Set(name, value string) {
	for i := range n.Attrs {
		if n.Attrs[i].Name == name {
			n.Attrs[i].Value = value
			return
		}
	}
	n.Attrs = append(n.Attrs, Attr{name, value})
}

// Child returns the first child of that name space and name, or nil. Of nil it is nil.
func (n *Node) Child(space, name string) *Node {
	if n != nil {
		for _, c := range n.Nodes {
			if c.Name == name && c.Space == space {
				return c
			}
		}
	}
	return nil
}

// All returns all children of that name space and name; name "" is any.
func (n *Node) All(space, name string) (list []*Node) {
	if n != nil {
		for _, c := range n.Nodes {
			if (name == "" || c.Name == name) && c.Space == space {
				list = append(list, c)
			}
		}
	}
	return list
}

// Is reports whether n has that name space and name.
func (n *Node) Is(space, name string) bool { return n != nil && n.Space == space && n.Name == name }

// Content is the text of n, "" of nil.
func (n *Node) Content() string {
	if n == nil {
		return ""
	}
	return n.Text
}

// String is n as XML, complete with its name space.
func (n *Node) String() string {
	var b strings.Builder
	n.write(&b, "")
	return b.String()
}

func (n *Node) write(b *strings.Builder, inherited string) {
	b.WriteByte('<')
	b.WriteString(n.Name)
	if n.Space != inherited {
		attribute(b, "xmlns", n.Space)
	}
	for _, a := range n.Attrs {
		attribute(b, a.Name, a.Value)
	}
	if n.Text == "" && len(n.Nodes) == 0 {
		b.WriteString("/>")
		return
	}
	b.WriteByte('>')
	escape(b, n.Text)
	for _, c := range n.Nodes {
		c.write(b, n.Space)
	}
	b.WriteString("</" + n.Name + ">")
}

func attribute(b *strings.Builder, name, value string) {
	b.WriteString(" " + name + "='")
	escape(b, value)
	b.WriteByte('\'')
}

// escape writes text; what XML cannot hold becomes U+FFFD.
func escape(b *strings.Builder, text string) { _ = xml.EscapeText(b, []byte(text)) } // a Builder does not fail

// Limits of one element that comes from outside.
const (
	mostDepth = 64
	mostNodes = 20_000
)

// Errors of Parse, beside those of the XML itself.
var (
	errDeep    = errors.New("elements are nested too deeply")
	errMany    = errors.New("too many elements")
	errForeign = errors.New("a comment, a processing instruction or a document type is not allowed")
	errRest    = errors.New("something follows the element")
)

// Parse reads exactly one element.
func Parse(data []byte) (*Node, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("the text is not UTF-8")
	}
	d := xml.NewDecoder(bytes.NewReader(data))
	var root *Node
	var open []*Node
	count := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && root != nil && len(open) == 0 {
			return root, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read XML: %w", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if count++; count > mostNodes {
				return nil, errMany
			}
			if len(open) == mostDepth {
				return nil, errDeep
			}
			n := element(t)
			switch {
			case len(open) > 0:
				top := open[len(open)-1]
				top.Nodes = append(top.Nodes, n)
			case root != nil:
				return nil, errRest
			default:
				root = n
			}
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				open[len(open)-1].Text += string(t)
			} else if len(bytes.TrimSpace(t)) > 0 {
				return nil, errRest
			}
		default:
			return nil, errForeign
		}
	}
}

func element(t xml.StartElement) *Node {
	n := &Node{Space: t.Name.Space, Name: t.Name.Local}
	for _, a := range t.Attr {
		switch {
		case a.Name.Space == "" && a.Name.Local != "xmlns":
			n.Attrs = append(n.Attrs, Attr{a.Name.Local, a.Value})
		case a.Name.Space == "http://www.w3.org/XML/1998/namespace" || a.Name.Space == "xml":
			n.Attrs = append(n.Attrs, Attr{"xml:" + a.Name.Local, a.Value})
		}
	}
	return n
}
