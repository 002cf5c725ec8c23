package api

import (
	"context"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/activity"
	"github.com/parley-im/parley/internal/web/endpoint"
)

type listConversationsInput struct {
	Q       string `query:"q" maxLength:"200" doc:"Text in a question or an answer."`
	Channel string `query:"channel" maxLength:"100"`
	Known   string `query:"known" enum:"true,false" doc:"Has an answer that was known, or one that was not."`
	Rating  string `query:"rating" enum:"up,down"`
	Limit   int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Before  string `query:"before" maxLength:"100" doc:"next of the page before."`
}

type listConversationsOutput struct {
	Body struct {
		Conversations []activity.Conversation `json:"conversations"`
		Next          string                  `json:"next" doc:"Empty on the last page."`
	}
}

func (a *API) listConversations(ctx context.Context, in *listConversationsInput) (*listConversationsOutput, error) {
	f := activity.Filter{Text: in.Q, Channel: in.Channel, Rating: in.Rating, Limit: in.Limit, Before: in.Before}
	if in.Known != "" {
		known := in.Known == "true"
		f.Known = &known
	}
	page, next, err := a.Activity.Conversations(ctx, f)
	out := &listConversationsOutput{}
	out.Body.Conversations, out.Body.Next = endpoint.List(page), next
	return out, err
}

type conversationOutput struct {
	Body struct {
		Conversation activity.Conversation       `json:"conversation"`
		Turns        []activity.ConversationTurn `json:"turns" doc:"Oldest first."`
	}
}

func (a *API) getConversation(ctx context.Context, in *endpoint.ID) (*conversationOutput, error) {
	c, turns, err := a.Activity.Conversation(ctx, in.ID)
	out := &conversationOutput{}
	out.Body.Conversation, out.Body.Turns = c, endpoint.List(turns)
	return out, err
}

type overviewInput struct {
	Days int `query:"days" minimum:"1" maximum:"366" default:"14"`
}

type overviewOutput struct {
	Body struct {
		Totals   activity.Figures `json:"totals"`
		Days     []activity.Day   `json:"days" doc:"Oldest first, one for each day, today included."`
		Channels []ChannelHealth  `json:"channels"`
	}
}

func (a *API) overview(ctx context.Context, in *overviewInput) (*overviewOutput, error) {
	totals, days, err := a.Activity.Overview(ctx, in.Days)
	out := &overviewOutput{}
	out.Body.Totals, out.Body.Days = totals, endpoint.List(days)
	out.Body.Channels = a.health()
	return out, err
}

// ChannelHealth is how one channel is doing.
type ChannelHealth struct {
	Name        string     `json:"name"`
	Kind        string     `json:"kind"`
	State       string     `json:"state" enum:"connected,connecting,waiting,standby,stopped" doc:"standby: another replica has the connection; this one takes over when that one is gone."`
	Since       *time.Time `json:"since" doc:"Of the state."`
	LastFrameAt *time.Time `json:"last_frame_at" doc:"Anything at all from the platform."`
	LastInAt    *time.Time `json:"last_in_at"`
	LastOutAt   *time.Time `json:"last_out_at"`
	Restarts    int        `json:"restarts"`
	Waiting     int        `json:"waiting" doc:"Messages that are neither done nor dead."`
	Error       string     `json:"error" doc:"A sentence for people, or empty."`
}

type listChannelsOutput struct {
	Body struct {
		Channels []ChannelHealth `json:"channels"`
	}
}

func (a *API) listChannels(context.Context, *struct{}) (*listChannelsOutput, error) {
	out := &listChannelsOutput{}
	out.Body.Channels = a.health()
	return out, nil
}

func (a *API) health() []ChannelHealth {
	out := []ChannelHealth{}
	for _, h := range a.Channels() {
		if h.State == gateway.Standby {
			h.Error = "" // of the time before: the channel is another replica's
		}
		out = append(out, ChannelHealth{
			Name: h.Name, Kind: h.Kind, State: h.State, Since: when(h.Since), LastFrameAt: when(h.LastFrameAt),
			LastInAt: when(h.LastInAt), LastOutAt: when(h.LastOutAt), Restarts: h.Restarts, Waiting: h.Waiting, Error: h.Error,
		})
	}
	return out
}

// when is nil for never.
func when(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
