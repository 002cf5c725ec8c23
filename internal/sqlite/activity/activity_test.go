package activity_test

import (
	"testing"

	"github.com/parley-im/parley/internal/activity/storetest"
	"github.com/parley-im/parley/internal/sqlite/activity"
	"github.com/parley-im/parley/internal/sqlite/messages"
	"github.com/parley-im/parley/internal/sqlite/receipts"
	"github.com/parley-im/parley/internal/sqlite/sqlitetest"
)

func TestReader(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.House {
		db := sqlitetest.Open(t)
		return storetest.House{Ledger: messages.New(db), Memory: receipts.New(db, 0), Reader: activity.New(db)}
	})
}
