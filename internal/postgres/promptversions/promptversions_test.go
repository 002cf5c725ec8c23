package promptversions_test

import (
	"testing"

	"github.com/parley-im/parley/internal/postgres/postgrestest"
	"github.com/parley-im/parley/internal/postgres/promptversions"
	"github.com/parley-im/parley/prompts"
	"github.com/parley-im/parley/prompts/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) (one, other prompts.Versions) {
		address := postgrestest.URL(t)
		return promptversions.New(postgrestest.Connect(t, address)), promptversions.New(postgrestest.Connect(t, address))
	})
}
