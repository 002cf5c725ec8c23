package leases_test

import (
	"testing"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/leasetest"
	"github.com/parley-im/parley/internal/postgres/leases"
	"github.com/parley-im/parley/internal/postgres/postgrestest"
)

func TestLeases(t *testing.T) {
	leasetest.Run(t, func(t *testing.T) gateway.Leases { return leases.New(postgrestest.Open(t)) })
}
