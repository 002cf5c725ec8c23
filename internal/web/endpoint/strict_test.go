package endpoint

import (
	"encoding/json"
	"strings"
	"testing"
)

// What is let in has no NUL in any text, and what is refused says why without
// repeating what was sent.
func FuzzUnmarshal(f *testing.F) {
	for _, s := range []string{`{"a":"b"}`, `{"a":"\u0000"}`, `{"\u0000":1}`, `[["x\u0000"]]`, `{`, `{"a":1e999}`, `"\ud800"`, `null`, ``, `{"a":{"b":[1,"\\u0000"]}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var v any
		err := unmarshal(data, &v)
		if err != nil {
			if len(err.Error()) > 200+len(data) || err.Error() == "" {
				t.Errorf("refusal %q", err)
			}
			return
		}
		again, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(strings.ReplaceAll(string(again), `\\`, ""), `\u0000`) {
			t.Errorf("a NUL came through: %q", again)
		}
	})
}
