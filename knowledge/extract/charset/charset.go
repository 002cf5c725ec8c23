// Package charset turns the bytes of a text file into UTF-8, whatever they were
// written in. Chinese files come as GB18030 without any mark, exports from
// Windows as UTF-16, old ones as Big5; the bytes are believed before what the
// file says of itself.
package charset

import (
	"bytes"
	"regexp"
	"strings"
	gounicode "unicode"
	"unicode/utf8"

	"github.com/wlynxg/chardet"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/parley-im/parley/knowledge/extract/content"
)

// Decode returns b as cleaned UTF-8 text. declared is the encoding that the file
// names itself, or "". It returns a content.Binary problem if b is not text.
//
// The order: byte order mark, UTF-8 that is valid, UTF-16 by its zero bytes, the
// declared encoding, the detected one, and last the likeliest that fits.
func Decode(b []byte, declared string) (string, error) {
	if text, ok := byMark(b); ok {
		return checked(text)
	}
	if utf8.Valid(b) && !bytes.ContainsRune(b, 0) {
		if bytes.Contains(b, []byte("\x1b$")) {
			if text, ok := fits(b, "iso-2022-jp"); ok {
				return checked(text)
			}
		}
		return checked(string(b))
	}
	if order, ok := byZeros(b); ok {
		return checked(utf16(b, order))
	}
	if binary(b) {
		return "", content.Fail(content.Binary, "", nil)
	}
	if nearlyUTF8(b) {
		return checked(string(b))
	}
	sample := b[:min(len(b), 64<<10)]
	guess := chardet.Detect(sample)
	names := []string{declared, sure(guess), likely(sample), "gb18030", "big5", "shift_jis", "euc-kr", guess.Encoding, "windows-1252"}
	if western(sample) {
		names = []string{declared, "windows-1252", guess.Encoding}
		if _, one := lookup(guess.Encoding).(*charmap.Charmap); one {
			names = []string{declared, guess.Encoding, "windows-1252"}
		}
	}
	for _, name := range names {
		if text, ok := fits(b, name); ok {
			return checked(text)
		}
	}
	// A few bytes fit nothing: take the best guess and leave marks in their place.
	for _, name := range []string{guess.Encoding, declared, "gb18030"} {
		if enc := lookup(name); enc != nil {
			if text, err := enc.NewDecoder().Bytes(b); err == nil {
				return checked(string(text))
			}
		}
	}
	return "", content.Fail(content.Binary, "", nil)
}

func byMark(b []byte) (string, bool) {
	switch {
	case bytes.HasPrefix(b, []byte("\xEF\xBB\xBF")):
		return string(b[3:]), true
	case bytes.HasPrefix(b, []byte("\xFF\xFE")):
		return utf16(b[2:], unicode.LittleEndian), true
	case bytes.HasPrefix(b, []byte("\xFE\xFF")):
		return utf16(b[2:], unicode.BigEndian), true
	}
	return "", false
}

// byZeros finds UTF-16 without a mark: line breaks, blanks and digits leave
// zeros on one side only. A binary file has them on both.
func byZeros(b []byte) (unicode.Endianness, bool) {
	sample := b[:min(len(b), 64<<10)&^1]
	var zeros [2]int
	for i, c := range sample {
		if c == 0 {
			zeros[i&1]++
		}
	}
	pairs := len(sample) / 2
	order, many, few := unicode.LittleEndian, zeros[1], zeros[0]
	if few > many {
		order, many, few = unicode.BigEndian, few, many
	}
	if many == 0 || many*50 < pairs || few*4 > many {
		return order, false
	}
	text := utf16(sample, order)
	return order, !binary([]byte(text)) && broken(text)*50 < pairs
}

func utf16(b []byte, order unicode.Endianness) string {
	text, err := unicode.UTF16(order, unicode.IgnoreBOM).NewDecoder().Bytes(b)
	if err != nil {
		return "\x00" // checked refuses it
	}
	return string(text)
}

// nearlyUTF8 reports whether b is UTF-8 with a stray broken character, as a file
// has that was cut at a byte count.
func nearlyUTF8(b []byte) bool {
	good, bad := 0, 0
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			bad++
		case n > 1:
			good++
		}
		b = b[n:]
	}
	return good > 0 && bad*50 <= good
}

