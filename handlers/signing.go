package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
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
}

// sign has the person's own kept key sign what the page shows, and does what
// was signed. What refuses is put into errs, beside its field, and status says
// how the page answers; otherwise status is 0.
func (s *Server) sign(c echo.Context, errs templates.FieldErrors, g signing) (status int, err error) {
	return s.signed(c, errs, g.text, func(pin Secret) error {
		who, err := s.actor(c)
		if err != nil {
			return err
		}
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
	})
}

// signed checks that the text which the person has read is the one that is
// signed, and that there is a PIN-code, and has do sign.
func (s *Server) signed(c echo.Context, errs templates.FieldErrors, text string, do func(pin Secret) error) (status int, err error) {
	form, err := postForm(c)
	if err != nil {
		return 0, err
	}
	if strings.ReplaceAll(form.Get("seen"), "\r\n", "\n") != text { // browsers send CR LF
		errs[""] = s.text(c, "sign.text_changed")
		return http.StatusConflict, nil
	}
	if form.Get("pin") == "" {
		errs["pin"] = s.text(c, "error.required")
		return http.StatusUnprocessableEntity, nil
	}
	err = do(Secret(form.Get("pin")))
	refused := refusalOf(err)
	if refused == nil {
		return 0, err
	}
	if refused.Key == "error.ecloud.login" { // the person is known here
		refused = registry.Refuse(refused.Kind, "error.sign.pin").On("pin")
	}
	errs[refused.Field] = s.sentence(c, refused)
	return statusOf(refused.Kind), nil
}
