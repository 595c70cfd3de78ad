package handlers

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// stopPage is where a holder takes a certificate out of use: at once and until
// it is clarified, or for good by a signature.
type stopPage struct {
	templates.Page
	waitingPart
	Certificate certificateView
	Own         bool   // the holder's own: it can be revoked for good
	MaySign     bool   // with the key that they logged in with
	Open        string // number of an open report
	Causes      []causeChoice
	Cause       string
	Since       string
	Sign        *signPart // the text to be signed; nil before
	MaySuspend  bool
	MayTell     bool // an approver, where nothing is suspended
	// Closed is why nothing can be done any more.
	Closed string
	Errors templates.FieldErrors
}

// stop shows what can be done with a certificate, and what follows.
func (s *Server) stop(c echo.Context) error {
	v, err := s.stopPage(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "stop", v)
}

func (s *Server) stopPage(c echo.Context) (*stopPage, error) {
	v := &stopPage{Page: s.page(c, s.text(c, "stop.title")), Errors: templates.FieldErrors{}}
	err := s.read(c, func(tx *store.Tx) error {
		mine, err := tx.CertificateBySerial(identity(c).Serial)
		if err != nil {
			return err
		}
		cert, err := tx.CertificateBySerial(registry.Serial(c.Param("serial")))
		if err != nil {
			return err
		}
		if !workflow.MayReport(mine, cert) {
			return registry.Refuse(registry.NotFound, "error.not_found")
		}
		v.Certificate, v.Own = s.certificateView(c, cert), cert.PersonalNumber == mine.PersonalNumber
		open, err := tx.OpenReportOf(cert.ID)
		if err == nil {
			v.Open = open.Number
		} else if registry.KindOf(err) != registry.NotFound {
			return err
		}
		return s.readWaiting(tx, &v.waitingPart, cert)
	})
	if err != nil {
		return nil, err
	}
	cert := v.Certificate
	switch {
	case cert.Status == registry.CertRevoked:
		v.Closed = s.text(c, "error.report.revoked")
	case cert.ValidityAt(s.deps.Now()) == registry.Expired:
		v.Closed = s.text(c, "error.report.over", "date", templates.DateTime(cert.NotAfter))
	}
	_, err = s.keptHolder(c)
	v.MaySign = v.Own && (err == nil || identity(c).Carrier == carrierToken)
	if cert.Status == registry.CertIssued {
		v.MaySuspend = s.deps.Workflow.CanSuspend()
		v.MayTell = !v.MaySuspend
	}
	v.setCause(s, c, "")
	return v, nil
}

// setCause fills in what a holder may name as the cause.
func (v *stopPage) setCause(s *Server, c echo.Context, cause string) {
	v.Cause, v.Causes = cause, nil
	for _, choice := range s.causeChoices(c, cause) {
		if known, _ := s.deps.Workflow.Pack().RevocationCause(choice.Value); known.RFC5280 != privilegeWithdrawn {
			v.Causes = append(v.Causes, choice)
		}
	}
}

const privilegeWithdrawn = 9 // RFC 5280 §5.3.1: not a holder's to say

