package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
)

// FirstText measures the time from a message to the first visible text of its
// answer, in the browser chat, over a knowledge base of a given size.
type FirstText struct {
	Program   []string
	Model     *Standin
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

// Run imports the corpus, starts the server and asks one question after the other.
func (f FirstText) Run(ctx context.Context) (FirstTextReport, error) {
	report := FirstTextReport{Store: "sqlite", Chunks: f.Chunks, Questions: f.Questions, ModelMS: ms(f.ModelTime)}
	dir, err := os.MkdirTemp("", "parley-first-text-")
	if err != nil {
		return report, fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(dir)
	words := newCorpus(f.Seed)
	if err := f.ingest(ctx, dir, words, &report); err != nil {
		return report, err
	}
	server, err := f.prepare(dir)
	if err != nil {
		return report, err
	}
	if err := server.start(); err != nil {
		return report, err
	}
	defer func() { _ = server.stop(40 * time.Second) }()
	if err := server.ready(ctx); err != nil {
		return report, err
	}
	select { // let the start settle
	case <-time.After(3 * time.Second):
	case <-ctx.Done():
		return report, ctx.Err()
	}
	report.IdleMB = float64(server.memory()) / (1 << 20)
	added, err := f.ask(ctx, server.listen, words)
	if err != nil {
		return report, fmt.Errorf("%w\n%s", err, server.log)
	}
	report.AfterMB = float64(server.memory()) / (1 << 20)
	slices.Sort(added)
	report.AddedP50 = ms(added[len(added)/2])
	report.AddedP95 = ms(added[len(added)*95/100])
	return report, nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func (f FirstText) ingest(ctx context.Context, dir string, words *corpus, report *FirstTextReport) error {
	files, err := words.write(dir, f.Chunks)
	if err != nil {
		return err
	}
	began := time.Now()
	args := append(append([]string(nil), f.Program[1:]...), "import", "--data", dir, "--collection", "help", "--json")
	cmd := exec.CommandContext(ctx, f.Program[0], append(args, files...)...)
	var stderr tail
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("import the corpus: %w\n%s", err, &stderr)
	}
	for line := range bytes.Lines(out) {
		var one struct {
			Status string `json:"status"`
			Error  string `json:"error"`
			Chunks int    `json:"chunks"`
		}
		if err := json.Unmarshal(line, &one); err != nil || one.Status != "ready" {
			return fmt.Errorf("import the corpus: %s", line)
		}
		report.ChunksFound += one.Chunks
	}
	report.IngestPerS = float64(report.ChunksFound) / time.Since(began).Seconds()
	return nil
}

func (f FirstText) prepare(dir string) (*process, error) {
	listen, err := freeAddress()
	if err != nil {
		return nil, err
	}
	config := fmt.Sprintf(`models: [{name: standin, base_url: %q, api_key: none, model: standin}]
answers: {ask_anyway: true, history_tokens: 0}
channels:
  chat: {kind: webchat, per_minute: 100000, burst: 1000, address_per_minute: 100000, address_burst: 1000}
`, f.Model.URL)
	file := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, fmt.Errorf("write configuration: %w", err)
	}
	return &process{program: f.Program, config: file, data: dir, listen: listen}, nil
}

// ask puts the questions one by one and returns what was added to the model's time.
func (f FirstText) ask(ctx context.Context, listen string, words *corpus) ([]time.Duration, error) {
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
		if err := socket.WriteJSON(map[string]any{"type": "say", "id": id, "text": words.question(n%2 == 0)}); err != nil {
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
