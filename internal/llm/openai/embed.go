package openai

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v5"
	openai "github.com/sashabaranov/go-openai"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge"
)

var _ knowledge.Embedder = (*Embedder)(nil)

// EmbedderConfig is an endpoint that embeds.
type EmbedderConfig struct {
	Endpoint
	Dimensions int           // asked of the server and checked; 0: its own, which must not change
	Batch      int           // texts in one call; 32
	BatchRunes int           // characters in one call; 30,000
	Timeout    time.Duration // of one call; 30 s
	Tries      uint          // of one call; 4
}

// Embedder turns texts into vectors through an endpoint.
type Embedder struct {
	client *Client
	config EmbedderConfig
}

// NewEmbedder returns an Embedder. It reaches nothing yet.
func NewEmbedder(c EmbedderConfig) *Embedder {
	c.Batch = cmp.Or(c.Batch, 32)
	c.BatchRunes = cmp.Or(c.BatchRunes, 30_000)
	c.Timeout = cmp.Or(c.Timeout, 30*time.Second)
	c.Tries = cmp.Or(c.Tries, 4)
	return &Embedder{client: New(c.Endpoint), config: c}
}

// Close drops idle connections.
func (e *Embedder) Close() { e.client.Close() }

// Model names the vector space: the model, and its dimensions if they were chosen.
func (e *Embedder) Model() string {
	if e.config.Dimensions > 0 {
		return fmt.Sprintf("%s@%d", e.config.Model, e.config.Dimensions)
	}
	return e.config.Model
}

// Embed returns one vector for each text, in order, all of one length.
func (e *Embedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	out := make([][]float32, 0, len(texts))
	for len(texts) > 0 {
		n, runes := 0, 0
		for n < len(texts) && n < e.config.Batch {
			if runes += len([]rune(texts[n])); n > 0 && runes > e.config.BatchRunes {
				break
			}
			n++
		}
		vectors, err := e.halving(ctx, texts[:n])
		if err != nil {
			return nil, err
		}
		out, texts = append(out, vectors...), texts[n:]
	}
	for _, v := range out {
		if want := cmp.Or(e.config.Dimensions, len(out[0])); len(v) != want || want == 0 {
			return nil, e.wrong("vectors of %d and %d dimensions", len(v), want)
		}
	}
	return out, nil
}

// halving embeds texts in one call, and in two smaller ones if the server finds it too much.
func (e *Embedder) halving(ctx context.Context, texts []string) ([][]float32, error) {
	vectors, err := e.retrying(ctx, texts)
	failure, ok := errors.AsType[*Error](err)
	if !ok || failure.Reason != Refused {
		return vectors, err
	}
	if len(texts) == 1 {
		return nil, fmt.Errorf("embed a text of %d characters: %w: %w", len([]rune(texts[0])), fault.Invalid, err)
	}
	left, err := e.halving(ctx, texts[:len(texts)/2])
	if err != nil {
		return nil, err
	}
	right, err := e.halving(ctx, texts[len(texts)/2:])
	if err != nil {
		return nil, err
	}
	return append(left, right...), nil
}

// retrying repeats a call that may work a little later.
func (e *Embedder) retrying(ctx context.Context, texts []string) ([][]float32, error) {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = 250*time.Millisecond, 8*time.Second
	return backoff.Retry(ctx, func() ([][]float32, error) {
		vectors, err := e.call(ctx, texts)
		failure, ok := errors.AsType[*Error](err)
		switch {
		case err == nil:
			return vectors, nil
		case !ok:
			return nil, backoff.Permanent(err)
		case failure.RetryAfter > 0 && failure.RetryAfter <= 30*time.Second:
			return nil, errors.Join(failure, &backoff.RetryAfterError{Duration: failure.RetryAfter})
		case slices.Contains([]Reason{RateLimited, Server, Connect, Total, Cut}, failure.Reason):
			return nil, failure
		}
		return nil, backoff.Permanent(failure)
	}, backoff.WithBackOff(pause), backoff.WithMaxTries(e.config.Tries), backoff.WithMaxElapsedTime(2*time.Minute))
}

func (e *Embedder) call(ctx context.Context, texts []string) ([][]float32, error) {
	call, cancel := context.WithTimeoutCause(ctx, e.config.Timeout, errTotal)
	defer cancel()
	header := http.Header{}
	response, err := e.client.api.CreateEmbeddings(context.WithValue(call, headerKey{}, &header), openai.EmbeddingRequestStrings{
		Input:          texts,
		Model:          placeholder,
		Dimensions:     e.config.Dimensions,
		EncodingFormat: openai.EmbeddingEncodingFormatFloat,
	})
	if err != nil {
		return nil, e.client.classify(ctx, call, err, header)
	}
	if len(response.Data) != len(texts) {
		return nil, e.wrong("%d vectors for %d texts", len(response.Data), len(texts))
	}
	out := make([][]float32, len(texts))
	for _, item := range response.Data {
		if item.Index < 0 || item.Index >= len(out) || out[item.Index] != nil || len(item.Embedding) == 0 {
			return nil, e.wrong("vectors that do not fit the texts")
		}
		out[item.Index] = item.Embedding
	}
	return out, nil
}

func (e *Embedder) wrong(format string, args ...any) error {
	return &Error{Endpoint: e.client.Name, Reason: Garbage, Detail: fmt.Sprintf(format, args...)}
}

// Check embeds one word and returns how long it took and how many dimensions came.
func (e *Embedder) Check(ctx context.Context) (took time.Duration, dimensions int, err error) {
	began := time.Now()
	vectors, err := e.call(ctx, []string{"hello"})
	if err != nil {
		return 0, 0, err
	}
	return time.Since(began), len(vectors[0]), nil
}
