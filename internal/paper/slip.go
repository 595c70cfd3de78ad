package paper

import (
	"fmt"
	"io"
	"time"
)

// Slip is the paper half of an E-Cloud activation. All texts are in the
// paper's language, instants written out by the caller.
type Slip struct {
	Language  string // of the paper: ky, ru, en
	Authority string // its short name
	Branch    string // what it is, or its office and telephone; may be empty
	Number    string // of the application
	Printed   string // when, for people
	PrintedAt time.Time

	Holder       string // full name
	Role         string // what the holder signs as
	Organisation string // with its form
	INN          string
	Code         string // as it is to be typed
	Expires      string // until when the code works
	Address      string // of the activation page, as it is to be typed
	QR           string // the same as a full URL
	Clerk        string // who hands the paper over

	// Test certificates have no legal force, and the paper says so.
	Test bool
}

// Write makes the PDF. The code stands in it and nowhere else: it must not be
// kept.
func (p Slip) Write(w io.Writer, words Words) error {
	s := newSheet(words, p.Language, words("paper.slip.title"), p.PrintedAt)
	number := words("paper.application", "number", p.Number)
	s.font("B", normal)
	s.CellFormat(width/2, lead, clean(p.Authority), "", 1, "L", false, 0, "")
	s.SetY(marginY)
	s.column(marginX, marginY, "R", []string{number, p.Printed})
	s.column(marginX, marginY+lead, "L", []string{p.Branch})
	s.title(words("paper.slip.title"))
	s.fullField(words("paper.slip.holder"), join(", ", p.Holder, p.Role))
	s.fullField(words("paper.slip.organisation"), join(", ", p.Organisation, words("paper.inn", "inn", p.INN)))
	s.Ln(2)
	s.paragraph("", normal, width, "L", words("paper.slip.code"))
	s.code(p.Code)
	s.paragraph("", small, width, "L", words("paper.slip.code_note", "until", p.Expires))
	s.Ln(4)
	if err := s.steps(p); err != nil {
		return err
	}
	s.paragraph("B", normal, width, "L", words("paper.slip.warning"))
	s.Ln(6)
	s.cut()
	s.paragraph("B", normal, width, "L", join(" · ", words("paper.slip.stub"), number))
	s.paragraph("", normal, width, "L", words("paper.slip.received", "name", p.Holder))
	s.paragraph("", small, width, "L", words("paper.slip.clerk", "name", p.Clerk))
	s.Ln(7)
	s.fullField(words("paper.signature"), "")
	s.Ln(2)
	s.fullField(words("paper.slip.when"), "")
	if p.Test {
		s.paragraph("", small, width, "L", words("paper.test"))
	}
	return s.finish(w)
}

func (s *sheet) code(code string) {
	s.Ln(1)
	y := s.GetY()
	s.SetLineWidth(0.5)
	s.Rect(marginX, y, width, 17, "D")
	s.SetLineWidth(0.2)
	s.SetFont(mono, "B", 24)
	s.CellFormat(width, 17, clean(code), "", 1, "C", false, 0, "")
	s.Ln(2)
}

func (s *sheet) steps(p Slip) error {
	const side, number = 30.0, 7.0
	y := s.GetY()
	if p.QR != "" {
		if err := s.qr(marginX+width-side, y, side, p.QR); err != nil {
			return err
		}
	}
	room := width - side - 8
	s.SetXY(marginX, y)
	s.paragraph("B", 12, room, "L", s.words("paper.slip.steps"))
	s.Ln(1)
	for i, text := range []string{
		s.words("paper.slip.step_open", "address", p.Address),
		s.words("paper.slip.step_codes"),
		s.words("paper.slip.step_pin"),
		s.words("paper.slip.step_key"),
	} {
		at := s.GetY()
		s.paragraph("", normal, number, "L", fmt.Sprintf("%d.", i+1))
		s.SetXY(marginX+number, at)
		s.paragraph("", normal, room-number, "L", text)
		s.Ln(1)
		s.SetX(marginX)
	}
	s.SetXY(marginX, max(s.GetY(), y+side)+4)
	return nil
}

func (s *sheet) cut() {
	y := s.GetY()
	s.SetDashPattern([]float64{1, 1}, 0)
	s.Line(marginX, y, marginX+width, y)
	s.SetDashPattern(nil, 0)
	s.Ln(6)
}

// join leaves out what is empty.
func join(between string, parts ...string) string {
	out := ""
	for _, p := range parts {
		if p == "" {
			continue
		}
		if out != "" {
			out += between
		}
		out += p
	}
	return out
}
