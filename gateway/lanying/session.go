package lanying

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/lanying/floo"
	"github.com/parley-im/parley/internal/fault"
)

// session is one connection, for the goroutine that reads it.
type session struct {
	*held
	conn    *floo.Conn
	who     account
	deliver gateway.Deliver
	asked   map[uint64]bool // conversations whose news are awaited; true: there is more by now
}

// take handles one frame of the server.
func (s *session) take(ctx context.Context, f floo.Frame) error {
	switch floo.Val(f.Command) {
	case floo.Provision:
		var p floo.Provisioning
		if err := floo.Decode(f.Payload, &p); err != nil {
			return malformed(err)
		}
		if err := s.passed(p.Status); err != nil {
			return fmt.Errorf("log in: %w", err)
		}
		me := p.XID
		if me == nil {
			me = floo.User(s.who.id)
		}
		s.line.set(s.conn, me)
		return s.conn.Send(floo.Pack(floo.Unread, nil))
	case floo.Unread:
		var u floo.UnreadDL
		if err := floo.Decode(f.Payload, &u); err != nil {
			return malformed(err)
		}
		if err := s.passed(u.Status); err != nil {
			return err
		}
		for _, x := range u.Unread {
			if floo.Val(x.N) == 0 || x.XID == nil {
				continue
			}
			if err := s.news(floo.Val(x.XID.UID)); err != nil {
				return err
			}
		}
	case floo.NoticeCmd:
		var n floo.Notice
		if err := floo.Decode(f.Payload, &n); err != nil {
			return malformed(err)
		}
		if n.XID != nil {
			return s.news(floo.Val(n.XID.UID))
		}
	case floo.Sync:
		return s.synced(ctx, f.Payload)
	}
	return nil
}

// synced delivers what a conversation brought, and then asks for more, which confirms it.
func (s *session) synced(ctx context.Context, payload []byte) error {
	var d floo.SyncDL
	if err := floo.Decode(payload, &d); err != nil {
		return malformed(err)
	}
	if floo.Val(d.ClientMID) != 0 { // about what was sent here: a sign of typing
		return nil
	}
	if err := s.passed(d.Status); err != nil {
		return err
	}
	for _, m := range d.Metas {
		if err := s.happened(ctx, m); err != nil {
			return err
		}
	}
	if d.XID == nil {
		return nil
	}
	with := floo.Val(d.XID.UID)
	if key := floo.Val(d.NextKey); key != 0 {
		return s.conn.Send(floo.Pack(floo.Sync, &floo.SyncUL{XID: floo.User(with), Key: new(key)}))
	}
	again := s.asked[with]
	delete(s.asked, with)
	if again {
		return s.news(with)
	}
	return nil
}

// news asks what is new in a conversation. While an answer is awaited it asks once more
// only afterwards, for otherwise the same would come twice.
func (s *session) news(with uint64) error {
	if _, waits := s.asked[with]; waits {
		s.asked[with] = true
		return nil
	}
	s.asked[with] = false
	return s.conn.Send(floo.Pack(floo.Sync, &floo.SyncUL{XID: floo.User(with)}))
}

var kinds = map[uint64]string{floo.Text: "TEXT", floo.Image: "IMAGE", floo.Audio: "AUDIO", floo.Video: "VIDEO", floo.File: "FILE"}

// happened handles one of the things that a conversation brought.
func (s *session) happened(ctx context.Context, m floo.Meta) error {
	switch floo.Val(m.NS) {
	case floo.NSMessage:
		var b floo.MessageBody
		if err := floo.Decode(m.Payload, &b); err != nil {
			s.log.Warn("a message cannot be read and is left out", "err", err)
			return nil // it would be in the way for ever
		}
		kind := floo.Val(b.Type)
		if kind != floo.Chat && kind != floo.GroupChat || m.From == nil || m.To == nil {
			return nil
		}
		x := said{
			id: floo.Val(m.ID), from: floo.Val(m.From.UID), to: floo.Val(m.To.UID), group: kind == floo.GroupChat, kind: kinds[floo.Val(b.CType)],
			content: floo.Val(b.Content), ext: floo.Val(b.Ext), config: floo.Val(b.Config), attached: floo.Val(b.Attachment),
		}
		if x.kind == "" {
			return nil
		}
		if t := floo.Val(m.Timestamp); t > 0 {
			x.at = time.UnixMilli(int64(t))
		}
		return s.hear(ctx, x, s.deliver)
	case floo.NSUserNotice:
		var n floo.UserNotice
		if err := floo.Decode(m.Payload, &n); err != nil {
			return malformed(err)
		}
		return s.noticed(n)
	case floo.NSRosterNotice:
		var n floo.RosterNotice
		if floo.Decode(m.Payload, &n) != nil || floo.Val(n.Type) != floo.RosterApplied || n.From == nil || s.set.Strict {
			return nil
		}
		if _, err := s.call(ctx, http.MethodPost, "/roster/accept?user_id="+id(floo.Val(n.From.UID)), nil); err != nil {
			s.log.Warn("accept a contact", "err", err)
		}
	}
	return nil
}

// noticed turns what is said of the account itself into an error, if it ends the connection.
func (s *session) noticed(n floo.UserNotice) error {
	switch floo.Val(n.Type) {
	case floo.PasswordChanged:
		s.forget(s.who)
		return credentials(errors.New("the password was changed"))
	case floo.Frozen, floo.Removed:
		return fault.Say(fault.Denied, "lanying_frozen", "The bot's user was frozen or removed in Lanying.")
	case floo.KickedBySame, floo.KickedByOther:
		return fault.Say(fault.Denied, "lanying_kicked", "Lanying ended the connection because the bot's user logged in elsewhere; only one program may use it.")
	}
	return nil
}

// passed turns a status into an error of a kind.
func (s *session) passed(st *floo.Status) error {
	if st == nil {
		return nil
	}
	cause := fmt.Errorf("status %d %q", floo.Val(st.Code), floo.Val(st.Reason))
	switch floo.Val(st.Code) {
	case 0, floo.OK:
		return nil
	case floo.InvalidToken, floo.Unauthorized: // the next login asks for another one
		s.forget(s.who)
		return credentials(cause)
	case floo.UserFrozen, floo.UserBanned:
		return fault.Say(fault.Denied, "lanying_frozen", "The bot's user was frozen or removed in Lanying.").Because(cause)
	case floo.TooManyDevices, floo.DeviceConflict:
		return fault.Say(fault.Denied, "lanying_devices", "The bot's user is logged in on too many devices in Lanying; remove some.").Because(cause)
	case floo.InvalidLicense, floo.LicenseLimit:
		return fault.Say(fault.Denied, "lanying_licence", "The licence of the Lanying server is invalid, has run out or is used up; its operator has to renew it.").Because(cause)
	case floo.AppFrozen:
		return fault.Say(fault.Denied, "lanying_app", "Lanying says that the app is frozen.").Because(cause)
	}
	return fmt.Errorf("%w: %w", fault.Unavailable, cause)
}

func malformed(err error) error {
	return fault.Say(fault.Unavailable, "lanying_malformed", "The Lanying server sent something that cannot be read; the connection was closed.").Because(err)
}
