package handlers

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
)

// reminder is the strip that tells a holder, on every page, that their
// certificate ends soon (DT-19); nil where nothing is to be said.
func (s *Server) reminder(c echo.Context, ends time.Time) *templates.Reminder {
	if ends.IsZero() {
		return nil
	}
	r := &templates.Reminder{Path: "/cabinet", Do: s.text(c, "reminder.what_to_do")}
	if path := s.pageAt("/cabinet/renew"); path != "" {
		r.Path = path
	}
	days, date := registry.DaysLeft(ends, s.deps.Now()), templates.DateTime(ends)
	if r.Last = days <= 1; r.Last {
		r.Text = s.text(c, "reminder.bar_last", "date", date)
	} else {
		r.Text = s.text(c, "reminder.bar", "n", days, "date", date)
	}
	return r
}
