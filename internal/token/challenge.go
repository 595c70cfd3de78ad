package token

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// ChallengeLife is how long a challenge may be answered.
const ChallengeLife = 120 * time.Second

const challengeSize = 32

// ErrChallenge is the refusal of a challenge that is unknown, used, too old,
// of another browser session or of another type. It does not tell which.
var ErrChallenge = registry.Refuse(registry.Conflict, "error.login.challenge")

// Challenge is the server's side of a question; the package comment names the
// columns of its row.
type Challenge struct {
	Hash      [sha256.Size]byte // of the 32 random bytes, which are not stored
	Session   [sha256.Size]byte // SessionHash of the browser's session
	Type      Type
	Expected  []byte // the exact bytes to be signed
	CreatedAt time.Time
	ExpiresAt time.Time
}

// NewChallenge makes a question for one browser session: the row to store, and
// the challenge string that the page gets and posts back with the signature.
// Row.Expected is what the page has signed.
func NewChallenge(e Envelope, session string, now time.Time) (row Challenge, challenge string, err error) {
	if session == "" {
		return Challenge{}, "", errors.New("making a challenge: there is no browser session")
	}
	raw := make([]byte, challengeSize)
	rand.Read(raw)
	challenge = base64.RawURLEncoding.EncodeToString(raw)
	expected, err := e.Bytes(challenge)
	if err != nil {
		return Challenge{}, "", err
	}
	now = now.UTC().Truncate(time.Microsecond)
	return Challenge{
		Hash:      sha256.Sum256(raw),
		Session:   SessionHash(session),
		Type:      e.Type,
		Expected:  expected,
		CreatedAt: now,
		ExpiresAt: now.Add(ChallengeLife),
	}, challenge, nil
}

// ChallengeHash is the key of the row of a challenge that a page posted.
// ErrChallenge if it cannot be one.
func ChallengeHash(challenge string) ([sha256.Size]byte, error) {
	raw, err := challengeBytes(challenge)
	if err != nil {
		return [sha256.Size]byte{}, ErrChallenge
	}
	return sha256.Sum256(raw), nil
}

// SessionHash identifies a browser session without its token.
func SessionHash(session string) [sha256.Size]byte {
	return sha256.Sum256([]byte("tamga/browser-session/1\x00" + session))
}

// Check judges a row that was just taken (deleted): it must be of this type
// and browser session, and now within its life. ErrChallenge otherwise.
func (c Challenge) Check(typ Type, session string, now time.Time) error {
	h := SessionHash(session)
	if c.Type != typ || subtle.ConstantTimeCompare(h[:], c.Session[:]) != 1 || now.Before(c.CreatedAt) || !now.Before(c.ExpiresAt) || len(c.Expected) == 0 {
		return ErrChallenge
	}
	return nil
}

func challengeBytes(challenge string) ([]byte, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(challenge)
	if err != nil || len(raw) != challengeSize || base64.RawURLEncoding.EncodeToString(raw) != challenge {
		return nil, fmt.Errorf("a challenge is %d bytes in base64url", challengeSize)
	}
	return raw, nil
}
