package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/evidence"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

func (s *Server) packRoutes() []route {
	return []route{
		{Method: http.MethodGet, Path: "/audit/packs", Access: Operator(registry.Auditor), Handle: s.packForm},
		{Method: http.MethodPost, Path: "/audit/packs", Access: Operator(registry.Auditor), Handle: s.packMake},
	}
}

// packTime is how long the sending of a pack may take: scans over a slow line.
const packTime = time.Hour

// packPage asks which certificates an evidence pack is to be about, and what
// for.
type packPage struct {
	templates.Page
	Serials, Query, Purpose, Kept string
	Scans                         bool
	Tongue                        string
	Most, MostWithScans           int
	Errors                        templates.FieldErrors
}

// packForm shows the form, filled with the certificates that a page of the
// auditor's names, or with all that a search finds, one more than a pack holds
// at most: a search that finds too many is refused and not cut, and so is one
// that did not look at every organisation.
func (s *Server) packForm(c echo.Context) error {
	serials := c.QueryParams()["certificate"]
	typed := searchTyped(c.QueryParams())
	if len(typed) > 0 {
		f, errs := s.readSearch(c, typed)
		if len(errs) > 0 {
			return s.redirect(c, "/audit/certificates?"+typed.Encode())
		}
		f.Look = exportLook
		found, err := s.findAll(c, f, evidence.MaxCertificates+1, func(lines []store.CertificateLine) {
			for _, l := range lines {
				serials = append(serials, string(l.Serial))
			}
		})
		if err != nil {
			return err
		}
		if found.Narrow {
			return s.packAsk(c, http.StatusUnprocessableEntity, url.Values{}, templates.FieldErrors{"serials": s.text(c, "error.pack.narrow", "n", store.SearchOrganisations)})
		}
	}
	return s.packAsk(c, http.StatusOK, url.Values{"serials": {strings.Join(serials, "\n")}, "query": {typed.Encode()}}, nil)
}

func (s *Server) packAsk(c echo.Context, status int, form url.Values, errs templates.FieldErrors) error {
	v := &packPage{
		Page: s.page(c, s.text(c, "pack.title")), Serials: form.Get("serials"), Query: form.Get("query"), Purpose: form.Get("purpose"), Kept: form.Get("kept"),
		Scans: form.Get("scans") != "", Most: evidence.MaxCertificates, MostWithScans: evidence.MaxWithScans, Errors: errs,
	}
	if v.Tongue = form.Get("language"); v.Tongue == "" {
		v.Tongue = string(lang(c))
	}
	return s.render(c, status, "pack", v)
}

// packMake sends an evidence pack. What can be refused is refused before its
// first byte; what fails later leaves a ZIP without its end, which nobody can
// take for a whole one.
func (s *Server) packMake(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	in := workflow.PackRequest{
		Serials: packSerials(form.Get("serials")), Query: form.Get("query"), Purpose: form.Get("purpose"), Kept: form.Get("kept"),
		Scans: form.Get("scans") != "", Language: registry.Language(form.Get("language")),
	}
	if !slices.Contains(registry.Languages[:], in.Language) {
		in.Language = lang(c)
	}
	var names map[registry.OperatorID]string
	if err := s.read(c, func(tx *store.Tx) (err error) {
		names, err = operatorNames(tx, in.Language)
		return err
	}); err != nil {
		return err
	}
	ctx := c.Request().Context()
	pack, err := s.deps.Workflow.MakePack(ctx, who, in)
	if errs, ok := s.fieldErrors(c, err); err != nil && ok {
		return s.packAsk(c, http.StatusUnprocessableEntity, form, errs)
	}
	if err != nil {
		return err
	}
	if err := http.NewResponseController(c.Response()).SetWriteDeadline(s.deps.Machine().Add(packTime)); err != nil {
		s.log.Debug("the connection's time cannot be set", "err", err)
	}
	attachment(c, pack.Number()+".zip", zipType)
	return pack.Write(ctx, c.Response(), s.packWords(in.Language, names))
}

// packSerials reads serials as people paste them: one a line, or between
// commas.
func packSerials(typed string) (out []registry.Serial) {
	for _, part := range strings.FieldsFunc(typed, func(r rune) bool { return r == ',' || r == ';' || r == '\n' }) {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		serial, ok := registry.ParseSerial(part)
		if !ok {
			serial = registry.Serial(part) // which the refusal names
		}
		out = append(out, serial)
	}
	return out
}
