package handlers

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/workflow"
)

// reportSave enters a report, and suspends the certificate if the clerk asks
// for it.
func (s *Server) reportSave(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	r, err := s.saveReport(c, form)
	if errs, refused := s.fieldErrors(c, err); refused {
		v := s.reportNewPage(c, "", registry.Serial(form.Get("serial")))
		v.Form, v.Errors = form, errs
		if err := s.fillReportNew(c, v); err != nil {
			return err
		}
		return s.render(c, http.StatusUnprocessableEntity, "report_new", v)
	}
	if err != nil {
		return err
	}
	done := "revocation.done.received"
	switch {
	case r.Status == registry.ReportOver:
		done = "revocation.done.over"
	case r.SuspendedAt != nil:
		done = "revocation.done.suspended"
	}
	s.flash(c, "good", done, "number", r.Number)
	return s.redirect(c, "/revocations/"+r.Number)
}

func (s *Server) saveReport(c echo.Context, form url.Values) (*registry.Report, error) {
	who, err := s.actor(c)
	if err != nil {
		return nil, err
	}
	in := workflow.ReportInput{
		Serial: registry.Serial(form.Get("serial")), Way: registry.ReportWay(form.Get("way")), Reporter: form.Get("reporter"), Cause: form.Get("cause"),
		Note: form.Get("note"), Suspend: form.Get("do") == "suspend",
	}
	for _, i := range form["identified"] {
		in.Identified = append(in.Identified, registry.Identification(i))
	}
	zone := s.deps.Workflow.Pack().Zone()
	reported, err1 := readMoment(zone, "reported_at", form.Get("reported_at"))
	since, err2 := readMoment(zone, "invalid_since", form.Get("invalid_since"))
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	if reported != nil {
		in.ReportedAt = *reported
	}
	in.InvalidSince = since
	return s.deps.Workflow.Report(c.Request().Context(), who, in)
}
