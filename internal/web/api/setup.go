package api

import (
	"context"

	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/web/endpoint"
)

type setupNeededOutput struct {
	Body struct {
		Needed bool `json:"needed"`
	}
}

func (a *API) setupNeeded(ctx context.Context, _ *struct{}) (*setupNeededOutput, error) {
	needed, err := a.Accounts.SetupNeeded(ctx)
	out := &setupNeededOutput{}
	out.Body.Needed = needed
	return out, err
}

type setUpInput struct {
	Body struct {
		Token    string `json:"token" minLength:"1" maxLength:"200" doc:"From the link that the server printed."`
		Username string `json:"username" minLength:"1" maxLength:"64"`
		Name     string `json:"name" maxLength:"100"`
		Password string `json:"password" maxLength:"200" doc:"At least 10 characters, and not the user name."`
	}
}

type userOutput struct {
	Body struct {
		User auth.User `json:"user"`
	}
}

func (a *API) setUp(ctx context.Context, in *setUpInput) (*userOutput, error) {
	user, err := a.Accounts.SetUp(ctx, a.address(ctx), in.Body.Token, auth.NewUser{
		Username: in.Body.Username, Name: in.Body.Name, Password: in.Body.Password, Role: auth.Owner,
	})
	if err != nil {
		return nil, err
	}
	if err := a.Sessions.Begin(ctx, user); err != nil {
		return nil, err
	}
	endpoint.User(ctx, user)
	endpoint.Target(ctx, user.ID)
	out := &userOutput{}
	out.Body.User = user
	return out, nil
}
