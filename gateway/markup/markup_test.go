package markup_test

import (
	"testing"

	"github.com/parley-im/parley/gateway/markup"
)

func TestRender(t *testing.T) {
	for _, c := range []struct{ name, in, md, plain string }{
		{"words", "Seven days.", "Seven days.", "Seven days."},
		{"citation", "Seven days [1][2]. More [3](x)", "Seven days [1][2]. More 3", "Seven days [1][2]. More 3"},
		{"marks", "**bold** *it* ~~no~~ `a*b`", "**bold** *it* ~~no~~ `a*b`", "bold it no a*b"},
		{"chinese bold", "**注意：**请在 7 天内", "**注意**：请在 7 天内", "注意：请在 7 天内"},
		{"snake", "my_long_name and 2 * 3", "my_long_name and 2 \\* 3", "my_long_name and 2 * 3"},
		{"lines", "one\ntwo\n\nthree", "one\ntwo\n\nthree", "one\ntwo\n\nthree"},
		{"heading", "Title\n=====\ntext", "# Title\n\ntext", "Title\n\ntext"},
		{"list", "* a\n* b\n  1. c\n  2. d", "- a\n- b\n  1. c\n  2. d", "- a\n- b\n  1. c\n  2. d"},
		{"start", "3. x\n4. y", "3. x\n4. y", "3. x\n4. y"},
		{"task", "- [x] done\n- [ ] open", "- ☑ done\n- ☐ open", "- ☑ done\n- ☐ open"},
		{"quote", "> a\n> b", "> a\n> b", "> a\n> b"},
		{"code", "```go\nif a < b { x[\"y\"] }\n```", "```go\nif a < b { x[\"y\"] }\n```", "if a < b { x[\"y\"] }"},
		{"open code", "```sh\nrm -rf", "```sh\nrm -rf\n```", "rm -rf"},
		{"code in code", "````\n```\nx\n```\n````", "````\n```\nx\n```\n````", "```\nx\n```"},
		{"indented code", "a\n\n    b <c>", "a\n\n```\nb <c>\n```", "a\n\nb <c>"},
		{"table", "|A|B|\n|-|-|\n|1|x \\| y|\n|2||", "| A | B |\n| --- | --- |\n| 1 | x \\| y |\n| 2 |  |", "- 1; B: x | y\n- 2"},
		{"link", "[Returns](https://help.example.com/r?a=1)", "[Returns](https://help.example.com/r?a=1) (help.example.com)", "Returns (https://help.example.com/r?a=1)"},
		{"link says its host", "[help.example.com](https://help.example.com/)", "<https://help.example.com/>", "https://help.example.com/"},
		{"link lies", "[https://bank.example](https://evil.example/x)", "https\\://bank.example (<https://evil.example/x>)", "https://bank.example (https://evil.example/x)"},
		{"link hides its host", "[go](https://bank.example@evil.example/)", "[go](https://evil.example/) (evil.example)", "go (https://evil.example/)"},
		{"reference", "[a][b]\n\n[b]: http://example.com/x \"t\"", "[a](http://example.com/x) (example.com)", "a (http://example.com/x)"},
		{"bare link", "see https://example.com/a_b, ok", "see <https://example.com/a%5Fb>, ok", "see https://example.com/a_b, ok"},
		{"mail", "ask [us](mailto:a@example.com) or b@example.com", "ask [us](mailto:a@example.com) (a@example.com) or <b@example.com>", "ask us (mailto:a@example.com) or b@example.com"},
		{"script link", "[x](javascript:alert(1)) [y](data:text/html,z) [z](/local)", "x y z", "x y z"},
		{"image", "a ![cat](http://evil.example/c.png?q=secret) b", "a cat b", "a cat b"},
		{"image reference", "![cat][c]\n\n[c]: http://evil.example/c.png", "cat", "cat"},
		{"image made of parts", "!<b></b>[x](http://evil.example)", "\\![x](http://evil.example) (evil.example)", "!x (http://evil.example)"},
		{"image in a link", "[![x](http://evil.example/i)](http://e.example)", "[x](http://e.example) (e.example)", "x (http://e.example)"},
		{"image allowed", "![cat](https://cdn.example.com/c.png)", "![cat](https://cdn.example.com/c.png)", "cat"},
		{"html", "<img src=x onerror=alert(1)> a <b>b</b><br>c", "a b\nc", "a b\nc"},
		{"html block", "<div onclick=x>\nimportant & true\n<script>evil()</script></div>", "important & true", "important & true"},
		{"comment", "a <!-- <img src=http://e> --> b", "a  b", "a  b"},
		{"entities", "&lt;img src=x&gt; &amp;copy; AT&T", "\\<img src=x> \\&copy; AT\\&T", "<img src=x> &copy; AT&T"},
		{"escapes", "\\<img\\> \\![x](http://e.example)", "\\<img> \\![x](http://e.example) (e.example)", "<img> !x (http://e.example)"},
		{"hidden", "pay\u202Eload \u200Bx\u2066 \U000E0041y &#8238;z", "payload x y z", "payload x y z"},
		{"emoji", "👨‍👩‍👧‍👦 🇨🇳 ❤️", "👨‍👩‍👧‍👦 🇨🇳 ❤️", "👨‍👩‍👧‍👦 🇨🇳 ❤️"},
		{"pings", "@all hi @everyone, @channel/@here @所有人 a@all.example @alice", "＠all hi ＠everyone, ＠channel/＠here ＠所有人 <a@all.example> @alice", "＠all hi ＠everyone, ＠channel/＠here ＠所有人 a@all.example @alice"},
		{"angle pings", "<!here> x \\<!channel> \\<@U123> `<!here>`", "＜!here> x ＜!channel> ＜@U123> `＜!here>`", "＜!here> x ＜!channel> ＜@U123> ＜!here>"},
		{"looks like a block", "1\\. no list\n\\# no heading\n\\- no item", "1\\. no list\n\\# no heading\n\\- no item", "1. no list\n# no heading\n- no item"},
		{"nothing", "  \n\n", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			hosts := []string{"cdn.example.com"}
			if got := markup.Render(c.in, markup.Options{ImageHosts: hosts}); got != c.md {
				t.Errorf("markdown\n got %q\nwant %q", got, c.md)
			}
			if got := markup.Render(c.in, markup.Options{Plain: true, ImageHosts: hosts}); got != c.plain {
				t.Errorf("plain\n got %q\nwant %q", got, c.plain)
			}
		})
	}
}

