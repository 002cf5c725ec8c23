package lanying

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/adapter"
	"github.com/parley-im/parley/gateway/lanying/floo"
	"github.com/parley-im/parley/internal/fault"
)

const (
	heartbeat = 50 * time.Second
	sdkVsn    = "2.0.0"
	osWeb     = 6
)

// line is the connection as others than Listen use it.
type line struct {
	mu     sync.Mutex
	conn   *floo.Conn // nil while there is none
	me     *floo.XID
	device uint64 // as the server named it
}

func (l *line) set(conn *floo.Conn, me *floo.XID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conn, l.me = conn, me
	if me != nil && floo.Val(me.DeviceSN) != 0 {
		l.device = *me.DeviceSN
	}
}

func (l *line) get() (*floo.Conn, *floo.XID, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conn, l.me, l.device
}

// device is the number and the name under which the bot logs in: always the same, for
// each new one fills the list of devices.
func (h *held) device(who account) (sn uint64, guid string) {
	f := fnv.New32a()
	_, _ = f.Write([]byte(h.set.AppID + "/" + h.name))
	_, _, sn = h.line.get()
	if sn == 0 {
		sn = 999_999_999 + uint64(f.Sum32()%1_000_000)
	}
	return sn, id(who.id) + "_" + strconv.FormatUint(uint64(f.Sum32()%1_000_000_000), 10)
}

// Listen logs in and reads until ctx ends or the connection breaks.
func (h *held) Listen(ctx context.Context, deliver gateway.Deliver) error {
	who, err := h.login(ctx)
	if err != nil {
		return err
	}
	conn, err := floo.Dial(ctx, websocket.Dialer{Proxy: http.ProxyFromEnvironment, TLSClientConfig: h.tls}, who.socket)
	if err != nil {
		return fault.Say(fault.Unavailable, "lanying_socket", "The long connection to Lanying at %s cannot be opened.", who.socket).Because(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	var asking sync.WaitGroup
	defer asking.Wait()
	defer cancel()
	defer h.line.set(nil, nil)
	asking.Go(func() { h.pinging(ctx, conn) })
	sn, guid := h.device(who)
	s := &session{h, conn, who, adapter.Persistently(deliver), map[uint64]bool{}}
	err = conn.Send(floo.Pack(floo.Provision, &floo.Provisioning{
		XID: &floo.XID{UID: new(who.id), DeviceSN: new(sn)}, Token: new(who.token), OSType: new(uint64(osWeb)),
		SDKVsn: new(sdkVsn), DeviceGUID: new(guid), DeviceInfo: new("Web"),
	}))
	for err == nil {
		var f floo.Frame
		if f, err = conn.Receive(5*h.set.Ping/2, h.seen); err == nil {
			err = s.take(ctx, f)
		}
	}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, floo.ErrDeaf):
		return fmt.Errorf("%w: %w", errSilent, err)
	}
	return err
}

// pinging asks whether the server is there, and closes the connection when ctx ends.
func (h *held) pinging(ctx context.Context, conn *floo.Conn) {
	defer conn.Close()
	ping, beat := time.NewTicker(h.set.Ping), time.NewTicker(heartbeat)
	defer ping.Stop()
	defer beat.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-ping.C:
			err = conn.Ping()
		case <-beat.C:
			err = conn.Send(floo.Pack(floo.Unread, nil))
		}
		if err != nil {
			return // the reader notices
		}
	}
}

// Typing shows a person that the bot is writing, and marks what was asked as read. In
// groups there is no such sign.
func (h *held) Typing(ctx context.Context, conv gateway.Conversation) error {
	if err := h.markRead(ctx, conv); err != nil {
		return err
	}
	kind, to, err := target(conv)
	conn, me, _ := h.line.get()
	if err != nil || kind != 1 || conn == nil {
		return err // another process may hold the connection
	}
	now := uint64(time.Now().UnixMilli())
	body := floo.MessageBody{
		Type: new(uint64(floo.Chat)), Content: new(""), CType: new(uint64(floo.Text)), Operation: &floo.Operation{Type: new(uint64(0)), MID: new(uint64(0))},
		Ext: new(`{"input_status":"typing"}`), QoS: new(uint64(floo.AtMostOnce)),
	}
	return conn.Send(floo.Pack(floo.Sync, &floo.SyncUL{Meta: &floo.Meta{
		ID: new(now), From: me, To: &floo.XID{UID: new(to), DeviceSN: new(uint64(0))}, Timestamp: new(now), NS: new(uint64(floo.NSMessage)), Payload: floo.Encode(body),
	}}))
}
