package ecloud

import (
	"crypto/subtle"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

const (
	// ActivationLife is how long a pair of codes may be used.
	ActivationLife = 72 * time.Hour
	// ActivationTries is how many wrong e-mailed halves burn a pair. Only who
	// holds the paper can use them up.
	ActivationTries = 5
	// UnlockLife is how long an e-mailed unlock code may be used. While one is
	// live no other is sent, so nobody can flood a mailbox or make a code that
	// was sent worthless.
	UnlockLife = 4 * time.Hour
)

var (
	// ErrCode: wrong, used or unknown. K07 of the glossary.
	ErrCode        = registry.Refuse(registry.Invalid, "error.ecloud.code")
	ErrCodeExpired = registry.Refuse(registry.Invalid, "error.ecloud.code_expired")
	ErrCodeBurnt   = registry.Refuse(registry.Throttled, "error.ecloud.code_burnt")
	// ErrAddress: the address is not confirmed yet, so there is no e-mailed
	// half.
	ErrAddress = registry.Refuse(registry.Conflict, "error.ecloud.address")
)

// Activation is a pair of codes, one on paper, one e-mailed. Its row is found
// by the hash of the paper half.
type Activation struct {
	Paper      CodeHash
	Mail       CodeHash // Hash nil until the address is confirmed
	WrongTries int
	ExpiresAt  time.Time
	UsedAt     time.Time // zero: not used
	Cancelled  bool
}

// Try counts a try, to be committed before Accept is asked; it refuses a pair
// that cannot be used.
func (a Activation) Try(now time.Time) (Activation, error) {
	switch {
	case a.Cancelled || !a.UsedAt.IsZero():
		return a, ErrCode
	case !now.Before(a.ExpiresAt):
		return a, ErrCodeExpired
	case a.WrongTries >= ActivationTries:
		return a, ErrCodeBurnt
	case len(a.Mail.Hash) == 0:
		return a, ErrAddress
	}
	a.WrongTries++
	return a, nil
}

// Accept compares the e-mailed half (its hashes under every server key) and
// marks the pair used. It follows a committed Try. ErrCode if it is wrong.
func (a Activation) Accept(mail []CodeHash, now time.Time) (Activation, error) {
	if a.Cancelled || !a.UsedAt.IsZero() || !now.Before(a.ExpiresAt) || a.WrongTries < 1 || a.WrongTries > ActivationTries || !matches(a.Mail, mail) {
		return a, ErrCode
	}
	a.WrongTries--
	a.UsedAt = now
	return a, nil
}

// Unlock is an e-mailed code that makes a browser known to its holder. Any
// browser may use it: the PIN-code is asked for afterwards all the same.
type Unlock struct {
	Code      CodeHash
	ExpiresAt time.Time
	UsedAt    time.Time // zero: not used
}

// Live says that the code may still be used, so none other is sent.
func (u Unlock) Live(now time.Time) bool { return u.UsedAt.IsZero() && now.Before(u.ExpiresAt) }

// Accept compares a code (its hashes under every server key) and marks it
// used. The caller has counted the try against its source (Sources).
func (u Unlock) Accept(code []CodeHash, now time.Time) (Unlock, error) {
	if !matches(u.Code, code) || !u.UsedAt.IsZero() {
		return u, ErrCode
	}
	if !now.Before(u.ExpiresAt) {
		return u, ErrCodeExpired
	}
	u.UsedAt = now
	return u, nil
}

// matches compares in constant time.
func matches(stored CodeHash, given []CodeHash) bool {
	ok := 0
	for _, g := range given {
		if g.KeyID == stored.KeyID && len(stored.Hash) > 0 {
			ok |= subtle.ConstantTimeCompare(g.Hash, stored.Hash)
		}
	}
	return ok == 1
}
