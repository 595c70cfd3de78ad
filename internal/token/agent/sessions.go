package agent

import (
	"crypto/rand"
	"encoding/base64"
	"sync"
	"time"

	"github.com/tamga-ca/tamga/internal/token/pkcs11"
)

// maxSessions at once: one a token, and nobody has that many ports.
const maxSessions = 8

// sessions are the logins that pages may use. Each is bound to the origin that
// logged in and to one token.
type sessions struct {
	idle time.Duration
	now  func() time.Time

	mu   sync.Mutex
	open map[string]*session // by identifier
}

type session struct {
	origin, serial string
	used           time.Time
}

func newSessions(idle time.Duration, now func() time.Time) *sessions {
	return &sessions{idle: idle, now: now, open: map[string]*session{}}
}

// full tells whether there is no room for a session on another token.
func (s *sessions) full(serial string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	others := 0
	for _, o := range s.open {
		if o.serial != serial {
			others++
		}
	}
	return others >= maxSessions
}

// begin makes a session; the token's others end.
func (s *sessions) begin(origin, serial string) string {
	raw := make([]byte, 32)
	rand.Read(raw)
	id := base64.RawURLEncoding.EncodeToString(raw)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endLocked(serial)
	s.open[id] = &session{origin, serial, s.now()}
	return id
}

// use finds a session of that origin and returns its token's serial number.
func (s *sessions) use(origin, id string) (serial string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.open[id]
	if o == nil || o.origin != origin || s.now().Sub(o.used) > s.idle {
		return "", pkcs11.Refuse(pkcs11.NotLoggedIn, "no such session")
	}
	o.used = s.now()
	return o.serial, nil
}

// used lengthens a session after a call that took long.
func (s *sessions) used(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.open[id]; o != nil {
		o.used = s.now()
	}
}

// end ends the sessions on a token.
func (s *sessions) end(serial string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endLocked(serial)
}

func (s *sessions) endLocked(serial string) {
	for id, o := range s.open {
		if o.serial == serial {
			delete(s.open, id)
		}
	}
}

// clear ends all.
func (s *sessions) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.open)
}

// expire ends those that were idle for too long and returns their tokens.
func (s *sessions) expire() (serials []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, o := range s.open {
		if s.now().Sub(o.used) > s.idle {
			delete(s.open, id)
			serials = append(serials, o.serial)
		}
	}
	return serials
}
