package handlers

import (
	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// statementLines explains movements in words.
func (s *Server) statementLines(c echo.Context, tx *store.Tx, entries []registry.Entry) ([]statementLine, error) {
	ids := make([]registry.EntryID, len(entries))
	var apps []registry.ApplicationID
	for i, e := range entries {
		ids[i] = e.ID
		if e.ApplicationID != 0 {
			apps = append(apps, e.ApplicationID)
		}
	}
	undone, err := tx.Corrected(ids)
	if err != nil {
		return nil, err
	}
	numbers, err := tx.ApplicationNumbers(apps)
	if err != nil {
		return nil, err
	}
	names, err := operatorNames(tx, lang(c))
	if err != nil {
		return nil, err
	}
	lines := make([]statementLine, len(entries))
	for i, e := range entries {
		lines[i] = statementLine{Entry: e, Number: numbers[e.ApplicationID], By: names[e.CreatedBy], Undone: undone[e.ID]}
		lines[i].What = s.entryWords(c, lines[i])
	}
	return lines, nil
}

// entryWords says what a movement was.
func (s *Server) entryWords(c echo.Context, l statementLine) string {
	switch l.Kind {
	case registry.EntryTopUp:
		return s.text(c, "statement.top_up", "way", s.text(c, "payment."+string(l.Way)), "reference", l.Reference, "date", templates.Date(l.PaidOn))
	case registry.EntryCharge:
		return s.text(c, "statement.charge", "number", l.Number)
	case registry.EntryReversal:
		return s.text(c, "statement.reversal", "number", l.Number)
	case registry.EntryCorrection:
		return s.text(c, "statement.correction", "reason", l.Note)
	}
	return s.text(c, "entry."+string(l.Kind))
}
