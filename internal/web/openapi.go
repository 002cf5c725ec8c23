package web

import "github.com/parley-im/parley/internal/web/api"

// OpenAPI returns the document that the console's types are made from. The copy in
// console/openapi.json is written by: go test ./internal/web -run TestOpenAPI -update
func OpenAPI() ([]byte, error) { return api.Document() }
