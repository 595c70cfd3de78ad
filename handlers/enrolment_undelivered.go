package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// undeliveredPart is what the page asks about a certificate that is issued and
// was not handed over.
type undeliveredPart struct {
	Then   string // "again" or "cancel", as chosen
	Causes []causeChoice
	Sign   *signPart
}

// undeliveredText shows the exact text that ends such an enrolment, with the
// field for the PIN-code. Nothing is decided yet.
func (s *Server) undeliveredText(c echo.Context) error {
	v, in, err := s.undelivered(c)
	if err != nil {
		return err
	}
	switch {
	case v.Undelivered.Then == "":
		v.Errors["then"] = s.text(c, "error.required")
	case in.Cause == "":
		v.Errors["cause"] = s.text(c, "error.certificate.reason")
	case in.Reason == "":
		v.Errors["reason"] = s.text(c, "error.reason.required")
	}
	if len(v.Errors) > 0 {
		return s.render(c, http.StatusUnprocessableEntity, "enrolment", v)
	}
	v.Undelivered.Sign = s.undeliveredSign(c, v, in)
	return s.render(c, http.StatusOK, "enrolment", v)
}

// undeliveredSigned has the person's own key sign it, and carries it out.
func (s *Server) undeliveredSigned(c echo.Context) error {
	v, in, err := s.undelivered(c)
	if err != nil {
		return err
	}
	v.Undelivered.Sign = s.undeliveredSign(c, v, in)
	flow, ctx := s.deps.Workflow, c.Request().Context()
	return s.sign(c, v.Errors, signing{
		text: in.Text,
		ask:  func(who workflow.Actor) (*workflow.Question, error) { return flow.AskUndelivered(ctx, who, in) },
		do: func(who workflow.Actor, challenge string, cms []byte) error {
			return flow.EndUndelivered(ctx, who, in, challenge, cms)
		},
		refused: func(status int) error {
			if v.Errors["reason"] != "" || v.Errors["cause"] != "" { // to be chosen again
				v.Undelivered.Sign = nil
			}
			return s.render(c, status, "enrolment", v)
		},
		done: func() error {
			s.flash(c, "good", map[bool]string{true: "enrol.restarted", false: "enrol.undelivered_cancelled"}[in.Again])
			return s.redirect(c, "/enrolments/"+c.Param("id"))
		},
	})
}

func (s *Server) undeliveredSign(c echo.Context, v *enrolmentPage, in workflow.UndeliveredDecision) *signPart {
	return s.signPart(c, signPart{
		CSRF: v.CSRF, Path: "/enrolments/" + c.Param("id") + "/undelivered", Text: in.Text, Button: s.text(c, "revocation.button.revoke"), Errors: v.Errors,
		Hidden: hiddenOf("then", v.Undelivered.Then, "cause", in.Cause, "reason", in.Reason),
	})
}

// undelivered reads the form beside the page it stands on.
func (s *Server) undelivered(c echo.Context) (*enrolmentPage, workflow.UndeliveredDecision, error) {
	var in workflow.UndeliveredDecision
	form, err := postForm(c)
	if err != nil {
		return nil, in, err
	}
	v, err := s.enrolmentPage(c)
	if err != nil {
		return nil, in, err
	}
	if !v.Item.MayEndIssued {
		return nil, in, registry.Refuse(registry.Conflict, "error.changed_meanwhile")
	}
	if then := form.Get("then"); then == "cancel" || then == "again" && v.Item.TokenKey != nil {
		v.Undelivered.Then = then
	}
	v.Reason = strings.TrimSpace(form.Get("reason"))
	in = workflow.UndeliveredDecision{
		ID: v.Item.ID, Again: v.Undelivered.Then == "again", Cause: form.Get("cause"), Reason: v.Reason, Origin: s.deps.BaseURL, Session: s.sessionMark(c),
	}
	v.Undelivered.Causes = s.causeChoices(c, in.Cause)
	in.Text = s.undeliveredWords(c, v, in)
	return v, in, nil
}

// undeliveredWords is the text that is read and signed.
func (s *Server) undeliveredWords(c echo.Context, v *enrolmentPage, in workflow.UndeliveredDecision) string {
	cause, _ := s.deps.Workflow.Pack().RevocationCause(in.Cause)
	then := "enrol.cancel"
	if in.Again {
		then = "enrol.restart"
	}
	lines := []string{
		s.text(c, "decision.text_action", "action", s.text(c, "act.report."+string(registry.ReportRevoke))),
		s.text(c, "revocation.text_certificate", "serial", templates.Hex(v.Item.Certificate.Serial), "holder", v.Item.Certificate.HolderName),
	}
	if v.Org != "" {
		lines = append(lines, s.text(c, "revocation.text_organisation", "org", v.Org))
	}
	return strings.Join(append(lines,
		s.text(c, "enrol.text_undelivered"),
		s.text(c, "revocation.text_reason", "reason", s.causeText(c, in.Cause), "code", rfcReason(cause.RFC5280)),
		s.text(c, "enrol.text_then", "then", s.text(c, then)),
		s.text(c, "revocation.final"),
		s.text(c, "decision.text_remark", "remark", in.Reason),
		s.text(c, "decision.text_by", "name", identity(c).Name),
	), "\n")
}
