package workflow

import (
	"slices"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

const (
	reasonNone ca.Reason = 0
	reasonHold ca.Reason = 6 // certificateHold
)

// statusChange is what becomes of a certificate, and why.
type statusChange struct {
	to     registry.CertificateStatus
	reason ca.Reason
	// since is since when the key is suspected, if that is known.
	since *time.Time
	// details and about go into the journal beside the certificate.
	details map[string]any
	report  *registry.Report
}

// setStatus moves a certificate that the caller has locked: issued ⇄ suspended,
// → revoked. It is the only place where that happens, and everything follows
// from it in the same transaction: sessions and kept keys refuse from the next
// request on, OCSP and the CRL read the row, the CA is told by background work,
// a key in danger is never certified again. One that is over stays as it is
//
func (f *Flow) setStatus(tx *store.Tx, who Actor, cert *registry.Certificate, c statusChange) error {
	if !slices.Contains(registry.CertificateMoves[cert.Status], c.to) {
		return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
	}
	if cert.ValidityAt(f.now()) == registry.Expired {
		return registry.Refuse(registry.Conflict, "error.report.over", "date", cert.NotAfter)
	}
	from, now := cert.Status, f.now()
	if err := tx.SetCertificateStatus(cert.ID, from, c.to, int(c.reason), now); err != nil {
		return err
	}
	if who.Operator != nil {
		if err := tx.MarkOperator(cert.ID, who.Operator.ID); err != nil {
			return err
		}
	}
	if c.since != nil {
		if err := tx.SetInvalidSince(cert.ID, *c.since); err != nil {
			return err
		}
	}
	cert.Status, cert.StatusReason, cert.StatusAt, cert.InvalidSince = c.to, int(c.reason), &now, c.since
	details := map[string]any{"from": from, "reason": int(c.reason)}
	if c.since != nil {
		details["invalid_since"] = *c.since
	}
	about := aboutReport(c.report, cert)
	for k, v := range c.details {
		details[k] = v
	}
	if c.to == registry.CertRevoked && registry.KeyAtRisk(int(c.reason)) {
		if err := f.blockKey(tx, who, cert.PublicKeyHash, cert.Serial); err != nil {
			return err
		}
	}
	if err := f.tellHolder(tx, cert, c); err != nil {
		return err
	}
	return f.record(tx, who, "certificate."+string(c.to), details, nil, about...)
}

// cancelHandover ends the enrolment of a certificate that was revoked before
// its holder received it: issued → cancelled. The fee stays: it was issued. What
// it was to renew may be ordered for again.
func (f *Flow) cancelHandover(tx *store.Tx, who Actor, cert *registry.Certificate) error {
	if cert.EnrolmentID == 0 {
		return nil
	}
	e, err := tx.LockEnrolment(cert.EnrolmentID)
	if err != nil || e.Status != registry.Issued {
		return err
	}
	if err := f.moveEnrolment(tx, who, e, registry.Cancelled, map[string]any{"why": "certificate revoked"}); err != nil {
		return err
	}
	if err := tx.FreeOrdered(e.ID); err != nil {
		return err
	}
	return f.completeApplication(tx, e.ApplicationID)
}

// lockWithEnrolment locks a certificate and, before it, what a revocation may
// end: the enrolment that is still to be handed over, and its application.
func lockWithEnrolment(tx *store.Tx, id registry.CertificateID) (*registry.Certificate, error) {
	cert, err := tx.Certificate(id)
	if err != nil {
		return nil, err
	}
	if cert.EnrolmentID != 0 {
		e, err := tx.Enrolment(cert.EnrolmentID)
		if err != nil {
			return nil, err
		}
		if e.Status == registry.Issued {
			if _, err := lockEnrolment(tx, e.ID); err != nil {
				return nil, err
			}
		}
	}
	return tx.LockCertificate(id)
}
