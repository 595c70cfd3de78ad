package handlers

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
	"golang.org/x/text/language"

	"github.com/tamga-ca/tamga/internal/registry"
)

// perRequest is what the middleware found out about a request.
type perRequest struct {
	id       string
	lang     registry.Language
	dark     bool
	session  bool // a session is loaded, perhaps an empty one
	identity *Identity
	ended    *registry.Error // why the session was ended just now
}

const perRequestKey = "tamga"

func of(c echo.Context) *perRequest {
	if r, ok := c.Get(perRequestKey).(*perRequest); ok {
		return r
	}
	r := &perRequest{lang: registry.Kyrgyz}
	c.Set(perRequestKey, r)
	return r
}

func requestIDOf(c echo.Context) string { return of(c).id }

// lang is the language of the answer.
func lang(c echo.Context) registry.Language { return of(c).lang }

// request finds the language and the theme.
func (s *Server) request(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if s.machine(c) {
			return next(c)
		}
		r := of(c)
		r.lang = s.chooseLanguage(c.Request())
		if !readable(c.Request().URL) {
			return registry.Refuse(registry.NotFound, "error.not_found")
		}
		if cookie, err := c.Cookie(themeCookie); err == nil {
			r.dark = cookie.Value == "dark"
		}
		return next(c)
	}
}

// readable says whether an address is text: nothing of ours is called by bytes
// that PostgreSQL does not store.
func readable(u *url.URL) bool {
	query, err := url.QueryUnescape(u.RawQuery)
	return err == nil && utf8.ValidString(u.Path+query) && !strings.ContainsRune(u.Path+query, 0)
}

// matcher knows the languages we have; browsers in Kyrgyzstan often say
// "kk, ru" or "ru" only, and "kk" must not be taken for Kyrgyz.
var matched = map[language.Base]registry.Language{
	language.MustParseBase("ky"): registry.Kyrgyz,
	language.MustParseBase("ru"): registry.Russian,
	language.MustParseBase("en"): registry.English,
}

// chooseLanguage takes the cookie, then the browser's first language that we
// have, then Kyrgyz.
func (s *Server) chooseLanguage(r *http.Request) registry.Language {
	if cookie, err := r.Cookie(languageCookie); err == nil {
		for _, l := range registry.Languages {
			if cookie.Value == string(l) {
				return l
			}
		}
	}
	tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil {
		return registry.Kyrgyz
	}
	for _, tag := range tags {
		base, _ := tag.Base()
		if l, ok := matched[base]; ok {
			return l
		}
	}
	return registry.Kyrgyz
}

// who is an opaque mark of a person, the same at each of their logins.
func who(id Identity) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "tamga form owner\n%s\n%d\n%s\n%d\n%d", id.Kind, id.OperatorID, id.PersonalNumber, id.OrganisationID, id.ApplicationID))
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

// newID is 96 random bits in hexadecimal.
func newID() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// source is the address a request comes from, IPv6 cut to its /64.
func source(c echo.Context) netip.Addr {
	addr, err := netip.ParseAddr(c.RealIP())
	if err != nil {
		return netip.Addr{}
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		if p, err := addr.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return addr
}
