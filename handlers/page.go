package handlers

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
)

// page fills in what every page has. title is in the page's language.
func (s *Server) page(c echo.Context, title string) templates.Page {
	r := of(c)
	l := r.lang
	p := templates.Page{
		Lang:      string(l),
		Theme:     "light",
		Shell:     templates.Plain,
		Title:     title,
		Path:      c.Request().URL.RequestURI(),
		Now:       s.deps.Now(),
		Authority: s.deps.Authority[l],
		RequestID: r.id,
		Demo:      s.deps.Demo,
	}
	if r.dark {
		p.Theme = "dark"
	}
	if c.Request().Method != http.MethodGet {
		p.Path = "/"
		if p.From = back(c); p.From != "" {
			p.Path = p.From
		}
	}
	if token, ok := c.Get("csrf").(string); ok {
		p.CSRF = token
	}
	p.Languages = languageLinks(l, p.Path)
	if r.identity != nil {
		s.fillBar(c, &p, *r.identity)
	}
	return p
}

// render sends a whole page.
func (s *Server) render(c echo.Context, status int, name string, v templates.View) error {
	f := v.Frame()
	f.Status = status
	if f.Flash == nil {
		f.Flash = s.takeFlash(c)
	}
	if of(c).session {
		f.Kept = s.sessions.PopString(c.Request().Context(), keptKey)
	}
	var b bytes.Buffer
	if err := s.deps.Renderer.Page(&b, name, v); err != nil {
		return err
	}
	c.Response().Header().Set("Vary", "Cookie, Accept-Language, HX-Request")
	return c.HTMLBlob(status, b.Bytes())
}

// fragment sends one block of a page, for htmx.
func (s *Server) fragment(c echo.Context, status int, name, block string, v templates.View) error {
	v.Frame().Status = status
	var b bytes.Buffer
	if err := s.deps.Renderer.Fragment(&b, name, block, v); err != nil {
		return err
	}
	c.Response().Header().Set("Vary", "Cookie, Accept-Language, HX-Request")
	return c.HTMLBlob(status, b.Bytes())
}

// redirect answers a form that did its work: 303, or the same for htmx. The
// next page tells the browser to forget what was typed into the form.
func (s *Server) redirect(c echo.Context, path string) error {
	if id := c.Request().PostForm.Get("keep"); id != "" && len(id) <= 100 && of(c).session {
		s.sessions.Put(c.Request().Context(), keptKey, id)
	}
	if c.Request().Header.Get("HX-Request") == "true" {
		c.Response().Header().Set("HX-Redirect", path)
		return c.NoContent(http.StatusOK)
	}
	return c.Redirect(http.StatusSeeOther, path)
}

// text is a message in the language of the answer. A missing one is logged and
// shows its key; the tests of the catalogs keep that from happening.
func (s *Server) text(c echo.Context, key string, args ...any) string {
	t, err := s.deps.Renderer.Text(string(lang(c)), key, args...)
	if err != nil {
		s.log.Error("message missing", "key", key, "err", err)
	}
	return t
}

// flash says on the next page what was done: kind is good, warn or stop.
func (s *Server) flash(c echo.Context, kind, key string, args ...any) {
	raw, err := json.Marshal(templates.Flash{Kind: kind, Text: s.text(c, key, args...)})
	if err == nil {
		s.sessions.Put(c.Request().Context(), flashKey, raw)
	}
}

func (s *Server) takeFlash(c echo.Context) *templates.Flash {
	if !of(c).session {
		return nil
	}
	ctx := c.Request().Context()
	raw := s.sessions.PopBytes(ctx, flashKey)
	if raw == nil {
		return nil
	}
	var f templates.Flash
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil
	}
	return &f
}

// fillBar dresses the page for the session it belongs to.
func (s *Server) fillBar(c echo.Context, p *templates.Page, id Identity) {
	p.Who = id.Who
	p.User = &templates.User{Name: id.Name, CertEnds: id.CertEnds, Operator: id.Kind == OperatorSession}
	p.Shell = templates.Client
	if id.Kind == OperatorSession {
		p.Shell = templates.Staff
		p.User.Line = s.text(c, "role."+string(id.Role))
	}
	var bar Bar
	if s.deps.Bar != nil {
		var err error
		if bar, err = s.deps.Bar(c.Request().Context(), lang(c), id); err != nil {
			// A bar without numbers is better than no page.
			s.log.Error("filling the bar", "request", of(c).id, "err", err)
			bar = Bar{}
		}
	}
	if bar.Name != "" {
		p.User.Name = bar.Name
	}
	switch {
	case bar.Line == "":
	case id.Kind == OperatorSession:
		p.User.Line += " · " + bar.Line
	default:
		p.User.Line = s.text(c, "user.balance", "sum", bar.Line)
	}
	p.Alarm = s.alarm(c, bar)
	p.Reminder = s.reminder(c, bar.Ends)
	p.Menu = s.menu(c, id, bar.Counts)
}

func languageLinks(now registry.Language, path string) []templates.LangLink {
	names := map[registry.Language]string{registry.Kyrgyz: "Кыргызча", registry.Russian: "Русский", registry.English: "English"}
	out := make([]templates.LangLink, 0, len(registry.Languages))
	for _, l := range registry.Languages {
		out = append(out, templates.LangLink{Lang: string(l), Name: names[l], Path: languagePath(l, path), Current: l == now})
	}
	return out
}

// alarm is the strip under the bar: the report of a certificate that is due
// first, past 50, 75 or 100 per cent of its clock.
func (s *Server) alarm(c echo.Context, bar Bar) *templates.Alarm {
	r := bar.Report
	if r == nil {
		return nil
	}
	key := "revocation.alarm"
	if bar.ReportShare >= 100 {
		key = "revocation.alarm_late"
	}
	return &templates.Alarm{
		Text: s.text(c, key, "number", r.Number, "percent", bar.ReportShare, "n", int(r.DueAt.Sub(r.ReportedAt).Hours())), Left: s.deps.Renderer.DueAt(string(lang(c)), s.deps.Now(), r.DueAt, nil).Text,
		Path: "/revocations/" + r.Number,
	}
}
