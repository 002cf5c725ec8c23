package openai

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"time"

	openai "github.com/sashabaranov/go-openai"

	"github.com/parley-im/parley/bot"
)

var _ bot.Model = (*Client)(nil)

// Stream asks the endpoint. Reasoning, in fields of its own or between <think> marks,
// is not yielded. The sequence ends without an error only when the server said that
// the answer is whole, and only when there was some.
func (c *Client) Stream(ctx context.Context, r bot.Request) iter.Seq2[bot.Chunk, error] {
	return func(yield func(bot.Chunk, error) bool) {
		call, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		total := time.AfterFunc(c.Timeouts.Total, func() { cancel(errTotal) })
		defer total.Stop()
		first := time.AfterFunc(c.Timeouts.FirstToken, func() { cancel(errFirstToken) })
		defer first.Stop()
		stall := time.AfterFunc(c.Timeouts.Total, func() { cancel(errStall) })
		stall.Stop() // runs while a piece is waited for, not while the reader takes one
		defer stall.Stop()
		header := http.Header{}
		fail := func(err error) { yield(bot.Chunk{}, c.classify(ctx, call, err, header)) }

		stream, err := c.api.CreateChatCompletionStream(context.WithValue(call, headerKey{}, &header), chatRequest(r))
		if err != nil {
			fail(err)
			return
		}
		defer stream.Close()
		think := thinking{in: c.ThinksAloud}
		said, finish, pieces := false, openai.FinishReason(""), 0
		show := func(text string) bool {
			if text == "" {
				return true
			}
			said = true
			return yield(bot.Chunk{Text: text, Model: c.Model, Mode: bot.ByModel}, nil)
		}
		for {
			part, err := stream.Recv()
			stall.Stop()
			if errors.Is(err, io.EOF) || errors.Is(err, errCut) && finish != "" {
				break
			}
			if err != nil {
				fail(err)
				return
			}
			for _, choice := range part.Choices {
				if choice.Index != 0 {
					continue
				}
				// The first piece may only name the role, long before there is an answer.
				if pieces++; pieces > 1 || choice.Delta.Content != "" || choice.Delta.ReasoningContent != "" {
					first.Stop()
				}
				if choice.FinishReason != "" && choice.FinishReason != openai.FinishReasonNull {
					finish = choice.FinishReason
				}
				if !show(think.add(choice.Delta.Content)) {
					return
				}
			}
			if usage := usageOf(part.Usage); usage != nil {
				if !yield(bot.Chunk{Usage: usage, Model: c.Model, Mode: bot.ByModel}, nil) {
					return
				}
			}
			if pieces > 1 || said {
				stall.Reset(c.Timeouts.Stall)
			}
		}
		if !show(think.rest()) {
			return
		}
		c.end(said, finish, yield)
	}
}

// end judges a stream that was not cut by how the server says it finished.
func (c *Client) end(said bool, finish openai.FinishReason, yield func(bot.Chunk, error) bool) {
	bad := func(reason Reason, detail string) {
		yield(bot.Chunk{}, &Error{Endpoint: c.Name, Reason: reason, Detail: detail})
	}
	switch finish {
	case openai.FinishReasonContentFilter:
		bad(Filtered, "")
	case "error", "abort", "aborted", "cancelled", "insufficient_system_resource":
		bad(Server, "finish_reason "+string(finish))
	default:
		if !said {
			bad(Empty, "finish_reason "+clean(string(finish)))
			return
		}
		if finish == openai.FinishReasonLength {
			yield(bot.Chunk{Truncated: true, Model: c.Model, Mode: bot.ByModel}, nil)
		}
	}
}

// usageOf reads what the call cost; servers send it empty in all pieces but the last.
func usageOf(u *openai.Usage) *bot.Usage {
	if u == nil || u.PromptTokens+u.CompletionTokens == 0 {
		return nil
	}
	out := &bot.Usage{Input: u.PromptTokens, Output: u.CompletionTokens}
	if u.PromptTokensDetails != nil {
		out.Cached = u.PromptTokensDetails.CachedTokens
	}
	return out
}

func chatRequest(r bot.Request) openai.ChatCompletionRequest {
	out := openai.ChatCompletionRequest{
		Model:               placeholder,
		MaxCompletionTokens: r.MaxTokens,
		Stream:              true,
		StreamOptions:       &openai.StreamOptions{IncludeUsage: true},
	}
	if r.System != "" {
		out.Messages = append(out.Messages, openai.ChatCompletionMessage{Role: openai.ChatMessageRoleSystem, Content: r.System})
	}
	for _, t := range r.Turns {
		out.Messages = append(out.Messages, openai.ChatCompletionMessage{Role: string(t.Role), Content: t.Text})
	}
	return out
}

// Check asks for next to nothing and returns how long the first sign of an answer
// took. Reasoning counts: a thinking model may use up so short an answer with it.
func (c *Client) Check(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	r := bot.Request{Turns: []bot.Turn{{Role: bot.User, Text: "Say OK."}}, MaxTokens: 64}
	for _, err := range c.Stream(ctx, r) {
		if e, ok := errors.AsType[*Error](err); ok && e.Reason == Empty {
			break
		}
		if err != nil {
			return 0, err
		}
		break
	}
	return time.Since(began), nil
}
