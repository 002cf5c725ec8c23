package gateway

import "time"

// What a channel is doing, for Health.State.
const (
	Connecting = "connecting" // Listen was called, no sign of life yet
	Connected  = "connected"  // the platform was heard, or the channel is pushed to
	Waiting    = "waiting"    // the connection broke; it is tried again after a pause
	Standby    = "standby"    // another process listens; this one takes over when that one is gone
	Stopped    = "stopped"    // not running
)

// Health is how one channel is doing. Zero times mean never.
type Health struct {
	Name        string    `json:"name"`
	Kind        string    `json:"kind"`
	State       string    `json:"state"`
	Since       time.Time `json:"since"`         // of State
	LastFrameAt time.Time `json:"last_frame_at"` // anything at all from the platform
	LastInAt    time.Time `json:"last_in_at"`    // a message of a person was stored
	LastOutAt   time.Time `json:"last_out_at"`   // the platform confirmed a post or an edit
	Restarts    int       `json:"restarts"`
	Waiting     int       `json:"waiting"` // messages that are neither done nor dead
	Error       string    `json:"error"`   // why the connection broke last, in a sentence for people; "" when connected
}
