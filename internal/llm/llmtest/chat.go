package llmtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// chat answers a chat completion as a stream of events.
func (h *Handler) chat(w http.ResponseWriter, r *http.Request) {
	call, body, s, ok := h.record(w, r)
	if !ok {
		return
	}
	fault := s.fault(call)
	if misbehaves(w, r, fault, s.RetryAfter) {
		return
	}
	if fault == ErrorObject {
		refuse(w, http.StatusOK, "The model is overloaded.")
		return
	}
	if s.Answer == nil {
		s.Answer = answer
	}
	st := &stream{w: w, r: r, s: s, fault: fault, model: fmt.Sprint(body["model"])}
	options, _ := body["stream_options"].(map[string]any)
	st.usage = !s.NoUsage && options["include_usage"] == true
	asked := asked(body, call)
	st.prompt = asked.System + asked.Last
	st.run(s.Answer(asked))
}

func asked(body map[string]any, call int) Asked {
	a := Asked{Call: call}
	messages, _ := body["messages"].([]any)
	for _, m := range messages {
		message, _ := m.(map[string]any)
		text, _ := message["content"].(string)
		if message["role"] == "system" {
			a.System = text
		}
		a.Last = text
	}
	return a
}

// stream writes one answer.
type stream struct {
	w      http.ResponseWriter
	r      *http.Request
	s      Script
	fault  Fault
	model  string
	prompt string
	usage  bool
	gone   bool // the caller left
}

func (st *stream) run(text string) {
	st.w.Header().Set("Content-Type", "text/event-stream")
	st.w.WriteHeader(http.StatusOK)
	st.raw("")
	if st.fault == Garbage {
		st.raw("\x00\x01\xff\xfe not events at all\n{]\n")
		return
	}
	for range st.s.KeepAlives {
		st.raw(": keep-alive\n\n")
	}
	st.delta(map[string]any{"role": "assistant", "content": ""})
	if st.fault == HangFirst {
		for !st.gone {
			st.raw(": keep-alive\n\n")
			st.pause(50 * time.Millisecond)
		}
		return
	}
	st.pause(st.s.FirstToken)
	st.reason()
	pieces := cut(text)
	switch st.fault {
	case EmptyAnswer:
		pieces = nil
	case Cut, Reset, Stall, LongLine, BrokenJSON, ErrorEvent, ErrorChunk, WrongFinish, LengthFinish, FilterFinish:
		pieces = pieces[:(len(pieces)+1)/2]
	}
	for i, p := range pieces {
		if i > 0 && st.s.Pace > 0 {
			st.pause(time.Duration(float64(time.Second) / st.s.Pace))
		}
		if st.gone {
			return
		}
		if st.fault == NilChoices {
			st.event(`{"id":"c","object":"chat.completion.chunk","choices":null}`)
		}
		st.delta(map[string]any{"content": p})
	}
	st.end(len(pieces))
}

// reason writes the reasoning text, in the way that the script names.
func (st *stream) reason() {
	if st.s.Reasoning == "" {
		return
	}
	if st.s.Reasons == "think" {
		for _, p := range cut("<think>" + st.s.Reasoning + "</think>\n\n") {
			st.delta(map[string]any{"content": p})
		}
		return
	}
	for _, p := range cut(st.s.Reasoning) {
		st.delta(map[string]any{st.s.Reasons: p})
	}
}

func (st *stream) end(pieces int) {
	finish := "stop"
	switch st.fault {
	case Cut:
		return
	case Reset:
		panic(http.ErrAbortHandler)
	case Stall:
		<-st.r.Context().Done()
		return
	case LongLine:
		st.raw("data: " + strings.Repeat("x", 2<<20) + "\n\n")
		return
	case BrokenJSON:
		st.event(`{"choices":[{"delta":{"content":`)
		return
	case ErrorEvent:
		st.raw("event: error\ndata: {\"message\":\"overloaded\",\"code\":503}\n\n")
		<-st.r.Context().Done() // as servers do that never close
		return
	case ErrorChunk:
		st.event(`{"id":"c","choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}],"error":{"code":502,"message":"provider is gone"}}`)
		return
	case WrongFinish:
		finish = "error"
	case LengthFinish:
		finish = "length"
	case FilterFinish:
		finish = "content_filter"
	}
	if st.fault != NoFinish {
		st.choice(map[string]any{}, finish)
	}
	if st.usage {
		in := Tokens(st.prompt)
		st.chunk(map[string]any{"choices": []any{}, "usage": map[string]any{"prompt_tokens": in, "completion_tokens": pieces,
			"total_tokens": in + pieces, "prompt_tokens_details": map[string]any{"cached_tokens": in / 2}}})
	}
	if st.fault != NoDone {
		st.event("[DONE]")
	}
}

func (st *stream) delta(delta map[string]any) { st.choice(delta, nil) }

func (st *stream) choice(delta map[string]any, finish any) {
	st.chunk(map[string]any{"choices": []any{map[string]any{"index": 0, "delta": delta, "finish_reason": finish}}})
}

func (st *stream) chunk(fields map[string]any) {
	fields["id"], fields["object"], fields["created"], fields["model"] = "chatcmpl-standin", "chat.completion.chunk", 0, st.model
	data, err := json.Marshal(fields)
	if err != nil {
		panic(err) // maps of strings and numbers
	}
	st.event(string(data))
}

func (st *stream) event(data string) { st.raw("data: " + data + "\n\n") }

func (st *stream) raw(text string) {
	if _, err := st.w.Write([]byte(text)); err != nil {
		st.gone = true
		return
	}
	if err := http.NewResponseController(st.w).Flush(); err != nil {
		st.gone = true
	}
}

func (st *stream) pause(d time.Duration) {
	if d <= 0 {
		return
	}
	select {
	case <-time.After(d):
	case <-st.r.Context().Done():
		st.gone = true
	}
}

// cut makes pieces of about the size of tokens.
func cut(text string) []string {
	var out []string
	for text != "" {
		n := 0
		for n < len(text) && n < 4 {
			_, size := utf8.DecodeRuneInString(text[n:])
			n += size
		}
		out, text = append(out, text[:n]), text[n:]
	}
	return out
}

// Tokens is how many tokens the stand-in says that a text has.
func Tokens(text string) int { return len(cut(text)) }