func sure(guess chardet.Result) string {
	if guess.Confidence >= 0.8 {
		return guess.Encoding
	}
	return ""
}

// western reports whether accented letters stand alone between plain ones, as
// they do in European texts with one byte for each character.
func western(b []byte) bool {
	alone, high := 0, 0
	for i, c := range b {
		if c < 0x80 {
			continue
		}
		high++
		if (i == 0 || b[i-1] < 0x80) && (i == len(b)-1 || b[i+1] < 0x80) {
			alone++
		}
	}
	return alone*10 >= high*7 && high*5 < len(b)
}

// likely tells GB18030 from Big5 in texts too short for statistics: nearly all
// that is written lies in the first level of either character set.
func likely(b []byte) string {
	gb, big, all := 0, 0, 0
	for i := 0; i+1 < len(b); i++ {
		lead, trail := b[i], b[i+1]
		if lead < 0x81 {
			continue
		}
		i++
		all++
		if lead >= 0xA1 && lead <= 0xD7 && trail >= 0xA1 {
			gb++
		}
		if lead >= 0xA1 && lead <= 0xC6 && (trail >= 0xA1 || trail >= 0x40 && trail <= 0x7E) {
			big++
		}
	}
	switch {
	case gb*10 >= all*8 && gb >= big:
		return "gb18030"
	case big*10 >= all*9:
		return "big5"
	}
	return ""
}

// fits decodes b and reports whether each byte had a meaning.
func fits(b []byte, name string) (string, bool) {
	enc := lookup(name)
	if enc == nil {
		return "", false
	}
	text, err := enc.NewDecoder().Bytes(b)
	if err != nil || broken(string(text)) > 0 || odd(string(text)) {
		return "", false
	}
	return string(text), true
}

// lookup returns the encoding of that name, or nil. Every GB name means GB18030,
// the superset: Go's "gb2312" loses characters that such files do contain.
func lookup(name string) encoding.Encoding {
	name = strings.ToLower(strings.TrimSpace(name))
	if strings.HasPrefix(name, "gb") || strings.HasPrefix(name, "x-gbk") || name == "hz-gb-2312" || name == "cp936" {
		return simplifiedchinese.GB18030
	}
	switch name {
	case "", "ascii", "utf-8", "utf8", "utf-16", "utf-16le", "utf-16be":
		return nil // already ruled out by the bytes
	}
	enc, err := htmlindex.Get(name)
	if err != nil {
		return nil
	}
	return enc
}

// broken counts the places where the decoder found no meaning.
func broken(text string) int { return strings.Count(text, "\uFFFD") }

// odd reports private-use or control characters, which a wrong double-byte
// encoding yields in place of letters.
func odd(text string) bool {
	n := 0
	for _, r := range text {
		if r >= 0xE000 && r <= 0xF8FF || r >= 0x80 && r < 0xA0 {
			n++
		}
	}
	return n*100 > len(text)
}

// binary reports whether b has control characters that no text encoding in use
// puts between letters.
func binary(b []byte) bool {
	n := 0
	for _, c := range b {
		if c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1B {
			n++
		}
	}
	return n > 2 && n*200 > len(b)
}

// checked cleans text and refuses what is not text.
func checked(text string) (string, error) {
	if binary([]byte(text)) || meaningless(text) {
		return "", content.Fail(content.Binary, "", nil)
	}
	return content.Clean(text), nil
}

// meaningless reports whether more than one in twenty characters is broken, not
// assigned or for private use.
func meaningless(text string) bool {
	n, all := 0, 0
	for _, r := range text {
		all++
		if r == utf8.RuneError || !(gounicode.IsPrint(r) || gounicode.IsSpace(r) || gounicode.Is(gounicode.Cf, r) || r < 0x20) {
			n++
		}
	}
	return n*20 > all
}

// Declared returns the encoding that an HTML or XML text names in its head, or
// "".
func Declared(b []byte) string {
	head := b[:min(len(b), 4096)]
	declaration := regexp.MustCompile(`(?i)(?:charset|encoding)\s*=\s*["']?\s*([a-z0-9_\-]+)`)
	if m := declaration.FindSubmatch(head); m != nil {
		return string(m[1])
	}
	return ""
}
