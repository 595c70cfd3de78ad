package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

type samplesPage struct {
	templates.Page
	Items []sampleRow
}

// sampleRow is a quarter: with its sample, or why it has none.
type sampleRow struct {
	Quarter  string
	From, To registry.Date
	Sample   *store.SampleCount
	MayDraw  bool
	Why      string
}

// samples lists the quarters in which certificates were issued, the latest
// first.
func (s *Server) samples(c echo.Context) error {
	v := &samplesPage{Page: s.page(c, s.text(c, "sample.title"))}
	err := s.read(c, func(tx *store.Tx) error {
		first, err := tx.FirstIssue()
		if err != nil || first.IsZero() {
			return err
		}
		drawn, err := tx.Samples()
		if err != nil {
			return err
		}
		have := map[registry.Quarter]*store.SampleCount{}
		for i := range drawn {
			have[drawn[i].Quarter] = &drawn[i]
		}
		zone := s.deps.Workflow.Pack().Zone()
		now := registry.QuarterOf(s.deps.Now(), zone)
		for q := registry.QuarterOf(first, zone); q.First().Compare(now.First()) <= 0; q = q.Next() {
			row := sampleRow{Quarter: q.String(), From: q.First(), To: q.Last(), Sample: have[q]}
			if row.Sample == nil {
				if row.MayDraw, row.Why, err = s.drawable(c, tx, q); err != nil {
					return err
				}
			}
			v.Items = append([]sampleRow{row}, v.Items...)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "samples", v)
}

// drawable says whether a quarter's sample can be drawn, or why not; drawing it
// asks again.
func (s *Server) drawable(c echo.Context, tx *store.Tx, q registry.Quarter) (may bool, why string, err error) {
	end := q.End(s.deps.Workflow.Pack().Zone())
	if s.deps.Now().Before(end) {
		return false, s.text(c, "sample.not_over"), nil
	}
	seed, err := tx.FirstCheckpointSince(end.UTC())
	if err != nil || seed != nil {
		return seed != nil, "", err
	}
	return false, s.text(c, "sample.no_checkpoint"), nil
}

// sampleDraw draws a quarter's sample, or draws it again and compares.
func (s *Server) sampleDraw(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	q, err := registry.ParseQuarter(form.Get("quarter"))
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	drawn, err := s.deps.Workflow.DrawSample(c.Request().Context(), who, q)
	if err != nil {
		return err
	}
	key := "sample.same"
	if drawn {
		key = "sample.drawn"
	}
	s.flash(c, "good", key)
	return s.redirect(c, "/audit/samples/"+q.String())
}
