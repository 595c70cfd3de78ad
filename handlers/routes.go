package handlers

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/templates"
)

// route is one row of the table of addresses.
type route struct {
	Method string
	Path   string // echo's pattern
	Access Access
	Handle echo.HandlerFunc
	// Limit is the largest body in bytes; 0 means defaultLimit.
	Limit int64
	// Slow counts requests of a source and refuses too many: logins and what
	// else can be guessed at.
	Slow bool
	// Flood refuses a source that floods: what writes, or checks a signature,
	// for who has no session, and cannot be guessed at.
	Flood bool
}

// table is every address of the program with who may use it. What is not here
// is not found; a row without a rule stops the start.
func (s *Server) table() []route {
	const get, post = http.MethodGet, http.MethodPost
	return slices.Concat([]route{
		{Method: get, Path: "/healthz", Access: Machine(), Handle: s.healthz},
		{Method: get, Path: "/readyz", Access: Machine(), Handle: s.readyz},
		{Method: get, Path: templates.AssetsPrefix + "*", Access: Machine(), Handle: s.assets},
		{Method: get, Path: "/favicon.ico", Access: Machine(), Handle: s.favicon},

		{Method: get, Path: "/", Access: Public(), Handle: s.landing},
		{Method: get, Path: "/language/:lang", Access: Public(), Handle: s.language},
		{Method: post, Path: "/theme", Access: Public(), Handle: s.theme},

		{Method: get, Path: "/login", Access: Public(), Handle: s.login},
		{Method: post, Path: "/login/cloud", Access: Public(), Handle: s.loginCloudINN, Slow: true},
		{Method: get, Path: "/login/cloud", Access: Public(), Handle: s.loginCloud},
		{Method: post, Path: "/login/cloud/pin", Access: Public(), Handle: s.loginCloudPIN, Slow: true},
		{Method: post, Path: "/login/token/certificates", Access: Public(), Handle: s.loginTokenCertificates, Flood: true},
		{Method: post, Path: "/login/token/challenge", Access: Public(), Handle: s.loginTokenChallenge, Flood: true},
		{Method: post, Path: "/login/token", Access: Public(), Handle: s.loginToken, Flood: true},
		{Method: get, Path: "/login/company", Access: Public(), Handle: s.loginCompany},
		{Method: post, Path: "/login/company", Access: Public(), Handle: s.loginCompanyChosen},
		{Method: post, Path: "/logout", Access: LoggedIn(), Handle: s.logout},
	}, s.revocationRoutes(), s.tokenRoutes(),
		s.caRoutes(), s.relyingRoutes(), s.intakeRoutes(), s.decisionRoutes(), s.enrolmentRoutes(), s.moneyRoutes(), s.staffRoutes(), s.clientRoutes(), s.renewalRoutes(), s.auditRoutes(), s.packRoutes(), s.calendarRoutes(), s.findingRoutes(), s.dataRequestRoutes())
}
