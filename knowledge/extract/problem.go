package extract

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge/extract/content"
)

// formats is what can be read, for people.
const formats = "PDF, Word (.docx), Excel (.xlsx), HTML, Markdown, CSV and plain text"

// say makes of a problem the error for people: what is wrong with which file,
// and what to do.
func say(name string, limits Limits, err error) *fault.Error {
	p, ok := errors.AsType[*content.Problem](err)
	if !ok {
		p = content.Fail(content.ParserCrashed, "", err)
	}
	file := quote(name)
	sentence := ""
	switch p.Code {
	case content.Empty:
		sentence = fmt.Sprintf("There is no text in %s.", file)
		if p.Detail != "" {
			sentence = fmt.Sprintf("%s is empty: %s.", file, p.Detail)
		}
	case content.NoText:
		sentence = fmt.Sprintf("No text was found in %s. It is probably a scan, and text in pictures cannot be read here: upload a version with real text.", file)
	case content.Encrypted:
		sentence = fmt.Sprintf("%s is protected with a password. Save it without one and upload it again.", file)
	case content.Bomb:
		sentence = fmt.Sprintf("%s was refused: %s. If it is a real document, save it again and upload that.", file, p.Detail)
	case content.Unsupported:
		sentence = unsupported(file, p.Detail)
	case content.Binary:
		sentence = fmt.Sprintf("%s does not contain text that can be read. What can be read: %s.", file, formats)
	case content.TooLarge:
		sentence = fmt.Sprintf("%s is too large: %s. Split it and upload the parts.", file, p.Detail)
	case content.TooSlow:
		sentence = fmt.Sprintf("Reading %s took longer than %d seconds and was stopped. Split it, or save it again and upload that.", file, int(limits.Time.Seconds()))
	case content.TooMuchMemory:
		sentence = fmt.Sprintf("Reading %s took more than %d MB of memory and was stopped. Split it, or save it again and upload that.", file, limits.Memory>>20)
	case content.Unreadable:
		sentence = fmt.Sprintf("%s could not be opened. Check that it exists and may be read.", file)
	case content.ParserCrashed:
		sentence = fmt.Sprintf("%s could not be read: the reader stopped working on it. Save it again, or in another format, and upload that.", file)
	default:
		sentence = fmt.Sprintf("%s is damaged or incomplete. Open it in its own program, save it again and upload that.", file)
	}
	return fault.Say(fault.Invalid, p.Code, "%s", sentence).Because(err)
}

func unsupported(file, what string) string {
	hint := ""
	switch {
	case strings.Contains(what, ".doc)"), strings.Contains(what, "RTF"), strings.Contains(what, "OpenDocument"):
		hint = " Save it as .docx or PDF and upload that."
	case strings.Contains(what, ".xls)"), strings.Contains(what, "XLSB"):
		hint = " Save it as .xlsx and upload that."
	case strings.Contains(what, "PowerPoint"), strings.Contains(what, "EPUB"):
		hint = " Save it as PDF and upload that."
	case strings.Contains(what, "ZIP"):
		hint = " Unpack it and upload the files in it."
	}
	return fmt.Sprintf("%s is %s, which is not supported.%s What can be read: %s.", file, what, hint, formats)
}

// quote returns the name of a file for a sentence: without a path, and short.
func quote(name string) string {
	name = content.Line(filepath.Base(strings.ReplaceAll(name, `\`, "/")))
	if name == "" || name == "." || name == "/" {
		return "The file"
	}
	return "“" + content.Short(name, 80) + "”"
}
