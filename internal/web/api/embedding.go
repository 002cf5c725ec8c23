package api

import (
	"context"

	"github.com/parley-im/parley/internal/web/endpoint"
	"github.com/parley-im/parley/knowledge"
)

// Embedding tells of the embedding models and changes which one serves.
// knowledge.Base is one.
type Embedding interface {
	EmbeddingModels(ctx context.Context) ([]knowledge.EmbeddingModel, error)
	Serve(ctx context.Context, model string) error
	Forget(ctx context.Context, model string) error
}

type embeddingModelsOutput struct {
	Body struct {
		Models []knowledge.EmbeddingModel `json:"models"`
	}
}

func (a *API) listEmbeddingModels(ctx context.Context, _ *struct{}) (*embeddingModelsOutput, error) {
	models, err := a.Embedding.EmbeddingModels(ctx)
	out := &embeddingModelsOutput{}
	out.Body.Models = endpoint.List(models)
	return out, err
}

// embeddingModelInput has the name in the body: names of models have slashes.
type embeddingModelInput struct {
	Body struct {
		Model string `json:"model" minLength:"1" maxLength:"300"`
	}
}

func (a *API) serveEmbeddingModel(ctx context.Context, in *embeddingModelInput) (*struct{}, error) {
	endpoint.Target(ctx, in.Body.Model)
	return nil, a.Embedding.Serve(ctx, in.Body.Model)
}

func (a *API) forgetEmbeddingModel(ctx context.Context, in *embeddingModelInput) (*struct{}, error) {
	endpoint.Target(ctx, in.Body.Model)
	return nil, a.Embedding.Forget(ctx, in.Body.Model)
}
