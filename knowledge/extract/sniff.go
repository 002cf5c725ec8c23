package extract

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"github.com/parley-im/parley/knowledge/extract/content"
)

// family is what the first bytes of a file tell of it.
type family int

const (
	isOther family = iota // text, or a type that is not read
	isPDF
	isZip
	isOLE
	isRTF
)

func sniff(head []byte) family {
	switch {
	case bytes.Contains(head[:min(len(head), 1024)], []byte("%PDF-")):
		return isPDF
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return isZip
	case bytes.HasPrefix(head, []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")):
		return isOLE
	case bytes.HasPrefix(head, []byte(`{\rtf`)):
		return isRTF
	}
	return isOther
}

// legacy says what an OLE compound file is: an office document with a password,
// or one of before 2007. Its directory has the names of its streams in UTF-16.
func legacy(path string, limits Limits) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return content.Fail(content.Unreadable, "", err)
	}
	for _, stream := range []struct{ name, what string }{
		{"EncryptedPackage", ""},
		{"WordDocument", "a Word document of the old kind (.doc)"},
		{"PowerPoint Document", "a PowerPoint presentation of the old kind (.ppt)"},
		{"Workbook", "an Excel workbook of the old kind (.xls)"},
		{"Book", "an Excel workbook of the old kind (.xls)"},
	} {
		if !bytes.Contains(b, wide(stream.name)) {
			continue
		}
		if stream.what == "" {
			return content.Fail(content.Encrypted, "", nil)
		}
		return content.Fail(content.Unsupported, stream.what, nil)
	}
	return content.Fail(content.Unsupported, "an old Office file", nil)
}

func wide(s string) []byte {
	var b []byte
	for _, c := range []byte(s) {
		b = append(b, c, 0)
	}
	return append(b, 0, 0)
}

// known names the type of a file that is not text, or "".
func known(head []byte) string {
	m := mimetype.Detect(head)
	switch {
	case strings.HasPrefix(m.String(), "image/"):
		return fmt.Sprintf("a picture (%s)", strings.TrimPrefix(m.Extension(), "."))
	case strings.HasPrefix(m.String(), "audio/"), strings.HasPrefix(m.String(), "video/"):
		return fmt.Sprintf("a recording (%s)", strings.TrimPrefix(m.Extension(), "."))
	case m.Is("application/octet-stream"), strings.HasPrefix(m.String(), "text/"):
		return ""
	}
	return fmt.Sprintf("a file of type %s", m.String())
}
