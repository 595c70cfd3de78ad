package paper

import (
	"fmt"
	"io"
	"time"
)

// M2a is a power of attorney of form M-2a (DT-11, DT-12), filled with what the
// application knows. Empty fields are lines to fill by hand. All texts are in
// the paper's language, dates written out by the caller.
type M2a struct {
	Language  string // of the paper: ky, ru, en
	Number    string // of the application
	PrintedAt time.Time

	Attorney string // number in the organisation's log; may be empty
	OKPO     string
	Issued   string // date
	Until    string // date, usually 15 days on

	Organisation string // with its form
	INN          string
	Consumer     string // name and address
	Payer        string // name and address, or "the same"
	Account      string
	Bank         string

	Position string // of the person who is trusted
	Person   string // full name
	Series   string // of the passport
	Passport string // number
	IssuedOn string // date
	IssuedBy string

	Supplier string // the authority
	Goods    string // in a word
	Basis    string // the order: number, date

	Head       string // full names of those who sign
	Accountant string

	Items []Item // on the back
}

// Item is one of the things to be received.
type Item struct {
	What     string
	Unit     string
	Quantity string // in words
}

// minRows of the table on the back: what is not used is crossed out, and on a
// sample left empty.
const minRows = 3

// Write makes the PDF: the front and the back.
func (p M2a) Write(w io.Writer, words Words) error {
	name := words("paper.m2a.title", "number", p.Attorney)
	s := newSheet(words, p.Language, name, p.PrintedAt)
	var right []string
	if p.Number != "" {
		right = append(right, words("paper.application", "number", p.Number))
	}
	if p.OKPO != "" {
		right = append(right, words("paper.m2a.okpo", "okpo", p.OKPO))
	}
	s.corners([]string{words("paper.m2a.form"), words("paper.m2a.form_code")}, right)
	inn := ""
	if p.INN != "" {
		inn = words("paper.inn", "inn", p.INN)
	}
	s.fullField(words("paper.m2a.organisation"), join(", ", p.Organisation, inn))
	s.title(name)
	s.fields([]float64{0.5, 0.5}, words("paper.m2a.issued"), p.Issued, words("paper.m2a.until"), p.Until)
	s.fullField(words("paper.m2a.consumer"), p.Consumer)
	s.fullField(words("paper.m2a.payer"), p.Payer)
	s.fullField(words("paper.m2a.account"), p.Account)
	s.fullField(words("paper.m2a.bank"), p.Bank)
	s.fullField(words("paper.m2a.given_to"), p.Position)
	s.fullField("", p.Person)
	s.fields([]float64{0.34, 0.26, 0.4}, words("paper.m2a.series"), p.Series, "№", p.Passport, words("paper.m2a.issued_on"), p.IssuedOn)
	s.fullField(words("paper.m2a.issued_by"), p.IssuedBy)
	s.fullField(words("paper.m2a.supplier"), p.Supplier)
	s.fullField(words("paper.m2a.goods"), p.Goods)
	s.fullField(words("paper.m2a.basis"), p.Basis)
	s.signatures(p)
	s.paragraph("", small, width, "L", words("paper.m2a.note"))
	s.back(p)
	return s.finish(w)
}

func (s *sheet) signatures(p M2a) {
	y := s.GetY() + 4
	s.seal(marginX+width-sealRadius, y)

	room := width - 2*sealRadius - 8
	s.SetXY(marginX, y+4)
	s.field(marginX, room, s.words("paper.m2a.holder_signature"), "")
	s.paragraph("", small, room, "L", s.words("paper.m2a.certified"))
	for _, who := range [][2]string{{s.words("paper.m2a.head"), p.Head}, {s.words("paper.m2a.accountant"), p.Accountant}} {
		s.Ln(4)
		s.field(marginX, room, who[0], "")
		s.paragraph("", small, room, "L", who[1])
	}
	s.SetXY(marginX, max(s.GetY(), y+2*sealRadius)+3)
}

func (s *sheet) back(p M2a) {
	s.AddPage()
	s.paragraph("", small, width, "L", s.words("paper.m2a.back"))
	s.Ln(1)
	columns := []float64{12, width - 12 - 30 - 34, 30, 34}
	s.font("B", 10)
	s.row(columns, "№", s.words("paper.m2a.goods_head"), s.words("paper.m2a.unit"), s.words("paper.m2a.quantity"))
	s.font("", 10)
	for i := range max(minRows, len(p.Items)) {
		var item Item
		switch {
		case i < len(p.Items):
			item = p.Items[i]
		case len(p.Items) > 0:
			item = Item{"—", "—", "—"}
		}
		s.row(columns, fmt.Sprint(i+1), item.What, item.Unit, item.Quantity)
	}
}

// row writes a row of a table in the current font, as high as its tallest cell.
func (s *sheet) row(columns []float64, cells ...string) {
	const line, pad = 5.0, 1.2
	high := 0
	text := make([][]string, len(cells))
	for i, c := range cells {
		text[i] = s.SplitText(clean(c), columns[i]-2*pad)
		high = max(high, len(text[i]))
	}
	h := float64(max(high, 1))*line + 2*pad
	_, page := s.GetPageSize()
	if s.GetY()+h > page-marginY {
		s.AddPage()
	}
	x, y := marginX, s.GetY()
	for i, lines := range text {
		s.Rect(x, y, columns[i], h, "D")
		for n, l := range lines {
			s.SetXY(x+pad, y+pad+float64(n)*line)
			s.CellFormat(columns[i]-2*pad, line, l, "", 0, "L", false, 0, "")
		}
		x += columns[i]
	}
	s.SetXY(marginX, y+h)
}
