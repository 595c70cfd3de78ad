package registry

import "time"

// Enrolment is the making of one certificate: for a signatory of an
// application, or for an operator.
type Enrolment struct {
	ID            EnrolmentID
	ApplicationID ApplicationID // 0 for an operator's
	SignatoryID   SignatoryID   // 0 for an operator's
	OperatorID    OperatorID    // 0 for a signatory's
	Status        EnrolmentStatus
	// CSR is the PKCS#10 request in DER once the key is made.
	CSR []byte
	// Serial is that of the current intent, empty before.
	Serial Serial
	// Failure is a catalog key for people; Detail is for operators. While the
	// CA does not answer they say so.
	Failure       string
	Detail        string
	Attempt       int
	NextAttemptAt *time.Time
	LeasedUntil   *time.Time
	// Fee is this enrolment's part of the application's, reversed if it is
	// cancelled.
	Fee       Tyiyn
	CreatedAt time.Time
	UpdatedAt time.Time
	Version   int64
}

// IntentStatus is where an intent to issue stands.
type IntentStatus string

const (
	// IntentPending: the CA may or may not have signed; repeat it exactly.
	IntentPending IntentStatus = "pending"
	// IntentDone: the answer is compared and stored.
	IntentDone IntentStatus = "done"
	// IntentAbandoned: not finished within the hour; its serial is revoked.
	IntentAbandoned IntentStatus = "abandoned"
)

// Intent is everything that decides a certificate's content, stored before
// the CA is asked, so that a retry repeats it to the byte.
type Intent struct {
	Serial      Serial
	EnrolmentID EnrolmentID
	Profile     CertificateProfile
	NotBefore   time.Time
	NotAfter    time.Time
	Subject     []byte // DER of the distinguished name
	CSR         []byte // DER
	CSRHash     string // SHA-256 of CSR, hex
	KeyHash     string // SHA-256 of the SubjectPublicKeyInfo, hex
	ProfileID   string // the profile and issuing certificate it was made for
	Status      IntentStatus
	CreatedAt   time.Time
	FinishedAt  *time.Time
	// RevokePushed: for an abandoned intent, that the CA knows.
	RevokePushed bool
}

// CertificateProfile tells holders' certificates from operators'; they differ
// in the policy OID.
type CertificateProfile string

const (
	HolderProfile   CertificateProfile = "holder"
	OperatorProfile CertificateProfile = "operator"
)

// Certificate is one that we asked for, compared and stored.
type Certificate struct {
	ID             CertificateID
	Serial         Serial
	Profile        CertificateProfile
	EnrolmentID    EnrolmentID    // 0 for operators
	OrganisationID OrganisationID // 0 for operators
	OperatorID     OperatorID     // 0 for holders
	PersonalNumber PersonalNumber
	HolderName     string
	Role           SignatoryRole // empty for operators
	Storage        Storage
	NotBefore      time.Time
	NotAfter       time.Time
	DER            []byte
	SHA256         string // fingerprint of DER, hex
	PublicKeyHash  string // SHA-256 of the SubjectPublicKeyInfo, hex
	Status         CertificateStatus
	StatusReason   int // RFC 5280 §5.3.1 CRLReason
	StatusAt       *time.Time
	// InvalidSince is since when the key is suspected (RFC 5280 §5.3.2).
	InvalidSince *time.Time
	IssuedAt     time.Time
}

// Validity is what the clock says of a certificate.
type Validity string

const (
	NotYetUsable Validity = "not_yet"
	Valid        Validity = "valid"
	Expired      Validity = "expired"
)

// ValidityAt compares the certificate's interval with an instant. Both ends
// belong to the interval (RFC 5280 §4.1.2.5).
func (c *Certificate) ValidityAt(now time.Time) Validity {
	switch {
	case now.Before(c.NotBefore):
		return NotYetUsable
	case now.After(c.NotAfter):
		return Expired
	}
	return Valid
}

// UsableAt says whether the certificate may log in or sign at an instant.
func (c *Certificate) UsableAt(now time.Time) bool {
	return c.Status == CertIssued && c.ValidityAt(now) == Valid
}
