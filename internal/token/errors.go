package token

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// The refusals of Verify. Each has a sentence of its own in every
// catalog. They are compared by Key, or with errors.Is where they carry no date.
var (
	ErrTooLarge   = registry.Refuse(registry.Invalid, "error.token.too_large")
	ErrMalformed  = registry.Refuse(registry.Invalid, "error.token.malformed")
	ErrDetached   = registry.Refuse(registry.Invalid, "error.token.detached")
	ErrContent    = registry.Refuse(registry.Invalid, "error.token.content")
	ErrSigners    = registry.Refuse(registry.Invalid, "error.token.signers")
	ErrKeyID      = registry.Refuse(registry.Invalid, "error.token.key_id")
	ErrNoCert     = registry.Refuse(registry.Invalid, "error.token.signer_certificate")
	ErrAttributes = registry.Refuse(registry.Invalid, "error.token.attributes")
	ErrSHA1       = registry.Refuse(registry.Invalid, "error.signature.sha1")
	ErrAlgorithm  = registry.Refuse(registry.Invalid, "error.token.algorithm")
	ErrSignature  = registry.Refuse(registry.Invalid, "error.signature.invalid")
	ErrForeignCA  = registry.Refuse(registry.Forbidden, "error.certificate.other_ca")
	ErrRevoked    = registry.Refuse(registry.Forbidden, "error.certificate.revoked")
	ErrSuspended  = registry.Refuse(registry.Forbidden, "error.certificate.suspended")
	ErrUnknown    = registry.Refuse(registry.Forbidden, "error.token.unknown")
	ErrUsage      = registry.Refuse(registry.Forbidden, "error.token.usage")
	ErrPolicy     = registry.Refuse(registry.Forbidden, "error.token.policy")
	ErrNames      = registry.Refuse(registry.Forbidden, "error.token.names")
	// ErrStatusUnavailable: whether the certificate is revoked could not be
	// learnt, so it is refused.
	ErrStatusUnavailable = registry.Refuse(registry.Unavailable, "error.token.status_unavailable")
)

// Keys of the two refusals that carry an instant in Args["date"] (time.Time,
// UTC).
const (
	KeyExpired      = "error.certificate.expired"
	KeyNotYetUsable = "error.certificate.not_yet"
)

func errExpired(notAfter time.Time) error {
	return registry.Refuse(registry.Forbidden, KeyExpired, "date", notAfter.UTC())
}

func errNotYetUsable(notBefore time.Time) error {
	return registry.Refuse(registry.Forbidden, KeyNotYetUsable, "date", notBefore.UTC())
}
