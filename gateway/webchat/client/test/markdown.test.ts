import { describe, expect, it } from "vitest";
import { markdown } from "../src/markdown/render";

function html(src: string, cites: number[] = []): string {
  const div = document.createElement("div");
  div.append(markdown(src, { has: (n) => cites.includes(n), label: (n) => `source ${n}`, open: () => {} }));
  return div.innerHTML;
}

/** html without what every link has. */
const bare = (src: string): string => html(src).replace(/ target="_blank" rel="noopener noreferrer nofollow"/g, "");

describe("blocks", () => {
  it.each([
    ["two paragraphs", "one\ntwo\n\nthree", "<p>one<br>two</p><p>three</p>"],
    ["headings", "# A\n\n### B", "<h3>A</h3><h4>B</h4>"],
    ["bullets", "- a\n- b", "<ul><li>a</li><li>b</li></ul>"],
    ["numbers that go on", "3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'],
    ["a list in a list", "1. a\n   - b\n   - c\n2. d", "<ol><li>a<ul><li>b</li><li>c</li></ul></li><li>d</li></ol>"],
    ["a loose list", "1. a\n\n2. b\n\nend", "<ol><li>a</li><li>b</li></ol><p>end</p>"],
    ["two kinds of list", "- a\n\n1. b", "<ul><li>a</li></ul><ol><li>b</li></ol>"],
    ["a list after text", "text:\n- a", "<p>text:</p><ul><li>a</li></ul>"],
    ["no list in a sum", "5 - 3\n2 * 3", "<p>5 - 3<br>2 * 3</p>"],
    ["a rule", "a\n\n---\n\nb", "<p>a</p><hr><p>b</p>"],
    ["a quote", "> a\n> b\n\nc", "<blockquote><p>a<br>b</p></blockquote><p>c</p>"],
    ["code", "```js\na < b\n  **c**\n```\nend", '<pre tabindex="0"><code>a &lt; b\n  **c**</code></pre><p>end</p>'],
    ["code that is still open", "```\nhalf", '<pre tabindex="0"><code>half</code></pre>'],
    ["indented code", "    a\n    b", '<pre tabindex="0"><code>a\nb</code></pre>'],
    [
      "a table",
      "| A | B |\n|---|--:|\n| 1 \\| 2 | **3** |\n| 4 |\n\nend",
      '<div class="table" tabindex="0"><table><thead><tr><th>A</th><th class="to-right">B</th></tr></thead><tbody>' +
        '<tr><td>1 | 2</td><td class="to-right"><strong>3</strong></td></tr><tr><td>4</td><td class="to-right"></td></tr></tbody></table></div><p>end</p>',
    ],
    ["no table without a second line", "a | b", "<p>a | b</p>"],
  ])("%s", (_, src, want) => expect(html(src)).toBe(want));
});

describe("inline", () => {
  it.each([
    ["bold and italic", "**a** *b* __c__ _d_ ~~e~~", "<p><strong>a</strong> <em>b</em> <strong>c</strong> <em>d</em> <del>e</del></p>"],
    ["bold before a Chinese full stop", "请**7天内**。退", "<p>请<strong>7天内</strong>。退</p>"],
    ["bold with Chinese quotes", "**“退货”**后", "<p><strong>“退货”</strong>后</p>"],
    ["italic in bold", "**a *b* c**", "<p><strong>a <em>b</em> c</strong></p>"],
    ["names with underscores", "snake_case_name", "<p>snake_case_name</p>"],
    ["a star alone", "2 * 3 ** 4", "<p>2 * 3 ** 4</p>"],
    ["open emphasis", "**half", "<p>**half</p>"],
    ["code", "`a*b*` ``x ` y``", "<p><code>a*b*</code> <code>x ` y</code></p>"],
    ["escapes", "\\*a\\* \\[1\\] \\\\", "<p>*a* [1] \\</p>"],
    ["entities", "a &lt; b &amp; c &#x4e2d; &nosuch;", "<p>a &lt; b &amp; c 中 &amp;nosuch;</p>"],
    ["a link", "[a](https://x.example/b_c_d)", '<p><a href="https://x.example/b_c_d" title="https://x.example/b_c_d">a</a></p>'],
    ["a link with brackets", "[a [b]](<https://x.example/(1)>)", '<p><a href="https://x.example/(1)" title="https://x.example/(1)">a [b]</a></p>'],
    ["an address", "see https://x.example/a?b=1, ok", '<p>see <a href="https://x.example/a?b=1" title="https://x.example/a?b=1">https://x.example/a?b=1</a>, ok</p>'],
    ["a mail address", "<help@shop.example> [us](mailto:help@shop.example)", '<p><a href="mailto:help@shop.example" title="mailto:help@shop.example">help@shop.example</a> <a href="mailto:help@shop.example" title="mailto:help@shop.example">us</a></p>'],
    ["an address before Chinese", "看https://x.example/a。好", "<p>看<a href=\"https://x.example/a\" title=\"https://x.example/a\">https://x.example/a</a>。好</p>"],
  ])("%s", (_, src, want) => expect(bare(src)).toBe(want));

  it("makes chips of citations that have a source, and of no others", () => {
    const chip = '<button type="button" class="cite" aria-label="source 1" title="source 1">1</button>';
    expect(html("a [1][2] [1](https://x.example/)", [1])).toContain(`a ${chip}[2] <a `);
    expect(html("**a [1]**", [1])).toBe(`<p><strong>a ${chip}</strong></p>`);
    expect(html("`[1]`", [1])).toBe("<p><code>[1]</code></p>");
  });

  it("opens links outside and tells them nothing", () => {
    expect(html("[a](https://x.example/)")).toContain('target="_blank" rel="noopener noreferrer nofollow"');
  });
});

describe("what must not come through", () => {
  const attacks = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "![x](https://evil.example/p.png)",
    "![x](https://evil.example/p.png \"t\")",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](\u0001javascript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:x)",
    "[x](file:///etc/passwd)",
    "[x](mailto:a@b.example?body=x&attach=/etc/passwd)",
    "<a@b.example\"onclick=alert(1)>",
    "[x](//evil.example)",
    "[x](/relative)",
    "[x](&#106;avascript:alert(1))",
    "[x](https://user:pass@evil.example/)",
    "[x](https:\\\\evil.example)",
    "[x][1]\n\n[1]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "<https://x.example/\" onclick=\"alert(1)>",
    "`<b>`\n\n```html\n<script>1</script>\n```",
    "|<b>x</b>|y|\n|---|---|\n|<img src=x onerror=1>|[z](javascript:1)|",
    "[<img src=x>](https://x.example/)",
    "# <svg onload=alert(1)>",
    "> <iframe src=//evil.example>",
    "[a](https://x.example/'onmouseover='alert(1))",
  ];
  const allowed = new Set(["P", "H3", "H4", "BR", "STRONG", "EM", "DEL", "CODE", "PRE", "A", "UL", "OL", "LI", "BLOCKQUOTE", "DIV", "TABLE", "THEAD", "TBODY", "TR", "TH", "TD", "HR", "BUTTON"]);
  const names = new Set(["class", "href", "target", "rel", "title", "type", "start", "tabindex", "aria-label"]);

  // Every prefix too: an answer is drawn again and again while it grows.
  it.each(attacks)("%s", (src) => {
    for (let i = 1; i <= src.length; i++) {
      const div = document.createElement("div");
      div.append(markdown(src.slice(0, i)));
      for (const e of div.querySelectorAll("*")) {
        expect(allowed).toContain(e.tagName);
        for (const a of e.attributes) expect(names).toContain(a.name);
        const href = e.getAttribute("href");
        if (href !== null) expect(href).toMatch(/^(https?:\/\/[^@]*|mailto:[\w.]+@[\w.]+)$/);
      }
    }
  });

  it("hides no direction or width tricks in text, code or links", () => {
    for (const c of ["\u202e", "\u2066", "\u200b", "\ufeff", "\u200f", "\u0007"]) {
      expect(html(`a${c}b \`c${c}d\` [e${c}](https://x.example/${c}f)`)).not.toContain(c);
    }
    expect(html("👨\u200d👩\u200d👧")).toBe("<p>👨\u200d👩\u200d👧</p>");
  });

  // Quadratic work would take minutes on these.
  it.each(["*", "_", "`", "[", "![", "[](", "[a](", "**a", "*a ", "_a ", "> ", "- ", "|", "|-", "&#", "<http://", "http://", "\\", "`a``b", "*a**b", "h"])(
    "is quick with a great many of %s",
    (piece) => {
      const started = performance.now();
      html(piece.repeat(60_000 / piece.length));
      html((piece + "\n").repeat(6000 / piece.length));
      expect(performance.now() - started).toBeLessThan(15_000);
    },
    30_000,
  );
});
