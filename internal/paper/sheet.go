package paper

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/boombuler/barcode/qr"
	"github.com/go-fonts/liberation/liberationmonobold"
	"github.com/go-fonts/liberation/liberationsansbold"
	"github.com/go-fonts/liberation/liberationsansregular"
	"golang.org/x/text/unicode/norm"
)

// Measures in millimetres; sizes of type in points.
const (
	marginX = 22.0
	marginY = 18.0
	width   = 210 - 2*marginX
	lead    = 5.6

	small  = 8.5
	normal = 11.0
	head   = 15.0

	sans = "sans"
	mono = "mono"
)

// sheet is a PDF in the making.
type sheet struct {
	*fpdf.Fpdf
	words Words
}

func newSheet(words Words, language, title string, at time.Time) *sheet {
	p := fpdf.New("P", "mm", "A4", "")
	p.SetCreationDate(at.UTC())
	p.SetModificationDate(at.UTC())
	p.SetCatalogSort(true)
	p.SetProducer("Tamga", true)
	p.SetTitle(title, true)
	p.SetLang(language)
	p.SetMargins(marginX, marginY, marginX)
	p.SetAutoPageBreak(true, marginY)
	p.AddUTF8FontFromBytes(sans, "", liberationsansregular.TTF)
	p.AddUTF8FontFromBytes(sans, "B", liberationsansbold.TTF)
	p.AddUTF8FontFromBytes(mono, "B", liberationmonobold.TTF)
	p.SetLineWidth(0.2)
	p.AddPage()
	return &sheet{Fpdf: p, words: words}
}

func (s *sheet) finish(w io.Writer) error {
	var b bytes.Buffer
	if err := s.Output(&b); err != nil {
		return fmt.Errorf("making a paper: %w", err)
	}
	if _, err := b.WriteTo(w); err != nil {
		return fmt.Errorf("writing a paper: %w", err)
	}
	return nil
}

// clean makes text fit for the fonts: NFC, no control characters.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r < ' ' || r == 0x7f:
			return ' '
		case r > 0xffff: // beyond what the fonts and the PDF writer know
			return '?'
		}
		return r
	}, norm.NFC.String(strings.ToValidUTF8(text, "?")))
}

func (s *sheet) font(style string, size float64) { s.SetFont(sans, style, size) }

// paragraph writes text over the width from the current place.
func (s *sheet) paragraph(style string, size, width float64, align, text string) {
	s.font(style, size)
	s.MultiCell(width, size*0.46+0.5, clean(text), "", align, false)
}

func (s *sheet) title(text string) {
	s.Ln(3)
	s.paragraph("B", head, width, "C", text)
	s.Ln(3)
}

// corners writes lines at the left and at the right edge.
func (s *sheet) corners(left, right []string) {
	y := s.GetY()
	s.column(marginX, y, "L", left)
	end := s.GetY()
	s.column(marginX, y, "R", right)
	s.SetXY(marginX, max(end, s.GetY())+2)
}

func (s *sheet) column(x, y float64, align string, lines []string) {
	s.SetXY(x, y)
	s.font("", small)
	for _, l := range lines {
		s.SetX(x)
		s.CellFormat(width, 4, clean(l), "", 1, align, false, 0, "")
	}
}

// field writes a label and, over a line that reaches to the right end, a value.
// It wraps below the label if it is long.
func (s *sheet) field(x, w float64, label, value string) float64 {
	top := s.GetY()
	s.font("", normal)
	s.SetXY(x, top)
	label = clean(label)
	labelWidth := 0.0
	if label != "" {
		labelWidth = min(s.GetStringWidth(label)+3, w*0.7)
		s.MultiCell(labelWidth, lead, label, "", "L", false)
	}
	bottom := max(s.GetY(), top+lead)
	s.font("B", normal)
	room := w - labelWidth
	lines := s.SplitText(clean(value), room-1)
	if len(lines) == 0 {
		lines = []string{""}
	}
	y := bottom - lead
	for _, l := range lines {
		s.SetXY(x+labelWidth, y)
		s.CellFormat(room, lead, l, "", 0, "L", false, 0, "")
		y += lead
		s.Line(x+labelWidth+1, y, x+w, y)
	}
	s.SetXY(marginX, y+2)
	return y + 2
}

func (s *sheet) fullField(label, value string) { s.field(marginX, width, label, value) }

// fields writes fields side by side; parts are their shares of the width.
func (s *sheet) fields(parts []float64, labelsAndValues ...string) {
	const gap = 4.0
	y, x, end := s.GetY(), marginX, 0.0
	total := width - gap*float64(len(parts)-1)
	for i, p := range parts {
		s.SetY(y)
		end = max(end, s.field(x, total*p, labelsAndValues[2*i], labelsAndValues[2*i+1]))
		x += total*p + gap
	}
	s.SetXY(marginX, end)
}

// qr draws a QR code, as squares, in a square of the given side.
func (s *sheet) qr(x, y, side float64, content string) error {
	code, err := qr.Encode(content, qr.M, qr.Auto)
	if err != nil {
		return fmt.Errorf("making a QR code: %w", err)
	}
	n := code.Bounds().Dx()
	d := side / float64(n)
	s.SetFillColor(0, 0, 0)
	for row := range n {
		for from := 0; from < n; from++ {
			to := from
			for to < n && dark(code.At(to, row)) {
				to++
			}
			if to > from {
				s.Rect(x+float64(from)*d, y+float64(row)*d, float64(to-from)*d, d+0.02, "F")
				from = to
			}
		}
	}
	return nil
}

func dark(c color.Color) bool {
	r, _, _, _ := c.RGBA()
	return r < 0x8000
}
