package ca

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// ClockTolerance is how far in the past NotBefore may be: the time between
// deciding on it and calling NewIntent.
const ClockTolerance = time.Minute

// MaxValidity is the longest that the CA signs: a leap year.
const MaxValidity = 366 * 24 * time.Hour

// minValidity is the shortest.
const minValidity = time.Minute

// Intent is exactly one certificate that the CA may be asked for. It is
// committed to our database before the first Sign; every retry uses it
// unchanged, so that whatever was signed before a crash is what is signed
// after it.
type Intent struct {
	// Serial: 127 random bits (UNIQUE in the database).
	Serial registry.Serial
	// NotBefore and NotAfter are UTC, whole seconds; both inclusive.
	NotBefore time.Time
	NotAfter  time.Time
	// Subject is EncodeSubject's DER.
	Subject []byte
	Profile registry.CertificateProfile
	// CSRHash is that of the Request.
	CSRHash string
	// ProfileID names the Profile and the issuing certificate that the intent
	// was made for. After a change of either it cannot be repeated exactly, so
	// Sign refuses it: revoke its serial and make a fresh one. Empty, in an
	// intent that was stored without, is not compared.
	ProfileID string
}

// Wanted is what an intent is made of.
type Wanted struct {
	// NotBefore and NotAfter as the pack's anchor decides; fractions of a
	// second are cut off.
	NotBefore, NotAfter time.Time
	Subject             []byte // of EncodeSubject
	Profile             registry.CertificateProfile
	Request             *Request // of CheckCSR
}

// NewIntent draws a serial and fixes the content of a certificate. NotBefore
// may not be earlier than now (less ClockTolerance): production never makes a
// backdated certificate.
func (i *Issuer) NewIntent(now time.Time, w Wanted) (Intent, error) {
	if w.NotBefore.Before(now.Add(-ClockTolerance)) {
		return Intent{}, fmt.Errorf("making an intent: NotBefore %s lies before %s", w.NotBefore.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	return i.newIntent(w)
}

func (i *Issuer) newIntent(w Wanted) (Intent, error) {
	nb, na := w.NotBefore.UTC().Truncate(time.Second), w.NotAfter.UTC().Truncate(time.Second)
	if d := na.Sub(nb); d < minValidity || d > MaxValidity {
		return Intent{}, fmt.Errorf("making an intent: a validity of %s is not between %s and %s", d, minValidity, MaxValidity)
	}
	if nb.Before(i.Certificate.NotBefore) || na.After(i.Certificate.NotAfter) {
		return Intent{}, registry.Refuse(registry.Conflict, "error.ca.beyond_issuer")
	}
	if _, err := ParseSubject(w.Subject); err != nil {
		return Intent{}, fmt.Errorf("making an intent: %w", err)
	}
	if _, err := i.Profile.policy(w.Profile); err != nil {
		return Intent{}, fmt.Errorf("making an intent: %w", err)
	}
	if w.Request == nil {
		return Intent{}, fmt.Errorf("making an intent: no request")
	}
	return Intent{
		Serial:    newSerial(),
		NotBefore: nb,
		NotAfter:  na,
		Subject:   w.Subject,
		Profile:   w.Profile,
		CSRHash:   w.Request.Hash,
		ProfileID: i.profileID,
	}, nil
}

// newSerial draws 127 bits: positive, and 16 octets at most (RFC 5280
// §4.1.2.2 allows 20). The one in 2^29 that is short is drawn again, because
// the CA's template only knows long ones.
func newSerial() registry.Serial {
	limit := new(big.Int).Lsh(big.NewInt(1), 127)
	for {
		n, err := rand.Int(rand.Reader, limit)
		if err == nil && n.BitLen() > 98 {
			return SerialOf(n)
		}
	}
}

// SerialOf writes a certificate's serial number as the registry has it.
func SerialOf(n *big.Int) registry.Serial { return registry.Serial(n.Text(16)) }

// number reads a serial; it is strict, because two spellings of one serial
// would pass a UNIQUE column.
func number(s registry.Serial) (*big.Int, error) {
	n, ok := new(big.Int).SetString(string(s), 16)
	if !ok || n.Sign() <= 0 || n.BitLen() > 159 || SerialOf(n) != s {
		return nil, fmt.Errorf("%q is not a serial number", string(s))
	}
	return n, nil
}
