package registry

import (
	"strings"
	"unicode"
)

// Fold brings a text to the form in which it is searched: lower case, ө→о,
// ү→у, ң→н, ё→е, дж→ж, one spelling of each legal form in both languages
// (domain.md §6.7, §6.8), no punctuation, single spaces. Kyrgyz and Russian
// spellings of one name fold alike: «Жумалиев» and «Джумалиев».
func Fold(s string) string {
	s = strings.ToLower(s)
	s = foldLetters.Replace(s)
	words := strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	out := words[:0]
	for i := 0; i < len(words); i++ {
		w := words[i]
		if w == "кол" && i+1 < len(words) && strings.HasPrefix(words[i+1], "тамга") {
			i++
			w += words[i]
		}
		if form, ok := foldForms[w]; ok {
			w = form
		}
		out = append(out, w)
	}
	return strings.Join(out, " ")
}

// ѳ (U+0473) stands in for ө on some state pages (glossary R7).
var foldLetters = strings.NewReplacer("дж", "ж", "ө", "о", "ѳ", "о", "ү", "у", "ң", "н", "ё", "е")

// foldForms maps each abbreviation of a legal form to the Russian one.
var foldForms = map[string]string{
	"жчк": "осоо", "мчк": "осоо", "ооо": "осоо", "llc": "осоо", "ltd": "осоо",
	"кжк": "осдо",
	"аак": "оао",
	"жак": "зао",
	"чп":  "ип", "жи": "ип",
	"ми": "гп",
}
