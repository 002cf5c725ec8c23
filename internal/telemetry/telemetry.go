// Package telemetry counts what happens, for Prometheus. It has a registry of its
// own, so that nothing else in the process is published by accident.
//
// Labels are names from config.yaml, patterns of routes and fixed words; never an
// ID, and never what people wrote: the number of series stays bounded.
package telemetry

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/parley-im/parley/bot"
	"github.com/parley-im/parley/gateway"
)

// Telemetry is all counters of one process.
type Telemetry struct {
	registry  *prometheus.Registry
	events    *prometheus.CounterVec
	firstText *prometheus.HistogramVec
	answer    *prometheus.HistogramVec
	requests  *prometheus.CounterVec
	request   *prometheus.HistogramVec
	models    *prometheus.CounterVec
	tokens    *prometheus.CounterVec
	stages    *prometheus.HistogramVec
}

// New returns counters at zero.
func New(version string) *Telemetry {
	seconds := []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2, 3, 5, 10, 20, 30, 60, 120, 300}
	t := &Telemetry{
		registry:  prometheus.NewRegistry(),
		events:    counter("parley_gateway_events_total", "What happened in the gateway.", "event", "channel", "detail"),
		firstText: histogram("parley_first_text_seconds", "From the message to the first text that the platform confirmed.", seconds, "channel"),
		answer:    histogram("parley_answer_seconds", "From the message to the end of its turn.", seconds, "channel"),
		requests:  counter("parley_http_requests_total", "HTTP requests.", "method", "route", "status"),
		request:   histogram("parley_http_request_seconds", "Time of HTTP requests.", seconds, "method", "route"),
		models:    counter("parley_answers_total", "Answers by model, by how they were made, and whether something was known.", "model", "mode", "known"),
		tokens:    counter("parley_model_tokens_total", "Tokens by model.", "model", "kind"),
		stages:    histogram("parley_answer_stage_seconds", "Time of the steps of answers.", seconds, "stage"),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "parley_build_info", Help: "Always 1; the label tells the version.", ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	t.registry.MustRegister(t.events, t.firstText, t.answer, t.requests, t.request, t.models, t.tokens, t.stages, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return t
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
}

// Handler serves what was counted.
func (t *Telemetry) Handler() http.Handler {
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{})
}

// Event counts what the gateway tells. The detail is a label only where it is one
// of a few fixed words; the reason of a turn's end is free text.
func (t *Telemetry) Event(e gateway.Event) {
	detail := ""
	switch e.What {
	case gateway.EventFallback, gateway.EventDown:
		detail = e.Detail
	case gateway.EventFirstText:
		t.firstText.WithLabelValues(e.Channel).Observe(e.Took.Seconds())
	case gateway.EventDone, gateway.EventDead:
		t.answer.WithLabelValues(e.Channel).Observe(e.Took.Seconds())
	}
	t.events.WithLabelValues(string(e.What), e.Channel, detail).Inc()
}

// Request counts one HTTP request. route is a pattern, not a path.
func (t *Telemetry) Request(method, route string, status int, took time.Duration) {
	t.requests.WithLabelValues(method, route, strconv.Itoa(status/100)+"xx").Inc()
	t.request.WithLabelValues(method, route).Observe(took.Seconds())
}

// Memory counts the answers that m is told to remember, with their tokens.
func (t *Telemetry) Memory(m bot.Memory) bot.Memory { return memory{m, t} }

type memory struct {
	bot.Memory
	t *Telemetry
}

// Remember counts the tokens of every try: each of them was paid for.
func (m memory) Remember(ctx context.Context, session string, r bot.Receipt) error {
	if r.Mode != "" {
		m.t.answered(r)
	}
	return m.Memory.Remember(ctx, session, r)
}

