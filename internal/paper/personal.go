package paper

import (
	"io"
	"time"
)

// Personal is a summary of what is kept about a person, beside the data
// themselves. All texts are in the paper's language, instants written out by the
// caller.
type Personal struct {
	Language  string // of the paper: ky, ru, en
	Authority string // its short name
	Printed   string // when, for people
	PrintedAt time.Time

	Number  string // of the request
	Person  string // full name, if known
	Numbers string // the personal number
	SHA256  string // of data.json, hex
	Parts   []PersonalPart
}

// PersonalPart is a list of the summary under its title.
type PersonalPart struct {
	Title string
	None  string // what stands there where the list is empty
	Lines []string
}

// Write makes the PDF.
func (p Personal) Write(w io.Writer, words Words) error {
	s := newSheet(words, p.Language, words("paper.personal.title"), p.PrintedAt)
	s.corners([]string{p.Authority}, []string{p.Printed, p.Number})
	s.title(words("paper.personal.title"))
	s.fullField(words("paper.personal.person"), join(", ", p.Person, p.Numbers))
	for _, part := range p.Parts {
		s.Ln(3)
		s.paragraph("B", normal, width, "L", part.Title)
		if len(part.Lines) == 0 {
			s.paragraph("", normal, width, "L", part.None)
		}
		for _, line := range part.Lines {
			s.paragraph("", small, width, "L", "• "+line)
		}
	}
	s.Ln(4)
	s.fullField("SHA-256, data.json", p.SHA256)
	s.paragraph("", small, width, "L", words("paper.personal.rights"))
	return s.finish(w)
}
