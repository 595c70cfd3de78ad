package handlers

import (
	"fmt"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// statementCSV is the whole statement of a period as a file for spreadsheets, a
// comma before the tyiyns.
func (s *Server) statementCSV(c echo.Context) error {
	return s.sendStatement(c, func(tx *store.Tx) (*registry.Organisation, error) {
		return tx.OrganisationByINN(registry.INN(c.Param("inn")))
	})
}

func (s *Server) sendStatement(c echo.Context, of func(*store.Tx) (*registry.Organisation, error)) error {
	p := s.period(c)
	return s.wholeCSV(c, func(tx *store.Tx, out sheet) (string, error) {
		org, err := of(tx)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("statement-%s-%s-%s", org.INN, p.start.Format("20060102"), p.end.Format("20060102")), s.writeStatement(c, tx, out, org, p)
	})
}

func (s *Server) writeStatement(c echo.Context, tx *store.Tx, out sheet, org *registry.Organisation, p period) error {
	out.row(s.text(c, "organisation.organisation"), org.FullName(lang(c)), string(org.INN))
	out.row(s.text(c, "filter.from"), p.From, s.text(c, "filter.to"), p.To)
	out.row(s.text(c, "journal.when"), s.text(c, "statement.what"), s.text(c, "money.in"), s.text(c, "money.out"), s.text(c, "money.balance"))
	var after registry.EntryID
	for {
		opening, entries, err := tx.Statement(org.ID, p.start, p.end, after, csvBatch)
		if err != nil {
			return err
		}
		if after == 0 {
			out.row("", s.text(c, "money.opening_balance"), "", "", plainSum(opening))
		}
		lines, err := s.statementLines(c, tx, entries)
		if err != nil {
			return err
		}
		for _, l := range lines {
			came, went := plainSum(l.Amount), ""
			if l.Amount < 0 {
				came, went = "", plainSum(-l.Amount)
			}
			out.row(templates.DateTime(l.CreatedAt), l.What, came, went, plainSum(l.Balance))
			after = l.ID
		}
		if len(entries) < csvBatch {
			break
		}
	}
	closing, err := tx.BalanceAt(org.ID, p.end)
	out.row("", s.text(c, "money.closing_balance"), "", "", plainSum(closing))
	return err
}

// plainSum is a sum that a spreadsheet takes for a number: "57131,50".
func plainSum(t registry.Tyiyn) string {
	return strings.NewReplacer(templates.NoBreak, "", "−", "-").Replace(templates.Amount(t))
}
