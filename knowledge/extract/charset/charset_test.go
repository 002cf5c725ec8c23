package charset

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/unicode/norm"

	"github.com/parley-im/parley/knowledge/extract/content"
)

const (
	simplified  = "退货政策：签收后七天内可以无理由退货，运费由买家承担。定制商品除外。"
	traditional = "退貨政策：簽收後七天內可以無理由退貨，運費由買家承擔。訂製商品除外。"
	kana        = "返品について：商品到着後七日以内にご連絡ください。送料はお客様のご負担です。"
)

func encode(t *testing.T, e encoding.Encoding, s string) []byte {
	t.Helper()
	b, err := e.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDecode(t *testing.T) {
	utf16 := func(order unicode.Endianness, bom unicode.BOMPolicy) encoding.Encoding {
		return unicode.UTF16(order, bom)
	}
	for _, test := range []struct {
		name     string
		encoding encoding.Encoding
		declared string
		text     string
	}{
		{"UTF-8", encoding.Nop, "", simplified},
		{"UTF-8 that says GB2312", encoding.Nop, "gb2312", simplified},
		{"GB18030", simplifiedchinese.GB18030, "", simplified},
		{"GB18030, a few words", simplifiedchinese.GB18030, "", "运费十元，七天退货"},
		{"GB18030, declared as gb2312", simplifiedchinese.GB18030, "gb2312", "价格：¥99，𠮷野家🍜，运费另计"},
		{"Big5", traditionalchinese.Big5, "", traditional},
		{"Big5, a few words", traditionalchinese.Big5, "", "運費十元，七天內退貨"},
		{"Shift_JIS", japanese.ShiftJIS, "", kana},
		{"EUC-JP", japanese.EUCJP, "", kana},
		{"ISO-2022-JP", japanese.ISO2022JP, "iso-2022-jp", kana},
		{"EUC-KR", korean.EUCKR, "euc-kr", "반품 정책: 수령 후 칠일 이내에 반품할 수 있습니다."},
		{"windows-1252", charmap.Windows1252, "", "Rückgabe innerhalb von sieben Tagen, Gebühren trägt der Käufer. Größe geändert, früher schön."},
		{"UTF-16LE with mark", utf16(unicode.LittleEndian, unicode.UseBOM), "", simplified},
		{"UTF-16BE with mark", utf16(unicode.BigEndian, unicode.UseBOM), "", simplified},
		{"UTF-16LE without mark", utf16(unicode.LittleEndian, unicode.IgnoreBOM), "utf-8", "Returns 7 days\n" + simplified},
		{"UTF-16BE without mark", utf16(unicode.BigEndian, unicode.IgnoreBOM), "", "Returns 7 days\n" + simplified},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Decode(encode(t, test.encoding, test.text), test.declared)
			if want := norm.NFC.String(test.text); err != nil || got != want {
				t.Errorf("Decode() = %q, %v, want %q", got, err, want)
			}
		})
	}
}

func TestDecodeBroken(t *testing.T) {
	cut := []byte(strings.Repeat(simplified, 3))
	got, err := Decode(cut[:len(cut)-1], "")
	if err != nil || !strings.HasPrefix(got, simplified) {
		t.Errorf("Decode(UTF-8 cut inside a character) = %q, %v, want the text", got, err)
	}
	if got, err := Decode([]byte("\xEF\xBB\xBFa\x00b"), ""); err != nil || got != "ab" {
		t.Errorf("Decode() = %q, %v, want the mark and NUL gone", got, err)
	}
}

func TestDecodeBinary(t *testing.T) {
	noise := make([]byte, 8192)
	random := rand.NewChaCha8([32]byte{1})
	if _, err := random.Read(noise); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"random bytes":            noise,
		"zeros":                   make([]byte, 4096),
		"picture":                 append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), noise[:200]...),
		"random behind UTF-16":    append([]byte("\xFF\xFE"), noise...),
		"random behind UTF-8":     append([]byte("\xEF\xBB\xBF"), noise...),
		"program":                 append([]byte("\x7fELF\x02\x01\x01\x00\x00"), noise[:500]...),
		"numbers of 16 bits each": []byte(strings.Repeat("\x01\x00\x02\x00\x03\x00\x90\x00", 100)),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Decode(b, "")
			if p, ok := errors.AsType[*content.Problem](err); !ok || p.Code != content.Binary {
				t.Errorf("Decode() = %.40q, %v, want %s", got, err, content.Binary)
			}
		})
	}
}

func TestDeclared(t *testing.T) {
	for in, want := range map[string]string{
		`<meta charset="GBK">`: "GBK",
		`<meta http-equiv="Content-Type" content="text/html; charset=gb2312">`: "gb2312",
		`<?xml version="1.0" encoding='Big5'?>`:                                "Big5",
		`plain`:                                                                "",
	} {
		if got := Declared([]byte(in)); got != want {
			t.Errorf("Declared(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(simplified), "")
	f.Add([]byte("\xFF\xFEa\x00b\x00"), "utf-16")
	f.Add([]byte("\xcd\xcb\xbb\xf5\xd5\xfe\xb2\xdf"), "gb2312")
	f.Add([]byte("\x1b$B\x4a\x56\x1b(B"), "iso-2022-jp")
	f.Fuzz(func(t *testing.T, b []byte, declared string) {
		s, err := Decode(b, declared)
		if err == nil && (!utf8.ValidString(s) || strings.ContainsRune(s, 0)) {
			t.Errorf("Decode() = %q, want clean text", s)
		}
	})
}
