package handlers

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"golang.org/x/time/rate"

	"github.com/tamga-ca/tamga/internal/registry"
)

// defaultLimit is the largest body of a request that is not an upload.
const defaultLimit = 256 << 10

func (s *Server) requestID(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		of(c).id = newID()
		c.Response().Header().Set("X-Request-Id", of(c).id)
		return next(c)
	}
}

// logRequest logs the pattern of the address, never the address itself, which
// may hold a number of a person or a secret link.
func (s *Server) logRequest(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		begin := time.Now()
		err := next(c)
		if err != nil {
			c.Error(err)
		}
		s.log.Info("request", "id", of(c).id, "method", c.Request().Method, "route", c.Path(),
			"status", c.Response().Status, "ms", time.Since(begin).Milliseconds())
		return nil
	}
}

func (s *Server) recover(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if r := recover(); r != nil {
				if r == http.ErrAbortHandler { //nolint:errorlint // the very value, as net/http compares it
					panic(r)
				}
				err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
			}
		}()
		return next(c)
	}
}

// headers allow a page nothing but our own files. Scans are shown through a
// route of their own that relaxes frame-ancestors for us alone.
func (s *Server) headers(next echo.HandlerFunc) echo.HandlerFunc {
	connect := "'self'"
	if s.deps.AgentURL != "" {
		connect += " " + s.deps.AgentURL
	}
	csp := strings.Join([]string{
		"default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'",
		"form-action 'self'", "connect-src " + connect,
	}, "; ")
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", csp)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
		h.Set("Cache-Control", "no-store")
		if s.secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		return next(c)
	}
}

func (s *Server) limitBody(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		limit := int64(defaultLimit)
		if r, ok := s.routeOf(c); ok && r.Limit > 0 {
			limit = r.Limit
		}
		req := c.Request()
		if req.ContentLength > limit {
			return &http.MaxBytesError{Limit: limit}
		}
		req.Body = http.MaxBytesReader(c.Response(), req.Body, limit)
		return next(c)
	}
}

// sameOrigin refuses what another site's page made the browser send.
func (s *Server) sameOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	protection := http.NewCrossOriginProtection()
	return func(c echo.Context) error {
		if s.machine(c) {
			return next(c)
		}
		if err := protection.Check(c.Request()); err != nil {
			return registry.Refuse(registry.Forbidden, "error.form_expired")
		}
		return next(c)
	}
}

func (s *Server) csrf() echo.MiddlewareFunc {
	return middleware.CSRFWithConfig(middleware.CSRFConfig{
		Skipper:        s.machine,
		TokenLookup:    "form:csrf,header:X-CSRF-Token",
		CookieName:     s.cookieName("csrf"),
		CookiePath:     "/",
		CookieHTTPOnly: true,
		CookieSecure:   s.secure,
		CookieSameSite: http.SameSiteLaxMode,
		CookieMaxAge:   int((24 * time.Hour).Seconds()),
		ErrorHandler: func(error, echo.Context) error {
			return registry.Refuse(registry.Forbidden, "error.form_expired")
		},
	})
}

// pace is what one source may do: so many requests at once, then one each time.
type pace struct {
	burst int
	every time.Duration
}

var (
	guessing = pace{10, 6 * time.Second}
	flooding = pace{120, 500 * time.Millisecond} // an office behind one address
)

// throttle slows one source, before any PIN-code is looked at. The limits that
// matter for an account are counted in the database by workflow.
func (s *Server) throttle(p pace) echo.MiddlewareFunc {
	store := middleware.NewRateLimiterMemoryStoreWithConfig(middleware.RateLimiterMemoryStoreConfig{
		Rate: rate.Every(p.every), Burst: p.burst, ExpiresIn: 10 * time.Minute,
	})
	return middleware.RateLimiterWithConfig(middleware.RateLimiterConfig{
		Store:               store,
		IdentifierExtractor: func(c echo.Context) (string, error) { return source(c).String(), nil },
		DenyHandler: func(c echo.Context, _ string, _ error) error {
			c.Response().Header().Set("Retry-After", "60")
			return registry.Refuse(registry.Throttled, "error.throttled", "n", 1)
		},
		ErrorHandler: func(_ echo.Context, err error) error { return fmt.Errorf("counting tries: %w", err) },
	})
}
