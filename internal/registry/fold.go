package registry

import (
	"slices"
	"strings"
	"unicode"
)

// Fold brings a name or a query to the form that search compares: lower-case
// words with one space between. Kyrgyz letters fall together with the Russian
// ones people type for them (ө→о, ү→у, ң→н, ё→е, дж→ж: domain.md §6.8) and
// with look-alikes of old fonts (ѳ), the spellings of a legal form become one
// word (ОсОО, ЖЧК, МЧК, LLC → осоо: §6.7), "кол тамга" is "колтамга", and
// punctuation and quotes vanish. Folding twice changes nothing.
func Fold(s string) string {
	words := strings.Fields(foldLetters(s))
	words = joinForms(words)
	for i := 0; i+1 < len(words); i++ {
		if words[i] == "кол" && strings.HasPrefix(words[i+1], "тамга") {
			words = slices.Replace(words, i, i+2, "кол"+words[i+1])
		}
	}
	return strings.Join(words, " ")
}

func foldLetters(s string) string {
	out := make([]rune, 0, len(s))
	for _, r := range s {
		r = unicode.ToLower(r)
		switch r {
		case 'ө', 'ѳ':
			r = 'о'
		case 'ү':
			r = 'у'
		case 'ң':
			r = 'н'
		case 'ё':
			r = 'е'
		case 'ж':
			for len(out) > 0 && out[len(out)-1] == 'д' {
				out = out[:len(out)-1]
			}
		case '\'', '’', 'ʼ', '`':
			continue
		case '\u0306': // a decomposed й
			if n := len(out); n > 0 && out[n-1] == 'и' {
				out[n-1] = 'й'
			}
			continue
		}
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			out = append(out, r)
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r):
		default:
			out = append(out, ' ')
		}
	}
	return string(out)
}

// legalForms are the spellings of each legal form, folded, the one that
// stands for all first. Longer spellings come before shorter ones.
var legalForms = [...][]string{
	{"осоо", "общество с ограниченной ответственностью", "жоопкерчилиги чектелген коом", "limited liability company", "жчк", "мчк", "ооо", "llc", "ltd"},
	{"осдо", "общество с дополнительной ответственностью", "кошумча жоопкерчиликтуу коом", "кжк"},
	{"оао", "открытое акционерное общество", "ачык акционердик коом", "open joint stock company", "аак", "ojsc"},
	{"зао", "закрытое акционерное общество", "жабык акционердик коом", "closed joint stock company", "жак", "cjsc"},
	{"ип", "индивидуальный предприниматель", "частный предприниматель", "жеке ишкер", "sole entrepreneur", "чп", "жи"},
	{"гп", "государственное предприятие", "мамлекеттик ишкана", "state enterprise", "ми"},
}

func joinForms(words []string) []string {
	for i := 0; i < len(words); i++ {
		for _, forms := range legalForms {
			for _, spelling := range forms[1:] {
				w := strings.Fields(spelling)
				if len(words)-i >= len(w) && slices.Equal(words[i:i+len(w)], w) {
					words = slices.Replace(words, i, i+len(w), forms[0])
				}
			}
		}
	}
	return words
}
