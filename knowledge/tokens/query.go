package tokens

import (
	"strings"
	"sync"
)

// Term is a Token of a question with its weight. Words that make a sentence a
// question or hold it together (what, 什么, the, 的) say little about what is
// looked for and weigh less, also where no passage uses them and they would
// pass for rare ones.
type Term struct {
	Token
	Weight float64 // 1, or less for function words
}

// lightWeight is what a function word counts against any other.
const lightWeight = 0.3

// Query returns the terms of a question, the same as Of, with weights.
func Query(text string) []Term {
	all := Of(text)
	light := lightPlaces(all)
	out := make([]Term, len(all))
	for i, t := range all {
		w := 1.0
		switch {
		case t.Kind == Pair && light[t.Pos] != light[t.Pos+1]:
			w = (1 + lightWeight) / 2
		case t.Kind != Whole && light[t.Pos]:
			w = lightWeight
		}
		out[i] = Term{t, w}
	}
	return out
}

// lightPlaces marks the places of function words; of the Chinese ones, which
// nothing sets apart, the longest that fits counts.
func lightPlaces(all []Token) []bool {
	var singles []Token
	for _, t := range all {
		if t.Kind == Word || t.Kind == Char {
			singles = append(singles, t)
		}
	}
	light := make([]bool, len(singles)+1)
	words := functionWords()
	for i := 0; i < len(singles); {
		if singles[i].Kind == Word {
			light[i] = words[singles[i].Text]
			i++
			continue
		}
		n := 0
		var b strings.Builder
		for j := i; j < len(singles) && j < i+longestFunction && singles[j].Kind == Char; j++ {
			b.WriteString(singles[j].Text)
			if words[b.String()] {
				n = j - i + 1
			}
		}
		for j := range n {
			light[i+j] = true
		}
		i += max(n, 1)
	}
	return light
}

const longestFunction = 4

var functionWords = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(functionText) {
		m[w] = true
		m[stem(w)] = true
	}
	return m
})

// functionText lists function words: closed classes only, so that the list fits
// any subject. Of single Chinese characters only those are here that seldom are
// part of another word.
const functionText = `
a an the of to in on at for from by with and or but nor is are was were be been being am do does did done doing
has have had having can could will would shall should may might must what which who whom whose when where why how
that this these those there here it its he him his she her hers they them their we us our you your i me my mine
not no if then than so as about into during through after before any some such only own same too very just also
many much please tell s t d ll m re ve
什么 甚么 为什么 怎么 怎么样 怎么办 怎样 如何 为何 何时 何地 何人 何种 何年 何者 何处 因何
哪 哪里 哪儿 哪个 哪些 哪位 哪一 哪一个 哪年 哪种 哪一种 哪一年 哪家 谁 谁的 啥 咋
多少 多久 多长 多大 多远 多高 多长时间 几个 几天 几年 几次 几岁 几点 多少钱 要多久
吗 呢 吧 啊 呀 嘛 么 的 了 着 是 是否 是不是 有没有 能不能 可不可以 会不会 可以 能否 可否 请 请问 一下
我 我们 你 你们 您 他 他们 她 她们 它 它们 这 这个 这些 那 那个 那些 自己
在 和 与 及 以及 或 或者 也 很 之 于 因为 所以 由于 而且 但是 如果 没有 应该 一个 一些 属于
`
