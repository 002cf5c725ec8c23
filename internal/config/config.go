// Package config reads config.yaml into one typed struct, strictly: an unknown
// key, a wrong type, a missing ${VARIABLE} and a value out of range are problems,
// all of them are reported together with their lines, and the program does not
// start. A channel's own settings stay a YAML node here; the channel's package
// decodes them, as strictly, through Channel.Decode.
//
// Nothing else in the program reads the environment or the file again.
package config

import (
	"time"

	"go.yaml.in/yaml/v4"
)

// Config is the whole of config.yaml.
type Config struct {
	Listen    string             `yaml:"listen"`
	PublicURL string             `yaml:"public_url"`
	Proxies   []string           `yaml:"trusted_proxies"` // addresses or networks; see TrustedProxies
	Data      string             `yaml:"data"`
	Database  Secret             `yaml:"database"` // postgres:// address; "": SQLite in Data
	Redis     Secret             `yaml:"redis"`    // redis:// address; "": none
	Replica   string             `yaml:"replica"`  // name of this process among those that share a database; "": made up
	Log       Log                `yaml:"log"`
	Assistant Assistant          `yaml:"assistant"`
	Models    []Model            `yaml:"models"`
	Embedder  *Embedder          `yaml:"embedder,omitempty"`
	Former    *Embedder          `yaml:"former_embedder,omitempty"` // answers until the vectors of the new one are complete
	Answers   Answers            `yaml:"answers"`
	Uploads   Uploads            `yaml:"uploads"`
	Gateway   Gateway            `yaml:"gateway"`
	Channels  map[string]Channel `yaml:"channels"`
}

// Log says what is written to standard error.
type Log struct {
	Level   string `yaml:"level"`   // debug, info, warn, error
	Content bool   `yaml:"content"` // at debug, also what people wrote and what models were asked
}

// Assistant is the bot as people meet it.
type Assistant struct {
	Name        string            `yaml:"name"`
	Collections []string          `yaml:"collections"` // names; what every channel asks unless it names its own
	Labels      []string          `yaml:"labels"`
	NextStep    map[string]string `yaml:"next_step"` // by language: offered when the answer is not known
}

// Model is one OpenAI-compatible endpoint; the first is asked first, the others are fallbacks.
type Model struct {
	Name        string            `yaml:"name"`
	BaseURL     string            `yaml:"base_url"`
	APIKey      Secret            `yaml:"api_key"`
	Model       string            `yaml:"model"`
	API         string            `yaml:"api"`         // "openai" (default) or "azure"
	APIVersion  string            `yaml:"api_version"` // azure only
	Temperature *float64          `yaml:"temperature,omitempty"`
	MaxTokens   int               `yaml:"max_tokens"`   // of one answer
	Context     int               `yaml:"context"`      // tokens the model can read
	ExtraBody   map[string]any    `yaml:"extra_body"`   // merged into the request as it is
	NoUsage     bool              `yaml:"no_usage"`     // the server refuses stream_options
	ThinksAloud bool              `yaml:"thinks_aloud"` // answers begin inside a <think> block whose opening mark the server keeps
	Headers     map[string]string `yaml:"headers"`      // sent with each request
	Connect     time.Duration     `yaml:"connect"`      // most time to connect
	FirstToken  time.Duration     `yaml:"first_token"`  // most time to the first piece
	Stall       time.Duration     `yaml:"stall"`        // most time between two pieces
	Total       time.Duration     `yaml:"total"`        // most time for a whole answer
}

// Embedder is an OpenAI-compatible embeddings endpoint.
type Embedder struct {
	BaseURL    string        `yaml:"base_url"`
	APIKey     Secret        `yaml:"api_key"`
	Model      string        `yaml:"model"`
	API        string        `yaml:"api"`
	APIVersion string        `yaml:"api_version"`
	Dimensions int           `yaml:"dimensions"` // asked for; 0: the model's own
	Batch      int           `yaml:"batch"`      // texts in one call
	Timeout    time.Duration `yaml:"timeout"`
}

// Answers sets how questions are answered.
type Answers struct {
	KnownAt       float64       `yaml:"known_at"`       // relevance from which something counts as found, 0 to 1
	AskAnyway     bool          `yaml:"ask_anyway"`     // ask the model even when nothing relevant was found
	Extractive    bool          `yaml:"extractive"`     // quote passages when every model is down
	Passages      int           `yaml:"passages"`       // most passages in one prompt
	HistoryTokens int           `yaml:"history_tokens"` // of earlier turns in one prompt
	Cache         time.Duration `yaml:"cache"`          // how long an answer is used again for the same question; 0: never
	SessionIdle   time.Duration `yaml:"session_idle"`   // after this much silence a conversation starts afresh
}

// Uploads bounds what staff may add.
type Uploads struct {
	MaxSize     Size          `yaml:"max_size"`
	ParseTime   time.Duration `yaml:"parse_time"`
	ParseMemory Size          `yaml:"parse_memory"`
	Workers     int           `yaml:"workers"` // files read at a time
}

// Gateway sets how messages are taken and answered.
type Gateway struct {
	MergeWindow   time.Duration `yaml:"merge_window"`   // follow-ups within it are read as one question
	StaleAfter    time.Duration `yaml:"stale_after"`    // older messages get no answer
	AnswerTimeout time.Duration `yaml:"answer_timeout"` // most time for one try at an answer
	Workers       int           `yaml:"workers"`        // answers in progress at a time
	MaxCrashes    int           `yaml:"max_crashes"`    // tries of one answer that ended with the whole process
}

// Channel is one entry under channels: what the gateway needs, and the rest for the adapter.
type Channel struct {
	Kind        string   // the adapter
	Collections []string // names; none: the assistant's
	Labels      []string
	Prompts     string    // prefix of the prompts that are this channel's own
	Groups      string    // when the bot speaks among several people: mention, always or never; "": mention
	Allow, Deny []string  // whom it answers and whom not: IDs of people, or patterns
	Rest        yaml.Node // a mapping with the adapter's own keys
}

// Default is what holds where config.yaml says nothing.
func Default() Config {
	return Config{
		Listen:  "127.0.0.1:8080",
		Proxies: []string{"127.0.0.1", "::1"},
		Data:    "data",
		Log:     Log{Level: "info"},
		Assistant: Assistant{
			Name:        "Parley",
			Collections: []string{"help"},
		},
		Answers: Answers{KnownAt: 0.5, Extractive: true, Passages: 6, HistoryTokens: 1500, SessionIdle: 30 * time.Minute},
		Uploads: Uploads{MaxSize: 100 << 20, ParseTime: time.Minute, ParseMemory: 768 << 20, Workers: 2},
		Gateway: Gateway{
			MergeWindow: 1500 * time.Millisecond, StaleAfter: 15 * time.Minute,
			AnswerTimeout: 5 * time.Minute, Workers: 64, MaxCrashes: 5,
		},
		Channels: map[string]Channel{"chat": {Kind: "webchat"}},
	}
}
