package handlers

import (
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
)

// period is a stretch of days as chosen on a page, both ends included.
type period struct {
	From, To string // as typed, or DD.MM.YYYY
	Errors   templates.FieldErrors
	start    time.Time
	end      time.Time // the instant after the last day
}

// period reads ?from= and ?to=; what is not given is the last year up to
// today. A date that is none is named and the default taken.
func (s *Server) period(c echo.Context) period {
	zone := s.deps.Workflow.Pack().Zone()
	today := registry.DateOf(s.deps.Now(), zone)
	p := period{Errors: templates.FieldErrors{}}
	day := func(field string, otherwise registry.Date) (string, registry.Date) {
		typed := c.QueryParam(field)
		if typed == "" {
			return otherwise.Display(), otherwise
		}
		d, err := registry.ParseInputDate(typed)
		if err != nil {
			p.Errors[field] = s.text(c, "error.date.invalid")
			return typed, otherwise
		}
		return d.Display(), d
	}
	var from, to registry.Date
	p.From, from = day("from", today.AddDays(-365))
	p.To, to = day("to", today)
	if len(p.Errors) == 0 && from.Compare(to) > 0 {
		p.Errors["to"] = s.text(c, "error.period.order")
	}
	p.start, p.end = from.Start(zone), to.End(zone)
	return p
}

// address is path with the period and whatever more, in pairs.
func (p period) address(path string, more ...string) string {
	q := url.Values{"from": {p.From}, "to": {p.To}}
	for i := 0; i+1 < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return path + "?" + q.Encode()
}
