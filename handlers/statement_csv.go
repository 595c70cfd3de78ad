package handlers

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// csvBatch is how many movements are read at a time.
const csvBatch = 500

// statementCSV is the whole statement of a period as a file for spreadsheets:
// UTF-8 with a byte order mark, semicolons, a comma before the tyiyns.
func (s *Server) statementCSV(c echo.Context) error {
	return s.sendStatement(c, func(tx *store.Tx) (*registry.Organisation, error) {
		return tx.OrganisationByINN(registry.INN(c.Param("inn")))
	})
}

func (s *Server) sendStatement(c echo.Context, of func(*store.Tx) (*registry.Organisation, error)) error {
	p := s.period(c)
	var b strings.Builder
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	w.Comma, w.UseCRLF = ';', true
	var org *registry.Organisation
	err := s.read(c, func(tx *store.Tx) (err error) {
		if org, err = of(tx); err != nil {
			return err
		}
		return s.writeStatement(c, tx, w, org, p)
	})
	if err != nil {
		return err
	}
	w.Flush()
	h := c.Response().Header()
	h.Set(echo.HeaderContentDisposition, fmt.Sprintf(`attachment; filename="statement-%s-%s-%s.csv"`, org.INN, p.start.Format("20060102"), p.end.Format("20060102")))
	return c.Blob(http.StatusOK, "text/csv; charset=utf-8", []byte(b.String()))
}

func (s *Server) writeStatement(c echo.Context, tx *store.Tx, w *csv.Writer, org *registry.Organisation, p period) error {
	row := func(cells ...string) {
		for i, cell := range cells {
			cells[i] = harmless(cell)
		}
		_ = w.Write(cells) // into memory
	}
	row(s.text(c, "organisation.organisation"), org.FullName(lang(c)), string(org.INN))
	row(s.text(c, "filter.from"), p.From, s.text(c, "filter.to"), p.To)
	row(s.text(c, "journal.when"), s.text(c, "statement.what"), s.text(c, "money.in"), s.text(c, "money.out"), s.text(c, "money.balance"))
	var after registry.EntryID
	for {
		opening, entries, err := tx.Statement(org.ID, p.start, p.end, after, csvBatch)
		if err != nil {
			return err
		}
		if after == 0 {
			row("", s.text(c, "money.opening_balance"), "", "", plainSum(opening))
		}
		lines, err := s.statementLines(c, tx, entries)
		if err != nil {
			return err
		}
		for _, l := range lines {
			in, out := plainSum(l.Amount), ""
			if l.Amount < 0 {
				in, out = "", plainSum(-l.Amount)
			}
			row(templates.DateTime(l.CreatedAt), l.What, in, out, plainSum(l.Balance))
			after = l.ID
		}
		if len(entries) < csvBatch {
			break
		}
	}
	closing, err := tx.BalanceAt(org.ID, p.end)
	row("", s.text(c, "money.closing_balance"), "", "", plainSum(closing))
	return err
}

// plainSum is a sum that a spreadsheet takes for a number: "57131,50".
func plainSum(t registry.Tyiyn) string {
	return strings.NewReplacer(templates.NoBreak, "", "−", "-").Replace(templates.Amount(t))
}

// harmless keeps a spreadsheet from taking a cell for a formula.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n|%", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
