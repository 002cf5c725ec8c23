package archtest

import (
	"bytes"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

// source is one file of the module.
type source struct {
	file    string // slash path from the root
	dir     string
	test    bool
	doc     bool // has a package comment
	name    string
	imports []string
	lines   int
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, p)
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if base := d.Name(); rel != "." && (strings.HasPrefix(base, ".") || base == "node_modules" || base == "testdata" || base == "dist" || rel == "bin" || rel == "data") {
				return filepath.SkipDir
			}
			return nil
		}
		if !slices.Contains([]string{".go", ".ts", ".tsx", ".mjs"}, path.Ext(rel)) {
			return nil
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		s := source{file: rel, dir: path.Dir(rel), lines: bytes.Count(text, []byte("\n"))}
		if path.Ext(rel) == ".go" {
			f, err := parser.ParseFile(token.NewFileSet(), p, text, parser.ImportsOnly|parser.ParseComments)
			if err != nil {
				return err
			}
			s.test, s.doc, s.name = strings.HasSuffix(rel, "_test.go"), f.Doc != nil, f.Name.Name
			for _, i := range f.Imports {
				v, _ := strconv.Unquote(i.Path.Value)
				s.imports = append(s.imports, v)
			}
		}
		all = append(all, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 50 {
		t.Fatalf("only %d files found: this test looks in the wrong place", len(all))
	}
	return all
}

func ruleFor(dir string) (rule, bool) {
	best := rule{}
	for _, r := range rules {
		tree, isTree := strings.CutSuffix(r.pattern, "/...")
		if r.pattern == dir {
			return r, true
		}
		if isTree && (dir == tree || strings.HasPrefix(dir, tree+"/")) && len(r.pattern) > len(best.pattern) {
			best = r
		}
	}
	return best, best.pattern != ""
}

func TestImportsFollowTheTable(t *testing.T) {
	for _, s := range sources(t) {
		if s.name == "" || s.test {
			continue
		}
		r, ok := ruleFor(s.dir)
		if !ok {
			t.Errorf("%s: package %s is not in the table of internal/archtest; add a line that says what it may import", s.file, s.dir)
			continue
		}
		for _, imp := range s.imports {
			if !allowed(r, s.dir, imp) {
				t.Errorf("%s imports %s, which the table does not allow for %s", s.file, imp, s.dir)
			}
		}
	}
}

func allowed(r rule, dir, imp string) bool {
	if !strings.Contains(strings.SplitN(imp, "/", 2)[0], ".") {
		return dir != "bot" || imp != "net/http" // the standard library, but the bot must not know the web
	}
	if own, ok := strings.CutPrefix(imp, module+"/"); ok {
		tree, isTree := strings.CutSuffix(r.pattern, "/...")
		if own == "internal/fault" || isTree && (own == tree || strings.HasPrefix(own, tree+"/")) {
			return true
		}
		return slices.ContainsFunc(r.own, func(o string) bool {
			sub, isTree := strings.CutSuffix(o, "/...")
			return own == sub || isTree && strings.HasPrefix(own, sub+"/")
		})
	}
	return slices.ContainsFunc(r.third, func(m string) bool { return imp == m || strings.HasPrefix(imp, m+"/") })
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	has := map[string]bool{}
	for _, s := range sources(t) {
		if s.name == "" || strings.HasSuffix(s.name, "_test") {
			continue
		}
		has[s.dir] = has[s.dir] || s.doc
		if slices.Contains(vague, s.name) {
			t.Errorf("%s: package name %q says nothing", s.file, s.name)
		}
	}
	for dir, ok := range has {
		if !ok {
			t.Errorf("package %s has no package comment", dir)
		}
	}
}

func TestFilesAreShort(t *testing.T) {
	for _, s := range sources(t) {
		if s.lines > maxLines && !strings.HasSuffix(s.file, "schema.d.ts") { // generated from the API's document
			t.Errorf("%s has %d lines, %d are the most", s.file, s.lines, maxLines)
		}
	}
}

// The core names no platform: what there is below gateway it learns from cmd/parley.
func TestCoreNamesNoPlatform(t *testing.T) {
	kinds := map[string]bool{}
	for _, s := range sources(t) {
		if rest, ok := strings.CutPrefix(s.dir, "gateway/"); ok && strings.HasSuffix(s.file, "/kind.go") || strings.HasSuffix(s.file, "/settings.go") && ok {
			kinds[strings.SplitN(rest, "/", 2)[0]] = true
		}
	}
	if len(kinds) < 3 {
		t.Fatalf("only the platforms %v were found: this test proves nothing", kinds)
	}
	for _, s := range sources(t) {
		if s.dir != "gateway" && s.dir != "bot" && s.dir != "gateway/channeltest" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, s.file))
		if err != nil {
			t.Fatal(err)
		}
		for kind := range kinds {
			if regexp.MustCompile(`(?i)\b` + kind + `\b`).Match(text) {
				t.Errorf("%s names the platform %s", s.file, kind)
			}
		}
	}
}
