package library

import (
	"context"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/web/endpoint"
	"github.com/parley-im/parley/knowledge"
)

type listCollectionsOutput struct {
	Body struct {
		Collections []knowledge.Collection `json:"collections"`
	}
}

// ListCollections lists all collections.
func (l *Library) ListCollections(ctx context.Context, _ *struct{}) (*listCollectionsOutput, error) {
	all, err := l.Collections.Collections(ctx)
	out := &listCollectionsOutput{}
	out.Body.Collections = endpoint.List(all)
	return out, err
}

type collectionOutput struct{ Body knowledge.Collection }

type createCollectionInput struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"100"`
		Note string `json:"note,omitempty" maxLength:"1000"`
	}
}

// CreateCollection makes a collection.
func (l *Library) CreateCollection(ctx context.Context, in *createCollectionInput) (*collectionOutput, error) {
	c, err := l.Collections.CreateCollection(ctx, in.Body.Name, in.Body.Note)
	endpoint.Target(ctx, c.ID)
	return &collectionOutput{c}, err
}

type updateCollectionInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Name *string `json:"name,omitempty" minLength:"1" maxLength:"100"`
		Note *string `json:"note,omitempty" maxLength:"1000"`
	}
}

// UpdateCollection changes name or note.
func (l *Library) UpdateCollection(ctx context.Context, in *updateCollectionInput) (*collectionOutput, error) {
	c, err := l.collection(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if in.Body.Name != nil {
		c.Name = *in.Body.Name
	}
	if in.Body.Note != nil {
		c.Note = *in.Body.Note
	}
	c, err = l.Collections.UpdateCollection(ctx, in.ID, c.Name, c.Note)
	return &collectionOutput{c}, err
}

// DeleteCollection deletes a collection with its documents.
func (l *Library) DeleteCollection(ctx context.Context, in *endpoint.ID) (*struct{}, error) {
	return nil, l.Collections.DeleteCollection(ctx, in.ID)
}

func (l *Library) collection(ctx context.Context, id string) (knowledge.Collection, error) {
	all, err := l.Collections.Collections(ctx)
	if err != nil {
		return knowledge.Collection{}, err
	}
	for _, c := range all {
		if c.ID == id {
			return c, nil
		}
	}
	return knowledge.Collection{}, fault.Say(fault.NotFound, "unknown_collection", "There is no collection with this ID.")
}
