package openai

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
)

// placeholder stands for the model's name inside go-openai, which checks names and
// refuses some parameters by them, whoever serves the model. repair writes the real one.
const placeholder = "model"

// headerKey leads to an http.Header in the context of a call, into which the
// response's is put: go-openai drops it on errors, and Retry-After with it.
type headerKey struct{}

const (
	maxLine  = 1 << 20  // longest line of a stream
	maxError = 64 << 10 // most that is read of an error's body
	maxWhole = 64 << 20 // most that is read of an answer that is not a stream
)

var (
	errCut     = errors.New("the stream ended before it was whole")
	errLine    = errors.New("a line of the stream is too long")
	errGarbage = errors.New("the answer is not what an OpenAI-compatible server sends")
)

// repair mends requests and responses of one endpoint.
type repair struct {
	endpoint Endpoint
	next     http.RoundTripper
}

func (r *repair) CloseIdleConnections() {
	if c, ok := r.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

func (r *repair) RoundTrip(request *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(request.Body)
	if err := errors.Join(err, request.Body.Close()); err != nil {
		return nil, fmt.Errorf("read request: %w", err)
	}
	if body, err = r.patch(body, strings.HasSuffix(request.URL.Path, "/chat/completions")); err != nil {
		return nil, err
	}
	request = request.Clone(request.Context())
	request.Body, request.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	for name, value := range r.endpoint.Headers {
		request.Header.Set(name, value)
	}
	response, err := r.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if h, ok := request.Context().Value(headerKey{}).(*http.Header); ok {
		*h = response.Header
	}
	return r.check(response, request.Header.Get("Accept") == "text/event-stream")
}

// patch writes into the body what go-openai cannot say.
func (r *repair) patch(body []byte, chat bool) ([]byte, error) {
	var fields map[string]any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil {
		return nil, fmt.Errorf("decode request: %w", err)
	}
	e := r.endpoint
	fields["model"] = e.Model
	if chat {
		if limit, ok := fields["max_completion_tokens"]; ok {
			delete(fields, "max_completion_tokens")
			switch {
			case e.MaxTokensField == "none":
			case e.MaxTokensField != "":
				fields[e.MaxTokensField] = limit
			case e.thinks():
				fields["max_completion_tokens"] = limit
			default:
				fields["max_tokens"] = limit
			}
		}
		if e.Temperature != nil {
			fields["temperature"] = *e.Temperature
		}
		if e.NoStreamOptions {
			delete(fields, "stream_options")
		}
	}
	for name, value := range e.ExtraBody {
		if value == nil {
			delete(fields, name)
			continue
		}
		fields[name] = value
	}
	out, err := json.Marshal(fields)
	if err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	return out, nil
}

// limited closes the body of which only a part is read.
type limited struct {
	io.Reader
	io.Closer
}

// check refuses what is not an answer of the API, and mends streams.
func (r *repair) check(response *http.Response, stream bool) (*http.Response, error) {
	if response.StatusCode >= 400 {
		response.Body = limited{io.LimitReader(response.Body, maxError), response.Body}
		return response, nil
	}
	media, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	switch {
	case response.StatusCode != http.StatusOK:
		return nil, errors.Join(fmt.Errorf("status %d: %w", response.StatusCode, errGarbage), response.Body.Close())
	case media == "text/html" || media == "application/xhtml+xml":
		return nil, errors.Join(fmt.Errorf("a web page: %w", errGarbage), response.Body.Close())
	case stream:
		response.Body = &events{lines: bufio.NewReaderSize(response.Body, 16<<10), Closer: response.Body}
	default:
		response.Body = limited{io.LimitReader(response.Body, maxWhole), response.Body}
	}
	return response, nil
}

// events passes on the data lines of an event stream, one at a time, and nothing
// else: no comments, names, ids or empty lines. An error event, and a JSON error
// that stands there without being an event, become a data line {"error":…}, which
// go-openai returns as an error. The end without [DONE] is errCut.
type events struct {
	io.Closer
	lines *bufio.Reader
	out   []byte
	done  bool
	fails bool // the event being read is named "error"
	err   error
}

func (e *events) Read(p []byte) (int, error) {
	for len(e.out) == 0 {
		if e.err != nil {
			return 0, e.err
		}
		e.next()
	}
	n := copy(p, e.out)
	e.out = e.out[n:]
	return n, nil
}

func (e *events) next() {
	line, err := e.line()
	defer func() {
		if err != nil && e.err == nil {
			e.err = err
			if errors.Is(err, io.EOF) && !e.done {
				e.err = errCut
			}
		}
	}()
	line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\xef\xbb\xbf")))
	field, value, colon := bytes.Cut(line, []byte(":"))
	value = bytes.TrimSpace(value)
	switch {
	case len(line) == 0:
		e.fails = false
	case line[0] == '{' && hasError(line): // JSON although a stream was asked for
		e.fail(line)
	case line[0] == '{', line[0] == '<':
		e.err = errGarbage
	case !colon, len(field) == 0: // a comment, or nothing we know
	case string(field) == "event":
		e.fails = string(value) == "error"
	case string(field) == "data" && len(value) > 0:
		switch {
		case string(value) == "[DONE]":
			e.done = true
			e.emit(value)
		case e.fails, hasError(value):
			e.fail(value)
		case err != nil && !json.Valid(value): // the end came within the line
		default:
			e.emit(value)
		}
	}
}

// fail passes on an error and ends the stream: what follows is not waited for.
func (e *events) fail(data []byte) {
	e.emit(asError(data))
	e.err = io.EOF
}

// hasError reports whether a JSON object has a field "error" that says something.
func hasError(object []byte) bool {
	if !bytes.Contains(object, []byte(`"error"`)) {
		return false
	}
	var shape struct {
		Error any `json:"error"`
	}
	return json.Unmarshal(object, &shape) == nil && shape.Error != nil && shape.Error != ""
}

func (e *events) emit(data []byte) {
	e.out = append(append(append(e.out[:0], "data: "...), data...), '\n')
}

// line reads one line of at most maxLine bytes.
func (e *events) line() ([]byte, error) {
	var whole []byte
	for {
		part, err := e.lines.ReadSlice('\n')
		whole = append(whole, part...)
		if len(whole) > maxLine {
			return nil, errLine
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return whole, err
		}
	}
}

// asError brings the many shapes of an error to the one that go-openai knows.
func asError(data []byte) []byte {
	var shape struct {
		Error   json.RawMessage `json:"error"`
		Message string          `json:"message"`
		Code    any             `json:"code"`
	}
	message := ""
	if err := json.Unmarshal(data, &shape); err == nil {
		var inner struct {
			Message string `json:"message"`
			Code    any    `json:"code"`
		}
		switch {
		case json.Unmarshal(shape.Error, &inner) == nil && inner.Message != "":
			message, shape.Code = inner.Message, inner.Code
		case json.Unmarshal(shape.Error, &message) == nil && message != "":
		default:
			message = shape.Message
		}
	}
	type detail struct {
		Message string `json:"message"`
		Code    string `json:"code"`
	}
	code := ""
	if shape.Code != nil {
		code = fmt.Sprint(shape.Code)
	}
	out, err := json.Marshal(map[string]detail{"error": {message, code}})
	if err != nil {
		return []byte(`{"error":{"message":""}}`)
	}
	return out
}
