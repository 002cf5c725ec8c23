package folder_test

import (
	"archive/tar"
	"bytes"
	"strings"
	"testing"

	"github.com/parley-im/parley/internal/backup"
	"github.com/parley-im/parley/internal/backup/folder"
	"github.com/parley-im/parley/internal/config"
)

const frank = `# password: in-a-comment
listen: 127.0.0.1:8080
database: postgres://parley:very-secret@db/parley
redis: redis://:very-secret@cache:6379
public_url: https://chat.example.com
models:
  - name: main # very-secret
    base_url: https://api.example.com/v1
    api_key: very-secret
    model: m
    max_tokens: 800
    first_token: 30s
    headers: {X-Project: very-secret}
    extra_body: {user: very-secret, seed: 3}
  - name: other
    base_url: https://api.example.com/v1
    api_key: ${OTHER_KEY}
    model: m
channels:
  chat: {kind: webchat}
  im:
    kind: webhook
    secret: "very-secret"
    url: https://user:very-secret@im.example.com/hook
  more:
    kind: webhook
    secrets: [very-secret, "${IM_SECRET}"]
    url: https://im.example.com/hook?token=very-secret
`

func TestConfigurationGoesInWithoutSecrets(t *testing.T) {
	h := build(t, t.TempDir())
	var out bytes.Buffer
	o := options
	o.Config = []byte(frank)
	if _, err := backup.Make(t.Context(), &out, folder.New(h.dir), o); err != nil {
		t.Fatal(err)
	}
	got := ""
	repack(t, out.Bytes(), func(h *tar.Header, text []byte) []byte {
		if h.Name == "config.yaml" {
			got = string(text)
		}
		return text
	})
	for _, secret := range []string{"very-secret", "in-a-comment"} {
		if strings.Contains(got, secret) {
			t.Errorf("%s is in the archive:\n%s", secret, got)
		}
	}
	for _, kept := range []string{"${OTHER_KEY}", "${IM_SECRET}", "https://api.example.com/v1", "max_tokens: 800", "first_token: 30s", "seed: 3", "https://chat.example.com"} {
		if !strings.Contains(got, kept) {
			t.Errorf("%s is not in the archive:\n%s", kept, got)
		}
	}
	if strings.Contains(got, "database") { // it must still be a configuration, but for what was taken out
		_, err := config.Parse("config.yaml", []byte(strings.NewReplacer("database: taken out by the backup\n", "", "redis: taken out by the backup\n", "").Replace(got)),
			func(string) (string, bool) { return "x", true })
		if err != nil && !strings.Contains(err.Error(), "url") {
			t.Errorf("cannot be read again: %v\n%s", err, got)
		}
	}
}

func TestBrokenConfigurationIsReported(t *testing.T) {
	h := build(t, t.TempDir())
	o := options
	o.Config = []byte("a: [")
	if _, err := backup.Make(t.Context(), &bytes.Buffer{}, folder.New(h.dir), o); err == nil {
		t.Error("no error")
	}
}
