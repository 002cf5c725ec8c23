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
	{"internal/groupcommit", nil, nil},
	{"internal/config", nil, []string{"go.yaml.in/yaml/v4" /* the YAML organisation's stable line */}},
	{"internal/archtest", nil, nil},

	// the edge to chat platforms: knows neither the bot nor a driver nor a platform
	{"gateway", []string{"gateway/markup", "internal/live"}, nil},
	{"gateway/markup", nil, []string{"github.com/yuin/goldmark" /* Markdown is not parsed by hand */, "github.com/rivo/uniseg" /* never cut inside a character */}},
	{"gateway/channeltest", []string{"gateway"}, []string{"go.uber.org/goleak", "go.yaml.in/yaml/v4"}},
	{"gateway/ledgertest", []string{"gateway"}, []string{"github.com/google/go-cmp"}},
	{"gateway/leasetest", []string{"gateway"}, nil},
	{"gateway/webchat/growth", nil, nil},
	{"gateway/webchat/storetest", []string{"gateway", "gateway/webchat"}, []string{"github.com/google/go-cmp"}},
	{"gateway/webchat", []string{"gateway", "gateway/webchat/growth", "internal/live"}, []string{"github.com/gorilla/websocket", "golang.org/x/time", "github.com/google/uuid"}},
	{"gateway/webhook", []string{"gateway", "gateway/adapter"}, []string{"github.com/cenkalti/backoff/v5"}},
	{"gateway/adapter", []string{"gateway"}, nil},
	{"gateway/telegram", []string{"gateway", "gateway/adapter"}, nil},
	{"gateway/mattermost", []string{"gateway", "gateway/adapter"}, []string{"github.com/gorilla/websocket"}},
	{"gateway/slack", []string{"gateway", "gateway/adapter"}, []string{"github.com/gorilla/websocket", "github.com/slack-go/slack"}},
	{"gateway/lanying", []string{"gateway", "gateway/adapter", "gateway/lanying/floo"}, []string{"github.com/gorilla/websocket"}},
	{"gateway/lanying/floo", nil, []string{"github.com/gorilla/websocket", "google.golang.org/protobuf" /* its wire format only */}},
	{"gateway/lanying/lanyingtest", []string{"gateway/lanying/floo"}, []string{"github.com/gorilla/websocket"}},
	{"gateway/xmpp", []string{"gateway", "gateway/adapter", "gateway/xmpp/mam", "gateway/xmpp/stanza", "gateway/xmpp/stream"}, []string{"go.yaml.in/yaml/v4"}},
	{"gateway/xmpp/mam", []string{"gateway/xmpp/stanza"}, nil},
	{"gateway/xmpp/scram", nil, []string{"golang.org/x/text" /* passwords, RFC 8265 */}},
	{"gateway/xmpp/stanza", nil, []string{"golang.org/x/net" /* domain names */}},
	{"gateway/xmpp/stream", []string{"gateway/xmpp/scram", "gateway/xmpp/stanza"}, []string{"github.com/gorilla/websocket"}},
	{"gateway/xmpp/xmpptest", []string{"gateway/xmpp/mam", "gateway/xmpp/stanza", "gateway/xmpp/stream"}, []string{"github.com/google/uuid"}},

	// the conversation: testable in memory, so no driver and no net/http
	{"bot", []string{"bot/citation", "bot/language", "gateway", "knowledge", "prompts"}, []string{"github.com/tiktoken-go/tokenizer" /* token counts */}},
	{"bot/memorytest", []string{"bot", "knowledge"}, []string{"github.com/google/go-cmp"}},
	{"bot/citation", nil, nil},
	{"bot/language", nil, nil},
	{"prompts", nil, nil},
	{"prompts/storetest", []string{"prompts"}, []string{"github.com/google/go-cmp"}},

	// knowledge: from files to passages; what does one step knows nothing of the others
	{"knowledge", []string{"knowledge/chunk", "knowledge/extract", "knowledge/relevance", "knowledge/words"}, []string{"github.com/google/uuid", "golang.org/x/sync"}},
	{"knowledge/chunk", []string{"knowledge/extract"}, []string{"github.com/rivo/uniseg"}},
	{"knowledge/disk", []string{"knowledge"}, nil},
	{"knowledge/filestest", []string{"knowledge"}, nil},
	{"knowledge/evalset", []string{"knowledge", "knowledge/extract", "knowledge/relevance"}, nil},
	{"knowledge/relevance", []string{"knowledge/words"}, nil},
	{"knowledge/storetest", []string{"knowledge", "knowledge/disk", "knowledge/extract", "knowledge/tokens", "knowledge/words"}, nil},
	{"knowledge/tokens", nil, []string{"github.com/kljensen/snowball" /* English stems */, "golang.org/x/text"}},
	{"knowledge/tokens/gen", nil, nil},
	{"knowledge/words", []string{"knowledge/tokens"}, nil},
	{"knowledge/extract", []string{"knowledge/extract/archive", "knowledge/extract/charset", "knowledge/extract/content", "knowledge/extract/markup", "knowledge/extract/office", "knowledge/extract/pdf"},
		[]string{"github.com/gabriel-vasile/mimetype" /* types by content */}},
	{"knowledge/extract/archive", []string{"knowledge/extract/content"}, []string{"golang.org/x/text"}},
	{"knowledge/extract/charset", []string{"knowledge/extract/content"}, []string{"github.com/wlynxg/chardet", "golang.org/x/text"}},
	{"knowledge/extract/content", nil, []string{"golang.org/x/text"}},
	{"knowledge/extract/markup", []string{"knowledge/extract/content"}, []string{"github.com/yuin/goldmark", "golang.org/x/net" /* HTML */}},
	{"knowledge/extract/office", []string{"knowledge/extract/archive", "knowledge/extract/content"}, []string{"github.com/xuri/excelize/v2"}},
	{"knowledge/extract/pdf", []string{"knowledge/extract/content"}, []string{"github.com/klippa-app/go-pdfium" /* PDFium in WebAssembly */, "github.com/tetratelabs/wazero"}},

	// language models
	{"internal/llm", []string{"bot", "internal/llm/openai", "knowledge"}, []string{"github.com/sony/gobreaker/v2", "github.com/rivo/uniseg", "golang.org/x/text"}},
	{"internal/llm/openai", []string{"bot", "knowledge"}, []string{"github.com/sashabaranov/go-openai", "github.com/cenkalti/backoff/v5"}},
	{"internal/llm/llmtest", nil, nil},
	{"internal/llm/embedcache", []string{"internal/cache", "knowledge"}, nil},
	{"internal/llm/answercache", []string{"internal/cache", "bot"}, nil},

	// drivers: each store of its own package, one for each package whose interface it implements
	{"internal/sqlite", nil, []string{"github.com/pressly/goose/v3" /* migrations */, "modernc.org/sqlite" /* SQLite without cgo */}},
	{"internal/sqlite/sqlitetest", []string{"internal/sqlite"}, nil},
	{"internal/sqlite/messages", []string{"internal/sqlite", "internal/groupcommit", "gateway"}, []string{"github.com/google/uuid"}},
	{"internal/sqlite/webchats", []string{"internal/sqlite", "gateway/webchat"}, nil},
	{"internal/sqlite/receipts", []string{"internal/sqlite", "bot"}, nil},
	{"internal/sqlite/promptversions", []string{"internal/sqlite", "prompts"}, nil},
	{"internal/sqlite/library", []string{"internal/sqlite", "internal/sqlite/library/wordindex", "knowledge", "knowledge/tokens", "knowledge/words"}, nil},
	{"internal/sqlite/library/wordindex", []string{"internal/sqlite", "knowledge/words"}, nil},
	{"internal/sqlite/accounts", []string{"internal/sqlite", "internal/auth"}, []string{"github.com/alexedwards/scs/v2"}},
	{"internal/sqlite/activity", []string{"internal/sqlite", "internal/activity", "gateway"}, nil},

	{"internal/postgres", nil, []string{"github.com/jackc/pgx/v5", "github.com/pgvector/pgvector-go", "github.com/pressly/goose/v3"}},
	{"internal/postgres/postgrestest", []string{"internal/postgres", "internal/testservice"}, []string{"github.com/jackc/pgx/v5"}},
	{"internal/postgres/messages", []string{"internal/postgres", "internal/groupcommit", "gateway"}, []string{"github.com/jackc/pgx/v5", "github.com/google/uuid"}},
	{"internal/postgres/leases", []string{"internal/postgres", "gateway"}, []string{"github.com/jackc/pgx/v5"}},
	{"internal/postgres/notify", []string{"internal/postgres", "internal/live"}, []string{"github.com/jackc/pgx/v5"}},
	{"internal/postgres/webchats", []string{"internal/postgres", "gateway/webchat"}, []string{"github.com/jackc/pgx/v5"}},
	{"internal/postgres/receipts", []string{"internal/postgres", "bot"}, []string{"github.com/jackc/pgx/v5"}},
	{"internal/postgres/promptversions", []string{"internal/postgres", "prompts"}, []string{"github.com/jackc/pgx/v5"}},
	{"internal/postgres/accounts", []string{"internal/postgres", "internal/auth"}, []string{"github.com/jackc/pgx/v5", "github.com/alexedwards/scs/v2"}},
	{"internal/postgres/activity", []string{"internal/postgres", "internal/activity", "gateway"}, []string{"github.com/jackc/pgx/v5"}},
	{"internal/postgres/files", []string{"internal/postgres", "knowledge"}, []string{"github.com/jackc/pgx/v5"}},
	{"internal/postgres/library", []string{"internal/postgres", "internal/postgres/library/wordindex", "knowledge", "knowledge/tokens", "knowledge/words"}, []string{"github.com/jackc/pgx/v5", "github.com/pgvector/pgvector-go"}},
	{"internal/postgres/library/wordindex", []string{"internal/postgres", "knowledge/words"}, []string{"github.com/jackc/pgx/v5"}},

	// between replicas: hints, limits and caches, none of which has to last
	{"internal/live", nil, nil},
	{"internal/live/livetest", []string{"internal/live"}, nil},
	{"internal/ratelimit", nil, []string{"golang.org/x/time"}},
	{"internal/ratelimit/ratelimittest", []string{"internal/ratelimit"}, nil},
	{"internal/cache", nil, nil},
	{"internal/cache/cachetest", []string{"internal/cache"}, nil},
	{"internal/redis", nil, []string{"github.com/redis/go-redis/v9", "github.com/sony/gobreaker/v2"}},
	{"internal/redis/live", []string{"internal/redis", "internal/live"}, []string{"github.com/redis/go-redis/v9"}},
	{"internal/redis/ratelimit", []string{"internal/redis", "internal/ratelimit"}, []string{"github.com/redis/go-redis/v9"}},
	{"internal/redis/cache", []string{"internal/redis", "internal/cache"}, []string{"github.com/redis/go-redis/v9"}},

	// care for an installation
	{"internal/backup", nil, []string{"go.yaml.in/yaml/v4"}},
	{"internal/backup/folder", []string{"internal/backup", "internal/diskspace", "internal/sqlite"}, []string{"modernc.org/sqlite" /* its online copy */}},
	{"internal/backup/server", []string{"internal/backup", "internal/postgres"}, []string{"github.com/jackc/pgx/v5"}},
	{"internal/diskspace", nil, nil},
	{"internal/doctor", []string{"internal/diskspace", "internal/postgres", "internal/redis"}, []string{"github.com/jackc/pgx/v5"}},

	// the web server: people, what they may do, and what they look at
	{"internal/auth/storetest", []string{"internal/auth"}, []string{"github.com/alexedwards/scs/v2", "github.com/google/go-cmp"}},
	{"internal/activity/storetest", []string{"bot", "gateway", "internal/activity"}, []string{"github.com/google/go-cmp"}},
	{"internal/auth", []string{"internal/ratelimit"}, []string{"github.com/alexedwards/argon2id", "github.com/alexedwards/scs/v2" /* sessions */, "github.com/google/uuid", "golang.org/x/time"}},
	{"internal/activity", []string{"gateway"}, nil},
	{"internal/telemetry", []string{"bot", "gateway"}, []string{"github.com/prometheus/client_golang"}},
	{"internal/web", []string{"internal/web/api", "internal/web/problem"}, []string{"github.com/google/uuid", "golang.org/x/text"}},
	{"internal/web/problem", nil, nil},
	{"internal/web/endpoint", []string{"internal/auth", "internal/web/problem"}, []string{"github.com/danielgtaylor/huma/v2" /* OpenAPI from Go types */}},
	{"internal/web/library", []string{"internal/auth", "internal/web/endpoint", "internal/web/problem", "knowledge"}, []string{"github.com/danielgtaylor/huma/v2"}},
	{"internal/web/api", []string{"bot", "gateway", "internal/activity", "internal/auth", "internal/web/endpoint", "internal/web/library", "internal/web/problem", "knowledge", "prompts"},
		[]string{"github.com/danielgtaylor/huma/v2"}},

	// tools for tests and measurements: they meet the program from outside
	{"internal/bench", nil, nil},
	{"internal/bench/rig", []string{"internal/llm/llmtest", "internal/sqlite"}, []string{"github.com/jackc/pgx/v5"}},
	{"internal/bench/proxy", nil, nil},
	{"internal/bench/im", nil, nil},
	{"internal/bench/chat", nil, []string{"github.com/google/uuid", "github.com/gorilla/websocket"}},
	{"internal/bench/delivery", []string{"internal/bench/chat", "internal/bench/im", "internal/bench/proxy", "internal/bench/rig"}, []string{"github.com/google/uuid", "golang.org/x/sync"}},
	{"internal/bench/ingest", []string{"internal/bench/rig"}, []string{"golang.org/x/sync"}},
	{"internal/bench/speed", []string{"internal/bench/im", "internal/bench/rig"}, []string{"github.com/google/uuid", "github.com/gorilla/websocket"}},
	{"internal/bench/xmpp", []string{"gateway/xmpp/stanza", "gateway/xmpp/xmpptest", "internal/bench/proxy", "internal/bench/rig", "internal/testservice"}, []string{"github.com/google/uuid", "golang.org/x/sync"}},
	{"internal/bench/retrieval", []string{"internal/bench/rig", "knowledge", "knowledge/disk", "knowledge/extract"}, nil},
	{"internal/testservice", nil, nil},
	{"internal/redistest", []string{"internal/testservice"}, nil},
	{"internal/failpoint", []string{"gateway"}, nil},

	// the program joins all of it
	{"cmd/demo-xmpp", []string{"internal/testservice"}, []string{"golang.org/x/sync"}},
	{"cmd/parley", []string{"bot/...", "gateway/...", "internal/...", "knowledge/...", "prompts/...", "bot", "gateway", "knowledge", "prompts"},
		[]string{"github.com/alecthomas/kong" /* the command line */, "golang.org/x/sync", "github.com/alexedwards/scs/v2", "github.com/jackc/pgx/v5"}},
}
