package library

import (
	"context"
	"strconv"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/web/endpoint"
	"github.com/parley-im/parley/knowledge"
)

// Documents keeps what was read from files. knowledge.Base is one.
type Documents interface {
	Documents(ctx context.Context, f knowledge.Filter) (knowledge.Page, error)
	Document(ctx context.Context, id string) (knowledge.Document, error)
	Update(ctx context.Context, id string, c knowledge.Change) (knowledge.Document, error)
	Delete(ctx context.Context, id string) error
	Retry(ctx context.Context, id string) error
	Cancel(ctx context.Context, id string) error
	Chunks(ctx context.Context, id string, after, limit int) ([]knowledge.Chunk, error)
}

type listDocumentsInput struct {
	ID    string          `path:"id" maxLength:"64"`
	Q     string          `query:"q" maxLength:"200" doc:"Text in the name or the title."`
	Stage knowledge.Stage `query:"stage" enum:"queued,extracting,chunking,indexing,embedding,ready,failed,cancelled"`
	Label string          `query:"label" maxLength:"100"`
	Limit int             `query:"limit" minimum:"1" maximum:"500" default:"100"`
	After string          `query:"after" maxLength:"300" doc:"next of the page before."`
}

type listDocumentsOutput struct {
	Body struct {
		Documents []knowledge.Document `json:"documents"`
		Next      string               `json:"next" doc:"Empty on the last page."`
		Counts    map[string]int       `json:"counts" doc:"Documents of the collection by stage."`
	}
}

// ListDocuments lists documents of a collection, page by page.
func (l *Library) ListDocuments(ctx context.Context, in *listDocumentsInput) (*listDocumentsOutput, error) {
	page, err := l.Documents.Documents(ctx, knowledge.Filter{
		Collection: in.ID, Text: in.Q, Stage: in.Stage, Label: in.Label, Limit: in.Limit, After: in.After,
	})
	if err != nil {
		return nil, err
	}
	out := &listDocumentsOutput{}
	out.Body.Documents, out.Body.Next = []knowledge.Document{}, page.Next
	for _, d := range page.Documents {
		out.Body.Documents = append(out.Body.Documents, shown(d))
	}
	out.Body.Counts = map[string]int{}
	for stage, n := range page.Counts {
		out.Body.Counts[string(stage)] = n
	}
	return out, nil
}

type documentOutput struct{ Body knowledge.Document }

// shown makes d fit for a caller.
func shown(d knowledge.Document) knowledge.Document {
	d.Labels = endpoint.List(d.Labels)
	return d
}

// GetDocument returns one document.
func (l *Library) GetDocument(ctx context.Context, in *endpoint.ID) (*documentOutput, error) {
	d, err := l.Documents.Document(ctx, in.ID)
	return &documentOutput{shown(d)}, err
}

type updateDocumentInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Title  *string   `json:"title,omitempty" minLength:"1" maxLength:"300"`
		Labels *[]string `json:"labels,omitempty" maxItems:"50"`
		URL    *string   `json:"url,omitempty" maxLength:"2000" doc:"http or https, or empty."`
	}
}

// UpdateDocument changes title, labels or address.
func (l *Library) UpdateDocument(ctx context.Context, in *updateDocumentInput) (*documentOutput, error) {
	if in.Body.URL != nil {
		if err := checkLink("body.url", *in.Body.URL); err != nil {
			return nil, err
		}
	}
	d, err := l.Documents.Update(ctx, in.ID, knowledge.Change{Title: in.Body.Title, Labels: in.Body.Labels, URL: in.Body.URL})
	return &documentOutput{shown(d)}, err
}

// DeleteDocument deletes a document.
func (l *Library) DeleteDocument(ctx context.Context, in *endpoint.ID) (*struct{}, error) {
	return nil, l.Documents.Delete(ctx, in.ID)
}

// RetryDocument asks for a failed document to be read again.
func (l *Library) RetryDocument(ctx context.Context, in *endpoint.ID) (*documentOutput, error) {
	if err := l.Documents.Retry(ctx, in.ID); err != nil {
		return nil, err
	}
	return l.GetDocument(ctx, in)
}

// CancelDocument stops the reading of a document.
func (l *Library) CancelDocument(ctx context.Context, in *endpoint.ID) (*documentOutput, error) {
	if err := l.Documents.Cancel(ctx, in.ID); err != nil {
		return nil, err
	}
	return l.GetDocument(ctx, in)
}

type listChunksInput struct {
	ID    string `path:"id" maxLength:"64"`
	After string `query:"after" maxLength:"20" doc:"next of the page before."`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type listChunksOutput struct {
	Body struct {
		Chunks []knowledge.Chunk `json:"chunks"`
		Next   string            `json:"next" doc:"Empty on the last page."`
	}
}

// ListChunks lists the chunks of the live version.
func (l *Library) ListChunks(ctx context.Context, in *listChunksInput) (*listChunksOutput, error) {
	after := -1
	if in.After != "" {
		n, err := strconv.Atoi(in.After)
		if err != nil {
			return nil, fault.Say(fault.Invalid, "invalid_cursor", "after is not the next of a page before.")
		}
		after = n
	}
	chunks, err := l.Documents.Chunks(ctx, in.ID, after, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &listChunksOutput{}
	out.Body.Chunks = endpoint.List(chunks)
	if len(chunks) == in.Limit {
		out.Body.Next = strconv.Itoa(chunks[len(chunks)-1].Seq)
	}
	return out, nil
}
