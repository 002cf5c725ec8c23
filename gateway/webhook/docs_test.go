package webhook

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
)

// block returns the only fenced block of docs/webhook.md in that language which holds text.
func block(t *testing.T, lang, text string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", "webhook.md"))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, m := range regexp.MustCompile("(?s)```"+lang+"\n(.*?)```").FindAllStringSubmatch(string(data), -1) {
		if strings.Contains(m[1], text) {
			found = append(found, m[1])
		}
	}
	if len(found) != 1 {
		t.Fatalf("docs/webhook.md has %d %s blocks with %q, want 1", len(found), lang, text)
	}
	return found[0]
}

func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skip(p + " is not installed")
		}
	}
}

// The signature in the documentation is the one that we compute.
func TestDocumentedVector(t *testing.T) {
	body := strings.TrimSuffix(block(t, "json", `"id":1,`), "\n")
	want := strings.TrimSpace(block(t, "text", "sha256="))
	if got := Sign("0123456789abcdef0123456789abcdef", "1795464000", []byte(body)); got != want {
		t.Errorf("got %s, the documentation says %s", got, want)
	}
}

// The shell lines in the documentation send a message that is taken.
func TestDocumentedShellLines(t *testing.T) {
	need(t, "sh", "curl", "openssl", "date", "sed")
	p := open(t, "")
	got := make(chan gateway.Message, 1)
	p.listen(func(_ context.Context, m gateway.Message) error {
		got <- m
		return nil
	})
	cmd := exec.CommandContext(t.Context(), "sh", "-euc", strings.ReplaceAll(block(t, "sh", "curl"), "/channels/shop/", "/channels/hook/"))
	cmd.Env = append(os.Environ(), "SHOP_SECRET="+secret, "PARLEY="+p.in.URL, "NO_PROXY=*", "no_proxy=*")
	out, err := cmd.CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != `{"id":"m-1001"}` {
		t.Fatalf("answered %s, %v", out, err)
	}
	if m := <-got; m.ID != "m-1001" || m.Conversation.Chat != "chat-7" || m.Sender.Name != "Ann" || !m.Direct {
		t.Errorf("delivered %+v", m)
	}
}

// The receiver in the documentation takes replies, once.
func TestDocumentedReceiver(t *testing.T) {
	need(t, "python3")
	file := filepath.Join(t.TempDir(), "receiver.py")
	if err := os.WriteFile(file, []byte(block(t, "python", "BaseHTTPRequestHandler")), 0o600); err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	cmd := exec.CommandContext(t.Context(), "python3", file, port)
	cmd.Env = append(os.Environ(), "SHOP_SECRET="+secret)
	printed, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed
	}()
	address := "http://127.0.0.1:" + port + "/"
	waitFor(t, address)

	ch, err := Open(setup("secret: "+secret+"\nurl: "+address, nil))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if id, err := ch.Post(t.Context(), out); id != "reply-1" || err != nil {
			t.Errorf("posted as %q, %v", id, err)
		}
	}
	second := out
	second.Key = "k/1"
	if id, err := ch.Post(t.Context(), second); id != "reply-2" || err != nil {
		t.Errorf("the second is %q, %v", id, err)
	}
	resp, err := http.Post(address, "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a signature: status %d", resp.StatusCode)
	}
	_ = cmd.Process.Kill()
	shown, err := io.ReadAll(printed)
	if want := "c1 An answer [1].\nc1 An answer [1].\n"; string(shown) != want || err != nil {
		t.Errorf("people saw %q, %v; want each reply once", shown, err)
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func waitFor(t *testing.T, address string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get(address)
		if err == nil {
			_ = resp.Body.Close()
			return
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}
