package registry

import "time"

// CertificateState is what a certificate was at an instant, of its history and
// its interval together.
type CertificateState string

const (
	// StateUnissued: it did not exist yet.
	StateUnissued CertificateState = "unissued"
	// StateNotYet: issued, its interval had not begun.
	StateNotYet CertificateState = "not_yet"
	// StateValid: it could be used.
	StateValid CertificateState = "valid"
	// StateSuspended: on hold, whatever its interval.
	StateSuspended CertificateState = "suspended"
	// StateRevoked for good, whatever its interval.
	StateRevoked CertificateState = "revoked"
	// StateEnded: its interval was over.
	StateEnded CertificateState = "ended"
)

// CertificateStates lists them in the order of a life.
var CertificateStates = [...]CertificateState{StateUnissued, StateNotYet, StateValid, StateSuspended, StateRevoked, StateEnded}

// StateAt tells what the certificate was at an instant. changes are all of its
// serial's, in the order in which they were made; one that was made at the
// instant itself had taken effect. Both ends belong to the interval (RFC 5280
// §4.1.2.5).
func (c *Certificate) StateAt(at time.Time, changes []StatusChange) CertificateState {
	status := CertIssued
	for _, change := range changes {
		if !change.At.After(at) {
			status = change.Status
		}
	}
	switch {
	case at.Before(c.IssuedAt):
		return StateUnissued
	case status == CertRevoked:
		return StateRevoked
	case status == CertSuspended:
		return StateSuspended
	case at.Before(c.NotBefore):
		return StateNotYet
	case at.After(c.NotAfter):
		return StateEnded
	}
	return StateValid
}
