package config_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-im/parley/internal/config"
)

func env(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

func TestShippedConfigIsTheDefault(t *testing.T) {
	text, err := os.ReadFile("../../config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse("config.yaml", text, env())
	if err != nil {
		t.Fatal(err)
	}
	got, _ := c.Print()
	want, _ := config.Default().Print()
	// what the file adds to the defaults: the texts of the next step, and the chat's suggestions
	c.Assistant.NextStep = nil
	c.Channels = config.Default().Channels
	if got, _ = c.Print(); got != want {
		t.Errorf("config.yaml differs from the defaults that it documents:\ngot:\n%s\nwant:\n%s", got, want)
	}
}

func TestParse(t *testing.T) {
	c, err := config.Parse("t", []byte(`
listen: 0.0.0.0:9000
models:
  - {model: m, base_url: "https://api.example.com/v1", api_key: "${KEY}", temperature: 0, stall: 20s, extra_body: {enable_thinking: false}}
uploads: {max_size: 20MB}
channels:
  hook: {kind: webhook, secret: "${HOOK}", url: "http://127.0.0.1:1/in", collections: [a, b]}
`), env("KEY", "sk-canary", "HOOK", "hook-canary-123456"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(c.Models[0].APIKey), "sk-canary"; got != want {
		t.Errorf("api key %q, want %q", got, want)
	}
	if c.Models[0].Temperature == nil || *c.Models[0].Temperature != 0 {
		t.Error("temperature 0 was taken as unset")
	}
	if got, want := c.Models[0].Stall, 20*time.Second; got != want {
		t.Errorf("stall %v, want %v", got, want)
	}
	if got, want := c.Uploads.MaxSize, config.Size(20<<20); got != want {
		t.Errorf("max_size %d, want %d", got, want)
	}
	if _, ok := c.Channels["chat"]; ok {
		t.Error("the default channel is there although channels are given")
	}
	var own struct {
		Secret string `yaml:"secret"`
		URL    string `yaml:"url"`
	}
	if err := c.Channels["hook"].Decode(&own); err != nil {
		t.Fatal(err)
	}
	if got, want := own.Secret, "hook-canary-123456"; got != want {
		t.Errorf("channel secret %q, want %q", got, want)
	}
	printed, err := c.Print()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(printed, "canary") {
		t.Errorf("a secret is printed:\n%s", printed)
	}
	if !strings.Contains(printed, "http://127.0.0.1:1/in") {
		t.Errorf("the channel's other settings are missing:\n%s", printed)
	}
}

func TestProblemsAreReportedTogether(t *testing.T) {
	_, err := config.Parse("config.yaml", []byte(`listen: nowhere
lisen: 1
models:
  - {model: "", base_url: "ftp://x", api_key: "${NOT_SET}", api: azure}
uploads: {max_size: many}
answers: {known_at: 7, passages: x}
channels: {Chat: {groups: sometimes, deny: ["["]}}
`), env())
	problems, ok := errors.AsType[*config.Problems](err)
	if !ok {
		t.Fatalf("got %v, want *Problems", err)
	}
	for _, want := range []string{
		`line 2: unknown key "lisen"`, "listen:", "NOT_SET is not set", "models[0].model", "models[0].base_url",
		"models[0].api_version", `"many" is not a size`, "answers.known_at", "channels.Chat:", "channels.Chat.kind", "line 6",
		`channels.Chat.groups: "sometimes"`, `channels.Chat: "["`,
	} {
		if !strings.Contains(problems.Error(), want) {
			t.Errorf("no word of %q in:\n%v", want, problems)
		}
	}
}

func TestChannelDecodeIsStrict(t *testing.T) {
	c, err := config.Parse("t", []byte("channels:\n  a:\n    kind: x\n    urll: 1\n    other: 2\n"), env())
	if err != nil {
		t.Fatal(err)
	}
	var own struct {
		URL string `yaml:"url"`
	}
	err = c.Channels["a"].Decode(&own)
	if err == nil || !strings.Contains(err.Error(), `line 4: unknown key "urll"`) || !strings.Contains(err.Error(), `"other"`) {
		t.Errorf("got %v, want both unknown keys with their lines", err)
	}
}

func TestBrokenYAML(t *testing.T) {
	for _, text := range []string{"a: [", "\tx: 1", "- a\n- b\n", "a: 1\na: 2\n"} {
		if _, err := config.Parse("t", []byte(text), env()); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

func TestChannelsOwnKeys(t *testing.T) {
	c, err := config.Parse("config.yaml", []byte(`channels:
  team: {kind: xmpp, collections: [staff], labels: [hr], prompts: team, groups: always, allow: ["*@example.com"], deny: [eve@example.com], jid: bot@example.com}
`), env())
	if err != nil {
		t.Fatal(err)
	}
	got := c.Channels["team"]
	if got.Prompts != "team" || got.Groups != "always" || !slices.Equal(got.Allow, []string{"*@example.com"}) || !slices.Equal(got.Deny, []string{"eve@example.com"}) {
		t.Errorf("read as %+v", got)
	}
	var own struct {
		JID string `yaml:"jid"`
	}
	if err := got.Decode(&own); err != nil || own.JID != "bot@example.com" { // none of them reaches the adapter
		t.Errorf("the adapter gets %+v, %v", own, err)
	}
	printed, err := c.Print()
	if err != nil {
		t.Fatal(err)
	}
	again, err := config.Parse("config.yaml", []byte(printed), env())
	if err != nil || again.Channels["team"].Groups != "always" || !slices.Equal(again.Channels["team"].Deny, got.Deny) {
		t.Errorf("printed and read again: %+v, %v", again.Channels["team"], err)
	}
}
