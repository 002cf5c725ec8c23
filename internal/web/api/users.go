package api

import (
	"context"

	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/web/endpoint"
)

type listUsersOutput struct {
	Body struct {
		Users []auth.User `json:"users"`
	}
}

func (a *API) listUsers(ctx context.Context, _ *struct{}) (*listUsersOutput, error) {
	users, err := a.Accounts.Users(ctx)
	out := &listUsersOutput{}
	out.Body.Users = endpoint.List(users)
	return out, err
}

type createUserInput struct {
	Body struct {
		Username string    `json:"username" minLength:"1" maxLength:"64"`
		Name     string    `json:"name" maxLength:"100"`
		Role     auth.Role `json:"role" enum:"owner,admin,editor,viewer"`
		Password string    `json:"password" maxLength:"200" doc:"At least 10 characters, and not the user name."`
	}
}

func (a *API) createUser(ctx context.Context, in *createUserInput) (*userOutput, error) {
	user, err := a.Accounts.AddUser(ctx, auth.Of(ctx), auth.NewUser{
		Username: in.Body.Username, Name: in.Body.Name, Role: in.Body.Role, Password: in.Body.Password,
	})
	if err != nil {
		return nil, err
	}
	endpoint.Target(ctx, user.ID)
	out := &userOutput{}
	out.Body.User = user
	return out, nil
}

type updateUserInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Name     *string    `json:"name,omitempty" maxLength:"100"`
		Role     *auth.Role `json:"role,omitempty" enum:"owner,admin,editor,viewer"`
		Disabled *bool      `json:"disabled,omitempty"`
		Password *string    `json:"password,omitempty" maxLength:"200"`
	}
}

func (a *API) updateUser(ctx context.Context, in *updateUserInput) (*userOutput, error) {
	user, err := a.Accounts.ChangeUser(ctx, auth.Of(ctx), in.ID, auth.UserChange{
		Name: in.Body.Name, Role: in.Body.Role, Disabled: in.Body.Disabled, Password: in.Body.Password,
	})
	if err != nil {
		return nil, err
	}
	out := &userOutput{}
	out.Body.User = user
	return out, nil
}

func (a *API) deleteUser(ctx context.Context, in *endpoint.ID) (*struct{}, error) {
	return nil, a.Accounts.DeleteUser(ctx, auth.Of(ctx), in.ID)
}
