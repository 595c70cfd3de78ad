package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
)

const (
	// idleLimit ends a session that nobody uses.
	idleLimit = 30 * time.Minute
	// absoluteLimit ends every session.
	absoluteLimit = 12 * time.Hour
	// touchEvery is how often a session in use is written again.
	touchEvery = time.Minute
)

// SessionKind says what sort of person a session belongs to.
type SessionKind string

const (
	OperatorSession  SessionKind = "operator"
	HolderSession    SessionKind = "holder"
	ApplicantSession SessionKind = "applicant"
)

// Identity is who a session belongs to. A holder's is bound to one
// organisation, an applicant's to one application.
type Identity struct {
	Kind           SessionKind             `json:"kind"`
	Name           string                  `json:"name"` // as the bar shows it
	OperatorID     registry.OperatorID     `json:"operator,omitempty"`
	Role           registry.Role           `json:"role,omitempty"`
	PersonalNumber registry.PersonalNumber `json:"person,omitempty"`
	OrganisationID registry.OrganisationID `json:"organisation,omitempty"`
	Signatory      registry.SignatoryRole  `json:"signatory,omitempty"`
	CertificateID  registry.CertificateID  `json:"certificate,omitempty"`
	Serial         registry.Serial         `json:"serial,omitempty"`
	CertEnds       time.Time               `json:"cert_ends,omitzero"`
	ApplicationID  registry.ApplicationID  `json:"application,omitempty"`
	// Companies is how many organisations a holder may act for.
	Companies int `json:"companies,omitempty"`
	// Carrier of the key that logged in: "token" or "cloud".
	Carrier string `json:"carrier,omitempty"`
	// Link is the hash of the secret link that opened an applicant's session.
	Link string `json:"link,omitempty"`

	// Began and Seen are set by enter and the middleware (machine's clock).
	Began time.Time `json:"began"`
	Seen  time.Time `json:"seen"`
	// Who is an opaque mark of the person, set by enter: the browser's store
	// of typed forms is bound to who typed them by it.
	Who string `json:"who"`
}

const (
	identityKey = "identity"
	flashKey    = "flash"
	keptKey     = "kept"
)

func (s *Server) newSessions() *scs.SessionManager {
	m := scs.New()
	m.Store = s.deps.Sessions
	m.Lifetime = absoluteLimit
	m.HashTokenInStore = true
	m.Cookie.Name = s.cookieName("session")
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Secure = s.secure
	m.Cookie.Path = "/"
	m.Cookie.Persist = false
	return m
}

// cookieName binds a cookie to this host where TLS allows it.
func (s *Server) cookieName(name string) string {
	if s.secure {
		return "__Host-" + name
	}
	return "tamga-" + name
}

// session loads the session, ends it where it must end, and stores it and
// sends its cookie once, before the response begins.
func (s *Server) session(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if s.machine(c) {
			return next(c)
		}
		token := ""
		if cookie, err := c.Cookie(s.sessions.Cookie.Name); err == nil {
			token = cookie.Value
		}
		ctx, err := s.sessions.Load(c.Request().Context(), token)
		if err != nil {
			return fmt.Errorf("loading session: %w", err)
		}
		c.SetRequest(c.Request().WithContext(ctx))
		of(c).session = true
		stored := false
		commit := func() {
			if stored {
				return
			}
			stored = true
			if err := s.commitSession(ctx, c); err != nil {
				s.log.Error("storing session", "request", requestIDOf(c), "err", err)
				c.Response().Status = http.StatusInternalServerError
			}
		}
		c.Response().Before(commit)
		if err := s.identify(ctx, c); err != nil {
			return err
		}
		if err := next(c); err != nil {
			return err
		}
		if !c.Response().Committed {
			commit()
		}
		return nil
	}
}

func (s *Server) commitSession(ctx context.Context, c echo.Context) error {
	switch s.sessions.Status(ctx) {
	case scs.Modified:
		token, expiry, err := s.sessions.Commit(ctx)
		if err != nil {
			return err
		}
		s.sessions.WriteSessionCookie(ctx, c.Response(), token, expiry)
	case scs.Destroyed:
		s.sessions.WriteSessionCookie(ctx, c.Response(), "", time.Time{})
	}
	return nil
}

// identify puts the session's identity into the request, or ends the session.
func (s *Server) identify(ctx context.Context, c echo.Context) error {
	raw := s.sessions.GetBytes(ctx, identityKey)
	if raw == nil {
		return nil
	}
	var id Identity
	if err := json.Unmarshal(raw, &id); err != nil {
		return fmt.Errorf("reading session: %w", err)
	}
	now := s.deps.Machine()
	if now.Sub(id.Seen) > idleLimit || now.Sub(id.Began) > absoluteLimit {
		return s.endSession(ctx)
	}
	if s.deps.CheckSession != nil {
		if err := s.deps.CheckSession(ctx, id); err != nil {
			var refused *registry.Error
			if !errors.As(err, &refused) {
				return fmt.Errorf("checking session: %w", err)
			}
			if err := s.endSession(ctx); err != nil {
				return err
			}
			ended := *refused
			ended.Kind = registry.Unauthenticated
			of(c).ended = &ended // the login page says why
			return nil
		}
	}
	if now.Sub(id.Seen) > touchEvery {
		id.Seen = now
		if err := s.putIdentity(ctx, id); err != nil {
			return err
		}
	}
	of(c).identity = &id
	return nil
}

func (s *Server) endSession(ctx context.Context) error {
	if err := s.sessions.Destroy(ctx); err != nil {
		return fmt.Errorf("ending session: %w", err)
	}
	return nil
}

func (s *Server) putIdentity(ctx context.Context, id Identity) error {
	raw, err := json.Marshal(id)
	if err != nil {
		return fmt.Errorf("writing session: %w", err)
	}
	s.sessions.Put(ctx, identityKey, raw)
	return nil
}

// enter begins a session for id: a new token, nothing left of the guest's.
func (s *Server) enter(c echo.Context, id Identity) error {
	ctx := c.Request().Context()
	if err := s.sessions.RenewToken(ctx); err != nil {
		return fmt.Errorf("renewing session: %w", err)
	}
	if err := s.sessions.Clear(ctx); err != nil {
		return fmt.Errorf("clearing session: %w", err)
	}
	s.sessions.SetDeadline(ctx, time.Now().Add(absoluteLimit))
	id.Began = s.deps.Machine()
	id.Seen = id.Began
	id.Who = who(id)
	if err := s.putIdentity(ctx, id); err != nil {
		return err
	}
	of(c).identity = &id
	return nil
}

// identity is who the request comes from; nil is nobody.
func identity(c echo.Context) *Identity { return of(c).identity }
