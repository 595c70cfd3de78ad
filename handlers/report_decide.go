package handlers

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// reportSuspend takes the certificate of a report out of use at once.
func (s *Server) reportSuspend(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	v, err := s.reportPage(c)
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	if err := s.deps.Workflow.SuspendReported(c.Request().Context(), who, v.Report.ID, version(form.Get("version"))); err != nil {
		return err
	}
	s.flash(c, "good", "revocation.done.suspended", "number", v.Report.Number)
	return s.redirect(c, "/revocations/"+v.Report.Number)
}

// reportText shows the exact text that a decision on a report would sign, with
// the field for the PIN-code. Nothing is decided yet.
func (s *Server) reportText(c echo.Context) error {
	v, in, err := s.reportDecision(c)
	if err != nil {
		return err
	}
	switch {
	case in.Action == "":
		v.Errors["action"] = s.text(c, "error.required")
	case in.Action == registry.ReportRevoke && in.Cause == "":
		v.Errors["cause"] = s.text(c, "error.certificate.reason")
	case in.Action != registry.ReportRevoke && in.Remark == "":
		v.Errors["remark"] = s.text(c, "error.reason.required")
	}
	if len(v.Errors) > 0 {
		return s.render(c, http.StatusUnprocessableEntity, "report", v)
	}
	v.Sign = s.reportPart(c, v, in)
	return s.render(c, http.StatusOK, "report", v)
}

// reportPart is the form that sends a decision with its signature.
func (s *Server) reportPart(c echo.Context, v *reportPage, in workflow.ReportDecision) *signPart {
	return s.signPart(c, signPart{
		CSRF: v.CSRF, Path: "/revocations/" + v.Report.Number + "/sign", Text: in.Text, Button: s.text(c, "revocation.button."+string(in.Action)), Errors: v.Errors,
		Hidden: hiddenOf("version", strconv.FormatInt(in.Version, 10), "action", string(in.Action), "cause", v.ChosenFor, "remark", in.Remark, "waiting", string(v.Beside)),
	})
}

// reportSign has the approver's own key sign the decision and carries it out.
func (s *Server) reportSign(c echo.Context) error {
	v, in, err := s.reportDecision(c)
	if err != nil {
		return err
	}
	v.Sign = s.reportPart(c, v, in)
	flow, ctx := s.deps.Workflow, c.Request().Context()
	return s.sign(c, v.Errors, signing{
		text: in.Text,
		ask:  func(who workflow.Actor) (*workflow.Question, error) { return flow.AskReportDecision(ctx, who, in) },
		do: func(who workflow.Actor, challenge string, cms []byte) error {
			return flow.DecideReport(ctx, who, in, challenge, cms)
		},
		refused: func(status int) error { return s.render(c, status, "report", v) },
		done: func() error {
			s.flash(c, "good", "revocation.done."+string(in.Action), "number", v.Report.Number)
			return s.redirect(c, "/revocations/"+v.Report.Number)
		},
	})
}

// reportDecision reads the form of a decision beside the page it stands on.
func (s *Server) reportDecision(c echo.Context) (*reportPage, workflow.ReportDecision, error) {
	var in workflow.ReportDecision
	form, err := postForm(c)
	if err != nil {
		return nil, in, err
	}
	v, err := s.reportPage(c)
	if err != nil {
		return nil, in, err
	}
	switch a := registry.ReportAction(form.Get("action")); a {
	case registry.ReportRevoke, registry.ReportReject, registry.ReportLift:
		v.Action = a
	}
	v.Remark, v.ChosenFor = strings.TrimSpace(form.Get("remark")), form.Get("cause")
	in = workflow.ReportDecision{
		ID: v.Report.ID, Version: version(form.Get("version")), Action: v.Action, Remark: v.Remark, Origin: s.deps.BaseURL, Session: s.sessionMark(c),
	}
	if v.Action == registry.ReportRevoke {
		v.Beside = registry.WaitingChoice(form.Get("waiting"))
		s.checkWaiting(c, &v.waitingPart, v.Errors)
		in.Cause, in.Waiting = v.ChosenFor, v.Beside
		v.Causes = s.causeChoices(c, v.ChosenFor)
	}
	in.Text = s.reportWords(c, v)
	return v, in, nil
}

// reportWords is the text that is read and signed: the same whenever it is made
// of the same report and the same choice.
func (s *Server) reportWords(c echo.Context, v *reportPage) string {
	if v.Action == "" {
		return ""
	}
	r := v.Report
	lines := []string{
		s.text(c, "decision.text_action", "action", s.text(c, "act.report."+string(v.Action))),
		s.text(c, "revocation.text_certificate", "serial", templates.Hex(v.Certificate.Serial), "holder", v.Certificate.HolderName),
		s.text(c, "revocation.text_organisation", "org", v.Org),
		s.text(c, "revocation.text_report", "number", r.Number, "reporter", r.Reporter, "date", templates.DateTime(r.ReportedAt)),
	}
	if v.Action == registry.ReportRevoke {
		cause, _ := s.deps.Workflow.Pack().RevocationCause(v.ChosenFor)
		lines = append(lines, s.text(c, "revocation.text_reason", "reason", s.causeText(c, v.ChosenFor), "code", rfcReason(cause.RFC5280)), s.text(c, "revocation.final"))
		lines = append(lines, s.waitingWords(c, &v.waitingPart)...)
	}
	if v.Remark != "" {
		lines = append(lines, s.text(c, "decision.text_remark", "remark", v.Remark))
	}
	return strings.Join(append(lines, s.text(c, "decision.text_by", "name", identity(c).Name)), "\n")
}
