package extract

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"runtime/debug"
	"time"
)

// blank is a PDF file of one page with one word.
const blank = `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Resources<</Font<</F 5 0 R>>>>/Contents 4 0 R>>endobj
4 0 obj<</Length 33>>stream
BT /F 9 Tf 9 50 Td (warming) Tj ET
endstream endobj
5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj
trailer<</Root 1 0 R>>
%%EOF
`

// warmTime is the limit for compiling the PDF reader, which a slow or busy machine
// needs much longer for than the usual seconds.
const warmTime = 10 * time.Minute

// warmNice makes it give way to everything else: nobody waits for it.
const warmNice = 10

// warmMemory is the least that compiling may use, in bytes: the reader is our own
// and no file from outside, and the collector gets to it late on a busy machine.
const warmMemory = 2 << 30

// Warm reads a small PDF file, so that the compiled PDF reader is in
// Limits.CacheDir before the first real one comes: compiling takes some seconds
// of the time that a file has. It also tells whether children can be started. It
// does nothing where that has been done.
func (r Runner) Warm(ctx context.Context) error {
	done := r.mark()
	if done != "" {
		if _, err := os.Stat(done); err == nil {
			return nil
		}
	}
	r.Limits.Time, r.nice = warmTime, warmNice
	r.Limits.Memory = max(r.Limits.Memory, warmMemory)
	if err := r.compile(ctx); err != nil || done == "" {
		return err
	}
	if err := os.WriteFile(done, nil, 0o600); err != nil {
		return fmt.Errorf("extract: note that the cache is filled: %w", err)
	}
	return nil
}

// mark is the file that stands for a filled cache, "" if there is none to fill. It
// names what was compiled, and by what: another version compiles anew.
func (r Runner) mark() string {
	info, ok := debug.ReadBuildInfo()
	if r.Limits.CacheDir == "" || !ok {
		return ""
	}
	name := "warm"
	for _, m := range info.Deps {
		if m.Path == "github.com/klippa-app/go-pdfium" || m.Path == "github.com/tetratelabs/wazero" {
			name += "-" + path.Base(m.Path) + "-" + m.Version
		}
	}
	return filepath.Join(r.Limits.CacheDir, name)
}

func (r Runner) compile(ctx context.Context) error {
	tmp, err := os.MkdirTemp("", "parley-warm-")
	if err != nil {
		return fmt.Errorf("extract: make a folder: %w", err)
	}
	file := filepath.Join(tmp, "blank.pdf")
	if err = os.WriteFile(file, []byte(blank), 0o600); err == nil {
		_, err = r.Extract(ctx, "blank.pdf", file)
	}
	return errors.Join(err, os.RemoveAll(tmp))
}
