package stanza

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRoundTrip(t *testing.T) {
	n := New("jabber:client", "message", "to", "a@b/c'\"<>&", "type", "chat", "none", "").Add(
		New("jabber:client", "body").Say("1 < 2 & \"x\"\n\t退货 👍"),
		New("urn:x", "x").Add(New("urn:x", "y"), New("urn:z", "z", "xml:lang", "zh")), nil)
	got, err := Parse([]byte(n.String()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(n, got); diff != "" {
		t.Error(diff)
	}
	if strings.Count(n.String(), "xmlns") != 3 {
		t.Errorf("name spaces are repeated: %s", n)
	}
	if body := got.Child("jabber:client", "body"); body.Content() != "1 < 2 & \"x\"\n\t退货 👍" || got.Attr("type") != "chat" {
		t.Errorf("read %s", got)
	}
	if got.Child("urn:x", "none").Child("urn:x", "none").Attr("x") != "" || len(got.All("urn:x", "x")) != 1 {
		t.Error("what is not there is found")
	}
	if bad := New("", "a").Say("bell \x07").String(); !strings.Contains(bad, "\uFFFD") {
		t.Errorf("a character that XML cannot hold: %q", bad)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"", " ", "text", "<a>", "</a>", "<a></b>", "<a/><b/>", "<a/>x", "<!DOCTYPE x><a/>", "<?xml version='1.0'?><a/>",
		"<a><!-- c --></a>", "<a>&lol;</a>", "<a b=c/>", "<a b='<'/>", "<a>\xff</a>", "<a>\x07</a>",
		strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100), "<a>" + strings.Repeat("<b/>", mostNodes) + "</a>",
	} {
		if n, err := Parse([]byte(text)); err == nil {
			t.Errorf("%.60q was read as %.60q", text, n)
		}
	}
}

func TestJID(t *testing.T) {
	for text, want := range map[string]JID{
		"Bot@Example.com": {"bot", "example.com", ""}, "a@b/c@d/e": {"a", "b", "c@d/e"}, "b/r": {"", "b", "r"},
		"room@conf.example.com/客服": {"room", "conf.example.com", "客服"}, "a@xn--fsqu00a.xn--0zwm56d": {"a", "例子.测试", ""}, "a@b.": {"a", "b", ""},
	} {
		got, err := ParseJID(text)
		if err != nil || got != want {
			t.Errorf("%q: %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "@b", "a@", "a b@c", "a@b@c", "<a>@b", "a@b:5222", "\x00@a", strings.Repeat("x", 1100) + "@b"} {
		if got, err := ParseJID(text); err == nil {
			t.Errorf("%.30q was read as %+v", text, got)
		}
	}
	if j := (JID{"a", "b", "c"}); j.String() != "a@b/c" || j.Bare().String() != "a@b" || j.With("d").String() != "a@b/d" || j.IsZero() || !(JID{}).IsZero() {
		t.Errorf("%v", j)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"<a/>", "<a xmlns='b' c='d'>e<f xml:lang='g'/>h</a>", "<a>&amp;&#x4e2d;</a>", "<x:a xmlns:x='y'/>", "<a xmlns=''/>"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := Parse(data)
		if err != nil {
			return
		}
		if _, err := ParseJID(n.Attr("from")); err != nil && n.Attr("from") == "a@b" {
			t.Error(err)
		}
		again, err := Parse([]byte(n.String()))
		if err != nil {
			return // a name that only a prefix made legal, such as one with a colon in it
		}
		if again.Text != n.Text || len(again.Nodes) != len(n.Nodes) {
			t.Errorf("%q became %q", n, again)
		}
	})
}
