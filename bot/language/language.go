// Package language tells in which language people write, and holds the sentences
// that the bot says by itself.
//
// Detection goes by script, and for Latin letters by small words: it needs no
// tables to load and is right on whole questions; where a text is too short to
// tell, the sender's locale and what they said before decide. Prompts and fixed
// sentences exist in Chinese and English; every other language gets the English ones.
package language

import (
	"strings"
	"unicode"
)

// Name returns a language's name for itself, as prompts use it. text tells the
// two Chinese scripts apart.
func Name(language, text string) string {
	switch language {
	case "zh":
		if strings.ContainsAny(text, traditionalOnly) {
			return "繁體中文"
		}
		return "中文"
	case "en":
		return "English"
	case "ja":
		return "日本語"
	case "ko":
		return "한국어"
	case "ru":
		return "Русский"
	case "ar":
		return "العربية"
	case "th":
		return "ไทย"
	case "he":
		return "עברית"
	case "el":
		return "Ελληνικά"
	case "hi":
		return "हिन्दी"
	case "es":
		return "Español"
	case "fr":
		return "Français"
	case "de":
		return "Deutsch"
	case "pt":
		return "Português"
	case "it":
		return "Italiano"
	}
	return "the language of the question"
}

// Common characters that exist in traditional script only.
const traditionalOnly = "這個們來時說對沒為會還過貨訂單員問題發開關間電話號碼費該嗎應無從買賣請謝點頁價錢處機場學習書體驗證據備註選擇聯繫運輸證"

// Prompt is the language in which the prompts and the fixed sentences for a
// language are written: Chinese for Chinese, English for all others.
func Prompt(language string) string {
	if language == "zh" {
		return "zh"
	}
	return "en"
}

// Choose tells in which language to answer: that of the text, and where the
// text does not tell ("SKU-1?"), that of the sender's locale, then of what they said before.
func Choose(text, locale, before string) string {
	language, sure := detect(text)
	if sure {
		return language
	}
	if l := fromLocale(locale); l != "" && (language == "" || latin(l) || len(strings.Fields(text)) <= 2) {
		return l
	}
	if l, sure := detect(before); sure {
		return l
	}
	if language == "" {
		return "en"
	}
	return language
}

// OfCommand is Choose for a message that is only a command: "/help"
// says nothing about the language, "/帮助" does.
func OfCommand(text, locale, before string) string {
	if language, _ := detect(text); language == "zh" {
		return language
	}
	return Choose("", locale, before)
}

func fromLocale(locale string) string {
	tag := strings.ToLower(locale)
	if i := strings.IndexAny(tag, "-_"); i >= 0 {
		tag = tag[:i]
	}
	if Name(tag, "") == "the language of the question" {
		return ""
	}
	return tag
}

func latin(language string) bool {
	switch language {
	case "en", "es", "fr", "de", "pt", "it":
		return true
	}
	return false
}

// detect tells the language of text by its scripts, and for Latin letters by its
// small words. sure is false when there is too little to go by.
func detect(text string) (language string, sure bool) {
	var han, kana, hangul, other int
	others := ""
	words, inWord := 0, false
	for _, r := range text {
		isLatin := unicode.Is(unicode.Latin, r)
		if isLatin && !inWord {
			words++
		}
		inWord = isLatin || inWord && (unicode.IsDigit(r) || r == '\'' || r == '-')
		switch {
		case unicode.Is(unicode.Han, r):
			han++
		case unicode.In(r, unicode.Hiragana, unicode.Katakana):
			kana++
		case unicode.Is(unicode.Hangul, r):
			hangul++
		default:
			if l := byScript(r); l != "" {
				other++
				others = l
			}
		}
	}
	switch {
	case kana > 0 && kana*6 >= han && kana+han >= words:
		return "ja", true
	case hangul > 0 && hangul >= han && hangul >= words:
		return "ko", true
	case han > 0 && han >= words:
		return "zh", true
	case other > words:
		return others, true
	case words > 0:
		return byWords(text)
	}
	return "", false
}

func byScript(r rune) string {
	switch {
	case r < 0x370:
		return ""
	case unicode.Is(unicode.Cyrillic, r):
		return "ru"
	case unicode.Is(unicode.Arabic, r):
		return "ar"
	case unicode.Is(unicode.Thai, r):
		return "th"
	case unicode.Is(unicode.Hebrew, r):
		return "he"
	case unicode.Is(unicode.Greek, r):
		return "el"
	case unicode.Is(unicode.Devanagari, r):
		return "hi"
	}
	return ""
}

// byWords tells languages in Latin letters apart by words that others do not have.
func byWords(text string) (language string, sure bool) {
	fields := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) })
	best, language := 0, ""
	for _, l := range []struct{ language, words string }{
		{"en", " the is are what how can does my i you of to and for where when which with why who will if it do please there have from hello hi thanks "},
		{"es", " el los las qué cómo dónde cuándo está puedo mi por para con una del cuánto gracias hola "},
		{"fr", " le les est où quand comment je mon ma puis vous avec une des pour quel quelle est-ce combien merci bonjour "},
		{"de", " der die das ist wie wo wann kann ich mein meine und für mit ein eine nicht welche danke hallo "},
		{"pt", " os não como onde quando posso meu minha para com uma você quanto obrigado obrigada olá "},
		{"it", " il gli è come dove quando posso mio mia per con una quanto sono grazie ciao "},
	} {
		hits := 0
		for _, f := range fields {
			if strings.Contains(l.words, " "+f+" ") {
				hits++
			}
		}
		if hits > best {
			best, language = hits, l.language
		}
	}
	if best > 0 {
		return language, best > 1 || len(fields) <= 4
	}
	for _, r := range text {
		if r > unicode.MaxASCII && unicode.Is(unicode.Latin, r) {
			return "und", len(fields) > 2 // not English; the prompt says to use the question's own
		}
	}
	return "en", len(fields) > 4
}
