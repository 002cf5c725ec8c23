package telemetry_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/parley-im/parley/bot"
	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/telemetry"
)

func TestMetrics(t *testing.T) {
	m := telemetry.New("v1.2.3")
	m.Channels(func() []gateway.Health {
		return []gateway.Health{
			{Name: "chat", Kind: "webchat", State: gateway.Connected, Waiting: 3, LastInAt: time.Unix(1700000000, 0)},
			{Name: "im", Kind: "webhook", State: gateway.Waiting, Restarts: 2},
			{Name: "socket", Kind: "lark", State: gateway.Standby},
		}
	})
	m.Cache("vectors", func() (int64, int64) { return 7, 2 })
	m.Cache("answers", func() (int64, int64) { return 1, 0 })
	m.Redis(func() bool { return false })
	m.Event(gateway.Event{What: gateway.EventReceived, Channel: "chat"})
	m.Event(gateway.Event{What: gateway.EventFirstText, Channel: "chat", Took: 40 * time.Millisecond})
	m.Event(gateway.Event{What: gateway.EventFallback, Channel: "chat", Detail: gateway.FallbackPlain})
	m.Event(gateway.Event{What: gateway.EventDone, Channel: "chat", Detail: "free text with user-42", Took: time.Second})
	m.Request("GET", "/api/v1/documents/{id}", 404, time.Millisecond)
	kept := &shelf{}
	err := m.Memory(kept).Remember(t.Context(), "s", bot.Receipt{
		Model: "gpt", Mode: bot.ByModel, Known: true, Usage: bot.Usage{Input: 100, Output: 20}, Stages: []bot.Stage{{Name: "retrieve", Took: 4 * time.Millisecond}},
	})
	if err != nil || kept.got.Model != "gpt" {
		t.Errorf("the receipt was not handed on: %v, %v", kept.got, err)
	}

	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	got := w.Body.String()
	for _, want := range []string{
		`parley_build_info{version="v1.2.3"} 1`,
		`parley_gateway_events_total{channel="chat",detail="",event="received"} 1`,
		`parley_gateway_events_total{channel="chat",detail="plain",event="fallback"} 1`,
		`parley_gateway_events_total{channel="chat",detail="",event="done"} 1`,
		`parley_first_text_seconds_bucket{channel="chat",le="0.05"} 1`,
		`parley_answer_seconds_count{channel="chat"} 1`,
		`parley_http_requests_total{method="GET",route="/api/v1/documents/{id}",status="4xx"} 1`,
		`parley_answers_total{known="true",mode="model",model="gpt"} 1`,
		`parley_answer_stage_seconds_bucket{stage="retrieve",le="0.005"} 1`,
		`parley_model_tokens_total{kind="output",model="gpt"} 20`,
		`parley_channel_up{channel="chat",kind="webchat"} 1`,
		`parley_channel_up{channel="im",kind="webhook"} 0`,
		`parley_channel_state{channel="im",kind="webhook",state="waiting"} 1`,
		`parley_channel_state{channel="im",kind="webhook",state="connected"} 0`,
		`parley_channel_state{channel="socket",kind="lark",state="standby"} 1`,
		`parley_cache_lookups_total{cache="vectors",result="hit"} 7`,
		`parley_cache_lookups_total{cache="vectors",result="miss"} 2`,
		`parley_cache_lookups_total{cache="answers",result="hit"} 1`,
		`parley_redis_up 0`,
		`parley_channel_waiting{channel="chat",kind="webchat"} 3`,
		`parley_channel_restarts_total{channel="im",kind="webhook"} 2`,
		`parley_channel_last_in_timestamp_seconds{channel="chat",kind="webchat"} 1.7e+09`,
		`go_goroutines`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
	if strings.Contains(got, `parley_channel_up{channel="socket"`) {
		t.Error("a channel that stands by is counted as up or down")
	}
	if strings.Contains(got, "user-42") {
		t.Error("free text became a label")
	}
}

// shelf keeps the last receipt.
type shelf struct {
	bot.Memory
	got bot.Receipt
}

func (s *shelf) Remember(_ context.Context, _ string, r bot.Receipt) error {
	s.got = r
	return nil
}
