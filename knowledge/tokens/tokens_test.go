package tokens_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/parley-im/parley/knowledge/tokens"
)

func texts(all []tokens.Token) []string {
	out := []string{}
	for _, t := range all {
		out = append(out, t.Text)
	}
	return out
}

func TestOf(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"chinese", "退货运费", "退 退货 货 货运 运 运费 费"},
		{"traditional becomes simplified", "馬祖列島", "马 马祖 祖 祖列 列 列岛 岛"},
		{"runs end at punctuation", "你好，世界", "你 你好 好 世 世界 界"},
		{"kana and hangul", "カメラ 한국", "カ カメ メ メラ ラ 한 한국 국"},
		{"half-width kana is composed", "ｶﾞ", "ガ"},
		{"full width", "ＡＢＣ１２", "abc 12 abc12"},
		{"words are lower-cased and stemmed", "Refunds were Delivered", "refund were deliv"},
		{"possessive", "the company's car", "the compani car"},
		{"apostrophe", "don't", "don t dont"},
		{"accents", "Café Müller", "cafe muller"},
		{"cyrillic", "Возврат товара", "возврат товара"},
		{"identifier", "ABC-123", "abc 123 abc123"},
		{"identifier in chinese", "型号ABC-123已停产", "型 型号 号 abc 123 abc123 已 已停 停 停产 产"},
		{"version", "v2.3.1", "v 2 3 1 v2.3.1"},
		{"email", "help@shop.example.com", "help shop exampl com helpshopexamplecom"},
		{"phone", "400-820-8820", "400 820 8820 4008208820"},
		{"thousands", "1,000 or 3.14", "1 000 1000 or 3 14 3.14"},
		{"comma between words is no joint", "red,green", "red green"},
		{"c++ and c#", "C++ C# c", "c c++ c c# c"},
		{"number and unit", "1973年", "1973 年"},
		{"end of sentence", "It ends.", "it end"},
		{"emoji and symbols", "👍🏽 → ★", ""},
		{"nothing", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := texts(tokens.Of(tt.in)); strings.Join(got, " ") != tt.want {
				t.Errorf("Of(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestScriptsMeet(t *testing.T) {
	for _, pair := range [][2]string{
		{"負責管理馬祖國家風景區的單位", "负责管理马祖国家风景区的单位"},
		{"裡面 臺灣 髮型", "里面 台湾 发型"},
		{"iPhone15", "iphone15"},
		{"ABC123", "ABC-123"},
	} {
		a, b := texts(tokens.Of(pair[0])), texts(tokens.Of(pair[1]))
		if !slices.Equal(a, b) {
			t.Errorf("%q and %q differ: %q, %q", pair[0], pair[1], a, b)
		}
	}
}

func TestQueryWeighsFunctionWordsLess(t *testing.T) {
	weights := map[string]float64{}
	for _, text := range []string{"法国的首都是哪里？", "What is the capital of France?"} {
		for _, term := range tokens.Query(text) {
			weights[term.Text] = term.Weight
		}
	}
	for _, light := range []string{"哪", "里", "哪里", "的", "what", "is", "the"} {
		if weights[light] >= 0.5 {
			t.Errorf("%q weighs %v, want it light", light, weights[light])
		}
	}
	for _, heavy := range []string{"法", "法国", "首都", "capit", "franc"} {
		if weights[heavy] != 1 {
			t.Errorf("%q weighs %v, want 1", heavy, weights[heavy])
		}
	}
	if w := weights["国的"]; w <= weights["的"] || w >= 1 {
		t.Errorf("a pair of a light and a heavy character weighs %v, want something between", w)
	}
}

// any text gives the same tokens again, valid and bounded; places never go back; a
// Finder sees the same words at the same places
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z0-9'.,@+# -]{0,40}`), rapid.StringMatching(`[一-丿馬體、a-b1 ]{0,40}`)).Draw(t, "text")
		check(t, text)
	})
}

func FuzzOf(f *testing.F) {
	f.Add("ABC-123 退货 v2.3.1 don't")
	f.Add("\xff\xfe\x00")
	f.Fuzz(func(t *testing.T, text string) { check(t, text) })
}

func check(t interface{ Fatalf(string, ...any) }, text string) {
	all := tokens.Of(text)
	if again := tokens.Of(text); !slices.Equal(all, again) {
		t.Fatalf("Of(%q) is not the same twice", text)
	}
	var terms []string
	type place struct {
		text string
		pos  int
		kind tokens.Kind
	}
	want, last := map[place]bool{}, 0
	for _, tok := range all {
		if tok.Text == "" || len(tok.Text) > 70 || !utf8.ValidString(tok.Text) || strings.ContainsAny(tok.Text, "\n\x00") {
			t.Fatalf("Of(%q) has the token %q", text, tok.Text)
		}
		if tok.Kind == tokens.Word || tok.Kind == tokens.Char {
			if tok.Pos < last {
				t.Fatalf("Of(%q) goes back at %q", text, tok.Text)
			}
			last = tok.Pos
		}
		terms = append(terms, tok.Text)
		want[place{tok.Text, tok.Pos, tok.Kind}] = true
	}
	got := map[place]bool{}
	places, n := tokens.NewFinder(terms).Each(text, func(i, pos int, kind tokens.Kind) { got[place{terms[i], pos, kind}] = true })
	if !maps.Equal(got, want) || n != len(all) || places < last {
		t.Fatalf("the finder sees %d tokens at %d places, %v in %q, want %v", n, places, got, text, want)
	}
	if n = len(tokens.Query(text)); n != len(all) {
		t.Fatalf("Query(%q) has %d terms, Of %d", text, n, len(all))
	}
}

// the quick way of folding gives what the thorough one does
func TestFoldingIsOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[一-鿿馬體！-～、。「」“”A-Za-z0-9 ]{0,30}`), rapid.StringMatching(`[㐀-㐐一-丿ＡＢａ1 ]{0,10}[가-깋ぁ-んÀ-ÿ]{0,1}`)).Draw(t, "text")
		if got, want := tokens.FoldRunes(text), tokens.Fold(text); string(got) != want {
			t.Fatalf("%q folds to %q, want %q", text, string(got), want)
		}
	})
}

func BenchmarkOf(b *testing.B) {
	text := strings.Repeat("退货运费由谁承担？七天无理由退货需要保持商品完好。", 12)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		tokens.Of(text)
	}
}
