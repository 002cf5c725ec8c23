package endpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/web/problem"
)

// unmarshal reads JSON and refuses what a database or a page would choke on.
// Unknown fields and wrong types are refused by huma's validation, which knows
// the place.
func unmarshal(data []byte, into any) error {
	err := json.Unmarshal(data, into)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("is not valid JSON, at byte %d", syntax.Offset)
	}
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return errors.New("has a value of the wrong type")
	}
	if err != nil {
		return errors.New("is not as described")
	}
	if parsed, ok := into.(*any); ok { // huma's first pass, for validation
		return noNUL("", *parsed)
	}
	return nil
}

func noNUL(place string, v any) error {
	switch v := v.(type) {
	case string:
		if strings.ContainsRune(v, 0) {
			return fmt.Errorf("has a NUL character in %s", strings.TrimPrefix(place, "."))
		}
	case []any:
		for i, item := range v {
			if err := noNUL(fmt.Sprintf("%s[%d]", place, i), item); err != nil {
				return err
			}
		}
	case map[string]any:
		for name, item := range v {
			if strings.ContainsRune(name, 0) {
				return errors.New("has a NUL character in the name of a field")
			}
			if err := noNUL(place+"."+name, item); err != nil {
				return err
			}
		}
	}
	return nil
}

// ownProblems turns huma's own errors into ours: the same fields, a code, the
// number of the request, and nothing of what was sent.
func (m *Mux) ownProblems(h huma.Context, _ string, v any) (any, error) {
	wrong, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	ctx := h.Context()
	var p *problem.Problem
	switch wrong.Status {
	case http.StatusRequestEntityTooLarge:
		p = problem.New(ctx, wrong.Status, problem.TooLarge, fmt.Sprintf("This is too large: at most %d bytes are accepted here.", h.Operation().MaxBodyBytes))
	case http.StatusUnsupportedMediaType:
		p = problem.New(ctx, wrong.Status, "unsupported_media_type", "The body must be JSON, with Content-Type: application/json.")
	case http.StatusRequestTimeout:
		p = problem.New(ctx, wrong.Status, "timeout", "The body did not arrive in time.")
	case http.StatusBadRequest:
		p = problem.New(ctx, wrong.Status, problem.Malformed, "The body is missing or is not valid JSON.")
	case http.StatusUnprocessableEntity:
		p = problem.New(ctx, wrong.Status, "invalid", "The request is not valid.")
	default:
		return problem.From(ctx, m.Log, errors.New(wrong.Detail)), nil
	}
	for _, e := range wrong.Errors {
		p.Errors = append(p.Errors, problem.Field{Location: e.Location, Message: e.Message})
	}
	if len(p.Errors) > 0 {
		p.Detail = fmt.Sprintf("%s %s: %s.", p.Detail, p.Errors[0].Location, strings.TrimSuffix(p.Errors[0].Message, "."))
	}
	return p, nil
}

// At refuses one place of a request.
func At(location, message string) error {
	return &problem.Refused{
		Err:    fault.Say(fault.Invalid, "invalid", "The request is not valid: %s %s.", location, message),
		Fields: []problem.Field{{Location: location, Message: message}},
	}
}
