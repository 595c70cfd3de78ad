package handlers

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
)

type problemPage struct {
	templates.Page
	Problem templates.Problem
	Back    string
}

// handleError turns whatever a handler returned into an answer: a page, a
// fragment for htmx, JSON for scripts, plain text for protocols. Only what is
// our own fault is logged, here and once.
func (s *Server) handleError(err error, c echo.Context) {
	if c.Response().Committed {
		if registry.KindOf(err) == 0 && !errors.Is(err, context.Canceled) {
			s.log.Error("after the answer had begun", "request", of(c).id, "route", c.Path(), "err", err)
		}
		return
	}
	c.Response().Header().Del(echo.HeaderContentDisposition) // of a file that does not come
	status, refusal := s.refusal(err, c)
	gone := errors.Is(err, context.Canceled) && c.Request().Context().Err() != nil // nobody waits for an answer
	if status >= http.StatusInternalServerError && !gone {
		s.log.Error("request failed", "request", of(c).id, "method", c.Request().Method, "route", c.Path(), "status", status, "err", err)
	}
	if err := s.answerError(c, status, refusal); err != nil {
		s.log.Error("error page failed", "request", of(c).id, "err", err)
		if !c.Response().Committed {
			_ = c.String(http.StatusInternalServerError, "500 "+of(c).id+"\n")
		}
	}
}

func (s *Server) answerError(c echo.Context, status int, e *registry.Error) error {
	switch {
	case s.machine(c):
		return c.String(status, http.StatusText(status)+"\n")
	case wantsJSON(c.Request()):
		return c.JSON(status, map[string]any{"error": e.Key, "field": e.Field, "message": s.sentence(c, e), "request": of(c).id})
	case e.Kind == registry.Unauthenticated:
		return s.askLogin(c, e)
	}
	v := &problemPage{Page: s.page(c, s.sentence(c, e)), Problem: s.problem(c, status, e), Back: back(c)}
	if status < http.StatusInternalServerError {
		v.RequestID = ""
	}
	if c.Request().Header.Get("HX-Request") == "true" {
		return s.fragment(c, status, "problem", "notice", v)
	}
	return s.render(c, status, "problem", v)
}

// refusal finds what to tell about an error; what we have no words for is a
// 500 without detail.
func (s *Server) refusal(err error, c echo.Context) (int, *registry.Error) {
	var (
		refused  *registry.Error
		http4    *echo.HTTPError
		tooLarge *http.MaxBytesError
	)
	switch {
	case errors.As(err, &refused):
		return statusOf(refused.Kind), refused
	case errors.As(err, &tooLarge):
		size := templates.Size(string(lang(c)), tooLarge.Limit)
		return http.StatusRequestEntityTooLarge, registry.Refuse(registry.Invalid, "error.too_large", "max", size)
	case errors.As(err, &http4) && http4.Code < http.StatusInternalServerError:
		return http4.Code, fromHTTP(http4.Code)
	}
	return http.StatusInternalServerError, registry.Refuse(0, "error.internal", "id", of(c).id)
}

func fromHTTP(code int) *registry.Error {
	switch code {
	case http.StatusNotFound:
		return registry.Refuse(registry.NotFound, "error.not_found")
	case http.StatusMethodNotAllowed:
		return registry.Refuse(registry.Invalid, "error.method")
	case http.StatusUnauthorized:
		return registry.Refuse(registry.Unauthenticated, "error.session.ended")
	case http.StatusForbidden:
		return registry.Refuse(registry.Forbidden, "error.forbidden")
	}
	return registry.Refuse(registry.Invalid, "error.bad_request")
}

func statusOf(k registry.Kind) int {
	switch k {
	case registry.Invalid:
		return http.StatusUnprocessableEntity
	case registry.Forbidden:
		return http.StatusForbidden
	case registry.NotFound:
		return http.StatusNotFound
	case registry.Conflict:
		return http.StatusConflict
	case registry.Throttled:
		return http.StatusTooManyRequests
	case registry.Unavailable:
		return http.StatusServiceUnavailable
	case registry.Unauthenticated:
		return http.StatusUnauthorized
	}
	return http.StatusInternalServerError
}

