package openai

import "testing"

func TestThinking(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"none", "Hello <b>", "Hello <b>"},
		{"a block", "<think>why</think>\n\nHello", "Hello"},
		{"space before", " \n<think>why</think>Hello", "Hello"},
		{"two blocks", "<think>a</think><think>b</think>Hello", "Hello"},
		{"empty block", "<think></think>Hello", "Hello"},
		{"never closed", "<think>why and why", ""},
		{"almost a mark", "<thin ice", "<thin ice"},
		{"later marks are text", "The mark <think> opens it", "The mark <think> opens it"},
		{"marks inside", "<think>a < b </thin</think>ok", "ok"},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for size := 1; size <= len(c.in)+1; size++ { // however the text is cut up
				var f thinking
				got := ""
				for i := 0; i < len(c.in); i += size {
					got += f.add(c.in[i:min(len(c.in), i+size)])
				}
				got += f.rest()
				if got != c.want {
					t.Fatalf("in pieces of %d: got %q, want %q", size, got, c.want)
				}
			}
		})
	}
}
