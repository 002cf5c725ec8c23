package language

import "testing"

func TestChoose(t *testing.T) {
	const chinese = "怎么退货？"
	for _, c := range []struct {
		text, locale, before, want string
	}{
		{"怎么退货", "", "", "zh"},
		{"怎麼退貨", "en-US", "", "zh"},
		{"iPhone 15 Pro Max 怎么退", "", "", "zh"},
		{"What does 退货 mean?", "", "", "en"},
		{"How do I return a book?", "zh-CN", "", "en"},
		{"refund", "", "", "en"},
		{"refund", "zh-CN", "", "zh"},
		{"SKU-1?", "", chinese, "zh"},
		{"123", "", "", "en"},
		{"123", "zh_TW", "", "zh"},
		{"返品できますか", "", "", "ja"},
		{"返品方法を教えてください", "", "", "ja"},
		{"반품하고 싶어요", "", "", "ko"},
		{"Как вернуть товар?", "", "", "ru"},
		{"¿Dónde está mi pedido?", "", "", "es"},
		{"Où est ma commande ?", "", "", "fr"},
		{"Wie kann ich das zurückgeben?", "", "", "de"},
		{"", "de-DE", "", "de"},
		{"", "tlh", "", "en"},
		{"Zamówienie jeszcze niedostarczone żądam", "", "", "und"},
	} {
		if got := Choose(c.text, c.locale, c.before); got != c.want {
			t.Errorf("Choose(%q, %q) = %q, want %q", c.text, c.locale, got, c.want)
		}
	}
	if got := Name("zh", "請問怎麼退貨"); got != "繁體中文" {
		t.Errorf("traditional script: got %q", got)
	}
	for _, c := range []struct {
		text, before, want string
	}{{"/help", "", "en"}, {"/帮助", "", "zh"}, {"/help", chinese, "zh"}} {
		if got := OfCommand(c.text, "", c.before); got != c.want {
			t.Errorf("OfCommand(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

func TestSmallTalk(t *testing.T) {
	en, zh := PhrasesFor("en"), PhrasesFor("zh")
	for _, c := range []struct {
		text string
		say  Phrases
		want string
	}{
		{"Hello!", en, "Hello, I am Ada. What can I help you with?"},
		{"", en, "Hello, I am Ada. What can I help you with?"},
		{"你好，请问在吗？", zh, ""},
		{"你好！", zh, "您好，我是 Ada。请问有什么可以帮您？"},
		{"好的，谢谢～", zh, zh.Thanks},
		{"Thank you very much!!", en, en.Thanks},
		{"再见", zh, zh.Bye},
		{"hello world program", en, ""},
		{"Thanks, but how do I return it?", en, ""},
		{"???", en, ""},
	} {
		if got := SmallTalk(c.text, c.say, "Ada"); got != c.want {
			t.Errorf("SmallTalk(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

func TestPointsBack(t *testing.T) {
	for text, want := range map[string]bool{
		"那图书呢？": true, "What about books?": true, "And for books?": true, "它怎么收费": true, "多久能到": true, "Is it free?": true,
		"怎么开发票？": false, "How do I return a book?": false, "": false,
	} {
		if got := PointsBack(text); got != want {
			t.Errorf("PointsBack(%q) = %v", text, got)
		}
	}
}

func TestLocation(t *testing.T) {
	for _, c := range []struct{ language, text, want string }{
		{"zh", "page 3", "第 3 页"}, {"zh", "sheet Prices 2026", "工作表 Prices 2026"}, {"zh", "", ""},
		{"zh", "chapter 4", "chapter 4"}, {"en", "page 3", "page 3"}, {"fr", "sheet Prix", "sheet Prix"},
	} {
		if got := Location(c.language, c.text); got != c.want {
			t.Errorf("Location(%q, %q) = %q, want %q", c.language, c.text, got, c.want)
		}
	}
}
