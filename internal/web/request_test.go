package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/fault"
)

func TestBadRequestsNameThePlace(t *testing.T) {
	h := staffed(t)
	p := h.as(auth.Owner)
	tests := []struct {
		name, method, path string
		body               any
		status             int
		code, place        string
	}{
		{"unknown field", "POST", "/collections", `{"name":"x","colour":"red"}`, 422, "invalid", "body.colour"},
		{"wrong type", "POST", "/collections", `{"name":5}`, 422, "invalid", "body.name"},
		{"wrong type of all", "POST", "/collections", `[]`, 422, "invalid", "body"},
		{"null for text", "POST", "/collections", `{"name":null}`, 422, "invalid", "body.name"},
		{"missing field", "POST", "/collections", `{}`, 422, "invalid", "body"},
		{"empty name", "POST", "/collections", `{"name":""}`, 422, "invalid", "body.name"},
		{"an operator for a password", "POST", "/session", `{"username":"owner","password":{"$ne":""}}`, 422, "invalid", "body.password"},
		{"NUL", "POST", "/collections", `{"name":"a\u0000b"}`, 400, "malformed", "body"},
		{"NUL in a name", "POST", "/collections", `{"na\u0000me":"b"}`, 400, "malformed", "body"},
		{"no JSON", "POST", "/collections", `name=x`, 400, "malformed", "body"},
		{"cut JSON", "POST", "/collections", `{"name":"x"`, 400, "malformed", "body"},
		{"two JSON", "POST", "/collections", `{"name":"x"}{}`, 400, "malformed", "body"},
		{"no body", "POST", "/collections", nil, 400, "malformed", ""},
		{"too large", "POST", "/collections", `{"name":"` + strings.Repeat("x", 2<<20) + `"}`, 413, "too_large", ""},
		{"number out of range", "GET", "/overview?days=0", nil, 422, "invalid", "query.days"},
		{"no number", "GET", "/overview?days=x", nil, 422, "invalid", "query.days"},
		{"unknown query", "GET", "/overview?dayz=3", nil, 422, "invalid", "query.dayz"},
		{"unknown stage", "GET", "/collections/c1/documents?stage=x", nil, 422, "invalid", "query.stage"},
		{"NUL in the query", "GET", "/conversations?q=%00", nil, 400, "malformed", ""},
		{"bad cursor", "GET", "/conversations?before=x", nil, 422, "invalid_cursor", ""},
		{"unknown path", "GET", "/nothing", nil, 404, "not_found", ""},
		{"wrong method", "PUT", "/collections", nil, 405, "method_not_allowed", ""},
		{"unknown collection", "POST", "/search", `{"question":"x","collections":["none"]}`, 404, "unknown_collection", ""},
		{"unknown conversation", "GET", "/conversations/77", nil, 404, "unknown_conversation", ""},
		{"unknown document", "GET", "/documents/none", nil, 404, "not_found", ""},
		{"unknown answer", "GET", "/answers/none", nil, 404, "not_found", ""},
		{"unknown prompt", "GET", "/prompts/none/versions", nil, 404, "prompt_not_found", ""},
		{"unknown version", "POST", "/prompts/answer-en/activate", `{"version":7}`, 404, "version_not_found", ""},
		{"unknown user", "PATCH", "/users/none", `{"name":"x"}`, 404, "unknown_user", ""},
		{"a script for an address", "PATCH", "/documents/d1", `{"url":"javascript:alert(1)"}`, 422, "invalid", "body.url"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := p.refused(test.status, test.code, test.method, test.path, test.body)
			if test.place != "" && !strings.Contains(got.body, `"location":"`+test.place+`"`) {
				t.Errorf("the place %s is not named: %s", test.place, got.body)
			}
			if len(got.body) > 1000 || strings.Contains(got.body, "$schema") {
				t.Errorf("got %s", got.body)
			}
		})
	}
	if got := p.do("PUT", "/collections", nil).header.Get("Allow"); !strings.Contains(got, "GET") || !strings.Contains(got, "POST") {
		t.Errorf("Allow: %q", got)
	}
	got := h.nobody().get("/api/v2/x")
	if got.status != 404 || got.json(t)["code"] != "not_found" {
		t.Errorf("outside the API's version: %d %s", got.status, got.body)
	}
}

