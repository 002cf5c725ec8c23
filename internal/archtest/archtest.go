// Package archtest holds the architecture as a table: which package may import
// which, third parties included. Its test reads the sources of the whole module and
// fails on an import that the table does not have, on a package without a package
// comment, on a file over 400 lines and on a name that says nothing. A new package
// is a new line in the table, so that the design is changed on purpose.
package archtest

// module is the path that all packages of this program begin with.
const module = "github.com/parley-im/parley"

// maxLines is the longest a source file may be, tests included.
const maxLines = 400

// vague are package names that attract everything.
var vague = []string{"util", "utils", "common", "helper", "helpers", "base", "types", "models", "model", "interfaces", "manager", "misc", "shared"}

// rule says what the packages that pattern names may import beside the standard
// library, internal/fault and packages below themselves. A pattern ends in /... for
// a whole tree; third-party modules are named by path, with the reason.
type rule struct {
	pattern string
	own     []string // packages of this module
	third   []string // modules
}

var rules = []rule{
	{"internal/fault", nil, nil},
	{"internal/config", nil, []string{"go.yaml.in/yaml/v4" /* the YAML organisation's stable line */}},
	{"internal/archtest", nil, nil},

	// the edge to chat platforms: knows neither the bot nor a driver nor a platform
	{"gateway", []string{"gateway/markup"}, []string{"github.com/google/uuid", "github.com/cenkalti/backoff/v5", "golang.org/x/sync"}},
	{"gateway/markup", nil, []string{"github.com/yuin/goldmark" /* Markdown is not parsed by hand */, "github.com/rivo/uniseg" /* never cut inside a character */}},
	{"gateway/channeltest", []string{"gateway"}, []string{"go.uber.org/goleak", "github.com/google/go-cmp"}},
	{"gateway/ledgertest", []string{"gateway"}, []string{"github.com/google/go-cmp"}},
	{"gateway/webchat", []string{"gateway"}, []string{"github.com/gorilla/websocket", "golang.org/x/time", "github.com/google/uuid"}},
	{"gateway/webhook", []string{"gateway"}, []string{"github.com/cenkalti/backoff/v5"}},

	// the conversation: testable in memory, so no driver and no net/http
	{"bot", []string{"gateway", "knowledge", "prompts"}, []string{"github.com/tiktoken-go/tokenizer" /* token counts */}},

	{"knowledge", []string{"knowledge/extract", "knowledge/tokens", "knowledge/bm25", "knowledge/chunk"}, []string{"github.com/google/uuid", "golang.org/x/sync", "github.com/rivo/uniseg", "golang.org/x/text"}},
	{"prompts", nil, nil},
	{"prompts/storetest", []string{"prompts"}, nil},

	// drivers: each store of its own package, one for each package whose interface it implements
	{"internal/sqlite", nil, []string{"github.com/pressly/goose/v3" /* migrations */, "modernc.org/sqlite" /* SQLite without cgo */}},
	{"internal/sqlite/sqlitetest", []string{"internal/sqlite"}, nil},
	{"internal/sqlite/messages", []string{"internal/sqlite", "gateway"}, []string{"github.com/google/uuid"}},
	{"internal/sqlite/webchats", []string{"internal/sqlite", "gateway", "gateway/webchat"}, nil},
	{"internal/sqlite/receipts", []string{"internal/sqlite", "bot"}, nil},
	{"internal/sqlite/promptversions", []string{"internal/sqlite", "prompts"}, nil},
	{"internal/sqlite/library", []string{"internal/sqlite", "knowledge"}, nil},
	{"internal/sqlite/accounts", []string{"internal/sqlite", "internal/auth"}, nil},
	{"internal/sqlite/activity", []string{"internal/sqlite", "internal/web"}, nil},
}
