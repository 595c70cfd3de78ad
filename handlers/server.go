package handlers

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"

	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"
)

// Server is the web side of the program: New's echo and the handlers' common
// ground.
type Server struct {
	deps     Deps
	log      *slog.Logger
	sessions *scs.SessionManager
	secure   bool
	routes   map[string]route // method and path pattern
	echo     *echo.Echo
}

// New builds the handler of every address of the program. A route without an
// access rule, or two of the same address, is an error: nothing is open by
// oversight.
func New(deps Deps) (*echo.Echo, error) {
	s, err := newServer(deps)
	if err != nil {
		return nil, err
	}
	if err := s.register(s.table()); err != nil {
		return nil, err
	}
	s.echo.Pre(s.answersFirst)
	return s.echo, nil
}

func newServer(deps Deps) (*Server, error) {
	if err := deps.check(); err != nil {
		return nil, err
	}
	s := &Server{
		deps:   deps,
		log:    deps.Log,
		secure: strings.HasPrefix(deps.BaseURL, "https://"),
		routes: map[string]route{},
		echo:   echo.New(),
	}
	s.sessions = s.newSessions()
	if !deps.Renderer.Assets().Complete() {
		s.log.Warn("vendored assets are missing: run scripts/vendor-assets.sh and build again")
	}
	e := s.echo
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.handleError
	e.IPExtractor = s.ipExtractor()
	e.Use(s.requestID, s.logRequest, s.recover, s.headers, s.request, s.limitBody, s.sameOrigin, s.session, s.csrf())
	return s, nil
}

func (s *Server) register(rows []route) error {
	for _, r := range rows {
		if err := s.add(r); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) add(r route) error {
	key := r.Method + " " + r.Path
	if r.Access.kind == unset {
		return fmt.Errorf("handlers: route %s has no access rule", key)
	}
	if r.Access.kind == operator && len(r.Access.roles) == 0 {
		return fmt.Errorf("handlers: route %s is for operators but names no role", key)
	}
	if r.Handle == nil {
		return fmt.Errorf("handlers: route %s has no handler", key)
	}
	if _, twice := s.routes[key]; twice {
		return fmt.Errorf("handlers: route %s is registered twice", key)
	}
	s.routes[key] = r
	chain := []echo.MiddlewareFunc{s.authorise(r.Access)}
	if r.Slow {
		chain = append([]echo.MiddlewareFunc{s.throttle(guessing)}, chain...)
	}
	if r.Flood {
		chain = append([]echo.MiddlewareFunc{s.throttle(flooding)}, chain...)
	}
	s.echo.Add(r.Method, r.Path, r.Handle, chain...)
	return nil
}

// routeOf finds the route a request was matched to.
func (s *Server) routeOf(c echo.Context) (route, bool) {
	r, ok := s.routes[c.Request().Method+" "+c.Path()]
	return r, ok
}

// machine says that a request belongs to a protocol, not to a person's
// browser: no session, no cookies, no CSRF.
func (s *Server) machine(c echo.Context) bool {
	r, ok := s.routeOf(c)
	return ok && r.Access.kind == machine
}

func (s *Server) ipExtractor() echo.IPExtractor {
	if len(s.deps.TrustedProxies) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range s.deps.TrustedProxies {
		p = p.Masked()
		options = append(options, echo.TrustIPRange(&net.IPNet{
			IP:   p.Addr().AsSlice(),
			Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen()),
		}))
	}
	return echo.ExtractIPFromXFFHeader(options...)
}

func (s *Server) assets(c echo.Context) error {
	s.deps.Renderer.Assets().ServeHTTP(c.Response(), c.Request())
	return nil
}

// favicon is what browsers ask for beside pages that are not ours to mark:
// scans, papers, exports.
func (s *Server) favicon(c echo.Context) error {
	path, err := s.deps.Renderer.Assets().URL("tamga.svg")
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusTemporaryRedirect, path)
}

func (s *Server) healthz(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }

func (s *Server) readyz(c echo.Context) error {
	if s.deps.Ready != nil {
		if err := s.deps.Ready(c.Request().Context()); err != nil {
			s.log.Warn("not ready", "err", err)
			return c.String(http.StatusServiceUnavailable, "not ready\n")
		}
	}
	return c.String(http.StatusOK, "ready\n")
}
