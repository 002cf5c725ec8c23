package gateway

import "time"

// Conversation names where something is said. Its parts are opaque: only the
// channel that made them may read meaning into them.
type Conversation struct {
	Channel string `json:"channel"`          // name of the channel in config.yaml
	Chat    string `json:"chat"`             // room, group or direct chat
	Thread  string `json:"thread,omitempty"` // thread inside the chat, or ""
}

// Person is who said something.
type Person struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	Bot  bool   `json:"bot,omitempty"`
}

// Attachment is a file that came with a message.
type Attachment struct {
	Name string `json:"name"`
	Type string `json:"type,omitempty"` // MIME type as the platform tells it
	Size int64  `json:"size,omitempty"` // bytes, 0 if unknown
	URL  string `json:"url,omitempty"`
}

// Message is one message of a person, as facts only: whether it is answered is
// the Handler's business.
type Message struct {
	ID           string       `json:"id"` // unique in the channel; a redelivery repeats it
	Conversation Conversation `json:"conversation"`
	Sender       Person       `json:"sender"`
	Text         string       `json:"text"`                // plain text, the bot's mention removed
	Locale       string       `json:"locale,omitempty"`    // BCP 47 tag that the platform tells of the sender, or ""
	Direct       bool         `json:"direct,omitempty"`    // one-to-one with the bot
	Mentioned    bool         `json:"mentioned,omitempty"` // addressed by name, or a reply to the bot's own message
	Stop         bool         `json:"stop,omitempty"`      // the sender pressed stop: end the answer in progress; Text is ignored
	Attachments  []Attachment `json:"attachments,omitempty"`
	SentAt       time.Time    `json:"sent_at"`

	// Set by the Gateway; channels leave them empty.
	Alone    bool     `json:"alone,omitempty"` // a command or a stop: not read together with other messages
	Aside    bool     `json:"aside,omitempty"` // not for the Handler, see Ignorer
	ReplyKey string   `json:"-"`               // identifies the answer to be given; the same at every attempt
	Merged   []string `json:"-"`               // IDs of all messages that Text was joined from, oldest first; includes ID
	Attempt  int      `json:"-"`               // 1 for the first try at this answer
}

// Source is one numbered citation under an answer.
type Source struct {
	Number   int    `json:"number"` // as it stands in the text: [1]
	Title    string `json:"title"`
	Location string `json:"location,omitempty"` // heading path, page or sheet, for people
	URL      string `json:"url,omitempty"`      // where the reader may open it
	Excerpt  string `json:"excerpt,omitempty"`  // the passage that was used, plain text
}

// Outgoing is one part of an answer on its way to a platform.
type Outgoing struct {
	Conversation Conversation `json:"conversation"`
	Key          string       `json:"key"`         // the same at every try of one reply part
	InReplyTo    string       `json:"in_reply_to"` // ID of the message answered, or ""
	Text         string       `json:"text"`        // in the channel's Format, safe to show, within its MaxText
	Sources      []Source     `json:"sources,omitempty"`
	Final        bool         `json:"final"`            // this is the whole text of the part; false while it grows
	Notice       bool         `json:"notice,omitempty"` // an apology or a hint, not an answer
}

// Rating is a thumb for an answer. Value is +1, -1, or 0 to take it back.
type Rating struct {
	Conversation Conversation
	Post         string // the platform's ID of the bot's message
	Person       Person
	Value        int
	Reason       string
}
