package activity_test

import (
	"testing"

	"github.com/parley-im/parley/internal/activity/storetest"
	"github.com/parley-im/parley/internal/postgres/activity"
	"github.com/parley-im/parley/internal/postgres/messages"
	"github.com/parley-im/parley/internal/postgres/postgrestest"
	"github.com/parley-im/parley/internal/postgres/receipts"
)

func TestReader(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.House {
		db := postgrestest.Open(t)
		return storetest.House{Ledger: messages.New(db), Memory: receipts.New(db, 0), Reader: activity.New(db)}
	})
}
