// Package gateway is the edge to the chat platforms, and the record of what was
// said and answered there. It is to chats what net/http is to requests: channels
// bring messages in, one Handler answers them, and everything between, which is
// where bots lose messages or answer twice, is the business of this package.
//
// # The parts
//
// A [Channel] joins one platform; it knows nothing but its platform's protocol. A
// [Ledger] is a database that keeps every message and how far its answer has come.
// A [Handler] writes Markdown. A [Gateway] made by [New] joins them: Run blocks
// until its context ends. What a channel shares with the Gateway is in message.go
// and channel.go, what a store shares with it in ledger.go; these three files are
// the contract, and the suites in channeltest and ledgertest hold everybody to it.
//
// # The life of one message
//
//  1. A channel's Listen (or, for pushed channels, [Inbox]) calls deliver. The
//     Ledger stores the message under its platform ID; only then does deliver return
//     and the channel acknowledge. A redelivery changes nothing, for ever. (receive.go)
//  2. One worker takes the conversation that waits longest, under a lease with a
//     fence, and with it the lowest unfinished turn: one message, or several of one
//     person that followed each other quickly. Other conversations go on meanwhile.
//     A turn that fails is given back with a pause and blocks only its own
//     conversation. (gateway.go, turn.go)
//  3. The Handler is asked, and the person sees a typing sign. A greeting or half a
//     sentence waits a moment for the rest; a whole question does not. What follows
//     before anything shows starts the Handler anew with both; a stop ends it, and
//     what was written stays. (ask.go, merge.go)
//  4. Where the platform can edit, the text is shown as it grows: the intent to post
//     is stored, the text is posted, its ID is stored, and edits follow at the
//     platform's pace, each with the newest text. This is decoration. (reply.go, post.go)
//  5. The whole answer is stored before the last post or edit, so that the model is
//     never asked twice for an answer that was complete. Then it is brought to
//     people, whatever it takes: later if there were too many calls, without markup
//     if that was refused, as a new post if the old one cannot be edited, in parts if
//     it is too long. (post.go, once.go; markup makes the text safe and cuts it)
//  6. The turn ends done or dead, with a reason a person can read. A dead turn has
//     told the person so, once, in their language.
//
// # After a crash
//
// The process may die between any two steps. The next one to take the turn finds
// it as it was left. Taken: the Handler is asked again, and a post that is there
// already is edited, not doubled. Answered or posting: the stored answer is
// brought on from where it stopped. A post that was intended but whose ID is not
// known may or may not be there: a [Finder] is asked; else, if the platform drops
// duplicates, it is posted again under the same key; else it is posted again and
// counted as "unsure", which is the one case where people may see an answer twice,
// at most once for each crash in just that moment. After five attempts that ended
// with the process itself, a turn is given up, because it may be what kills it.
//
// The boundaries are the methods of Ledger and Post, Edit and Find of a channel.
// A turn crosses them in this order, and crash_test.go dies before and after each:
//
//	Receive  Take  [Behind]  [Extend]  Intend  Post  Intend(ID)  Edit …  Settle
//	then for each part: Intend  [Find]  Post  Intend(ID, Done)  or  Edit  Intend(Done)
//	then Finish; or Release at any point; Renew beside it
//
// # Channels
//
// A channel that breaks is called again after a pause that doubles up to a minute;
// one that is silent for longer than its Profile allows is deaf and is cancelled;
// two Listens never run at a time. [Catcher] reads what was missed before each
// Listen and once a minute beside it; its cursor moves when all was stored. (link.go)
//
// # Many processes
//
// Any number of processes may share a Ledger; a message is received by any of them
// and answered by any. What keeps them apart is in the database, and what makes them
// quick is on the bus:
//
//   - A conversation has one owner, under a lease of [Config.Lease] that is renewed
//     three times as often. Who takes over raises its fence, and every write carries
//     the fence, so that an owner which was frozen or cut off writes nothing any more.
//     It posts nothing either: right before each call to a platform it looks at its own
//     clocks, and when the lease may have ended it asks the ledger first; a call that is
//     under way is ended when the lease is (hold.go). What is left is a process that is
//     stopped between this look and the moment the request leaves the machine, or while
//     the platform works on it. Then it is not known whether the post is there, as after
//     a crash at that moment, and it is found, dropped or counted in the same way.
//   - The one connection of a channel with Profile.Once has one owner too, under a lease
//     of [Leases]. Others stand by and ask each second. What a frozen owner still
//     delivers is received once, as any redelivery; its cursor may be moved back by it
//     at worst, and what is read twice does no harm. Who cannot connect lets others try.
//     (listener.go)
//   - So a dead or frozen process is replaced within the lease, a second to notice,
//     and the time of the call: under 7 s.
//   - A stop, a follow-up or a message for a process without a free worker is told to
//     all on the bus. Without it the ledger is asked: each second for turns, and at each
//     renewal for what came in behind the turn that is worked on. (hints.go, hold.go)
//   - A process that is stopped says so first (Ready), takes nothing new, finishes what
//     runs or releases it, gives its leases back, and tells the others. (dispatch.go)
//   - While versions are mixed, a turn of a channel that is not configured here is left
//     to a process that knows it, for as long as an answer would not be too old.
package gateway
