package handlers

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// decisionText shows the exact text that a chosen decision would sign, with
// the field for the PIN-code. Nothing is decided yet.
func (s *Server) decisionText(c echo.Context) error {
	v, in, err := s.decisionForm(c)
	if err != nil {
		return err
	}
	if in.Action == "" {
		v.Errors["action"] = s.text(c, "error.required")
	} else if in.Action != registry.ActApprove && in.Remark == "" && len(in.Reasons) == 0 {
		v.Errors["remark"] = s.text(c, "error.reason.required")
	}
	if len(v.Errors) > 0 {
		return s.render(c, http.StatusUnprocessableEntity, "decision", v)
	}
	if in.Action == registry.ActApprove && v.Barred != "" {
		v.Action = ""
		return s.render(c, http.StatusConflict, "decision", v)
	}
	v.Sign = s.decisionPart(c, v, in)
	return s.render(c, http.StatusOK, "decision", v)
}

// decisionPart is the form that sends a decision with its signature.
func (s *Server) decisionPart(c echo.Context, v *decisionPage, in workflow.DecisionInput) *signPart {
	p := s.signPart(c, signPart{
		CSRF: v.CSRF, Path: "/decisions/" + v.App.Number + "/sign", Text: in.Text, Button: s.text(c, "decision.button."+string(in.Action)), Errors: v.Errors,
		Hidden: hiddenOf("version", strconv.FormatInt(in.Version, 10), "action", string(in.Action), "remark", in.Remark),
	})
	for _, d := range v.Documents {
		if reason := in.Reasons[d.ID]; reason != "" {
			p.Hidden = append(p.Hidden, hidden{reasonField(d.ID), reason})
		}
	}
	return p
}

// reasonField is the field with the reason why a document is refused.
func reasonField(id registry.DocumentID) string { return "reason-" + strconv.FormatInt(int64(id), 10) }

// decisionSign has the approver's own key sign the decision and carries it
// out. Pressed twice it decides once: the second finds the file moved on.
func (s *Server) decisionSign(c echo.Context) error {
	v, in, err := s.decisionForm(c)
	if err != nil {
		return err
	}
	v.Sign = s.decisionPart(c, v, in)
	flow, ctx := s.deps.Workflow, c.Request().Context()
	return s.sign(c, v.Errors, signing{
		text: in.Text,
		ask:  func(who workflow.Actor) (*workflow.Question, error) { return flow.AskDecision(ctx, who, in) },
		do: func(who workflow.Actor, challenge string, cms []byte) error {
			return flow.Decide(ctx, who, in, challenge, cms)
		},
		refused: func(status int) error { return s.render(c, status, "decision", v) },
		done: func() error {
			s.flash(c, "good", "decision.done."+string(in.Action), "number", v.App.Number)
			return s.redirect(c, "/decisions")
		},
	})
}

// decisionForm reads the form of a decision beside the page it stands on.
func (s *Server) decisionForm(c echo.Context) (*decisionPage, workflow.DecisionInput, error) {
	var in workflow.DecisionInput
	form, err := postForm(c)
	if err != nil {
		return nil, in, err
	}
	v, err := s.decisionPage(c)
	if err != nil {
		return nil, in, err
	}
	v.Action, v.Remark = decisionAction(form.Get("action")), strings.TrimSpace(form.Get("remark"))
	if v.Action == registry.ActRefuse {
		v.Reasons = decisionReasons(v, form)
	}
	in = workflow.DecisionInput{
		ID: v.App.ID, Version: version(form.Get("version")), Action: v.Action, Remark: v.Remark, Reasons: v.Reasons,
		Origin: s.deps.BaseURL, Session: s.sessionMark(c),
	}
	in.Text = s.decisionWords(c, v)
	return v, in, nil
}

func decisionAction(typed string) registry.Action {
	switch a := registry.Action(typed); a {
	case registry.ActApprove, registry.ActRefuse, registry.ActSendBack:
		return a
	}
	return ""
}

func decisionReasons(v *decisionPage, form url.Values) map[registry.DocumentID]string {
	out := map[registry.DocumentID]string{}
	for _, d := range v.Documents {
		if r := strings.TrimSpace(form.Get(reasonField(d.ID))); r != "" {
			out[d.ID] = r
		}
	}
	return out
}

// decisionWords is the text that is read and signed: the same whenever it is
// made of the same file and the same choice.
func (s *Server) decisionWords(c echo.Context, v *decisionPage) string {
	if v.Action == "" {
		return ""
	}
	l := lang(c)
	d := &v.App.Declaration
	var people []string
	for _, sig := range d.Signatories() {
		people = append(people, sig.Person.Name(l).String())
	}
	lines := []string{
		s.text(c, "decision.text_action", "action", s.text(c, "act.application."+string(v.Action))),
		s.text(c, "decision.text_application", "number", v.App.Number, "operation", s.text(c, "operation."+string(d.Operation)), "storage", s.text(c, "storage."+string(d.Storage))),
		s.text(c, "decision.text_organisation", "org", v.Org, "inn", string(d.Organisation.INN)),
		s.text(c, "decision.text_people", "list", strings.Join(people, "; ")),
	}
	if v.Action == registry.ActApprove {
		lines = append(lines, s.text(c, "decision.text_fee", "sum", templates.Money(string(l), v.Quote.Total)))
	}
	lines = append(lines, s.text(c, "decision.text_documents", "accepted", v.Accepted, "waived", v.Waived))
	for _, doc := range v.Documents {
		if r := v.Reasons[doc.ID]; r != "" {
			lines = append(lines, s.text(c, "decision.text_reason", "document", doc.Label, "reason", r))
		}
	}
	if v.Remark != "" {
		lines = append(lines, s.text(c, "decision.text_remark", "remark", v.Remark))
	}
	return strings.Join(append(lines, s.text(c, "decision.text_by", "name", identity(c).Name)), "\n")
}
