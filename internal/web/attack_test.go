package web_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-im/parley/internal/auth"
)

func TestForeignPagesCannotAct(t *testing.T) {
	h := staffed(t)
	p := h.as(auth.Owner)
	for _, header := range []http.Header{
		{"Origin": {"https://evil.example"}},
		{"Origin": {"null"}},
		{"Sec-Fetch-Site": {"cross-site"}},
		{"Sec-Fetch-Site": {"same-site"}},
	} {
		p.header = header
		p.refused(403, "cross_origin", "POST", "/collections", map[string]any{"name": "planted"})
		p.refused(403, "cross_origin", "DELETE", "/users/"+h.owner.ID, nil)
		p.refused(403, "cross_origin", "POST", "/session", map[string]any{"username": "owner", "password": password})
	}
	p.header = http.Header{"Origin": {h.url}, "Sec-Fetch-Site": {"same-origin"}}
	p.must(201, "POST", "/collections", map[string]any{"name": "ours"})
	if got := p.do("GET", "/collections", nil); got.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("other sites may read the API")
	}
}

func TestFormsCannotPostJSON(t *testing.T) {
	h := staffed(t)
	p := h.as(auth.Owner)
	r := must(http.NewRequest("POST", h.url+"/api/v1/collections", strings.NewReader(`{"name":"x"}`)))
	r.Header.Set("Content-Type", "text/plain")
	if got := p.send(r); got.status != 415 {
		t.Errorf("text/plain: status %d, want 415\n%s", got.status, got.body)
	}
}

func TestSignInTellsNothing(t *testing.T) {
	h := staffed(t)
	h.as(auth.Viewer)
	owner := h.as(auth.Owner)
	users := owner.must(200, "GET", "/users", nil).json(t)["users"].([]any)
	for _, u := range users {
		if u := u.(map[string]any); u["username"] == "viewer" {
			owner.must(200, "PATCH", "/users/"+u["id"].(string), map[string]any{"disabled": true})
		}
	}
	answer := func(username, password string) string {
		got := h.nobody().refused(401, "sign_in_refused", "POST", "/session", map[string]any{"username": username, "password": password})
		if got.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: a cookie came with the refusal", username)
		}
		return strings.ReplaceAll(got.body, got.header.Get("X-Request-Id"), "")
	}
	want := answer("owner", "wrong password")
	for _, c := range [][2]string{{"nobody", "wrong password"}, {"viewer", password}, {"", ""}, {"owner", ""}, {"OWNER' --", "x"}} {
		if got := answer(c[0], c[1]); got != want {
			t.Errorf("%q is told apart:\n%s\n%s", c[0], got, want)
		}
	}
}

func TestBruteForceIsSlow(t *testing.T) {
	h := staffed(t)
	for _, username := range []string{"owner", "no-such-user"} {
		tries := 0
		for range 15 {
			got := h.nobody().do("POST", "/session", map[string]any{"username": username, "password": "guess number one"})
			if got.status == 429 {
				if got.header.Get("Retry-After") == "" || got.json(t)["code"] != "too_many_attempts" {
					t.Errorf("got %v %s", got.header, got.body)
				}
				break
			}
			tries++
		}
		if tries == 0 || tries > 10 {
			t.Errorf("%s: %d tries were allowed", username, tries)
		}
	}
	// by now the address has used up its tries too, for any name
	h.nobody().refused(429, "too_many_attempts", "POST", "/session", map[string]any{"username": "another", "password": "x"})
}

