package tokens

// FoldRunes is foldRunes.
func FoldRunes(text string) []rune { return foldRunes(text) }
