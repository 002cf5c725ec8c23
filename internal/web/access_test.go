package web_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/web"
)

func secure(c *web.Config) { c.Secure = true }

// operation is one of the API's document.
type operation struct{ method, path, id, need string }

func operations(t *testing.T) []operation {
	t.Helper()
	doc, err := web.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var parsed struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Permission  string `json:"x-permission"`
		}
	}
	if err := json.Unmarshal(doc, &parsed); err != nil {
		t.Fatal(err)
	}
	var all []operation
	for path, methods := range parsed.Paths {
		for method, op := range methods {
			all = append(all, operation{strings.ToUpper(method), path, op.OperationID, op.Permission})
		}
	}
	if len(all) < 35 {
		t.Fatalf("only %d operations found", len(all))
	}
	return all
}

func TestEveryOperationDeclaresWhoMay(t *testing.T) {
	public := []string{"setup-needed", "set-up", "sign-in", "openapi"}
	for _, op := range operations(t) {
		need := auth.Permission(op.need)
		if need == auth.Public != slices.Contains(public, op.id) {
			t.Errorf("%s %s: permission %q; the public operations are %v", op.method, op.path, op.need, public)
		}
		if need != auth.Public && need != auth.SignedIn && !slices.Contains(auth.All(), need) {
			t.Errorf("%s %s declares the permission %q, which does not exist", op.method, op.path, op.need)
		}
	}
}

// What each role may, written down a second time on purpose.
var mayOf = map[auth.Role]string{
	auth.Viewer: "overview.read conversations.read documents.read prompts.read search",
	auth.Editor: "overview.read conversations.read documents.read prompts.read search documents.write collections.write try",
	auth.Admin:  "overview.read conversations.read documents.read prompts.read search documents.write collections.write try prompts.write users.write keys.write channels.write",
	auth.Owner:  "overview.read conversations.read documents.read prompts.read search documents.write collections.write try prompts.write users.write keys.write channels.write",
}

func TestEveryRoleOnEveryRoute(t *testing.T) {
	h := staffed(t)
	fill := strings.NewReplacer("{id}", "none", "{name}", "none", "{reply_key}", "none")
	call := func(p *person, op operation) int {
		if op.method == http.MethodGet || op.method == http.MethodDelete {
			return p.do(op.method, fill.Replace(op.path), nil).status
		}
		return p.do(op.method, fill.Replace(op.path), map[string]any{}).status
	}
	for role, list := range mayOf {
		p := h.as(role)
		for _, op := range operations(t) {
			if op.id == "sign-out" {
				continue
			}
			may := op.need == "public" || op.need == "signed_in" || slices.Contains(strings.Fields(list), op.need)
			if got := call(p, op); may && (got == 401 || got == 403) && op.id != "sign-in" || !may && got != 403 {
				t.Errorf("%s %s %s: status %d, may: %v", role, op.method, op.path, got, may)
			}
		}
	}
	for _, op := range operations(t) {
		got := call(h.nobody(), op)
		if (got == 401) == (op.need == "public") {
			t.Errorf("nobody %s %s: status %d, permission %s", op.method, op.path, got, op.need)
		}
	}
}

func TestOwnersAreChangedByOwnersOnly(t *testing.T) {
	h := staffed(t)
	owner, admin := h.as(auth.Owner), h.as(auth.Admin)
	user := func(name, role string) map[string]any {
		return map[string]any{"username": name, "name": "", "role": role, "password": password}
	}
	admin.refused(403, "owners_only", "POST", "/users", user("second", "owner"))
	admin.refused(403, "owners_only", "PATCH", "/users/"+h.owner.ID, map[string]any{"password": "taken over now"})
	admin.refused(403, "owners_only", "DELETE", "/users/"+h.owner.ID, nil)
	made := admin.must(201, "POST", "/users", user("ann", "viewer")).json(t)["user"].(map[string]any)["id"].(string)
	admin.refused(403, "owners_only", "PATCH", "/users/"+made, map[string]any{"role": "owner"})
	admin.refused(409, "username_taken", "POST", "/users", user("ANN", "viewer"))
	admin.refused(422, "username", "POST", "/users", user("a b", "viewer"))

	owner.refused(409, "last_owner", "PATCH", "/users/"+h.owner.ID, map[string]any{"role": "admin"})
	owner.refused(409, "last_owner", "PATCH", "/users/"+h.owner.ID, map[string]any{"disabled": true})
	owner.refused(409, "last_owner", "DELETE", "/users/"+h.owner.ID, nil)
	owner.refused(422, "own_password", "PATCH", "/users/"+h.owner.ID, map[string]any{"password": "without the old one"})
	owner.must(200, "PATCH", "/users/"+made, map[string]any{"role": "owner", "password": password})
	owner.must(204, "DELETE", "/users/"+h.owner.ID, nil)
	owner.refused(401, "sign_in_required", "GET", "/session", nil)
}