// problem is what an error page says: what happened, what was kept, what to
// do.
func (s *Server) problem(c echo.Context, status int, e *registry.Error) templates.Problem {
	p := templates.Problem{What: s.sentence(c, e)}
	switch {
	case status == http.StatusNotFound:
		p.Do = s.text(c, "problem.do_not_found")
	case status == http.StatusForbidden && e.Key == "error.forbidden":
		p.Do = s.text(c, "problem.do_forbidden")
	case status == http.StatusInternalServerError:
		p.Do = s.text(c, "problem.do_support")
	case status == http.StatusServiceUnavailable:
		p.Do = s.text(c, "error.try_later")
	}
	if c.Request().Method != http.MethodGet {
		p.Kept = s.text(c, "problem.nothing_done")
	}
	return p
}

// sentence is the catalog's text for a refusal.
func (s *Server) sentence(c echo.Context, e *registry.Error) string {
	return s.sentenceIn(string(lang(c)), e)
}

func (s *Server) sentenceIn(lang string, e *registry.Error) string {
	args := make([]any, 0, 2*len(e.Args))
	for name, value := range e.Args {
		args = append(args, name, s.argument(lang, e.Key, name, value))
	}
	text, err := s.deps.Renderer.Text(lang, e.Key, args...)
	if err != nil {
		s.log.Error("message missing", "key", e.Key, "err", err)
	}
	return text
}

// words that arguments of refusals may be, by the argument's name.
var argumentWords = map[string][]string{
	"status": {"status.application.", "status.document.", "status.enrolment.", "status.certificate."},
	"from":   {"status.enrolment.", "status.certificate."},
	"to":     {"status.enrolment.", "status.certificate."},
	"action": {"act.application."},
	"role":   {"role.", "signatory."},
}

// argument writes a value for people: money, instants and sizes in their
// forms, and codes of the domain in words.
func (s *Server) argument(lang, key, name string, value any) any {
	switch v := value.(type) {
	case registry.Tyiyn:
		return templates.Money(lang, v)
	case time.Time:
		return templates.DateTime(v)
	case *time.Time:
		return templates.DateTime(v)
	case int64: // bytes
		if name == "size" || name == "max" {
			return templates.Size(lang, v)
		}
	}
	prefixes, ok := argumentWords[name]
	if !ok {
		return value
	}
	for _, p := range prefixes {
		word := p + fmt.Sprint(value)
		if !s.deps.Renderer.Has(word) {
			continue
		}
		if text, err := s.deps.Renderer.Text(lang, word); err == nil {
			return text
		}
	}
	return value
}

// fieldErrors are a form's refusals by field; ok is false when err is
// something else, which the caller returns.
func (s *Server) fieldErrors(c echo.Context, err error) (templates.FieldErrors, bool) {
	var several registry.Errors
	if !errors.As(err, &several) {
		var one *registry.Error
		if !errors.As(err, &one) || one.Kind != registry.Invalid && one.Kind != registry.Conflict {
			return nil, false
		}
		several = registry.Errors{one}
	}
	out := templates.FieldErrors{}
	for _, e := range several {
		if _, taken := out[e.Field]; !taken {
			out[e.Field] = s.sentence(c, e)
		}
	}
	return out, true
}

func wantsJSON(r *http.Request) bool {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && kind == "application/json" {
		return true
	}
	return strings.Contains(r.Header.Get("Accept"), "application/json")
}

// back is the page of ours that the request came from, or nothing.
func back(c echo.Context) string {
	u, err := url.Parse(c.Request().Referer())
	if err != nil || u.Host != c.Request().Host {
		return ""
	}
	return localPath(u.RequestURI())
}

// localPath lets through a path on this site only.
func localPath(p string) string {
	u, err := url.Parse(p)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(p, "/") || strings.HasPrefix(p, "//") || strings.ContainsAny(p, "\\\r\n\t") {
		return ""
	}
	return u.RequestURI()
}
