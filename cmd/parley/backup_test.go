package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parley-im/parley/internal/backup"
	"github.com/parley-im/parley/internal/postgres/postgrestest"
)

func TestBackupAndRestore(t *testing.T) {
	dir := t.TempDir()
	data, backups := filepath.Join(dir, "data"), filepath.Join(dir, "backups")
	config := write(t, dir, "config.yaml", "models: [{name: m, base_url: https://api.example.com/v1, model: m, api_key: very-secret}]\n")
	document := write(t, dir, "hours.md", "# Opening hours\n\nThe shop is open from nine to five on weekdays.\n")
	if status, out, errs := parley(t, "import", "--data", data, "--collection", "help", document); status != 0 {
		t.Fatal(out, errs)
	}
	if err := os.Mkdir(backups, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, backups, "parley-20010101T000000Z.tar.gz", "old")
	write(t, backups, "parley-20020101T000000Z.tar.gz", "less old")
	write(t, backups, "mine.txt", "stays")
	if status, out, errs := parley(t, "backup", "--config", config, "--data", data, "--keep", "2", backups); status != 0 || !strings.Contains(out, "1 files") {
		t.Fatal(status, out, errs)
	}
	left, _ := filepath.Glob(filepath.Join(backups, "*"))
	if len(left) != 3 || filepath.Base(left[0]) != "mine.txt" || filepath.Base(left[1]) != "parley-20020101T000000Z.tar.gz" {
		t.Fatalf("left: %v", left)
	}
	archive := left[2]
	if info, err := os.Stat(archive); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if status, _, errs := parley(t, "backup", "--data", data, archive); status != 1 || !strings.Contains(errs, "nothing is overwritten") {
		t.Errorf("over an archive: %d, %s", status, errs)
	}
	status, out, _ := parley(t, "restore", "--check", "--json", archive)
	if m := lines[backup.Manifest](t, out); status != 0 || len(m) != 1 || m[0].Engine != "sqlite" || m[0].Files != 1 || m[0].Program != "dev" {
		t.Errorf("check: %d, %s", status, out)
	}
	other := filepath.Join(dir, "other")
	if status, out, errs := parley(t, "restore", "--data", other, archive); status != 0 {
		t.Fatal(out, errs)
	}
	if status, out, errs := parley(t, "ask", "--data", other, "When is the shop open?"); status != 0 || !strings.Contains(out, "nine to five") {
		t.Errorf("the restored one says: %s %s", out, errs)
	}
	if status, _, errs := parley(t, "restore", "--data", other, archive); status != 1 || !strings.Contains(errs, "--force") {
		t.Errorf("a second time: %d, %s", status, errs)
	}
	status, out, _ = parley(t, "backup", "--config", config, "--data", data, "-")
	if _, err := backup.Verify(t.Context(), strings.NewReader(out)); status != 0 || err != nil {
		t.Errorf("to standard output: %d, %v", status, err)
	}
	if restored, err := os.ReadFile(filepath.Join(other, "restored-config.yaml")); err != nil || bytes.Contains(restored, []byte("very-secret")) {
		t.Errorf("configuration: %s, %v", restored, err)
	}
}

func TestBackupOfPostgres(t *testing.T) {
	dir := t.TempDir()
	from := write(t, dir, "from.yaml", "database: "+postgrestest.URL(t)+"\n")
	to := write(t, dir, "to.yaml", "database: "+postgrestest.Empty(t)+"\n")
	archive := filepath.Join(dir, "parley.tar.gz")
	for _, args := range [][]string{{"backup", "--config", from, archive}, {"restore", "--config", to, archive}} {
		if status, out, errs := parley(t, args...); status != 0 || !strings.Contains(out, "tables") {
			t.Fatal(args, out, errs)
		}
	}
	if status, _, errs := parley(t, "restore", "--config", to, archive); status != 1 || !strings.Contains(errs, "--force") {
		t.Errorf("a second time: %d, %s", status, errs)
	}
	if status, _, errs := parley(t, "restore", "--data", filepath.Join(dir, "data"), archive); status != 1 || !strings.Contains(errs, "other one") {
		t.Errorf("into a folder: %d, %s", status, errs)
	}
}

func TestDoctor(t *testing.T) {
	dir := t.TempDir()
	status, out, errs := parley(t, "doctor", "--json", "--data", filepath.Join(dir, "data"))
	if status != 0 {
		t.Fatal(out, errs)
	}
	for _, want := range []string{"configuration", "files", "disk", "integrity", "knowledge", "models", "embedder"} {
		if !strings.Contains(out, `"check":"`+want+`"`) {
			t.Errorf("no line for %s:\n%s", want, out)
		}
	}
	broken := write(t, dir, "config.yaml", "listen: nowhere\n")
	if status, out, _ := parley(t, "doctor", "--config", broken); status != 1 || !strings.Contains(out, "FAIL") || !strings.Contains(out, "→") {
		t.Errorf("broken configuration: %d\n%s", status, out)
	}
	if status, out, _ := parley(t, "doctor", "--url", "http://127.0.0.1:1/healthz"); status != 1 || !strings.Contains(out, "parley serve") {
		t.Errorf("nobody there: %d\n%s", status, out)
	}
}
