package webchats_test

import (
	"testing"

	"github.com/parley-im/parley/gateway/webchat"
	"github.com/parley-im/parley/gateway/webchat/storetest"
	"github.com/parley-im/parley/internal/sqlite/sqlitetest"
	"github.com/parley-im/parley/internal/sqlite/webchats"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) (one, other webchat.Store) {
		db := sqlitetest.Open(t)
		return webchats.New(db), webchats.New(sqlitetest.Again(t, db))
	})
}
