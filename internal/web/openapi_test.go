package web_test

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/internal/web"
)

var update = flag.Bool("update", false, "write console/openapi.json")

func TestOpenAPI(t *testing.T) {
	const file = "console/openapi.json"
	got, err := web.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is stale; run go test ./internal/web -run TestOpenAPI -update (-file +now):\n%s", file, diff)
	}
}
