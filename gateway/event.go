package gateway

import "time"

// Event is something worth counting. It holds no ID and nothing people wrote.
type Event struct {
	What    What
	Channel string
	Detail  string        // see What
	Took    time.Duration // since the first message of the turn was stored, where that makes sense
}

// What happened.
type What string

const (
	EventReceived  What = "received"
	EventDuplicate What = "duplicate"
	EventRefused   What = "refused" // a message could not be stored and was not acknowledged
	EventTaken     What = "taken"
	EventMerged    What = "merged"     // a follow-up was read together with the question
	EventFirstText What = "first_text" // Took: until the platform confirmed it
	EventAnswered  What = "answered"   // the whole answer is stored
	EventPosted    What = "posted"
	EventEdited    What = "edited"
	EventFallback  What = "fallback" // Detail: one of the Fallback kinds
	EventRetry     What = "retry"    // a turn will be tried again later
	EventDone      What = "done"     // Detail: the reason
	EventDead      What = "dead"
	EventUp        What = "up"   // a channel connected
	EventDown      What = "down" // Detail: "broken", "deaf", "catch_up" or "panic"
	EventTyping    What = "typing_failed"
	EventHintLost  What = "hint_lost" // other processes could not be told at once; Channel is empty
)

// How an answer was brought to people when the plain way failed; Detail of EventFallback.
const (
	FallbackRateLimited = "rate_limited" // waited, as the platform asked
	FallbackPlain       = "plain"        // markup was refused, sent without
	FallbackRepost      = "repost"       // an edit was refused, posted anew
	FallbackUnsure      = "unsure"       // posted again without knowing whether it was there: may show twice
	FallbackSplit       = "split"        // too long, sent in parts
	FallbackRetry       = "retry"        // failed for a passing reason, tried again
)

func (g *Gateway) event(what What, channel, detail string, since time.Time) {
	e := Event{What: what, Channel: channel, Detail: detail}
	if !since.IsZero() {
		e.Took = time.Since(since)
	}
	g.Events(e)
}
