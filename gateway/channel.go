package gateway

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/parley-im/parley/internal/live"
)

// Channel joins one chat platform (one bot account on it) to the Gateway.
// A Channel that is also an http.Handler is mounted at /channels/NAME/.
type Channel interface {
	// Listen calls deliver for each message until ctx ends or the connection
	// breaks, and returns why. It does not reconnect: the Gateway does, with
	// backoff. The messages of one conversation are delivered in order; the
	// bot's own are not delivered. If deliver fails, the message must not be
	// acknowledged to the platform. Listen may be called again after it returned,
	// never twice at a time; with Profile.Once not even in two processes, but for a
	// moment after one of them was frozen.
	Listen(ctx context.Context, deliver Deliver) error
	// Post posts out once and returns the platform's ID for it. out.Key is the
	// same at every try of one reply part, so that a platform which can drop
	// duplicates does. Errors: fault.Unavailable (try again; see RetryAfter),
	// fault.Invalid (this text is refused), fault.Denied or fault.NotFound (never
	// possible in this conversation).
	Post(ctx context.Context, out Outgoing) (id string, err error)
}

// Deliver hands a message to the Gateway. When it returns nil the message is
// durable and may be acknowledged. A redelivery also returns nil.
type Deliver func(ctx context.Context, m Message) error

// Optional abilities, found by type assertion.

// Profiler tells what the platform can show. Without it DefaultProfile holds.
type Profiler interface{ Profile() Profile }

// Editor can replace the text of a post. Final text and growing text both come
// this way; an Edit may be repeated with the same text.
type Editor interface {
	Edit(ctx context.Context, id string, out Outgoing) error
}

// Typer shows that the bot is busy. It is called at once when a question is
// taken and again every few seconds until text is visible. Errors are only counted.
type Typer interface {
	Typing(ctx context.Context, c Conversation) error
}

// Finder looks for a post that carries key: was it posted before a crash?
// It returns "" and no error when there is none.
type Finder interface {
	Find(ctx context.Context, c Conversation, key string) (id string, err error)
}

// Catcher reads what was said while the Gateway was away. It is called before each
// Listen and once a minute beside it, with the cursor of the last call that went
// well ("" at first). What is delivered twice does no harm.
type Catcher interface {
	Since(ctx context.Context, cursor string, deliver Deliver) (next string, err error)
}

// Format is what text a platform shows.
type Format string

const (
	Markdown Format = "markdown" // CommonMark with tables, made safe
	Plain    Format = "plain"
)

// Profile is what a platform can do with a post.
type Profile struct {
	Format  Format
	MaxText int           // most runes in one post; 0: no limit
	Pace    time.Duration // least time between two edits of one conversation; ignored without Editor
	Dedupes bool          // a second Post with the same Key is dropped by the platform, and answers with the first one's ID
	Sources bool          // shows Outgoing.Sources itself; else the Gateway writes them under the text
	Once    bool          // a connection of which there may be one: of several processes that share a Ledger only one calls Listen, and another takes over
	Bound   bool          // with Once: Post and the like work only where Listen runs, so turns are worked on there
	Silence time.Duration // for channels that hold a connection: with no Seen call for this long it is deaf and is restarted; 0: never
}

// DefaultProfile is plain text, 4,000 runes, an edit a second.
var DefaultProfile = Profile{Format: Plain, MaxText: 4000, Pace: time.Second}

// RetryAfter wraps an error with the time the platform asks to wait.
type RetryAfter struct {
	After time.Duration
	Err   error
}

func (e *RetryAfter) Error() string { return e.Err.Error() }
func (e *RetryAfter) Unwrap() error { return e.Err }

// Handler answers messages.
type Handler interface {
	// Handle answers m by writing Markdown to reply, as it becomes known. Writing
	// nothing means no answer. reply also has the methods of Reply, as an
	// http.ResponseWriter has those of http.Flusher. When ctx was cancelled with
	// cause ErrStopped, what was written stays and is final; the handler may still
	// write a short closing line. With cause ErrMerged the question is asked again
	// together with a follow-up, and nothing of this call counts. An error of kind
	// fault.Unavailable, or of none, is tried again a few times; then, and
	// at once for other kinds, the apology of an Apologizer is posted.
	Handle(ctx context.Context, m Message, reply io.Writer) error
}

// Apologizer says, in the sender's language, that no answer can be given.
type Apologizer interface {
	Apology(m Message, err error) string
}

// Stopper reports whether a text message asks to end the answer in progress.
type Stopper interface{ Stops(m Message) bool }

// Ignorer reports whether Handle would write nothing for m, whatever else was said, as
// for talk among people in a group. Such a message is done when it is received, unless
// something in its conversation waits for its turn. A Handler that is none is asked each time.
type Ignorer interface{ Ignores(m Message) bool }

// Reply is what the writer given to Handle can do beside Write.
type Reply interface {
	io.Writer
	// Cite sets the sources of the answer. label heads the list where the platform
	// shows them as text, in the reader's language.
	Cite(label string, sources []Source)
	// Notice marks what is written as a hint, not an answer.
	Notice()
}

// Setup is what a channel is opened with.
type Setup struct {
	Name      string                              // becomes Conversation.Channel
	Decode    func(into any) error                // the channel's own settings, strictly
	Client    *http.Client                        // for outgoing calls; has time-outs
	Log       *slog.Logger                        // carries the channel's name
	Seen      func()                              // call on each frame or ping from the platform
	Rate      func(context.Context, Rating) error // hand a thumb to the Gateway
	Bus       live.Bus                            // to the same channel in other processes; nil: there are none
	PublicURL string                              // of this server, without a trailing slash; "" if unknown
	DataDir   string                              // for what the channel keeps in files
}

// Open makes a channel. It starts nothing and reaches nothing outside.
type Open func(Setup) (Channel, error)
