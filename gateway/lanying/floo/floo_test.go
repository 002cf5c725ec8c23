package floo

import (
	"bytes"
	"encoding/hex"
	"os"
	"reflect"
	"strings"
	"testing"
)

// payload is what a frame of this command holds, in the direction.
func payload(from string, command uint64) any {
	switch {
	case command == Provision:
		return &Provisioning{}
	case command == NoticeCmd:
		return &Notice{}
	case command == Sync && from == "C":
		return &SyncUL{}
	case command == Sync:
		return &SyncDL{}
	case from == "S":
		return &UnreadDL{}
	}
	return nil
}

// Every line that was seen on the wire is decoded down to the bodies and encoded to the
// same bytes again.
func TestVectors(t *testing.T) {
	data, err := os.ReadFile("testdata/vectors.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	if len(lines) != 16 {
		t.Errorf("%d vectors", len(lines))
	}
	for _, line := range lines {
		name, text, _ := strings.Cut(line, "\t")
		want, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(name, err)
		}
		from := name[:1]
		if from == "C" { // those have the byte of Engine.IO in front
			if want[0] != message {
				t.Errorf("%s begins with %d", name, want[0])
			}
			want = want[1:]
		}
		var f Frame
		if err := Decode(want, &f); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p := payload(from, Val(f.Command)); p != nil {
			if err := Decode(f.Payload, p); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			inner(t, name, p)
			f.Payload = Encode(p)
		}
		if got := Encode(&f); !bytes.Equal(got, want) {
			t.Errorf("%s:\n got %x\nwant %x", name, got, want)
		}
	}
}

// inner decodes and encodes what is within the metas.
func inner(t *testing.T, name string, p any) {
	t.Helper()
	again := func(m *Meta) {
		var body MessageBody
		if err := Decode(m.Payload, &body); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := Encode(body); !bytes.Equal(got, m.Payload) {
			t.Errorf("%s: body\n got %x\nwant %x", name, got, m.Payload)
		}
	}
	switch p := p.(type) {
	case *SyncUL:
		if p.Meta != nil {
			again(p.Meta)
		}
	case *SyncDL:
		for i := range p.Metas {
			again(&p.Metas[i])
		}
	}
}

// What the lines mean, and that what is made here is what the vendor's client makes.
func TestMeaning(t *testing.T) {
	data, err := os.ReadFile("testdata/vectors.txt")
	if err != nil {
		t.Fatal(err)
	}
	vector := func(begins string) []byte {
		t.Helper()
		for line := range strings.Lines(string(data)) {
			if strings.HasPrefix(line, begins) {
				_, text, _ := strings.Cut(strings.TrimSpace(line), "\t")
				b, err := hex.DecodeString(text)
				if err != nil {
					t.Fatal(err)
				}
				return bytes.TrimPrefix(b, []byte{message})
			}
		}
		t.Fatalf("no vector %q", begins)
		return nil
	}
	const bot, peer, group = 6597439728320, 2199040544848, 2306414607729
	me := &XID{UID: new(uint64(bot)), DeviceSN: new(uint64(125171))}
	none := &Operation{Type: new(uint64(0)), MID: new(uint64(0))}
	all := func(id uint64) *XID { return &XID{UID: new(id), DeviceSN: new(uint64(0))} }
	send := func(id uint64, to *XID, body MessageBody) *SyncUL {
		return &SyncUL{Meta: &Meta{ID: new(id), From: me, To: to, Timestamp: new(id), NS: new(uint64(NSMessage)), Payload: Encode(body)}}
	}
	for begins, made := range map[string][]byte{
		"C Provision": Pack(Provision, &Provisioning{XID: &XID{UID: new(uint64(bot)), DeviceSN: new(uint64(1001877657))}, Token: new("TOK123"), OSType: new(uint64(6)),
			SDKVsn: new("2.0.0"), DeviceGUID: new("6597439728320_226847320"), DeviceInfo: new("Web")}),
		"C Unread":           Pack(Unread, nil),
		"C SyncUL peer\t":    Pack(Sync, &SyncUL{XID: User(peer)}),
		"C SyncUL peer, key": Pack(Sync, &SyncUL{XID: User(peer), Key: new(uint64(77))}),
	} {
		if want := vector(begins); !bytes.Equal(made, want) {
			t.Errorf("%s:\n got %x\nwant %x", begins, made, want)
		}
	}
	for begins, want := range map[string]*SyncUL{
		"C send 1:1": send(1795425493819, all(peer), MessageBody{Type: new(uint64(Chat)), Content: new("reply"), CType: new(uint64(Text)), Operation: none, Ext: new(`{"ai":{"role":"ai"}}`)}),
		"C typing":   send(1795425494719, all(peer), MessageBody{Type: new(uint64(Chat)), Content: new(""), CType: new(uint64(Text)), Operation: none, Ext: new(`{"input_status":"typing"}`), QoS: new(uint64(AtMostOnce))}),
	} {
		var f Frame
		got := &SyncUL{}
		if err := Decode(vector(begins), &f); err != nil {
			t.Fatal(err)
		}
		if err := Decode(f.Payload, got); err != nil {
			t.Fatal(err)
		}
		want.Meta.ID, want.Meta.Timestamp = got.Meta.ID, got.Meta.Timestamp
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %x\nwant %x", begins, Encode(got), Encode(want))
		}
	}
	var f Frame
	var down SyncDL
	if Decode(vector("S SyncDL two"), &f) != nil || Decode(f.Payload, &down) != nil || len(down.Metas) != 2 || Val(down.NextKey) != 77 {
		t.Fatalf("%+v", down)
	}
	var first, second MessageBody
	if Decode(down.Metas[0].Payload, &first) != nil || Decode(down.Metas[1].Payload, &second) != nil {
		t.Fatal("bodies")
	}
	if Val(down.Metas[0].ID) != 123456789012345678 || Val(first.Content) != "hello bot" || Val(first.Type) != Chat || Val(first.Ext) != `{"a":1}` ||
		Val(second.Content) != "@bot hi" || Val(second.Type) != GroupChat || Val(down.Metas[1].To.UID) != group || !strings.Contains(Val(second.Config), "mentionList") {
		t.Errorf("%+v\n%+v", first, second)
	}
}

func FuzzDecode(f *testing.F) {
	data, err := os.ReadFile("testdata/vectors.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		_, text, _ := strings.Cut(strings.TrimSpace(line), "\t")
		b, _ := hex.DecodeString(text)
		f.Add(bytes.TrimPrefix(b, []byte{message}))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, into := range []any{&Frame{}, &Provisioning{}, &UnreadDL{}, &SyncUL{}, &SyncDL{}, &Notice{}, &Meta{}, &MessageBody{}, &UserNotice{}, &RosterNotice{}} {
			if Decode(data, into) != nil {
				continue
			}
			again := reflect.New(reflect.TypeOf(into).Elem()).Interface()
			if err := Decode(Encode(into), again); err != nil || !reflect.DeepEqual(into, again) {
				t.Errorf("%x: %T is not the same after encoding: %v", data, into, err)
			}
		}
	})
}
