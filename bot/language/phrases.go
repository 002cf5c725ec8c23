package language

import (
	"strings"
	"unicode"
)

// Phrases are the sentences that the bot says by itself. There is one set for each
// language with prompts of its own; all other languages get English.
type Phrases struct {
	Help, Reset, NothingToStop, UnknownCommand string
	Gap                                        string // between two sentences
	Stopped                                    string // mark at the end of a stopped answer
	Sources                                    string // label over the list of sources
	LastSources, NoSources                     string
	Unknown, NextStep                          string
	Busy, Sorry                                string
	Files, FilesToo                            string
	Cut                                        string // with the number of characters read
	Hello, Thanks, Bye                         string // Hello with the assistant's name in place of %s
}

// PhrasesFor returns the set for a language.
func PhrasesFor(language string) Phrases {
	if Prompt(language) == "zh" {
		return Phrases{
			Help: "请直接提问，我会根据知识库回答，并注明来源。\n\n" +
				"- `/帮助` 显示这段说明\n- `/重置` 忘掉之前的对话，重新开始\n- `/停止` 停止正在输出的回答\n- `/来源` 列出上一个回答的来源",
			Reset:          "好的，之前的对话已清空。请问有什么可以帮您？",
			NothingToStop:  "现在没有正在输出的回答。",
			UnknownCommand: "没有这个命令。",
			Stopped:        "（已停止）",
			Sources:        "来源",
			LastSources:    "上一个回答的来源如下。",
			NoSources:      "上一个回答没有引用来源。",
			Unknown:        "知识库里没有找到与这个问题相关的内容，所以我不知道答案。",
			NextStep:       "您可以换一种说法再问，或者联系我们的工作人员。",
			Busy:           "抱歉，现在暂时无法回答。请稍等片刻再问一次。",
			Sorry:          "抱歉，这次没能给出回答。",
			Files:          "抱歉，这里还不能读取文件。请用文字描述您的问题。",
			FilesToo:       "（这里还不能读取文件，以上只回答了文字部分。）",
			Cut:            "（消息太长，只读取了前 %d 个字。）",
			Hello:          "您好，我是 %s。请问有什么可以帮您？",
			Thanks:         "不客气！还有其他问题随时问我。",
			Bye:            "再见！有问题随时来问。",
		}
	}
	return Phrases{
		Help: "Just ask. I answer from the knowledge base and name the sources.\n\n" +
			"- `/help` shows this\n- `/reset` forgets what was said and starts afresh\n- `/stop` ends the answer that is being written\n- `/sources` lists the sources of the last answer",
		Reset:          "Done: what was said before is forgotten. What can I help you with?",
		NothingToStop:  "No answer is being written right now.",
		UnknownCommand: "There is no such command.",
		Gap:            " ",
		Stopped:        "(stopped)",
		Sources:        "Sources",
		LastSources:    "These are the sources of the last answer.",
		NoSources:      "The last answer cites no sources.",
		Unknown:        "I do not know: nothing in the knowledge base bears on this question.",
		NextStep:       "You can ask again in other words, or contact our staff.",
		Busy:           "Sorry, I cannot answer right now. Please ask again in a moment.",
		Sorry:          "Sorry, I could not give an answer this time.",
		Files:          "Sorry, files cannot be read here yet. Please describe your question in words.",
		FilesToo:       "(Files cannot be read here yet; only the text was answered.)",
		Cut:            "(The message was long: only its first %d characters were read.)",
		Hello:          "Hello, I am %s. What can I help you with?",
		Thanks:         "You are welcome! Ask me whenever something else comes up.",
		Bye:            "Goodbye! Come back whenever you have a question.",
	}
}

const (
	helloWords = "|hi|hello|hey|hi there|hello there|good morning|good afternoon|good evening|greetings|你好|您好|你好呀|你好啊|嗨|哈喽|哈啰|嘿|早|早上好|上午好|中午好|下午好|晚上好|在吗|在么|有人吗|有人在吗|你好在吗|您好在吗|请问在吗|早安|您好请问|你好请问|哈囉|請問在嗎|在嗎|有人嗎|bonjour|hola|hallo|ciao|"
	thankWords = "|thanks|thank you|thx|ty|many thanks|thanks a lot|thank you very much|thank you so much|ok thanks|okay thanks|great thanks|ok thank you|got it thanks|perfect thanks|谢谢|谢谢你|谢谢您|多谢|感谢|非常感谢|谢啦|谢了|好的谢谢|好谢谢|明白了谢谢|知道了谢谢|太好了谢谢|謝謝|謝謝你|謝謝您|多謝|感謝|好的謝謝|明白了謝謝|merci|gracias|danke|"
	byeWords   = "|bye|goodbye|bye bye|see you|see you later|再见|拜拜|再會|再見|回头见|晚安|"
)

// SmallTalk answers what is not a question, or returns "". A mention with no text
// at all is a greeting.
func SmallTalk(text string, say Phrases, name string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })
	key := "|" + strings.Join(words, " ") + "|"
	if len(words) > 1 && strings.ContainsFunc(key, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		key = "|" + strings.Join(words, "") + "|"
	}
	switch {
	case strings.TrimSpace(text) == "" || strings.Contains(helloWords, key) && key != "||":
		return strings.Replace(say.Hello, "%s", name, 1)
	case strings.Contains(thankWords, key) && key != "||":
		return say.Thanks
	case strings.Contains(byeWords, key) && key != "||":
		return say.Bye
	}
	return ""
}

const (
	// A short question with one of these points back at what was said before.
	backEnglish = " it its that this those these they them there then one ones same instead too also "
	backStarts  = "and |what about|how about|what if|or |but |那|那么|还有|還有|如果|要是|它|这|這|为什么|為什麼|怎么办|怎麼辦|多久|多少"
	backChinese = "它,他们,它们,这个,那个,这些,那些,这种,那种,上面,前面,刚才,同样,這個,那個,這些,這種,那種,剛才,同樣"
)

// PointsBack reports whether a question seems to need what was said before it.
func PointsBack(question string) bool {
	q := strings.ToLower(strings.TrimSpace(question))
	if len([]rune(q)) > 60 {
		return false
	}
	for _, start := range strings.Split(backStarts, "|") {
		if strings.HasPrefix(q, start) {
			return true
		}
	}
	for _, word := range strings.Split(backChinese, ",") {
		if strings.Contains(q, word) {
			return true
		}
	}
	if strings.HasSuffix(strings.TrimRight(q, "？?。"), "呢") && len([]rune(q)) <= 16 {
		return true
	}
	for _, word := range strings.FieldsFunc(q, func(r rune) bool { return !unicode.IsLetter(r) }) {
		if strings.Contains(backEnglish, " "+word+" ") {
			return true
		}
	}
	return false
}

// Location says in a language where in a file something stands; text is as extraction
// writes it, "page 3" or "sheet Prices", and other words stay as they are.
func Location(language, text string) string {
	kind, name, ok := strings.Cut(text, " ")
	if !ok || Prompt(language) != "zh" {
		return text
	}
	switch kind {
	case "page":
		return "第 " + name + " 页"
	case "sheet":
		return "工作表 " + name
	}
	return text
}
