package authorities

import (
	"strings"
	"unicode"

	"github.com/tamga-ca/tamga/internal/registry"
)

// lintText says what is wrong with a text's letters and placeholders
// (glossary R4, R6, R7), or nothing.
func lintText(language registry.Language, s string) string {
	runes := []rune(s)
	for i, r := range runes {
		switch {
		case r == 'ѳ' || r == 'Ѳ' || r == 'ѵ' || r == 'Ѵ':
			return "has a look-alike letter " + string(r)
		case unicode.Is(unicode.Mn, r):
			return "is not in Unicode NFC: it has a combining mark"
		case r == '}' && i+1 < len(runes) && (unicode.Is(unicode.Cyrillic, runes[i+1]) || runes[i+1] == '-') && language != registry.English:
			return "puts a suffix on an inserted value (glossary R4)"
		}
	}
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) }) {
		latin, cyrillic := false, false
		for _, r := range word {
			latin = latin || unicode.Is(unicode.Latin, r)
			cyrillic = cyrillic || unicode.Is(unicode.Cyrillic, r)
		}
		if latin && cyrillic {
			return "mixes Latin and Cyrillic letters in the word " + word
		}
	}
	return ""
}