func (t *Telemetry) answered(r bot.Receipt) {
	t.models.WithLabelValues(r.Model, string(r.Mode), strconv.FormatBool(r.Known)).Inc()
	t.tokens.WithLabelValues(r.Model, "input").Add(float64(r.Usage.Input))
	t.tokens.WithLabelValues(r.Model, "cached").Add(float64(r.Usage.Cached))
	t.tokens.WithLabelValues(r.Model, "output").Add(float64(r.Usage.Output))
	for _, stage := range r.Stages {
		t.stages.WithLabelValues(stage.Name).Observe(stage.Took.Seconds())
	}
}

// Cache publishes how often a cache had what was looked for.
func (t *Telemetry) Cache(name string, counts func() (hits, misses int64)) {
	for result, pick := range map[string]func(hits, misses int64) int64{
		"hit":  func(hits, _ int64) int64 { return hits },
		"miss": func(_, misses int64) int64 { return misses },
	} {
		t.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "parley_cache_lookups_total", Help: "What was looked for in a cache, by whether it was there.",
			ConstLabels: prometheus.Labels{"cache": name, "result": result},
		}, func() float64 { return float64(pick(counts())) }))
	}
}

// Redis publishes whether Redis answers, as up tells it when it is asked.
func (t *Telemetry) Redis(up func() bool) {
	t.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "parley_redis_up", Help: "1 while Redis answers; without it limits are each replica's own.",
	}, func() float64 { return number(up()) }))
}

// Channels publishes how the channels are, as health tells it when it is asked.
func (t *Telemetry) Channels(health func() []gateway.Health) {
	t.registry.MustRegister(&channels{
		health:   health,
		up:       prometheus.NewDesc("parley_channel_up", "1 while the channel is connected; absent where another replica has the connection.", []string{"channel", "kind"}, nil),
		state:    prometheus.NewDesc("parley_channel_state", "1 for the state that the channel is in.", []string{"channel", "kind", "state"}, nil),
		waiting:  prometheus.NewDesc("parley_channel_waiting", "Messages that are neither done nor dead.", []string{"channel", "kind"}, nil),
		restarts: prometheus.NewDesc("parley_channel_restarts_total", "Times the channel was connected again.", []string{"channel", "kind"}, nil),
		in:       prometheus.NewDesc("parley_channel_last_in_timestamp_seconds", "When the last message came in.", []string{"channel", "kind"}, nil),
		out:      prometheus.NewDesc("parley_channel_last_out_timestamp_seconds", "When the last post was confirmed.", []string{"channel", "kind"}, nil),
	})
}

type channels struct {
	health                                func() []gateway.Health
	up, state, waiting, restarts, in, out *prometheus.Desc
}

var _ prometheus.Collector = (*channels)(nil)

// Describe tells which series there are.
func (c *channels) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.up, c.state, c.waiting, c.restarts, c.in, c.out} {
		to <- d
	}
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// Collect asks how the channels are.
func (c *channels) Collect(to chan<- prometheus.Metric) {
	for _, h := range c.health() {
		gauge := func(d *prometheus.Desc, kind prometheus.ValueType, v float64) {
			to <- prometheus.MustNewConstMetric(d, kind, v, h.Name, h.Kind)
		}
		// One that stands by is neither up nor down: a 0 would wake somebody for nothing.
		if h.State != gateway.Standby {
			gauge(c.up, prometheus.GaugeValue, number(h.State == gateway.Connected))
		}
		for _, state := range []string{gateway.Connecting, gateway.Connected, gateway.Waiting, gateway.Standby, gateway.Stopped} {
			to <- prometheus.MustNewConstMetric(c.state, prometheus.GaugeValue, number(h.State == state), h.Name, h.Kind, state)
		}
		gauge(c.waiting, prometheus.GaugeValue, float64(h.Waiting))
		gauge(c.restarts, prometheus.CounterValue, float64(h.Restarts))
		if !h.LastInAt.IsZero() {
			gauge(c.in, prometheus.GaugeValue, float64(h.LastInAt.Unix()))
		}
		if !h.LastOutAt.IsZero() {
			gauge(c.out, prometheus.GaugeValue, float64(h.LastOutAt.Unix()))
		}
	}
}
