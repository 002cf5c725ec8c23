// Package openai speaks with one OpenAI-compatible endpoint: OpenAI, Azure, DeepSeek,
// Qwen, GLM, Ollama, vLLM and their like.
//
// The wire types and the reading of streams are go-openai's. What real servers do
// beyond what it expects is mended around it, in one transport (repair.go): on the
// way out the body gets what the library cannot say (temperature 0, an extra body,
// names it would refuse), on the way in the stream is brought to plain data lines
// and a stream that ends early is told from one that is whole. Client.Stream adds the
// deadlines and takes reasoning text out. Embedder is the same for embeddings.
//
// Every failure is an *Error: of kind fault.Unavailable, with a Reason to choose the
// next step by, and without the text of the answer or of the question.
package openai

import (
	"cmp"
	"context"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	openai "github.com/sashabaranov/go-openai"
)

// Endpoint is one model behind one address.
type Endpoint struct {
	Name       string // for people; "": the model
	BaseURL    string // up to and with /v1; Azure: of the resource
	Key        string
	Model      string // Azure: the deployment
	APIType    string // "" or "openai", or "azure"
	APIVersion string // Azure

	Temperature     *float64       // nil: the server's default
	MaxTokensField  string         // "max_tokens", "max_completion_tokens" or "none"; "": by the model where OpenAI itself serves it
	NoStreamOptions bool           // the server refuses stream_options; no usage then
	ThinksAloud     bool           // answers begin inside a <think> block whose opening mark the server keeps
	ExtraBody       map[string]any // merged into the request, over what is there; nil takes a field out
	Headers         map[string]string
	Timeouts        Timeouts
}

// Timeouts bound one call. 0 is the default.
type Timeouts struct {
	Connect    time.Duration // 10 s
	FirstToken time.Duration // from the call to the first text or reasoning; 30 s
	Stall      time.Duration // between two pieces; 20 s
	Total      time.Duration // 5 min
}

func (t Timeouts) filled() Timeouts {
	return Timeouts{
		Connect:    cmp.Or(t.Connect, 10*time.Second),
		FirstToken: cmp.Or(t.FirstToken, 30*time.Second),
		Stall:      cmp.Or(t.Stall, 20*time.Second),
		Total:      cmp.Or(t.Total, 5*time.Minute),
	}
}

// Client calls one endpoint.
type Client struct {
	Endpoint
	api  *openai.Client
	http *http.Client
}

// New returns a Client. It reaches nothing yet.
func New(e Endpoint) *Client {
	e.Name = cmp.Or(e.Name, e.Model)
	e.Timeouts = e.Timeouts.filled()
	e.BaseURL = strings.TrimRight(strings.TrimSpace(e.BaseURL), "/")
	e.ExtraBody, e.Headers = maps.Clone(e.ExtraBody), maps.Clone(e.Headers)
	c := &Client{Endpoint: e}
	c.http = &http.Client{
		Transport: &repair{endpoint: e, next: transport(e.Timeouts)},
		// A key must not follow a redirect, and no API needs one.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	config := openai.DefaultConfig(e.Key)
	if e.azure() {
		config = openai.DefaultAzureConfig(e.Key, e.BaseURL)
		config.AzureModelMapperFunc = func(string) string { return url.PathEscape(e.Model) }
		config.APIVersion = cmp.Or(e.APIVersion, "2024-10-21")
	}
	if e.BaseURL != "" {
		config.BaseURL = e.BaseURL
	}
	config.HTTPClient = c.http
	config.EmptyMessagesLimit = 1 << 30 // keep-alives are no failure; the deadlines end a hanging stream
	c.api = openai.NewClientWithConfig(config)
	return c
}

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func (e Endpoint) azure() bool { return strings.EqualFold(e.APIType, "azure") }

// official reports whether OpenAI itself answers here, with its rules for its models.
func (e Endpoint) official() bool {
	u, err := url.Parse(e.BaseURL)
	return e.azure() || e.BaseURL == "" || err == nil && strings.HasSuffix(u.Hostname(), ".openai.com")
}

// thinks reports whether the model is one of those of OpenAI that refuse max_tokens
// and a temperature.
func (e Endpoint) thinks() bool {
	if !e.official() {
		return false
	}
	for _, p := range []string{"o1", "o3", "o4", "gpt-5", "gpt-6"} {
		if strings.HasPrefix(e.Model, p) {
			return true
		}
	}
	return false
}

func transport(t Timeouts) *http.Transport {
	dialer := &net.Dialer{Timeout: t.Connect, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, address)
		},
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           100,
		MaxIdleConnsPerHost:    32,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    t.Connect,
		MaxResponseHeaderBytes: 1 << 20,
	}
}
