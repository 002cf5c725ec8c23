package gateway

import (
	"context"
	"time"
)

// State is where a message or a turn stands in the ledger.
//
//	received → taken → answered → posting → done | dead
//
// Every row ends in done or dead.
type State string

const (
	Received State = "received" // durable, not yet looked at
	Taken    State = "taken"    // a worker holds the conversation and asks the Handler
	Answered State = "answered" // the whole answer is stored; the model is not asked again
	Posting  State = "posting"  // the intent to post is stored; the platform may have it
	Done     State = "done"     // answered, or rightly not answered (Reason says why)
	Dead     State = "dead"     // given up; Reason says why
)

// Turn is one or more messages of one person that are answered together.
// Fence rises each time the conversation changes hands; every write carries it,
// so that a worker which lost the lease cannot write (it gets fault.Conflict).
type Turn struct {
	ID           int64
	Conversation Conversation
	Messages     []Message // oldest first, at least one
	ReceivedAt   time.Time // when the first message was stored, by the clock of the process that took it
	State        State     // Taken, Answered or Posting when handed out
	ReplyKey     string    // UUID; begins the Key of each post
	Attempt      int       // times it was taken; counted before the work starts
	Released     int       // how many of the earlier attempts ended in Release; the others in a crash
	Fence        int64
	Answer       *Answer // set from Answered on
	Posts        []Post  // what was posted, or was about to be; by Part, then oldest first
}

// Answer is what the Handler gave.
type Answer struct {
	Text    string   `json:"text"` // Markdown as written by the Handler
	Label   string   `json:"label,omitempty"`
	Sources []Source `json:"sources,omitempty"`
	Notice  bool     `json:"notice,omitempty"`
	Stopped bool     `json:"stopped,omitempty"`
	Failed  string   `json:"failed,omitempty"` // Text is the apology; why, for people: the turn ends dead
}

// Post is one part of a reply on the platform. Key names it. The Key of part n is
// ReplyKey/n; a post that stands in for one which cannot be edited any more is
// ReplyKey/n.1, then .2, with the same Part.
type Post struct {
	Part int    // from 0
	Key  string // Outgoing.Key
	ID   string // the platform's ID, "" while it is not known whether it was posted
	Done bool   // shows its final text
}

// Outcome is how a turn ended.
type Outcome struct {
	State  State  // Done or Dead
	Reason string // for people: "answered", "not addressed", "stopped", "the model did not answer: …"
}

// Ledger is the record of what was received and what became of it. Each method
// is one transaction and is durable when it returns. Many processes may share one:
// whether a lease has ended is told by the clock of the database, never by theirs.
// A process may freeze in the middle of a method: the database must end such a
// transaction within some 3 s, or what it has locked is kept from who takes over.
type Ledger interface {
	// Receive stores m as received, with the next number of its conversation; as done if
	// it is Aside and nothing of its conversation waits or is worked on. It reports false,
	// and changes nothing, if the channel delivered this ID before, ever.
	Receive(ctx context.Context, m Message) (fresh bool, err error)
	// Take leases the conversation that waits longest and has work, to the owner for
	// the length of the lease, and returns its lowest unfinished turn; nil if there is
	// nothing to do. A turn that was begun before is handed out as it was left, with
	// Attempt raised. Else a new turn is made from the first waiting message and those
	// that follow it directly (see Follows), each received within Merge of the one
	// before it. A conversation whose turn waits for a later try (see Release) is
	// passed over.
	Take(ctx context.Context, o TakeOptions) (*Turn, error)
	// Extend adds messages that came in after the turn was taken, before anything
	// was shown, under the same rule as Take. It returns those added.
	Extend(ctx context.Context, t *Turn, merge time.Duration) ([]Message, error)
	// Behind returns the messages that wait behind the turn in its conversation, oldest
	// first, at most MaxMerged: a stop or a follow-up may be among them that another
	// process received. fault.Conflict: another worker has the conversation.
	Behind(ctx context.Context, t *Turn) ([]Message, error)
	// Renew makes the lease end that long from now. One that has ended is renewed too
	// as long as nobody took the turn. fault.Conflict: another worker has it.
	Renew(ctx context.Context, t *Turn, lease time.Duration) error
	// Intend stores that part is about to be posted (ID "") or now has ID, or shows
	// its final text (Done). The turn is Posting if it has an Answer, else stays Taken.
	Intend(ctx context.Context, t *Turn, p Post) error
	// Settle stores the whole answer: Taken becomes Answered.
	Settle(ctx context.Context, t *Turn, a Answer) error
	// Finish ends the turn and all its messages, and frees the conversation. Nothing
	// can be written to the turn after it, nor after Release: fault.Conflict.
	Finish(ctx context.Context, t *Turn, o Outcome) error
	// Release frees the conversation without ending the turn; it is not taken again
	// before that much time has passed.
	Release(ctx context.Context, t *Turn, after time.Duration) error
	// Cursor and SetCursor keep where a Catcher has read to.
	Cursor(ctx context.Context, channel string) (string, error)
	SetCursor(ctx context.Context, channel, cursor string) error
	// Rate stores a thumb for the answer whose post in the chat has the given platform ID;
	// one for each person, the last one counts. fault.NotFound if there is no such post.
	Rate(ctx context.Context, r Rating) error
	// Reclaim ends all leases, so that what a process left that is gone is taken at
	// once. Only for one that is certain to be the only one which uses the ledger.
	Reclaim(ctx context.Context) error
	// Waiting counts the messages that are neither done nor dead, by channel.
	Waiting(ctx context.Context) (map[string]int, error)
}

// TakeOptions says who takes, and under which rules.
type TakeOptions struct {
	Owner  string // for people who look into the database
	Lease  time.Duration
	Merge  time.Duration
	Except []string  // channels whose conversations are passed over
	Now    time.Time // in place of the database's clock; for tests
}
