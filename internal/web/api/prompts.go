package api

import (
	"context"
	"fmt"

	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/web/endpoint"
	"github.com/parley-im/parley/internal/web/problem"
	"github.com/parley-im/parley/prompts"
)

// PromptSummary is one prompt in the list.
type PromptSummary struct {
	Name      string         `json:"name"`
	Active    prompts.Prompt `json:"active"`
	Latest    int            `json:"latest" doc:"Number of the newest version; 0: only the default."`
	Variables []string       `json:"variables" doc:"What its text may use, as {{.Name}}."`
}

type listPromptsOutput struct {
	Body struct {
		Prompts []PromptSummary `json:"prompts"`
	}
}

func (a *API) listPrompts(ctx context.Context, _ *struct{}) (*listPromptsOutput, error) {
	out := &listPromptsOutput{}
	out.Body.Prompts = []PromptSummary{}
	for _, name := range prompts.Names() {
		active, err := a.Prompts.Active(ctx, name)
		if err != nil {
			return nil, err
		}
		versions, err := a.Prompts.Versions(ctx, name)
		if err != nil {
			return nil, err
		}
		latest := 0
		for _, v := range versions {
			latest = max(latest, v.Version)
		}
		out.Body.Prompts = append(out.Body.Prompts, PromptSummary{
			Name: name, Active: active, Latest: latest, Variables: prompts.Variables(),
		})
	}
	return out, nil
}

type promptInput struct {
	Name string `path:"name" maxLength:"100"`
}

type listPromptVersionsOutput struct {
	Body struct {
		Versions []prompts.Prompt `json:"versions"`
	}
}

func (a *API) listPromptVersions(ctx context.Context, in *promptInput) (*listPromptVersionsOutput, error) {
	versions, err := a.Prompts.Versions(ctx, in.Name)
	out := &listPromptVersionsOutput{}
	out.Body.Versions = endpoint.List(versions)
	return out, err
}

type savePromptInput struct {
	Name string `path:"name" maxLength:"100"`
	Body struct {
		Text string `json:"text"`
		Note string `json:"note,omitempty" maxLength:"500" doc:"What was changed, and why."`
	}
}

type promptOutput struct{ Body prompts.Prompt }

func (a *API) savePrompt(ctx context.Context, in *savePromptInput) (*promptOutput, error) {
	if _, err := prompts.Default(in.Name); err != nil {
		return nil, err
	}
	if wrong := prompts.Check(in.Name, in.Body.Text); len(wrong) > 0 {
		refused := &problem.Refused{Err: fault.Say(fault.Invalid, "prompt_invalid", "The prompt cannot be saved: it would not render.")}
		for _, w := range wrong {
			refused.Fields = append(refused.Fields, problem.Field{
				Location: "body.text", Message: fmt.Sprintf("Line %d, column %d: %s", w.Line, w.Column, w.Message),
			})
		}
		return nil, refused
	}
	version, err := a.Prompts.Save(ctx, prompts.Prompt{
		Name: in.Name, Text: in.Body.Text, Note: in.Body.Note, Author: auth.Of(ctx).User.Username,
	})
	if err != nil {
		return nil, err
	}
	endpoint.Target(ctx, fmt.Sprintf("%s/%d", in.Name, version))
	p, err := a.Prompts.Version(ctx, in.Name, version)
	return &promptOutput{p}, err
}

type checkPromptInput struct {
	Name string `path:"name" maxLength:"100"`
	Body struct {
		Text string `json:"text"`
	}
}

type checkPromptOutput struct {
	Body struct {
		OK       bool              `json:"ok"`
		Problems []prompts.Problem `json:"problems"`
	}
}

func (a *API) checkPrompt(_ context.Context, in *checkPromptInput) (*checkPromptOutput, error) {
	if _, err := prompts.Default(in.Name); err != nil {
		return nil, err
	}
	out := &checkPromptOutput{}
	out.Body.Problems = endpoint.List(prompts.Check(in.Name, in.Body.Text))
	out.Body.OK = len(out.Body.Problems) == 0
	return out, nil
}

type activatePromptInput struct {
	Name string `path:"name" maxLength:"100"`
	Body struct {
		Version int `json:"version" minimum:"0"`
	}
}

func (a *API) activatePrompt(ctx context.Context, in *activatePromptInput) (*promptOutput, error) {
	if err := a.Prompts.Activate(ctx, in.Name, in.Body.Version); err != nil {
		return nil, err
	}
	endpoint.Target(ctx, fmt.Sprintf("%s/%d", in.Name, in.Body.Version))
	p, err := a.Prompts.Active(ctx, in.Name)
	return &promptOutput{p}, err
}

type diffPromptInput struct {
	Name string `path:"name" maxLength:"100"`
	From int    `query:"from" minimum:"0" required:"true"`
	To   int    `query:"to" minimum:"0" required:"true"`
}

type diffPromptOutput struct {
	Body struct {
		Lines []prompts.Line `json:"lines"`
	}
}

func (a *API) diffPrompt(ctx context.Context, in *diffPromptInput) (*diffPromptOutput, error) {
	from, err := a.Prompts.Version(ctx, in.Name, in.From)
	if err != nil {
		return nil, err
	}
	to, err := a.Prompts.Version(ctx, in.Name, in.To)
	if err != nil {
		return nil, err
	}
	out := &diffPromptOutput{}
	out.Body.Lines = endpoint.List(prompts.Diff(from.Text, to.Text))
	return out, nil
}
