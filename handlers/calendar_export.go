package handlers

import (
	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// calendarCSV is everything that the calendar lists as a file for spreadsheets.
func (s *Server) calendarCSV(c echo.Context) error { return s.calendarExport(c, s.sentCSV) }

// calendarXLSX is the same as a workbook.
func (s *Server) calendarXLSX(c echo.Context) error { return s.calendarExport(c, s.sentXLSX) }

// calendarExport sends what the calendar lists, as it is read, however many
// certificates end in the month. The journal tells who took it.
func (s *Server) calendarExport(c echo.Context, begin func(echo.Context, string) (sheet, error)) error {
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
	out, err := begin(c, name)
	if err != nil {
		return err
	}
	return out.close(s.writeEndings(c, out, store.EndingFilter{From: m.from, To: m.to, State: m.state, Limit: csvBatch}))
}

func (s *Server) writeEndings(c echo.Context, out sheet, f store.EndingFilter) error {
	out.row(s.text(c, "calendar.ends"), s.text(c, "organisation.organisation"), s.text(c, "organisation.inn"), s.text(c, "calendar.holder"), s.text(c, "calendar.role"),
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
			out.row(templates.DateTime(e.NotAfter), e.Organisation.FullName(lang(c)), string(e.Organisation.INN), e.HolderName, s.text(c, "signatory."+string(e.Role)),
				s.text(c, "storage."+string(e.Storage)), templates.Hex(e.Serial), s.text(c, "calendar.state."+string(e.State)), e.Number, some(e.Reminded))
			f.After = e.Place()
		}
		if len(found) < f.Limit {
			return nil
		}
	}
}
