package registry

// BlockingReason is why the remote way is closed, e.g. "STORAGE_NOT_ECLOUD"
// or "REQUISITE_CHANGED:ORG_NAME" (domain.md §2.1).
type BlockingReason string

const (
	StorageNotECloud   BlockingReason = "STORAGE_NOT_ECLOUD"
	CertificateExpired BlockingReason = "CERT_EXPIRED"
	CertificateRevoked BlockingReason = "CERT_REVOKED"

	requisiteChanged = "REQUISITE_CHANGED:"
)

// RequisiteChanged is the reason for one changed requisite.
func RequisiteChanged(r Requisite) BlockingReason {
	return BlockingReason(requisiteChanged + string(r))
}

// Requisite returns the requisite of a REQUISITE_CHANGED reason.
func (b BlockingReason) Requisite() (Requisite, bool) {
	if len(b) > len(requisiteChanged) && b[:len(requisiteChanged)] == requisiteChanged {
		return Requisite(b[len(requisiteChanged):]), true
	}
	return "", false
}

// Eligibility is the answer to "may this be ordered remotely?", with every
// failing reason.
type Eligibility struct {
	// Offered: the authority has a remote way for this operation at all.
	Offered  bool
	Eligible bool
	Blocking []BlockingReason
}
