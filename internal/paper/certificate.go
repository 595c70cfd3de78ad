package paper

import (
	"io"
	"time"
)

// Certificate is a sheet about one certificate, for whoever keeps papers. It
// says what stands in the certificate; whether it is in force is asked at the
// address of its QR code. All texts are in the paper's language, instants
// written out by the caller.
type Certificate struct {
	Language  string // of the paper: ky, ru, en
	Authority string // its short name
	Printed   string // when, for people
	PrintedAt time.Time

	Holder       string // full name
	Role         string // what the holder signs as
	Organisation string // with its form
	INN          string
	Serial       string // as programs show it
	From, Until  string // its validity
	Storage      string
	Fingerprint  string // SHA-256
	Address      string // of the page that tells the status, as it is to be typed
	QR           string // the same as a full URL, with the serial

	// Test certificates have no legal force, and the paper says so.
	Test bool
}

// Write makes the PDF.
func (p Certificate) Write(w io.Writer, words Words) error {
	s := newSheet(words, p.Language, words("paper.certificate.title"), p.PrintedAt)
	s.corners([]string{p.Authority}, []string{p.Printed})
	s.title(words("paper.certificate.title"))
	s.fullField(words("paper.slip.holder"), join(", ", p.Holder, p.Role))
	inn := ""
	if p.INN != "" {
		inn = words("paper.inn", "inn", p.INN)
	}
	s.fullField(words("paper.slip.organisation"), join(", ", p.Organisation, inn))
	s.fullField(words("certificate.serial"), p.Serial)
	s.fullField(words("certificate.valid_from"), p.From)
	s.fullField(words("certificate.valid_to"), p.Until)
	s.fullField(words("storage.storage"), p.Storage)
	s.fullField(words("certificate.fingerprint"), p.Fingerprint)
	s.Ln(4)
	const side = 34.0
	y := s.GetY()
	if err := s.qr(marginX+width-side, y, side, p.QR); err != nil {
		return err
	}
	s.SetXY(marginX, y)
	s.paragraph("B", normal, width-side-8, "L", words("paper.certificate.check"))
	s.paragraph("", normal, width-side-8, "L", p.Address)
	s.Ln(2)
	s.SetX(marginX)
	s.paragraph("", small, width-side-8, "L", words("paper.certificate.note"))
	s.SetXY(marginX, max(s.GetY(), y+side)+4)
	if p.Test {
		s.paragraph("", small, width, "L", words("paper.test"))
	}
	return s.finish(w)
}
