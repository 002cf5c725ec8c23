// Package floo speaks the protocol of Lanying IM's web clients: Frames in protobuf
// (messages.go; codec.go writes and reads them), each of them one event of Socket.IO 2
// over Engine.IO 3 over a WebSocket (conn.go).
//
// Source: what the vendor's web SDK was seen to send and to take, byte by byte; the
// lines are in testdata/vectors.txt. The names are those of its fields.
package floo

// The commands of a Frame.
const (
	Unread    = 0 // UnreadDL is the answer; also the heartbeat
	Sync      = 1 // SyncUL asks, sends and confirms; SyncDL answers
	NoticeCmd = 2 // Notice: a conversation has news
	Provision = 3 // logs in
)

// Codes of a Status.
const (
	OK              = 1
	InvalidToken    = 7
	Unauthorized    = 9
	UserFrozen      = 10
	UserBanned      = 11
	WordCensored    = 12
	TooManyDevices  = 13
	DeviceConflict  = 15
	InvalidLicense  = 17
	LicenseLimit    = 18
	AppFrozen       = 19
	RateLimitExceed = 20
)

// Kinds of a Meta (its ns).
const (
	NSMessage      = 1
	NSGroupNotice  = 2
	NSRosterNotice = 3
	NSUserNotice   = 4
)

// Types of a MessageBody, of its content and of its operation.
const (
	Oper      = 1
	Chat      = 2
	GroupChat = 3

	Text    = 0
	Image   = 1
	Audio   = 2
	Video   = 3
	File    = 4
	Command = 6

	ReadAck = 1
	Append  = 8
	Replace = 9

	AtMostOnce = 1
)

// Types of a UserNotice and of a RosterNotice.
const (
	PasswordChanged = 1
	Frozen          = 2
	Removed         = 3
	KickedBySame    = 4
	KickedByOther   = 5
	RosterApplied   = 7
)

// Fields are pointers because a value that is 0 may be there or not. The number of a
// field is in its tag.

// Frame is the outermost.
type Frame struct {
	Vsn      *uint64 `pb:"1"`
	Compress *uint64 `pb:"2"`
	Command  *uint64 `pb:"3"`
	Payload  []byte  `pb:"4"`
	Encrypt  *uint64 `pb:"5"`
}

// XID names a user, one of its devices, or a group.
type XID struct {
	UID      *uint64 `pb:"1"`
	DeviceSN *uint64 `pb:"2"`
}

// Status says how it went.
type Status struct {
	Code   *uint64 `pb:"1"`
	Reason *string `pb:"2"`
}

// Provisioning logs in, and answers that.
type Provisioning struct {
	Status     *Status `pb:"1"`
	XID        *XID    `pb:"2"`
	Token      *string `pb:"6"`
	OSType     *uint64 `pb:"7"`
	SDKVsn     *string `pb:"8"`
	DeviceGUID *string `pb:"10"`
	DeviceInfo *string `pb:"13"`
}

// UnreadDL lists the conversations with something unread.
type UnreadDL struct {
	Status *Status       `pb:"1"`
	Unread []UnreadCount `pb:"2"`
}

// UnreadCount is how much is unread in one.
type UnreadCount struct {
	XID  *XID    `pb:"1"`
	N    *uint64 `pb:"2"`
	Type *uint64 `pb:"3"` // 1: chat, 2: group
}

// SyncUL asks for what is new in a conversation, or sends Meta. Asking with a Key
// confirms everything up to it.
type SyncUL struct {
	XID  *XID    `pb:"1"`
	Key  *uint64 `pb:"2"`
	Meta *Meta   `pb:"3"`
}

// SyncDL is the answer to both.
type SyncDL struct {
	Status     *Status `pb:"1"`
	Metas      []Meta  `pb:"2"`
	NextKey    *uint64 `pb:"3"` // 0 or none: that was all
	XID        *XID    `pb:"4"`
	ClientMID  *uint64 `pb:"5"`
	ServerMID  *uint64 `pb:"6"`
	ServerTime *uint64 `pb:"7"` // ms
}

// Notice says that a conversation has news.
type Notice struct {
	XID *XID `pb:"1"`
}

// Meta is one thing that happened. Payload is a MessageBody or one of the notices, as NS has it.
type Meta struct {
	ID        *uint64 `pb:"1"`
	From      *XID    `pb:"2"`
	To        *XID    `pb:"3"`
	Timestamp *uint64 `pb:"4"` // ms
	NS        *uint64 `pb:"5"`
	Payload   []byte  `pb:"6"`
}

// MessageBody is what somebody said.
type MessageBody struct {
	Type       *uint64    `pb:"1"`
	Content    *string    `pb:"4"`
	CType      *uint64    `pb:"5"`
	Operation  *Operation `pb:"6"`
	Config     *string    `pb:"7"`
	Attachment *string    `pb:"8"`
	Ext        *string    `pb:"9"`
	QoS        *uint64    `pb:"10"`
}

// Operation does something to a message.
type Operation struct {
	Type *uint64 `pb:"1"`
	MID  *uint64 `pb:"2"`
}

// UserNotice is about the account itself.
type UserNotice struct {
	Type    *uint64 `pb:"1"`
	Content *string `pb:"2"`
}

// RosterNotice is about its contacts.
type RosterNotice struct {
	Type *uint64 `pb:"1"`
	From *XID    `pb:"2"`
	To   *XID    `pb:"3"`
}

// Val is what p points to, or the zero value.
func Val[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// User names a user or a group as clients do when they ask.
func User(id uint64) *XID { return &XID{UID: new(id)} }

// Pack puts a message into a Frame as the vendor's client writes it. nil: no payload.
func Pack(command uint64, payload any) []byte {
	f := Frame{Vsn: new(uint64(0)), Compress: new(uint64(0)), Command: new(command)}
	if payload != nil {
		f.Payload = Encode(payload)
	}
	return Encode(f)
}
