package handlers

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
)

type loginPage struct {
	templates.Page
	Notice    *templates.Problem
	Steps     []loginStep
	HasToken  bool
	HasCloud  bool
	Token     bool // chosen
	Cloud     bool // chosen
	TokenPath string
	CloudPath string
	AgentURL  string // the workstation agent's; empty: pages use none
	Origin    string // what an agent has to allow
	Next      string
	INN       string
	Renew     *renewHelp // after a refusal of an expired certificate
	Errors    templates.FieldErrors
}

// endedPage is what a page says whose session ended while it was open.
type endedPage struct {
	templates.Page
	What, Login string
}

type loginStep struct {
	Label     string
	Done, Now bool
}

// login asks for the carrier of the key first (LG-04).
func (s *Server) login(c echo.Context) error {
	if id := identity(c); id != nil {
		if home := s.home(c, *id); home != "" {
			return c.Redirect(http.StatusSeeOther, nextOr(c.QueryParam("next"), home))
		}
	}
	v := s.loginPage(c, nextOr(c.QueryParam("next"), ""))
	s.carry(v, s.carrier(c))
	if ended := of(c).ended; ended != nil {
		v.Notice = &templates.Problem{What: s.sentence(c, ended)}
		v.Renew = s.expiredHelp(c, ended)
	} else if c.QueryParam("ended") != "" {
		v.Notice = s.endedNotice(c)
	}
	return s.render(c, http.StatusOK, "login", v)
}

func (s *Server) loginPage(c echo.Context, next string) *loginPage {
	v := &loginPage{
		Page:      s.page(c, s.text(c, "login.title")),
		HasToken:  s.deps.LoginToken,
		HasCloud:  s.deps.LoginCloud != nil,
		AgentURL:  s.deps.AgentURL,
		Origin:    s.deps.BaseURL,
		Next:      next,
		TokenPath: loginPath(carrierToken, next),
		CloudPath: loginPath(carrierCloud, next),
		Errors:    templates.FieldErrors{},
	}
	v.Shell = templates.Plain
	return v
}

// Where a key is kept.
const (
	carrierToken  = "token"
	carrierCloud  = "cloud"
	carrierCookie = "tamga-carrier"
)

// carrier is the one that is chosen: now, with this browser's last login page,
// or because there is no other; empty is none (LG-04). A choice is remembered.
func (s *Server) carrier(c echo.Context) string {
	known := func(carrier string) bool {
		return carrier == carrierToken && s.deps.LoginToken || carrier == carrierCloud && s.deps.LoginCloud != nil
	}
	if chosen := c.QueryParam("carrier"); known(chosen) {
		s.remember(c, carrierCookie, chosen)
		return chosen
	}
	switch {
	case s.deps.LoginCloud == nil:
		return carrierToken
	case !s.deps.LoginToken:
		return carrierCloud
	}
	if cookie, err := c.Cookie(carrierCookie); err == nil && known(cookie.Value) {
		return cookie.Value
	}
	return ""
}

// carry shows a login page for a carrier.
func (s *Server) carry(v *loginPage, carrier string) {
	v.Token, v.Cloud = carrier == carrierToken, carrier == carrierCloud
	now := 0
	if carrier != "" {
		now = 1
	}
	v.Steps = s.loginSteps(v.Cloud, now)
}

func loginPath(carrier, next string) string {
	q := url.Values{"carrier": {carrier}}
	if next != "" {
		q.Set("next", next)
	}
	return "/login?" + q.Encode()
}

// stepLabels are the message keys of the pack's login steps.
var stepLabels = map[authorities.LoginStep]string{
	authorities.StepCarrier: "login.step.carrier", authorities.StepDevice: "login.step.device", authorities.StepCertificate: "login.step.certificate",
	authorities.StepPINCode: "login.step.pin", authorities.StepCompany: "login.step.company",
}

// loginSteps are the steps of a login with a token as the pack orders them
// (SOCHI, ENOT), or those of the E-Cloud.
func (s *Server) loginSteps(cloud bool, now int) []loginStep {
	labels := []string{"login.step.carrier", "login.step.inn", "login.step.role", "login.step.pin"}
	if !cloud {
		labels = nil
		for _, step := range s.deps.LoginSteps {
			labels = append(labels, stepLabels[step])
		}
	}
	steps := make([]loginStep, len(labels))
	for i, l := range labels {
		steps[i] = loginStep{Label: l, Done: i < now, Now: i == now}
	}
	return steps
}

// loginProblem says a refusal of a login.
func (s *Server) loginProblem(c echo.Context, refused *registry.Error) *templates.Problem {
	return &templates.Problem{What: s.sentence(c, refused)}
}

func (s *Server) endedNotice(c echo.Context) *templates.Problem {
	return &templates.Problem{What: s.text(c, "error.session.ended"), Kept: s.text(c, "error.kept")}
}

// askLogin answers a request that needs a session: a page that was asked for
// is shown after the login; a form that was sent stays in the browser's store
// and is put back there.
func (s *Server) askLogin(c echo.Context, e *registry.Error) error {
	req := c.Request()
	if req.Header.Get("HX-Request") == "true" {
		// Nobody asked to leave the page: it says so where it stands, and keeps
		// what was typed.
		next := "/"
		if u, err := url.Parse(req.Header.Get("HX-Current-URL")); err == nil {
			next = nextOr(u.RequestURI(), "/")
		}
		v := &endedPage{Page: s.page(c, s.text(c, "login.title")), What: s.sentence(c, e), Login: "/login?" + url.Values{"next": {next}, "ended": {"1"}}.Encode()}
		return s.fragment(c, http.StatusUnauthorized, "problem", "ended", v)
	}
	next, told := back(c), e.Key != "error.session.ended" // a reason of its own is said here and now
	if req.Method == http.MethodGet || req.Method == http.MethodHead {
		next = localPath(req.URL.RequestURI())
	}
	if !told && (req.Method == http.MethodGet || req.Method == http.MethodHead) {
		q := url.Values{}
		if next != "" && next != "/" {
			q.Set("next", next)
		}
		if _, err := c.Cookie(s.sessions.Cookie.Name); err == nil {
			q.Set("ended", "1")
		}
		return c.Redirect(http.StatusSeeOther, "/login?"+q.Encode())
	}
	v := s.loginPage(c, next)
	s.carry(v, s.carrier(c))
	v.Notice = s.endedNotice(c)
	if told {
		v.Notice.What = s.sentence(c, e)
		v.Renew = s.expiredHelp(c, e)
	}
	return s.render(c, http.StatusUnauthorized, "login", v)
}