// stopSuspend takes the certificate out of use at once. Whose own it was is
// logged out by it. Where nothing is suspended an approver is told.
func (s *Server) stopSuspend(c echo.Context) error {
	v, since, err := s.stopForm(c)
	if err != nil {
		return err
	}
	if len(v.Errors) > 0 {
		return s.render(c, http.StatusUnprocessableEntity, "stop", v)
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	r, err := s.deps.Workflow.ReportFromCabinet(c.Request().Context(), who, workflow.ReportInput{Serial: v.Certificate.Serial, Cause: v.Cause, InvalidSince: since})
	if errs, refused := s.fieldErrors(c, err); refused {
		v.Errors = errs
		return s.render(c, http.StatusUnprocessableEntity, "stop", v)
	}
	if err != nil {
		return err
	}
	if r.SuspendedAt == nil {
		s.flash(c, "warn", "stop.told", "number", r.Number, "due", templates.DateTime(r.DueAt))
		return s.redirect(c, "/cabinet")
	}
	return s.stopDone(c, v, "stop.suspended", r)
}

// stopText shows the exact text that the holder would sign.
func (s *Server) stopText(c echo.Context) error {
	v, _, err := s.stopForm(c)
	if err != nil {
		return err
	}
	s.checkWaiting(c, &v.waitingPart, v.Errors)
	if len(v.Errors) > 0 {
		return s.render(c, http.StatusUnprocessableEntity, "stop", v)
	}
	v.Sign = s.stopPart(c, v)
	return s.render(c, http.StatusOK, "stop", v)
}

// stopPart is the form that sends the revocation with its signature.
func (s *Server) stopPart(c echo.Context, v *stopPage) *signPart {
	return s.signPart(c, signPart{
		CSRF: v.CSRF, Path: "/cabinet/certificates/" + string(v.Certificate.Serial) + "/revoke", Text: s.stopWords(c, v), Button: s.text(c, "stop.sign"), Errors: v.Errors,
		Hidden: hiddenOf("cause", v.Cause, "invalid_since", v.Since, "waiting", string(v.Beside)),
	})
}

// stopRevoke has the holder's own key sign the revocation and carries it out.
func (s *Server) stopRevoke(c echo.Context) error {
	v, since, err := s.stopForm(c)
	if err != nil {
		return err
	}
	s.checkWaiting(c, &v.waitingPart, v.Errors)
	if len(v.Errors) > 0 {
		return s.render(c, http.StatusUnprocessableEntity, "stop", v)
	}
	v.Sign = s.stopPart(c, v)
	in := workflow.OwnRevocation{
		Serial: v.Certificate.Serial, Cause: v.Cause, InvalidSince: since, Waiting: v.Beside, Text: v.Sign.Text, Origin: s.deps.BaseURL, Session: s.sessionMark(c),
	}
	var r *registry.Report
	flow, ctx := s.deps.Workflow, c.Request().Context()
	return s.sign(c, v.Errors, signing{
		text: in.Text,
		ask:  func(who workflow.Actor) (*workflow.Question, error) { return flow.AskOwnRevocation(ctx, who, in) },
		do: func(who workflow.Actor, challenge string, cms []byte) (err error) {
			r, err = flow.RevokeOwn(ctx, who, in, challenge, cms)
			return err
		},
		refused: func(status int) error { return s.render(c, status, "stop", v) },
		done: func() error {
			return s.stopDone(c, v, "stop.revoked", r)
		},
	})
}

// stopForm reads the form beside the page it stands on.
func (s *Server) stopForm(c echo.Context) (v *stopPage, since *time.Time, err error) {
	form, err := postForm(c)
	if err != nil {
		return nil, nil, err
	}
	if v, err = s.stopPage(c); err != nil {
		return nil, nil, err
	}
	v.setCause(s, c, form.Get("cause"))
	v.Since, v.Beside = strings.TrimSpace(form.Get("invalid_since")), registry.WaitingChoice(form.Get("waiting"))
	if v.Cause == "" {
		v.Errors["cause"] = s.text(c, "error.certificate.reason")
	}
	since, err = readMoment(s.deps.Workflow.Pack().Zone(), "invalid_since", v.Since)
	if e := refusalOf(err); e != nil {
		v.Errors[e.Field] = s.sentence(c, e)
	}
	if v.Closed != "" {
		v.Errors[""] = v.Closed
	}
	return v, since, nil
}

func (s *Server) stopWords(c echo.Context, v *stopPage) string {
	cert := v.Certificate
	lines := []string{
		s.text(c, "stop.text_action"),
		s.text(c, "revocation.text_certificate", "serial", templates.Hex(cert.Serial), "holder", cert.HolderName),
		s.text(c, "stop.text_reason", "reason", s.causeText(c, v.Cause)),
	}
	if v.Since != "" {
		lines = append(lines, s.text(c, "stop.text_since", "date", v.Since))
	}
	lines = append(lines, s.text(c, "revocation.final"))
	return strings.Join(append(lines, s.waitingWords(c, &v.waitingPart)...), "\n")
}

// stopDone says what was done. Whoever stopped the certificate that they are
// logged in with reads it at the login: their session is over.
func (s *Server) stopDone(c echo.Context, v *stopPage, key string, r *registry.Report) error {
	to := "/cabinet"
	if v.Certificate.Serial == identity(c).Serial {
		to = "/login"
		if err := s.endSession(c.Request().Context()); err != nil {
			return err
		}
	}
	s.flash(c, "good", key, "number", r.Number, "at", templates.DateTime(s.deps.Now()), "due", templates.DateTime(r.DueAt))
	return s.redirect(c, to)
}
