package templates

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Cases are the forms of one word of the pack in one language. Kyrgyz needs
// all six; Russian abbreviations and English do not change and may leave the
// others empty, which then repeat the nominative.
type Cases struct {
	Nom, Gen, Dat, Acc, Loc, Abl string
}

// form returns the named case: "" or "nom" is the nominative.
func (c Cases) form(name string) (string, bool) {
	var s string
	switch name {
	case "", "nom":
		s = c.Nom
	case "gen":
		s = c.Gen
	case "dat":
		s = c.Dat
	case "acc":
		s = c.Acc
	case "loc":
		s = c.Loc
	case "abl":
		s = c.Abl
	default:
		return "", false
	}
	if s == "" {
		s = c.Nom
	}
	return s, true
}

// Words are the words of an authority for its product, in one language. A
// message may use them as
//
//	{{.sig}}   {{.sig.gen}} … the short word, "КЭК"
//	{{.mark}}  {{.mark.acc}} … the long word, "колтамга"
//	{{.Mark}}  {{.Mark.gen}} … the long word at the start of a sentence
//	{{.system}} {{.System}} …  the word for "system", "система" or "тутум"
//
// They are put in when the catalogs are loaded, so a message costs nothing
// more when it is shown. A missing case is an error at start.
type Words struct {
	Sig    Cases
	Mark   Cases
	System Cases
}

// put replaces the words of the authority in a catalog's text.
func (w Words) put(text string) (string, error) {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "{{.")
		b.WriteString(before)
		if !ok {
			return b.String(), nil
		}
		name, after, ok := strings.Cut(rest, "}}")
		if !ok {
			return "", fmt.Errorf("unclosed {{ before %.40q", rest)
		}
		word, kase, _ := strings.Cut(name, ".")
		var (
			cases Cases
			upper bool
		)
		switch word {
		case "sig":
			cases = w.Sig
		case "mark":
			cases = w.Mark
		case "Mark":
			cases, upper = w.Mark, true
		case "system":
			cases = w.System
		case "System":
			cases, upper = w.System, true
		default:
			b.WriteString("{{." + name + "}}")
			text = after
			continue
		}
		s, ok := cases.form(kase)
		if !ok || s == "" {
			return "", fmt.Errorf("the pack has no word for {{.%s}}", name)
		}
		if upper {
			r, n := utf8.DecodeRuneInString(s)
			s = string(unicode.ToUpper(r)) + s[n:]
		}
		b.WriteString(s)
		text = after
	}
}
