package api

import (
	"context"

	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/web/endpoint"
)

type signInInput struct {
	Body struct {
		Username string `json:"username" maxLength:"64"`
		Password string `json:"password" maxLength:"200"`
	}
}

type signInOutput struct {
	Body struct {
		User        auth.User         `json:"user"`
		Permissions []auth.Permission `json:"permissions"`
	}
}

func (a *API) signIn(ctx context.Context, in *signInInput) (*signInOutput, error) {
	user, err := a.Accounts.SignIn(ctx, a.address(ctx), in.Body.Username, in.Body.Password)
	if err != nil {
		return nil, err
	}
	if err := a.Sessions.Begin(ctx, user); err != nil {
		return nil, err
	}
	endpoint.User(ctx, user)
	endpoint.Target(ctx, user.ID)
	out := &signInOutput{}
	out.Body.User, out.Body.Permissions = user, user.Role.Permissions()
	return out, nil
}

type sessionOutput struct {
	Body struct {
		User        auth.User         `json:"user"`
		Permissions []auth.Permission `json:"permissions"`
		Version     string            `json:"version"`
		Model       struct {
			Configured bool     `json:"configured"`
			Names      []string `json:"names"`
		} `json:"model"`
		Embedder struct {
			Configured bool   `json:"configured"`
			Model      string `json:"model"`
		} `json:"embedder"`
		MaxUpload int64 `json:"max_upload" doc:"Most bytes of one file."`
	}
}

func (a *API) session(ctx context.Context, _ *struct{}) (*sessionOutput, error) {
	p := auth.Of(ctx)
	out := &sessionOutput{}
	out.Body.User, out.Body.Permissions = p.User, p.Permissions()
	out.Body.Version, out.Body.MaxUpload = a.Version, a.MaxUpload
	out.Body.Model.Configured, out.Body.Model.Names = len(a.Models) > 0, endpoint.List(a.Models)
	out.Body.Embedder.Configured, out.Body.Embedder.Model = a.Embedder != "", a.Embedder
	return out, nil
}

func (a *API) signOut(ctx context.Context, _ *struct{}) (*struct{}, error) {
	endpoint.Target(ctx, auth.Of(ctx).User.ID)
	return nil, a.Sessions.End(ctx)
}

type changePasswordInput struct {
	Body struct {
		Current string `json:"current" maxLength:"200"`
		New     string `json:"new" maxLength:"200" doc:"At least 10 characters, and not the user name."`
	}
}

func (a *API) changePassword(ctx context.Context, in *changePasswordInput) (*struct{}, error) {
	user, err := a.Accounts.ChangePassword(ctx, a.address(ctx), auth.Of(ctx), in.Body.Current, in.Body.New)
	if err != nil {
		return nil, err
	}
	endpoint.Target(ctx, user.ID)
	return nil, a.Sessions.Begin(ctx, user) // the other sessions are over
}