func TestKeys(t *testing.T) {
	h := staffed(t)
	owner, admin, editor := h.as(auth.Owner), h.as(auth.Admin), h.as(auth.Editor)
	editor.refused(403, "denied", "POST", "/keys", map[string]any{"name": "x", "permissions": []string{"search"}})
	made := admin.must(201, "POST", "/keys", map[string]any{"name": "import", "permissions": []string{"documents.read", "documents.write"}}).json(t)
	secret := made["secret"].(string)
	id := made["key"].(map[string]any)["id"].(string)
	if !strings.HasPrefix(secret, "pk_") || len(secret) < 43 {
		t.Errorf("got secret %q", secret)
	}
	program := h.nobody()
	program.header.Set("Authorization", "Bearer "+secret)
	program.must(200, "GET", "/collections", nil)
	program.refused(403, "denied", "POST", "/collections", map[string]any{"name": "x"})
	program.refused(403, "denied", "GET", "/users", nil)
	program.refused(403, "denied", "GET", "/session", nil)
	program.refused(403, "denied", "POST", "/keys", map[string]any{"name": "x", "permissions": []string{"documents.read"}})
	if got := program.do("GET", "/collections", nil).header.Get("Set-Cookie"); got != "" {
		t.Errorf("a key got the cookie %q", got)
	}
	list := owner.must(200, "GET", "/keys", nil)
	if strings.Contains(list.body, secret) || !strings.Contains(list.body, `"last_used_at":"`) {
		t.Errorf("got %s", list.body)
	}
	admin.refused(422, "invalid", "POST", "/keys", map[string]any{"name": "x", "permissions": []string{"root"}})
	admin.refused(422, "expires_at", "POST", "/keys", map[string]any{"name": "x", "permissions": []string{"search"}, "expires_at": "2020-01-01T00:00:00Z"})

	// an owner's key is not an owner, and what its maker lost it lost too
	made = owner.must(201, "POST", "/keys", map[string]any{"name": "all", "permissions": auth.All()}).json(t)
	program.header.Set("Authorization", "Bearer "+made["secret"].(string))
	program.refused(403, "owners_only", "PATCH", "/users/"+h.owner.ID, map[string]any{"name": "x"})
	made = admin.must(201, "POST", "/keys", map[string]any{"name": "later", "permissions": []string{"users.write", "search"}}).json(t)
	program.header.Set("Authorization", "Bearer "+made["secret"].(string))
	program.must(200, "GET", "/users", nil)
	adminID := admin.must(200, "GET", "/session", nil).json(t)["user"].(map[string]any)["id"].(string)
	owner.must(200, "PATCH", "/users/"+adminID, map[string]any{"role": "viewer"})
	program.refused(403, "denied", "GET", "/users", nil)
	program.must(200, "POST", "/search", map[string]any{"question": "x"})
	owner.must(200, "PATCH", "/users/"+adminID, map[string]any{"disabled": true})
	program.refused(401, "sign_in_required", "POST", "/search", map[string]any{"question": "x"})

	owner.must(204, "DELETE", "/keys/"+id, nil)
	program.header.Set("Authorization", "Bearer "+secret)
	program.refused(401, "sign_in_required", "GET", "/collections", nil)
	owner.refused(404, "unknown_key", "DELETE", "/keys/"+id, nil)
	for _, wrong := range []string{"Bearer pk_wrong", "Bearer ", "Basic b3duZXI6", secret, "Bearer " + secret + "x"} {
		program.header.Set("Authorization", wrong)
		program.refused(401, "sign_in_required", "GET", "/collections", nil)
	}
}

func TestKeyExpires(t *testing.T) {
	h := staffed(t)
	owner := h.as(auth.Owner)
	made := owner.must(201, "POST", "/keys", map[string]any{"name": "x", "permissions": []string{"search"}, "expires_at": time.Now().Add(time.Hour)}).json(t)
	if _, err := h.db.Write.Exec(`UPDATE api_keys SET expires_at = ?`, time.Now().Add(-time.Second).UnixMicro()); err != nil {
		t.Fatal(err)
	}
	program := h.nobody()
	program.header.Set("Authorization", "Bearer "+made["secret"].(string))
	program.refused(401, "sign_in_required", "POST", "/search", map[string]any{"question": "x"})
}

func TestSecretsAreNotStoredOrLogged(t *testing.T) {
	h := staffed(t)
	owner := h.as(auth.Owner)
	cookie := owner.client.Jar.Cookies(must(http.NewRequest("GET", h.url, nil)).URL)[0].Value
	secret := owner.must(201, "POST", "/keys", map[string]any{"name": "x", "permissions": []string{"search"}}).json(t)["secret"].(string)
	owner.do("POST", "/session", `{"username":"owner","password":"`+password+`","extra":1}`)
	owner.do("POST", "/session", `{"username":"owner","password":"`+password+`"`)
	owner.get("/console/setup?token=canary-token")
	var everything []string
	for _, table := range []string{"users", "sessions", "api_keys", "audit", "setup_token"} {
		rows, err := h.db.Read.Query(`SELECT * FROM ` + table)
		if err != nil {
			t.Fatal(err)
		}
		columns, _ := rows.Columns()
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(string)
			}
			if err := rows.Scan(values...); err != nil && !strings.Contains(err.Error(), "NULL") {
				t.Fatal(err)
			}
			for _, v := range values {
				everything = append(everything, *v.(*string))
			}
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	all := strings.Join(everything, "\n") + h.log.String()
	for _, canary := range []string{password, cookie, secret, "canary-token"} {
		if strings.Contains(all, canary) {
			t.Errorf("%q is in the database or the log", canary)
		}
	}
	got := owner.do("POST", "/session", `{"username":"owner","password":"`+password+`","extra":1}`)
	if strings.Contains(got.body, password) {
		t.Errorf("the refusal repeats what was sent: %s", got.body)
	}
}

func TestAudit(t *testing.T) {
	h := staffed(t)
	p := h.as(auth.Owner)
	c := p.must(201, "POST", "/collections", map[string]any{"name": "help"}).json(t)["id"].(string)
	p.must(204, "DELETE", "/collections/"+c, nil)
	p.refused(404, "not_found", "DELETE", "/collections/none", nil) // nothing was done
	p.must(200, "POST", "/search", map[string]any{"question": "x"}) // nothing was changed
	p.must(204, "DELETE", "/session", nil)
	rows, err := h.db.Read.Query(`SELECT username || ' ' || action || ' ' || target FROM audit WHERE request <> '' ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		got = append(got, line)
	}
	want := []string{"owner sign-in " + h.owner.ID, "owner create-collection " + c, "owner delete-collection " + c, "owner sign-out " + h.owner.ID}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, change := range []string{`UPDATE audit SET username = 'x'`, `DELETE FROM audit`} {
		if _, err := h.db.Write.Exec(change); err == nil {
			t.Errorf("%s went through", change)
		}
	}
}
