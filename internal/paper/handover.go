package paper

import (
	"io"
	"time"
)

// Handover is the paper that a holder takes home with a token, or for a key in
// the E-Cloud. All texts are in the paper's language, instants written out by the
// caller.
type Handover struct {
	Language  string // of the paper: ky, ru, en
	Authority string // its short name
	Phones    []string
	Number    string // of the application; may be empty
	Printed   string // when, for people
	PrintedAt time.Time

	Holder       string
	Organisation string
	INN          string // may be empty
	Device       string // what kind of token; may be empty: E-Cloud
	Token        string // its serial number; the same
	Serial       string // of the certificate
	From, Until  string // its validity
	Code         string // for an emergency, as it is to be typed
	Address      string // of the page that takes it
	Suspends     bool   // the code does, at once; otherwise it reports
	QR           string // the same as a full URL
	Clerk        string // who hands over

	// Test certificates have no legal force, and the paper says so.
	Test bool
}

// Write makes the PDF. The code stands in it and nowhere else: it must not be
// kept.
func (p Handover) Write(w io.Writer, words Words) error {
	kind := "paper.handover."
	if p.Token == "" {
		kind = "paper.cloud."
	}
	s := newSheet(words, p.Language, words(kind+"title"), p.PrintedAt)
	number := ""
	if p.Number != "" {
		number = words("paper.application", "number", p.Number)
	}
	s.corners([]string{p.Authority}, []string{number, p.Printed})
	s.title(words(kind + "title"))
	s.fullField(words("paper.handover.holder"), p.Holder)
	inn := ""
	if p.INN != "" {
		inn = words("paper.inn", "inn", p.INN)
	}
	s.fullField(words("paper.handover.organisation"), join(", ", p.Organisation, inn))
	if p.Token != "" {
		s.fullField(words("paper.handover.token"), p.Device+" · № "+p.Token)
	}
	s.fullField(words("paper.handover.certificate"), p.Serial)
	s.fullField(words("paper.handover.validity"), p.From+" – "+p.Until)
	s.Ln(3)
	s.paragraph("B", 12, width, "L", words(kind+"emergency"))
	s.Ln(1)
	if err := s.emergency(p); err != nil {
		return err
	}
	s.paragraph("B", normal, width, "L", words(kind+"warning"))
	s.Ln(5)
	s.cut()
	s.paragraph("B", normal, width, "L", join(" · ", words("paper.handover.stub"), number))
	s.paragraph("", normal, width, "L", words(kind+"received", "token", p.Token, "serial", p.Serial))
	s.paragraph("", small, width, "L", words("paper.handover.clerk", "name", p.Clerk))
	s.Ln(7)
	s.fullField(words("paper.signature"), "")
	s.Ln(2)
	s.fullField(words("paper.handover.when"), "")
	if p.Test {
		s.paragraph("", small, width, "L", words("paper.test"))
	}
	return s.finish(w)
}

// emergency is what to do when the token is lost, with the code.
func (s *sheet) emergency(p Handover) error {
	const side = 30.0
	y := s.GetY()
	if p.QR != "" {
		if err := s.qr(marginX+width-side, y, side, p.QR); err != nil {
			return err
		}
	}
	s.SetXY(marginX, y)
	do := "paper.handover.emergency_do"
	if !p.Suspends {
		do = "paper.handover.emergency_tell"
	}
	s.paragraph("", normal, width-side-8, "L", s.words(do, "address", p.Address))
	s.Ln(1)
	s.paragraph("", small, width-side-8, "L", s.words("paper.handover.emergency_phones", "list", join(", ", p.Phones...)))
	s.SetXY(marginX, max(s.GetY(), y+side)+2)
	s.code(p.Code)
	s.paragraph("", small, width, "L", s.words("paper.handover.code_note"))
	s.Ln(3)
	return nil
}
