package paper

import (
	"io"
	"time"
)

// Form is a paper that somebody signs by hand: an application, an agreement, a
// purchase order, a power of attorney. What the caller does not know is a line
// to be filled in. All texts are in the paper's language.
type Form struct {
	Language  string // of the paper: ky, ru, en
	Title     string
	Left      []string // small, above the title
	Right     []string
	PrintedAt time.Time

	Sections []Section
	// Signatures of those who sign, each with a line; Seal draws a place for
	// one beside the last.
	Signatures []Signature
	Seal       bool
	Note       string
	Test       bool // test certificates have no legal force, and the paper says so
}

// Section is a part of a form: fields, paragraphs, a table, in this order.
type Section struct {
	Heading    string
	Fields     []Field
	Paragraphs []string
	Table      *Table
}

// Field is a label and a value; an empty value is a line.
type Field struct{ Label, Value string }

// Signature is who signs: in which capacity, and the name if it is known.
type Signature struct{ As, Name string }

// Table has columns with shares of the width that make 1 together.
type Table struct {
	Shares []float64
	Head   []string
	Rows   [][]string
}

// Write makes the PDF.
func (p Form) Write(w io.Writer, words Words) error {
	s := newSheet(words, p.Language, p.Title, p.PrintedAt)
	s.corners(p.Left, p.Right)
	s.title(p.Title)
	for _, section := range p.Sections {
		s.section(section)
	}
	s.signed(p)
	if p.Note != "" {
		s.paragraph("", small, width, "L", p.Note)
	}
	if p.Test {
		s.paragraph("", small, width, "L", words("paper.test"))
	}
	return s.finish(w)
}

func (s *sheet) section(section Section) {
	if section.Heading != "" {
		s.Ln(2)
		s.paragraph("B", normal, width, "L", section.Heading)
		s.Ln(1)
	}
	for _, f := range section.Fields {
		s.fullField(f.Label, f.Value)
	}
	for _, text := range section.Paragraphs {
		s.paragraph("", normal, width, "L", text)
		s.Ln(1.5)
	}
	if section.Table == nil {
		return
	}
	columns := make([]float64, len(section.Table.Shares))
	for i, share := range section.Table.Shares {
		columns[i] = width * share
	}
	s.font("B", 10)
	s.row(columns, section.Table.Head...)
	s.font("", 10)
	for _, cells := range section.Table.Rows {
		s.row(columns, cells...)
	}
	s.Ln(2)
}

// signed draws a line for each signature, and the place of the seal.
func (s *sheet) signed(p Form) {
	const each = 14.0
	_, page := s.GetPageSize()
	if s.GetY()+each*float64(len(p.Signatures))+2*sealRadius > page-marginY {
		s.AddPage()
	}
	room, end := width, 0.0
	if p.Seal {
		room = width - 2*sealRadius - 8
	}
	for i, sign := range p.Signatures {
		s.Ln(4)
		if i == len(p.Signatures)-1 && p.Seal {
			end = s.GetY() + 2*sealRadius
			s.seal(marginX+width-sealRadius, s.GetY())
		}
		s.field(marginX, room, sign.As, "")
		s.paragraph("", small, room, "L", sign.Name)
	}
	s.SetXY(marginX, max(s.GetY(), end)+2)
}

const sealRadius = 17.0

// seal draws the place of a seal with its centre at x, from y down, and leaves
// the pen where it was.
func (s *sheet) seal(x, y float64) {
	s.SetDashPattern([]float64{1, 1}, 0)
	s.Circle(x, y+sealRadius, sealRadius, "D")
	s.SetDashPattern(nil, 0)
	s.SetXY(x-sealRadius, y+sealRadius-5)
	s.paragraph("", normal, 2*sealRadius, "C", s.words("paper.m2a.seal"))
	s.SetX(x - sealRadius)
	s.paragraph("", 7, 2*sealRadius, "C", s.words("paper.m2a.seal_whose"))
	s.SetXY(marginX, y)
}
