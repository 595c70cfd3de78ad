package registry

import "time"

// WaitingChoice says what becomes of the certificate that follows one that is
// revoked and is not usable yet.
type WaitingChoice string

const (
	// WaitingKeep leaves it: it becomes usable when its term begins, and until
	// then its holder has none.
	WaitingKeep WaitingChoice = "keep"
	// WaitingRevoke revokes it with the other, for the same cause.
	WaitingRevoke WaitingChoice = "revoke"
)

// Waits says whether c is made and not usable yet while the same person has
// cert: who revokes cert is asked about c too.
func (c *Certificate) Waits(cert *Certificate, now time.Time) bool {
	return c.ID != cert.ID && c.Profile == HolderProfile && c.PersonalNumber == cert.PersonalNumber && c.OrganisationID == cert.OrganisationID &&
		c.Status != CertRevoked && now.Before(c.NotBefore) && cert.NotBefore.Before(c.NotBefore)
}
