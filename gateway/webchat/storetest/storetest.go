// Package storetest is the suite that every webchat.Store runs.
//
// entries.go tests what one chat holds, crowd.go what many writers do to it at
// once, through two handles of the same database: as two replicas would.
package storetest

import (
	"bytes"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway/webchat"
)

// Open returns two handles of one new database, as two processes have them.
type Open func(t *testing.T) (one, other webchat.Store)

// Run runs the suite.
func Run(t *testing.T, open Open) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, one, other webchat.Store)
	}{
		{"Entries", entries},
		{"WhatIsNotThere", notThere},
		{"TextIsKept", textKept},
		{"Chats", chats},
		{"ManyInOneChat", manyInOneChat},
		{"TheSameAtOnce", theSameAtOnce},
		{"ManyChats", manyChats},
		{"OneKey", oneKey},
		{"ChatsAtOnce", chatsAtOnce},
		{"RatingsAtOnce", ratingsAtOnce},
	} {
		t.Run(c.name, func(t *testing.T) {
			one, other := open(t)
			c.run(t, one, other)
		})
	}
	t.Run("AnotherInstallationHasAnotherKey", func(t *testing.T) {
		a, _ := open(t)
		b, _ := open(t)
		if bytes.Equal(key(t, a), key(t, b)) {
			t.Error("two installations have the same key")
		}
	})
}

var at = time.Date(2026, 11, 23, 20, 15, 0, 123456000, time.UTC)

func key(t *testing.T, s webchat.Store) []byte {
	t.Helper()
	k, err := s.Key(t.Context())
	if err != nil || len(k) != 32 || bytes.Equal(k, make([]byte, 32)) {
		t.Fatalf("key %x, %v", k, err)
	}
	return k
}
