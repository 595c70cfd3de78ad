package registry

import "time"

// Standing is what is known of a serial number, for relying parties.
type Standing struct {
	Serial Serial
	// Known: a certificate was issued under it, or asked for and given up.
	Known  bool
	Status CertificateStatus
	Reason int // RFC 5280 §5.3.1 CRLReason
	// At is when the status became what it is, InvalidSince since when the key
	// is suspected; zero where that is not known.
	At           time.Time
	InvalidSince time.Time
}

// ReasonGivenUp is the CRLReason of a serial whose issuing was given up:
// cessationOfOperation. The CA may have signed under it.
const ReasonGivenUp = 5

// StatusChange is one move of a serial, and when the world could know of it.
type StatusChange struct {
	ID     int64
	Serial Serial
	Status CertificateStatus
	Reason int
	At     time.Time
	// AnsweredAt is when the first OCSP answer that says so was signed; nil: not
	// yet.
	AnsweredAt *time.Time
	// CRLNumber is that of the first list that says so; 0: none yet.
	CRLNumber int64
	// PublicAt is when the world could first know: the earlier of the two; nil:
	// not yet.
	PublicAt *time.Time
}

// OCSPSigner is a delegation to sign OCSP answers.
type OCSPSigner struct {
	Serial    Serial
	KeyID     string
	KeyHash   string // SHA-256 of the SubjectPublicKeyInfo, hex
	NotBefore time.Time
	NotAfter  time.Time
	DER       []byte // nil until the CA has answered
	CreatedAt time.Time
}

// CRL is a list that was published.
type CRL struct {
	Number int64
	// Source is "own", or "step-ca" where only step-ca has the issuing key.
	Source     string
	ThisUpdate time.Time
	NextUpdate time.Time
	// MadeAt is the clock's reading when it was made; ThisUpdate never goes
	// back, a clock may.
	MadeAt  time.Time
	Entries int
	Size    int
	SHA256  string // of DER, hex
	DER     []byte
}

// Sources of a CRL.
const (
	CRLOwn    = "own"
	CRLStepCA = "step-ca"
)
