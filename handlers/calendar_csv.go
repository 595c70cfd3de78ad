package handlers

import (
	"encoding/csv"
	"fmt"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// calendarCSV sends everything that the calendar lists as a file for
// spreadsheets: UTF-8 with a byte order mark, semicolons. It is read and sent
// a page at a time, however many certificates end in the month, and the
// journal tells who took it.
func (s *Server) calendarCSV(c echo.Context) error {
	m := s.month(c)
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	name := "endings-" + m.first.String()[:len("2006-01")]
	if !m.day.IsZero() {
		name = "endings-" + m.day.String()
	}
	if err := s.deps.Workflow.NoteExport(c.Request().Context(), who, "calendar", map[string]any{
		"from": m.from.UTC(), "to": m.to.UTC(), "state": m.state,
	}); err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, fmt.Sprintf(`attachment; filename="%s.csv"`, name))
	c.Response().Header().Set(echo.HeaderContentType, "text/csv; charset=utf-8")
	c.Response().WriteHeader(http.StatusOK)
	if _, err := io.WriteString(c.Response(), "\ufeff"); err != nil {
		return err
	}
	w := csv.NewWriter(c.Response())
	w.Comma, w.UseCRLF = ';', true
	return s.writeEndings(c, w, store.EndingFilter{From: m.from, To: m.to, State: m.state, Limit: csvBatch})
}

func (s *Server) writeEndings(c echo.Context, w *csv.Writer, f store.EndingFilter) error {
	row := func(cells ...string) {
		for i, cell := range cells {
			cells[i] = harmless(cell)
		}
		_ = w.Write(cells) // Flush tells
	}
	row(s.text(c, "calendar.ends"), s.text(c, "organisation.organisation"), s.text(c, "organisation.inn"), s.text(c, "calendar.holder"), s.text(c, "calendar.role"),
		s.text(c, "storage.storage"), s.text(c, "certificate.serial"), s.text(c, "worklist.state"), s.text(c, "application.application"), s.text(c, "calendar.reminded"))
	for {
		var found []store.Ending
		if err := s.read(c, func(tx *store.Tx) (err error) {
			found, err = tx.Endings(f)
			return err
		}); err != nil {
			return err
		}
		for _, e := range found {
			row(templates.DateTime(e.NotAfter), e.Organisation.FullName(lang(c)), string(e.Organisation.INN), e.HolderName, s.text(c, "signatory."+string(e.Role)),
				s.text(c, "storage."+string(e.Storage)), templates.Hex(e.Serial), s.text(c, "calendar.state."+string(e.State)), e.Number, some(e.Reminded))
			f.After = e.Place()
		}
		w.Flush()
		if err := w.Error(); err != nil || len(found) < f.Limit {
			return err
		}
	}
}
