package gateway

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxMerged is how many messages are read as one question at most.
const MaxMerged = 20

// Follows reports whether b, said directly after a and soon enough, is read
// together with it. Ledgers ask it in Take and Extend.
func Follows(a, b Message) bool {
	switch {
	case a.Sender.ID == "" || a.Sender.ID != b.Sender.ID:
		return false
	case a.Alone || b.Alone || a.Stop || b.Stop:
		return false
	case !a.Direct && b.Mentioned && !a.Mentioned:
		return false // talk to others, then to the bot
	}
	return true
}

// joined is what the Handler is asked: the turn's messages as one.
func joined(t *Turn) Message {
	m := t.Messages[0]
	texts := make([]string, 0, len(t.Messages))
	m.Attachments = nil
	for _, x := range t.Messages {
		if s := strings.TrimSpace(x.Text); s != "" || len(t.Messages) == 1 {
			texts = append(texts, x.Text)
		}
		m.Attachments = append(m.Attachments, x.Attachments...)
		m.Merged = append(m.Merged, x.ID)
		m.Mentioned = m.Mentioned || x.Mentioned
		m.ID, m.SentAt = x.ID, x.SentAt // the reply goes under the last one
	}
	m.Text = strings.Join(texts, "\n")
	m.ReplyKey, m.Attempt = t.ReplyKey, t.Attempt
	return m
}

// fragmentUnits is how long a text without any sign of a sentence must be to stand by
// itself; a Chinese character counts 1, a word of other scripts 2.
const fragmentUnits = 12

// Complete reports whether a text stands by itself, so that it is answered at once.
// A greeting, half a sentence or a few words are better read with what follows.
func Complete(text string) bool {
	text = strings.ToLower(strings.TrimSpace(text))
	bare := strings.TrimFunc(text, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSpace(r) || unicode.IsSymbol(r) })
	switch {
	case bare == "" || greetings[bare]:
		return false
	case strings.HasPrefix(text, "/"):
		return true
	}
	last, _ := utf8.DecodeLastRuneInString(text)
	switch {
	case strings.HasSuffix(text, "..") || strings.ContainsRune("…,，、:：;；-—(（", last):
		return false
	case strings.ContainsRune(".?!。？！~～)）\"”`", last):
		return true
	}
	units := 0
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' }) {
		if asking[word] {
			return true
		}
		wide := 0
		for _, r := range word {
			if r > 0x2E80 {
				wide++
			}
		}
		if wide > 0 {
			units += wide
		} else {
			units += 2
		}
	}
	return units >= fragmentUnits || askingHan.MatchString(text)
}

var greetings = words("hi hello hey hallo yo good\u00a0morning good\u00a0afternoon good\u00a0evening hi\u00a0there hello\u00a0there " +
	"excuse\u00a0me are\u00a0you\u00a0there anyone\u00a0there " +
	"你好 您好 你好啊 你好呀 hello啊 嗨 哈喽 哈啰 在吗 在么 在不在 在嗎 有人吗 有人嗎 请问 請問 请问一下 請問一下 打扰一下 早 早上好 上午好 下午好 晚上好")

var asking = words("what what's how how's when where why who whom whose which can could do does did is are was will would should may may have has")

var askingHan = regexp.MustCompile(`[吗嗎呢么]$|什么|什麼|甚麼|怎么|怎麼|怎样|怎樣|如何|多少|几[天个点号次]|幾[天個點號次]|哪|谁|誰|为何|為何|为啥|何时|何時|是否|能否|可否|可不可以|能不能|有没有|有沒有|是不是|要不要|会不会|會不會|多久|多长|多長|多大|行不行`)

// words is a set; a no-break space stands for a space within one of them.
func words(s string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(strings.ReplaceAll(s, "\u00a0", "_")) {
		set[strings.ReplaceAll(w, "_", " ")] = true
	}
	return set
}
