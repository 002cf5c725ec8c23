// Package speed measures how fast Parley is, seen from outside: FirstText the time
// that it adds before the first visible text of an answer, Intake how fast messages
// are made durable.
package speed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"github.com/parley-im/parley/internal/bench/rig"
)

// FirstText measures the time from a message to the first visible text of its
// answer, in the browser chat, over a knowledge base of a given size.
type FirstText struct {
	Program   []string
	Database  string        // postgres:// of a server on which a database may be made; "": SQLite
	ModelTime time.Duration // the stand-in's time to its first piece
	Chunks    int
	Questions int
	Seed      uint64
}

// FirstTextReport has times in milliseconds.
type FirstTextReport struct {
	Store       string  `json:"store"`
	Chunks      int     `json:"chunks"`
	Questions   int     `json:"questions"`
	ModelMS     float64 `json:"model_ms"`     // the stand-in's own time, taken off below
	AddedP50    float64 `json:"added_p50_ms"` // what Parley adds
	AddedP95    float64 `json:"added_p95_ms"`
	IngestPerS  float64 `json:"ingest_chunks_per_second"`
	IdleMB      float64 `json:"idle_memory_mb"`  // resident, after the start, before the first question
	AfterMB     float64 `json:"after_memory_mb"` // resident, after the last one
	ChunksFound int     `json:"chunks_indexed"`
}

// Table is the report for people.
func (r FirstTextReport) Table() string {
	return fmt.Sprintf("first text over %d chunks (%s), %d questions, a model that takes %.0f ms to its first piece\n"+
		"  added by Parley   p50 %.1f ms   p95 %.1f ms\n"+
		"  import            %.0f chunks/s\n"+
		"  memory            idle %.0f MB   after %.0f MB\n",
		r.ChunksFound, r.Store, r.Questions, r.ModelMS, r.AddedP50, r.AddedP95, r.IngestPerS, r.IdleMB, r.AfterMB)
}

// Run imports the corpus, starts the server and asks one question after the other.
func (f FirstText) Run(ctx context.Context) (report FirstTextReport, err error) {
	report = FirstTextReport{Chunks: f.Chunks, Questions: f.Questions, ModelMS: rig.Milliseconds(f.ModelTime)}
	model, err := rig.NewStandin(rig.Model{First: f.ModelTime, Pace: 100})
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, model.Close()) }()
	place, err := rig.NewPlace(ctx, f.Database)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, place.Close()) }()
	report.Store = place.Store()
	server, err := place.Process(ctx, f.Program, 0, fmt.Sprintf(`models: [{name: standin, base_url: %q, api_key: none, model: standin}]
answers: {ask_anyway: true, session_idle: 1ms}
channels:
  chat: {kind: webchat, per_minute: 100000, burst: 1000, address_per_minute: 100000, address_burst: 1000}
`, model.URL))
	if err != nil {
		return report, err
	}
	words := rig.NewCorpus(f.Seed)
	files, err := words.Write(place.Dir, f.Chunks)
	if err != nil {
		return report, err
	}
	began := time.Now()
	if report.ChunksFound, err = load(ctx, server, files); err != nil {
		return report, err
	}
	report.IngestPerS = float64(report.ChunksFound) / time.Since(began).Seconds()
	if err := server.Start(); err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, server.Stop(40*time.Second)) }()
	err = f.measure(ctx, server, words, &report)
	return report, err
}

func (f FirstText) measure(ctx context.Context, server *rig.Process, words *rig.Corpus, report *FirstTextReport) error {
	if err := server.Ready(ctx); err != nil {
		return err
	}
	select { // let the start settle
	case <-time.After(3 * time.Second):
	case <-ctx.Done():
		return ctx.Err()
	}
	before, err := server.Metrics(ctx)
	if err != nil {
		return err
	}
	added, err := f.ask(ctx, server.Listen, words)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, server.Log())
	}
	after, err := server.Metrics(ctx)
	if err != nil {
		return err
	}
	report.IdleMB, report.AfterMB = before[rig.Resident]/rig.MB, after[rig.Resident]/rig.MB
	slices.Sort(added)
	report.AddedP50, report.AddedP95 = rig.Milliseconds(rig.Percentile(added, 50)), rig.Milliseconds(rig.Percentile(added, 95))
	return nil
}

// load imports files with `parley import` and returns how many chunks came of them.
func load(ctx context.Context, server *rig.Process, files []string) (chunks int, err error) {
	args := append(append([]string(nil), server.Program[1:]...), "import", "--config", server.Config, "--data", server.Data, "--collection", "help", "--json")
	cmd := exec.CommandContext(ctx, server.Program[0], append(args, files...)...)
	var stderr rig.Tail
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("import the corpus: %w\n%s", err, &stderr)
	}
	for line := range bytes.Lines(out) {
		var one struct {
			Status string `json:"status"`
			Error  string `json:"error"`
			Chunks int    `json:"chunks"`
		}
		if err := json.Unmarshal(line, &one); err != nil || one.Status != "ready" {
			return 0, fmt.Errorf("import the corpus: %s", line)
		}
		chunks += one.Chunks
	}
	return chunks, nil
}

// ask puts the questions one by one and returns what was added to the model's time.
func (f FirstText) ask(ctx context.Context, listen string, words *rig.Corpus) ([]time.Duration, error) {
	header := http.Header{"Origin": {"http://" + listen}}
	socket, res, err := websocket.DefaultDialer.DialContext(ctx, "ws://"+listen+"/channels/chat/socket", header)
	if err != nil {
		return nil, fmt.Errorf("open the chat: %w", err)
	}
	defer socket.Close()
	res.Body.Close()
	if err := socket.WriteJSON(map[string]any{"type": "hello", "locale": "en"}); err != nil {
		return nil, fmt.Errorf("say hello: %w", err)
	}
	var added []time.Duration
	for n := range f.Questions + 5 {
		id := uuid.NewString()
		began := time.Now()
		if err := socket.WriteJSON(map[string]any{"type": "say", "id": id, "text": words.Question(n%2 == 0)}); err != nil {
			return nil, fmt.Errorf("ask: %w", err)
		}
		first, err := firstText(socket, began)
		if err != nil {
			return nil, err
		}
		if n >= 5 { // the first ones warm the caches, as any server's do
			added = append(added, max(0, first-f.ModelTime))
		}
	}
	return added, nil
}

// firstText reads frames until the answer is whole and returns when its first text came.
func firstText(socket *websocket.Conn, began time.Time) (time.Duration, error) {
	var first time.Duration
	if err := socket.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return 0, err
	}
	for {
		var frame struct {
			Type  string `json:"type"`
			Text  string `json:"text"`
			Code  string `json:"code"`
			Final bool   `json:"final"`
		}
		if err := socket.ReadJSON(&frame); err != nil {
			return 0, fmt.Errorf("wait for the answer: %w", err)
		}
		switch frame.Type {
		case "refused":
			return 0, fmt.Errorf("the chat refused the question: %s", frame.Code)
		case "post", "edit":
			if first == 0 && frame.Text != "" {
				first = time.Since(began)
			}
			if frame.Final {
				return first, nil
			}
		}
	}
}
