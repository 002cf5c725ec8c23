package library

import "github.com/danielgtaylor/huma/v2"

// FinishDocument tells of files what Go's types cannot.
func FinishDocument(doc *huma.OpenAPI) {
	upload := doc.Paths["/collections/{id}/documents"].Post
	upload.RequestBody = uploadBody()
	upload.Responses["200"] = &huma.Response{
		Description: "The same bytes were there already: nothing changed.", Content: upload.Responses["201"].Content,
	}
	file := doc.Paths["/documents/{id}/file"].Get.Responses["200"]
	file.Content = map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
}

func uploadBody() *huma.RequestBody {
	text := func(doc string) *huma.Schema { return &huma.Schema{Type: huma.TypeString, Description: doc} }
	return &huma.RequestBody{
		Required: true,
		Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: &huma.Schema{
			Type: huma.TypeObject,
			Properties: map[string]*huma.Schema{
				"labels": text("Comma separated."),
				"url":    text("Where readers find the document."),
				"file":   {Type: huma.TypeString, Format: "binary", Description: "The last part of the form."},
			},
			Required: []string{"file"},
		}}},
	}
}
