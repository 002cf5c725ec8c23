package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/parley-im/parley/internal/auth"
)

func TestSetUpOnce(t *testing.T) {
	h := open(t)
	p := h.nobody()
	if got := p.must(200, "GET", "/setup", nil).json(t)["needed"]; got != true {
		t.Fatalf("needed = %v before set-up", got)
	}
	first, err := h.staff.SetupToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	token, err := h.staff.SetupToken(t.Context()) // the server was started again
	if err != nil {
		t.Fatal(err)
	}
	body := func(token, password string) map[string]any {
		return map[string]any{"token": token, "username": "Mei", "name": "Mei Li", "password": password}
	}
	p.refused(403, "setup_token", "POST", "/setup", body("wrong", password))
	p.refused(403, "setup_token", "POST", "/setup", body(first, password))
	p.refused(422, "password", "POST", "/setup", body(token, "short"))
	p.refused(422, "password", "POST", "/setup", body(token, "aaaaaaaaaaaaaa"))
	user := p.must(201, "POST", "/setup", body(token, password)).json(t)["user"].(map[string]any)
	if user["username"] != "mei" || user["role"] != "owner" {
		t.Errorf("got user %v", user)
	}
	p.must(200, "GET", "/session", nil) // signed in
	h.nobody().refused(403, "setup_token", "POST", "/setup", body(token, password))
	if again, err := h.staff.SetupToken(t.Context()); err != nil || again != "" {
		t.Errorf("a token was made though there is a user: %q, %v", again, err)
	}
	if got := p.must(200, "GET", "/setup", nil).json(t)["needed"]; got != false {
		t.Errorf("needed = %v after set-up", got)
	}
}

func TestSessionLife(t *testing.T) {
	h := staffed(t)
	p := h.nobody()
	p.refused(401, "sign_in_required", "GET", "/session", nil)
	got := p.must(200, "POST", "/session", map[string]any{"username": " OWNER ", "password": password})
	cookie := got.header.Get("Set-Cookie")
	for _, want := range []string{"parley=", "HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("cookie %q lacks %s", cookie, want)
		}
	}
	session := p.must(200, "GET", "/session", nil).json(t)
	if session["version"] != "test" || session["model"].(map[string]any)["configured"] != true {
		t.Errorf("got session %v", session)
	}
	old := p.client.Jar.Cookies(must(http.NewRequest("GET", h.url, nil)).URL)
	p.must(204, "DELETE", "/session", nil)
	p.refused(401, "sign_in_required", "GET", "/session", nil)
	thief := h.nobody()
	thief.header.Set("Cookie", old[0].String())
	thief.refused(401, "sign_in_required", "GET", "/session", nil)
}

func TestSecureCookie(t *testing.T) {
	h := staffed(t, secure)
	got := h.nobody().must(200, "POST", "/session", map[string]any{"username": "owner", "password": password})
	cookie := got.header.Get("Set-Cookie")
	if !strings.HasPrefix(cookie, "__Host-parley=") || !strings.Contains(cookie, "; Secure") || strings.Contains(cookie, "Domain") {
		t.Errorf("cookie over https: %q", cookie)
	}
	if got.header.Get("Strict-Transport-Security") == "" {
		t.Error("no Strict-Transport-Security over https")
	}
}

func TestSessionFixation(t *testing.T) {
	h := staffed(t)
	attacker := h.as(auth.Viewer)
	planted := attacker.client.Jar.Cookies(must(http.NewRequest("GET", h.url, nil)).URL)[0]
	for _, value := range []string{planted.Value, "chosen-by-the-attacker"} {
		victim := h.nobody()
		victim.header.Set("Cookie", "parley="+value)
		got := victim.must(200, "POST", "/session", map[string]any{"username": "owner", "password": password})
		if strings.Contains(got.header.Get("Set-Cookie"), value) {
			t.Errorf("the session kept the planted token %q", value)
		}
	}
	if got := attacker.do("GET", "/users", nil); got.status == 200 {
		t.Error("the attacker got the victim's session")
	}
}

func TestPasswordChangeEndsOtherSessions(t *testing.T) {
	h := staffed(t)
	here, there := h.as(auth.Owner), h.as(auth.Owner)
	here.refused(403, "wrong_password", "POST", "/session/password", map[string]any{"current": "wrong", "new": "another password"})
	here.refused(422, "password", "POST", "/session/password", map[string]any{"current": password, "new": "OWNER"})
	here.must(204, "POST", "/session/password", map[string]any{"current": password, "new": "another password"})
	here.must(200, "GET", "/session", nil)
	there.refused(401, "sign_in_required", "GET", "/session", nil)
	h.nobody().refused(401, "sign_in_refused", "POST", "/session", map[string]any{"username": "owner", "password": password})
}

func TestDisabledUserIsOutAtOnce(t *testing.T) {
	h := staffed(t)
	owner, editor := h.as(auth.Owner), h.as(auth.Editor)
	id := editor.must(200, "GET", "/session", nil).json(t)["user"].(map[string]any)["id"].(string)
	owner.must(200, "PATCH", "/users/"+id, map[string]any{"disabled": true})
	editor.refused(401, "sign_in_required", "GET", "/session", nil)
	h.nobody().refused(401, "sign_in_refused", "POST", "/session", map[string]any{"username": "editor", "password": password})
	owner.must(200, "PATCH", "/users/"+id, map[string]any{"disabled": false})
	editor.refused(401, "sign_in_required", "GET", "/session", nil) // the old session stays over
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
