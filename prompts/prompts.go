package prompts

import "time"

// Prompt is one version of a named prompt.
type Prompt struct {
	Name      string    `json:"name"`    // "answer-en", "answer-zh", "rewrite-en", "rewrite-zh"
	Version   int       `json:"version"` // from 1; 0 is the default that ships with the program
	Text      string    `json:"text"`
	Author    string    `json:"author"`
	Note      string    `json:"note"` // what was changed, and why
	Active    bool      `json:"active"`
	CreatedAt time.Time `json:"created_at"`
}

// Vars is what a prompt may use. The fields' names are the variables' names:
// {{.Question}}. There are no functions, no conditions and no loops.
type Vars struct {
	Assistant string // the bot's name
	Language  string // of the answer, by its own name: "English", "中文"
	Question  string
	Passages  string // numbered: [1] title — heading\ntext
	History   string // the last turns, for the rewriting prompt
	Date      string // 2006-01-02
}
