package handlers

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// signPart is the form with the text that is signed.
type signPart struct {
	CSRF   string
	Path   string // where it is sent
	Hidden []hidden
	Text   string
	Button string
	Errors templates.FieldErrors
	// ByToken: the token signs that the session began with; AgentURL and Origin
	// are for the page that reaches it.
	ByToken          bool
	AgentURL, Origin string
}

// signPart completes the form for whoever is logged in.
func (s *Server) signPart(c echo.Context, p signPart) *signPart {
	p.ByToken, p.AgentURL, p.Origin = identity(c).Carrier == carrierToken, s.deps.AgentURL, s.deps.BaseURL
	return &p
}

// hidden is a field that goes along with what is signed.
type hidden struct{ Name, Value string }

// hiddenOf are hidden fields: names and values in turn.
func hiddenOf(namesAndValues ...string) (out []hidden) {
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		out = append(out, hidden{namesAndValues[i], namesAndValues[i+1]})
	}
	return out
}

// signing is a signature that a page asks of whoever is logged in.
type signing struct {
	text string // what is read and signed, made anew
	ask  func(workflow.Actor) (*workflow.Question, error)
	do   func(who workflow.Actor, challenge string, cms []byte) error
	// refused answers when nothing was done, with the page on which errs says
	// why; done answers otherwise.
	refused func(status int) error
	done    func() error
}

// sign has the person sign what the page shows, with the key that they logged
// in with, and does what was signed: a kept key opens with the PIN-code that is
// posted, a token signs in the browser what it asked for here before. What
// refuses is put into errs, beside its field.
func (s *Server) sign(c echo.Context, errs templates.FieldErrors, g signing) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	var status int
	switch {
	case identity(c).Carrier != carrierToken:
		status, err = s.signed(c, errs, g.text, func(pin Secret) error { return s.signKept(c, g, who, pin) })
	case form.Get("ask") != "":
		return s.askSignature(c, g, who)
	default:
		status, err = s.agreed(c, errs, g.text, func() error { return s.takeSignature(g, who, form) })
	}
	switch {
	case err != nil:
		return err
	case status != 0:
		return g.refused(status)
	}
	return g.done()
}

// signKept signs with the kept key that the session began with.
func (s *Server) signKept(c echo.Context, g signing, who workflow.Actor, pin Secret) error {
	holder, err := s.keptHolder(c)
	if err != nil {
		return err
	}
	q, err := g.ask(who)
	if err != nil {
		return err
	}
	cms, _, err := s.deps.Workflow.SignWithCloudKey(c.Request().Context(), holder, string(pin), s.browser(c), source(c).String(), q.Expected)
	if err != nil {
		return err
	}
	return g.do(who, q.Challenge, cms)
}

// tokenToSign is what a page has the token sign.
type tokenToSign struct {
	Challenge   string `json:"challenge"`
	Envelope    []byte `json:"envelope"`    // the exact bytes
	Certificate string `json:"certificate"` // SHA-256 of the one to sign with, hex
}

// askSignature makes what the token signs, as JSON, if the person has read the
// text that it is about.
func (s *Server) askSignature(c echo.Context, g signing, who workflow.Actor) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	if !seen(form, g.text) {
		return registry.Refuse(registry.Conflict, "sign.text_changed")
	}
	out := tokenToSign{}
	if err := s.read(c, func(tx *store.Tx) error {
		cert, err := tx.CertificateBySerial(identity(c).Serial)
		if err == nil {
			out.Certificate = cert.SHA256
		}
		return err
	}); err != nil {
		return err
	}
	q, err := g.ask(who)
	if err != nil {
		return err
	}
	out.Challenge, out.Envelope = q.Challenge, q.Expected
	return c.JSON(http.StatusOK, out)
}

// takeSignature judges what the token has signed, and does it.
func (s *Server) takeSignature(g signing, who workflow.Actor, form url.Values) error {
	answer := tokenAnswer{Challenge: form.Get("challenge"), CMS: form.Get("cms")}
	if answer.CMS == "" {
		return registry.Refuse(registry.Invalid, "sign.needs_script")
	}
	cms, err := answer.signature()
	if err != nil {
		return err
	}
	return g.do(who, answer.Challenge, cms)
}

// signed checks that the text which the person has read is the one that is
// signed, and that there is a PIN-code, and has do sign. status says how the
// page answers where errs got something; otherwise it is 0.
func (s *Server) signed(c echo.Context, errs templates.FieldErrors, text string, do func(pin Secret) error) (status int, err error) {
	form, err := postForm(c)
	if err != nil {
		return 0, err
	}
	return s.agreed(c, errs, text, func() error {
		if form.Get("pin") == "" {
			return registry.Refuse(registry.Invalid, "error.required").On("pin")
		}
		err := do(Secret(form.Get("pin")))
		if refused := refusalOf(err); refused != nil && refused.Key == "error.ecloud.login" { // the person is known here
			err = registry.Refuse(refused.Kind, "error.sign.pin").On("pin")
		}
		return err
	})
}

// agreed has do done if the text that the person has read is the one that is
// signed.
func (s *Server) agreed(c echo.Context, errs templates.FieldErrors, text string, do func() error) (status int, err error) {
	form, err := postForm(c)
	if err != nil {
		return 0, err
	}
	if !seen(form, text) {
		errs[""] = s.text(c, "sign.text_changed")
		return http.StatusConflict, nil
	}
	err = do()
	refused := refusalOf(err)
	if refused == nil {
		return 0, err
	}
	errs[refused.Field] = s.sentence(c, refused)
	return statusOf(refused.Kind), nil
}

// seen compares what was read with what is signed; browsers send CR LF.
func seen(form url.Values, text string) bool {
	return strings.ReplaceAll(form.Get("seen"), "\r\n", "\n") == text
}
