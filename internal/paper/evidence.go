package paper

import (
	"io"
	"time"
)

// Evidence is an evidence pack for people: the life of each certificate in
// words. All texts are in the paper's language, instants written out by the
// caller.
type Evidence struct {
	Language  string // of the paper: ky, ru, en
	Authority string // its name
	Number    string // of the pack
	Made      string // when, for people
	MadeAt    time.Time
	MadeBy    string
	Purpose   string
	Query     string // the search; may be empty
	Journal   string // what the journal's checkpoint covers
	// Mark stands in the document's properties, in plain ASCII.
	Mark  string
	Lives []EvidenceLife

	// Test certificates have no legal force, and the paper says so.
	Test bool
}

// EvidenceLife is one certificate's.
type EvidenceLife struct {
	Title  string
	Facts  []EvidenceLine
	Events []EvidenceLine // when and what
	// Proofs are what else the pack holds: signatures, answers, scans.
	Proofs []EvidenceLine
}

// EvidenceLine is a short text and a long one.
type EvidenceLine struct{ Label, Text string }

// Write makes the PDF.
func (p Evidence) Write(w io.Writer, words Words) error {
	title := words("paper.evidence.title")
	s := newSheet(words, p.Language, title, p.MadeAt)
	s.SetKeywords(p.Mark, false)
	s.SetFooterFunc(func() {
		s.SetXY(marginX, -marginY+4)
		s.font("", small)
		s.CellFormat(width, 4, clean(words("paper.evidence.page", "number", p.Number, "n", s.PageNo())), "", 0, "C", false, 0, "")
	})
	s.corners([]string{p.Authority}, []string{p.Number, p.Made})
	s.title(title)
	s.lines([]EvidenceLine{
		{words("paper.evidence.made_by"), p.MadeBy}, {words("paper.evidence.purpose"), p.Purpose}, {words("paper.evidence.query"), p.Query},
		{words("paper.evidence.journal"), p.Journal},
	}, 42)
	s.Ln(2)
	s.paragraph("", small, width, "L", words("paper.evidence.note"))
	for i, l := range p.Lives {
		if i > 0 {
			s.AddPage()
		}
		s.Ln(4)
		s.paragraph("B", 13, width, "L", l.Title)
		s.Ln(1)
		s.lines(l.Facts, 42)
		s.part(words("paper.evidence.events"), l.Events)
		s.part(words("paper.evidence.proofs"), l.Proofs)
	}
	if p.Test {
		s.Ln(3)
		s.paragraph("", small, width, "L", words("paper.test"))
	}
	return s.finish(w)
}

func (s *sheet) part(title string, lines []EvidenceLine) {
	if len(lines) == 0 {
		return
	}
	s.Ln(3)
	s.paragraph("B", normal, width, "L", title)
	s.Ln(1)
	s.lines(lines, 42)
}

// lines writes labels and texts in two columns; empty texts are left out.
func (s *sheet) lines(lines []EvidenceLine, label float64) {
	const height = 4.4
	_, bottom := s.GetPageSize()
	for _, l := range lines {
		if l.Text == "" {
			continue
		}
		s.font("", small)
		rows := max(len(s.SplitText(clean(l.Label), label-2)), len(s.SplitText(clean(l.Text), width-label-1)))
		if s.GetY()+float64(rows)*height > bottom-marginY && rows < 40 {
			s.AddPage()
			s.font("", small)
		}
		top := s.GetY()
		s.SetX(marginX)
		s.MultiCell(label-2, height, clean(l.Label), "", "L", false)
		end := s.GetY()
		s.SetXY(marginX+label, top)
		s.MultiCell(width-label, height, clean(l.Text), "", "L", false)
		s.SetXY(marginX, max(end, s.GetY()))
	}
}
