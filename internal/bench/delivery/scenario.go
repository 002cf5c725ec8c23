package delivery

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parley-im/parley/internal/bench/im"
)

// Scenario is a way in which things go wrong while messages are answered.
type Scenario struct {
	Name     string
	What     string        // in one sentence
	Channels []string      // conversations go to these by turns: im, calm (the same, without faults), chat (the browser chat)
	Replicas int           // servers; more than one needs Postgres
	Every    time.Duration // the troubles come about this often, by turns
	Troubles []string
	Platform im.Faults // of the channel im
	Denied   bool      // one chat of im refuses every post
	Model    float64   // share of calls of the first model that go wrong, for each way
	Spare    float64   // the same of the second model, which is asked when the first fails
	Again    float64   // share of messages that are offered a second time
	Sockets  bool      // the browser chat is reached through the proxy
	Later    bool      // the platform's faults begin after a third of the messages
	Apology  bool      // an apology is an end of a message too
	Soak     bool      // memory, goroutines and descriptors are watched

	// What a run on a machine of its own must keep, beside that nothing is lost or doubled.
	MostCalls    float64       // model calls a message
	MostTakeover time.Duration // from a trouble to the answer of what waited then
	MostAdded    time.Duration // p99 above the median
}

// Scenarios returns all, in order. Shares and sizes are those of the promise; a
// run is scaled by its numbers of messages and conversations.
func Scenarios() []Scenario {
	all := im.Faults{Lossy: .03, Broken: .03, Busy: .03, Hang: .003}
	return []Scenario{
		{
			Name: "none", What: "nothing goes wrong: what the others are compared with",
			Channels: []string{"im"},
		},
		{
			Name: "R1", What: "kill -9 of a server every 2 s, at any moment",
			Channels: []string{"im"}, Every: 2 * time.Second, Troubles: []string{"kill"},
			Platform: im.Faults{Lossy: .02}, Again: .05, MostCalls: 1.10,
		},
		{
			Name: "R2", What: "death at one boundary of the ledger, for one kind of platform",
			Channels: []string{"im"},
		},
		{
			Name: "R3", What: "the database is stopped at once and started again every 20 s",
			Channels: []string{"im"}, Every: 20 * time.Second, Troubles: []string{"database restart"}, Again: .05,
		},
		{
			Name: "R4", What: "Redis is killed, emptied and frozen by turns",
			Channels: []string{"im", "chat"}, Replicas: 2, Every: 5 * time.Second, Troubles: []string{"redis kill", "redis flush", "redis freeze"}, Again: .05,
		},
		{
			Name: "R5", What: "the model goes wrong in ten ways, 5 % of its calls each; a second one is well",
			Channels: []string{"im"}, Model: .05,
		},
		{
			Name: "R5-both", What: "both models go wrong in ten ways, 5 % of their calls each: an apology may be the end",
			Channels: []string{"im"}, Model: .05, Spare: .05, Apology: true,
		},
		{
			Name: "R6", What: "sockets are closed, reset, half-open, slow, and say everything twice",
			Channels: []string{"chat"}, Every: time.Second, Sockets: true,
			Troubles: []string{"sockets cut", "sockets reset", "sockets freeze", "sockets slow", "sockets replay", "sockets refuse"},
		},
		{
			Name: "R7", What: "the platform answers 429, 500 after it posted, nothing for a while, 403 in one chat; another platform does not",
			Channels: []string{"im", "calm"}, Every: 10 * time.Second, Troubles: []string{"platform pause"},
			Platform: im.Faults{Lossy: .1, Broken: .1, Busy: .1, Hang: .01}, Denied: true, Later: true,
		},
		{
			Name: "R8", What: "a server is frozen for 20 s and goes on, by turns",
			Channels: []string{"im"}, Replicas: 2, Every: 25 * time.Second, Troubles: []string{"freeze"},
			Again: .05, MostTakeover: 7 * time.Second,
		},
		{
			Name: "R9", What: "rolling restart: a server is asked to stop, and started again, every 5 s",
			Channels: []string{"im"}, Replicas: 3, Every: 5 * time.Second, Troubles: []string{"restart"}, Again: .05, MostAdded: time.Second,
		},
		{
			Name: "R10", What: "soak: all faults but kills, at a tenth of their rates",
			Channels: []string{"im", "chat"}, Every: 5 * time.Second, Sockets: true, Soak: true, Apology: true,
			Troubles: []string{"sockets cut", "sockets reset", "sockets freeze", "sockets slow", "sockets replay"},
			Platform: im.Faults{Lossy: all.Lossy / 3, Broken: all.Broken / 3, Busy: all.Busy / 3, Hang: all.Hang / 3}, Model: .005, Again: .01,
		},
	}
}

// Named returns the scenario of a name.
func Named(name string) (Scenario, error) {
	var names []string
	for _, s := range Scenarios() {
		if strings.EqualFold(s.Name, name) {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Scenario{}, fmt.Errorf("scenario %q is none of %s", name, strings.Join(names, ", "))
}

// uses reports whether conversations of the scenario go to a channel.
func (s Scenario) uses(channel string) bool { return slices.Contains(s.Channels, channel) }

// troubled reports whether a kind of trouble belongs to the scenario.
func (s Scenario) troubled(prefix string) bool {
	return slices.ContainsFunc(s.Troubles, func(t string) bool { return strings.HasPrefix(t, prefix) })
}
