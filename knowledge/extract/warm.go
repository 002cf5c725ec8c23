package extract

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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

// Warm reads a small PDF file, so that the compiled PDF reader is in
// Limits.CacheDir before the first real one comes: compiling takes some seconds
// of the time that a file has. It also tells whether children can be started.
func (r Runner) Warm(ctx context.Context) error {
	tmp, err := os.MkdirTemp("", "parley-warm-")
	if err != nil {
		return fmt.Errorf("extract: make a folder: %w", err)
	}
	path := filepath.Join(tmp, "blank.pdf")
	if err = os.WriteFile(path, []byte(blank), 0o600); err == nil {
		_, err = r.Extract(ctx, "blank.pdf", path)
	}
	return errors.Join(err, os.RemoveAll(tmp))
}