func TestSafe(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"Seven days", "Seven days"},
		{"Seven days [1", "Seven days"},
		{"Seven days [1]", "Seven days"}, // a ( may follow
		{"Seven days [1].", "Seven days [1]."},
		{"Seven days [1] and", "Seven days [1] and"},
		{"see ![cat](http://e", "see"},
		{"see [Returns](https://ex", "see"},
		{"see [Returns](https://example.com) and", "see [Returns](https://example.com) and"},
		{"see https://examp", "see"},
		{"see https://example.com then", "see https://example.com then"},
		{"a <im", "a"},
		{"a <", "a"},
		{"3 < 4 is", "3 < 4 is"},
		{"**Note", ""},
		{"**Note** x", "**Note** x"},
		{"use `rm", "use"},
		{"use `rm` now", "use `rm` now"},
		{"text\n\n```go\nif a <", "text\n\n```go\nif a <"},
		{"text\n\n```go\nx\n``", "text\n\n```go\nx\n"},
		{"text\n\n``", "text"},
		{"text\n\n```g", "text"},
		{"a\n\n| x | y |", "a"},
		{"a\n\n| x | y |\n| -", "a"},
		{"| x |\n| - |\n| 1", "| x |\n| - |"},
		{"a\n-", "a"},
		{"a\n1.", "a"},
		{"a\n- b", "a\n- b"},
		{"退\xe8\xb4", "退"},
		{"trailing \\", "trailing"},
	} {
		if got := markup.Safe(c.in); got != c.want {
			t.Errorf("Safe(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}
