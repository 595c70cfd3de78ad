package demo

import (
	"bytes"
	"fmt"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/go-fonts/liberation/liberationserifbold"
	"github.com/go-fonts/liberation/liberationserifregular"
)

// scan draws a paper as it comes out of a scanner: a heading, what it is
// about, a signature and a seal.
func scan(title string, lines []string, seal string, at time.Time) ([]byte, error) {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCreationDate(at)
	pdf.SetModificationDate(at)
	pdf.AddUTF8FontFromBytes("serif", "", liberationserifregular.TTF)
	pdf.AddUTF8FontFromBytes("serif", "B", liberationserifbold.TTF)
	pdf.AddPage()
	pdf.SetFillColor(252, 251, 246)
	pdf.Rect(0, 0, 210, 297, "F")
	pdf.SetFont("serif", "B", 16)
	pdf.SetXY(25, 35)
	pdf.MultiCell(160, 8, title, "", "C", false)
	pdf.Ln(10)
	pdf.SetFont("serif", "", 12)
	for _, l := range lines {
		pdf.SetX(30)
		pdf.MultiCell(150, 8, l, "", "L", false)
	}
	y := pdf.GetY() + 30
	pdf.SetX(30)
	pdf.SetXY(30, y)
	pdf.CellFormat(60, 8, at.Format("02.01.2006"), "", 0, "L", false, 0, "")
	pdf.SetDrawColor(70, 90, 170)
	pdf.SetLineWidth(0.5)
	pdf.MoveTo(95, y+6)
	pdf.CurveBezierCubicTo(102, y-8, 106, y+14, 112, y+2)
	pdf.CurveBezierCubicTo(116, y-6, 120, y+10, 128, y+4)
	pdf.DrawPath("D")
	pdf.Circle(155, y+5, 18, "D")
	pdf.Circle(155, y+5, 13, "D")
	pdf.SetTextColor(70, 90, 170)
	pdf.SetFont("serif", "B", 8)
	pdf.SetXY(140, y+2)
	pdf.CellFormat(30, 6, seal, "", 0, "C", false, 0, "")
	var b bytes.Buffer
	if err := pdf.Output(&b); err != nil {
		return nil, fmt.Errorf("drawing a scan: %w", err)
	}
	return b.Bytes(), nil
}
