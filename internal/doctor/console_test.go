package doctor

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// The console says each finding with a code in the reader's language.
func TestConsoleKnowsEveryCode(t *testing.T) {
	codes := map[string]bool{}
	for _, file := range []string{"server.go", "around.go"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\.coded\("(\w+)"`).FindAllStringSubmatch(string(text), -1) {
			codes[m[1]] = true
		}
	}
	if len(codes) < 10 {
		t.Fatalf("only %d codes found", len(codes))
	}
	for _, language := range []string{"en", "zh-CN"} {
		text, err := os.ReadFile("../web/console/src/i18n/" + language + "/overview.ts")
		if err != nil {
			t.Fatal(err)
		}
		var known []string
		for _, m := range regexp.MustCompile(`(?m)^\s+(\w+):`).FindAllStringSubmatch(string(text), -1) {
			known = append(known, m[1])
		}
		for code := range codes {
			if !slices.Contains(known, code) {
				t.Errorf("%s has no sentence for %s", language, code)
			}
		}
	}
}
