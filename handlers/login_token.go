package handlers

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
)

// tokenAnswer is a signed challenge.
type tokenAnswer struct {
	Challenge string `json:"challenge"`
	CMS       string `json:"cms"` // base64 of DER, or PEM
	Next      string `json:"next"`
}

// loginToken judges the answer to a login's question: a form from the page,
// JSON from a program.
func (s *Server) loginToken(c echo.Context) error {
	in, err := s.tokenAnswer(c)
	if err != nil {
		return err
	}
	if id := identity(c); id != nil { // another tab was first
		return s.loggedInAlready(c, *id)
	}
	cms, err := in.signature()
	if err != nil {
		return s.refuseToken(c, in, err)
	}
	e, err := s.deps.Workflow.Login(c.Request().Context(), in.Challenge, s.sessionMark(c), cms, source(c).String())
	if err != nil {
		return s.refuseToken(c, in, err)
	}
	id := identityOf(e)
	id.Carrier = carrierToken
	path, err := s.admit(c, id, in.Next)
	if err != nil {
		return err
	}
	if wantsJSON(c.Request()) {
		return c.JSON(http.StatusOK, map[string]string{"next": path, "name": e.Certificate.HolderName})
	}
	return c.Redirect(http.StatusSeeOther, path)
}

func (s *Server) tokenAnswer(c echo.Context) (in tokenAnswer, err error) {
	if wantsJSON(c.Request()) {
		err = readJSON(c, &in)
	} else {
		form, ferr := postForm(c)
		in, err = tokenAnswer{Challenge: form.Get("challenge"), CMS: form.Get("cms"), Next: form.Get("next")}, ferr
	}
	in.Next = nextOr(in.Next, "")
	return in, err
}

// signature is the CMS as the verifier reads it: DER, or PEM.
func (in tokenAnswer) signature() ([]byte, error) {
	text := strings.TrimSpace(in.CMS)
	if strings.HasPrefix(text, "-----BEGIN ") {
		return []byte(text), nil
	}
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, registry.Refuse(registry.Invalid, "error.token.malformed")
	}
	return der, nil
}

// refuseToken says on the login page why nobody was let in.
func (s *Server) refuseToken(c echo.Context, in tokenAnswer, err error) error {
	var refused *registry.Error
	if !errors.As(err, &refused) || wantsJSON(c.Request()) {
		return err
	}
	v := s.loginPage(c, in.Next)
	s.carry(v, carrierToken)
	v.Notice = s.loginProblem(c, refused)
	v.Renew = s.expiredHelp(c, refused)
	return s.render(c, statusOf(refused.Kind), "login", v)
}

// loggedInAlready leads a second tab to the session that the first has begun.
func (s *Server) loggedInAlready(c echo.Context, id Identity) error {
	if wantsJSON(c.Request()) {
		return registry.Refuse(registry.Conflict, "error.login.already")
	}
	s.flash(c, "warn", "login.already_here")
	return c.Redirect(http.StatusSeeOther, s.afterLogin(c, id, ""))
}

// readJSON reads a request's body: one object, and no member that in lacks.
func readJSON(c echo.Context, in any) error {
	d := json.NewDecoder(c.Request().Body)
	d.DisallowUnknownFields()
	err := d.Decode(in)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more than one object")
		}
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	if err != nil {
		return registry.Refuse(registry.Invalid, "error.bad_request")
	}
	return nil
}
