package api

import (
	"context"
	"time"

	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/web/endpoint"
)

type listKeysOutput struct {
	Body struct {
		Keys []auth.Key `json:"keys"`
	}
}

func (a *API) listKeys(ctx context.Context, _ *struct{}) (*listKeysOutput, error) {
	keys, err := a.Accounts.Keys(ctx)
	out := &listKeysOutput{}
	out.Body.Keys = endpoint.List(keys)
	return out, err
}

type createKeyInput struct {
	Body struct {
		Name        string            `json:"name" minLength:"1" maxLength:"100"`
		Permissions []auth.Permission `json:"permissions" minItems:"1" maxItems:"50" doc:"At most what the maker may."`
		ExpiresAt   *time.Time        `json:"expires_at,omitempty" doc:"Without it the key holds until it is revoked."`
	}
}

type createKeyOutput struct {
	Body struct {
		Key    auth.Key `json:"key"`
		Secret string   `json:"secret" doc:"Shown this once."`
	}
}

func (a *API) createKey(ctx context.Context, in *createKeyInput) (*createKeyOutput, error) {
	key, secret, err := a.Accounts.AddKey(ctx, auth.Of(ctx), auth.Key{
		Name: in.Body.Name, Permissions: in.Body.Permissions, ExpiresAt: in.Body.ExpiresAt,
	})
	if err != nil {
		return nil, err
	}
	endpoint.Target(ctx, key.ID)
	out := &createKeyOutput{}
	out.Body.Key, out.Body.Secret = key, secret
	return out, nil
}

func (a *API) deleteKey(ctx context.Context, in *endpoint.ID) (*struct{}, error) {
	return nil, a.Accounts.DeleteKey(ctx, in.ID)
}