func TestNothingInternalLeaves(t *testing.T) {
	h := staffed(t)
	p := h.as(auth.Owner)
	if err := h.db.Close(); err != nil {
		t.Fatal(err)
	}
	got := p.do("GET", "/overview", nil)
	if got.status != 500 || strings.Contains(got.body, "sql") || strings.Contains(got.body, "closed") {
		t.Errorf("got %d %s", got.status, got.body)
	}
	log := h.log.String()
	if n := strings.Count(log, "database is closed"); n != 1 || !strings.Contains(log, got.header.Get("X-Request-Id")) {
		t.Errorf("the cause is in the log %d times, want once with the number of the request:\n%s", n, log)
	}
}

func TestRequestNumberIsOurs(t *testing.T) {
	h := open(t)
	p := h.nobody()
	got := p.get("/healthz", "X-Request-Id", "chosen")
	if id := got.header.Get("X-Request-Id"); id == "" || id == "chosen" {
		t.Errorf("got number %q", id)
	}
}

func TestTry(t *testing.T) {
	h := staffed(t)
	p := h.as(auth.Editor)
	h.as(auth.Owner).must(201, "POST", "/collections", map[string]any{"name": "help"})
	h.tester.receipt.Answer = "In two days [1]"
	got := p.must(200, "POST", "/try", map[string]any{"question": "When?", "prompt": "answer-en", "text": "{{.Passages}}"}).json(t)
	if got["answer"] != "In two days [1]" || got["passages"] == nil || got["stages"] == nil || got["cited"] == nil {
		t.Errorf("got %v", got)
	}
	if b := h.tester.got; b.Question != "When?" || b.Text != "{{.Passages}}" || len(b.Collections) != 1 {
		t.Errorf("asked %+v", b)
	}
	h.tester.err = fault.Say(fault.Unavailable, "model_down", "The model did not answer.")
	h.tester.receipt.Error = "model_down"
	if got := p.must(200, "POST", "/try", map[string]any{"question": "When?"}).json(t); got["error"] != "model_down" {
		t.Errorf("got %v, want the receipt of what failed", got)
	}
	h.tester.err = fault.Say(fault.Invalid, "malformed_prompt", "Line 1, column 1: …")
	p.refused(422, "malformed_prompt", "POST", "/try", map[string]any{"question": "When?"})
}

func TestPrompts(t *testing.T) {
	h := staffed(t)
	p := h.as(auth.Owner)
	got := p.refused(422, "prompt_invalid", "POST", "/prompts/answer-en/versions", map[string]any{"text": "{{.Passages}} {{.Secret}}\n{{if}}"})
	if !strings.Contains(got.body, "column") || !strings.Contains(got.body, `"location":"body.text"`) {
		t.Errorf("got %s", got.body)
	}
	check := p.must(200, "POST", "/prompts/answer-en/check", map[string]any{"text": "{{.Nope}}"}).json(t)
	if check["ok"] != false || len(check["problems"].([]any)) == 0 {
		t.Errorf("got %v", check)
	}
	saved := p.must(201, "POST", "/prompts/answer-en/versions", map[string]any{"text": "Answer from:\n{{.Passages}}", "note": "shorter"}).json(t)
	if saved["version"] != 1.0 || saved["author"] != "owner" || saved["active"] != false {
		t.Errorf("got %v", saved)
	}
	p.must(200, "POST", "/prompts/answer-en/activate", map[string]any{"version": 1})
	list := p.must(200, "GET", "/prompts", nil).json(t)["prompts"].([]any)[0].(map[string]any)
	if list["name"] != "answer-en" || list["latest"] != 1.0 || list["active"].(map[string]any)["version"] != 1.0 {
		t.Errorf("got %v", list)
	}
	lines := p.must(200, "GET", "/prompts/answer-en/diff?from=0&to=1", nil).json(t)["lines"].([]any)
	if len(lines) == 0 {
		t.Error("no difference")
	}
	p.must(200, "POST", "/prompts/answer-en/activate", map[string]any{"version": 0})
	versions := p.must(200, "GET", "/prompts/answer-en/versions", nil).json(t)["versions"].([]any)
	if len(versions) != 2 || versions[1].(map[string]any)["active"] != true {
		t.Errorf("got %v", versions)
	}
}

func TestOpenAPIIsServed(t *testing.T) {
	h := open(t)
	got := h.nobody().get("/api/v1/openapi.json")
	if got.status != http.StatusOK || got.json(t)["openapi"] != "3.1.0" {
		t.Errorf("got %d", got.status)
	}
	for _, path := range []string{"/docs", "/api/v1/docs", "/schemas/User.json", "/api/v1/schemas/User.json"} {
		if got := h.nobody().get(path); got.status != 404 {
			t.Errorf("%s: status %d", path, got.status)
		}
	}
}
