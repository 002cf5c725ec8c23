// Package prompts keeps the texts that tell the model how to answer, in versions.
//
// A Prompt is plain text with variables such as {{.Question}}. Render puts the
// values of Vars in their places and does nothing else: there is no template
// language, so a text typed into the console can neither run code nor read
// anything but Vars. Check lists what is wrong with a text, with line and column.
//
// The defaults in the folder defaults are version 0 of each prompt and are always
// there. A Store adds saved versions on top; what it keeps them in is behind
// Versions, and every implementation of that runs package storetest. Activating an
// older version is rolling back, activating 0 goes back to the default. There is
// no cache: the next answer uses what was activated.
//
// A channel may have prompts of its own: "shop.answer-en" is the prompt
// "answer-en" for those that ask with the prefix "shop".
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
	Passages  string // numbered, between two marks: [1] title — heading\ntext
	History   string // the last turns, for the rewriting prompt
	Date      string // 2006-01-02
}
