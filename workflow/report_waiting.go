package workflow

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// Awaited is what follows a certificate of a holder's and is not usable yet:
// whoever revokes that certificate says what becomes of it.
type Awaited struct {
	// Made are the certificates that wait for their term, the first to begin
	// first.
	Made []*registry.Certificate
	// Making are renewals that were accepted and whose certificate is not made
	// yet, though its key is.
	Making []*registry.Enrolment
}

// None says that nothing waits.
func (a Awaited) None() bool { return len(a.Made)+len(a.Making) == 0 }

// names are what a signature over the choice names.
func (a Awaited) names() (out []string) {
	for _, c := range a.Made {
		out = append(out, string(c.Serial))
	}
	for _, e := range a.Making {
		out = append(out, fmt.Sprint("enrolment/", e.ID))
	}
	return out
}

// Waiting is what waits beside a certificate.
func (f *Flow) Waiting(tx *store.Tx, cert *registry.Certificate) (a Awaited, err error) {
	if cert.OrganisationID == 0 || cert.Profile != registry.HolderProfile {
		return a, nil
	}
	const looked = 200
	all, err := tx.CertificatesOf(cert.OrganisationID, looked)
	if err != nil {
		return a, err
	}
	now := f.now()
	a.Made = slices.DeleteFunc(all, func(c *registry.Certificate) bool { return !c.Waits(cert, now) })
	slices.SortFunc(a.Made, func(a, b *registry.Certificate) int { return a.NotBefore.Compare(b.NotBefore) })
	if cert.ValidityAt(now) == registry.NotYetUsable {
		return a, nil // what is being made follows another one
	}
	a.Making, err = tx.RenewalsBeingMade(cert.OrganisationID, cert.PersonalNumber)
	return a, err
}

// askWaiting judges what was chosen for what waits beside cert; nothing is left
// of the choice where nothing does.
func (f *Flow) askWaiting(tx *store.Tx, cert *registry.Certificate, choice *registry.WaitingChoice) (Awaited, error) {
	waiting, err := f.Waiting(tx, cert)
	if err != nil {
		return waiting, err
	}
	switch {
	case waiting.None():
		*choice = ""
	case *choice != registry.WaitingKeep && *choice != registry.WaitingRevoke:
		return waiting, registry.Refuse(registry.Invalid, "error.report.waiting").On("waiting")
	}
	return waiting, nil
}

// revokeWaiting revokes what waits beside a certificate that is revoked on
// report r, each with a report of its own that names the same signature; what is
// not made yet is not made.
func (f *Flow) revokeWaiting(tx *store.Tx, who Actor, r *registry.Report, old *registry.Certificate, waiting Awaited, by registry.Actor, d registry.RevocationDecision) error {
	for _, w := range waiting.Made {
		cert, err := lockWithEnrolment(tx, w.ID)
		if err != nil {
			return err
		}
		own, err := f.reportOrNew(tx, who, cert, ReportInput{Serial: cert.Serial, Way: r.Way, Reporter: r.Reporter, Identified: r.Identified, Cause: r.Cause, Note: r.Note})
		if err != nil {
			return err
		}
		own.Cause, own.Code, own.Remark = r.Cause, r.Code, r.Remark
		d.ReportID = own.ID
		if err := tx.AddRevocationDecision(d); err != nil {
			return err
		}
		details := map[string]any{"certificate": d.Serial, "envelope_sha256": fmt.Sprintf("%x", sha256.Sum256(d.Envelope)), "with": old.Serial, "report": r.Number}
		if err := f.carryOutReport(tx, who, own, cert, registry.ReportRevoke, by, details); err != nil {
			return err
		}
	}
	for _, w := range waiting.Making {
		if err := f.giveUpMaking(tx, who, r, w.ID); err != nil {
			return err
		}
	}
	return nil
}

// giveUpMaking ends an accepted renewal before its certificate is made: key
// made, issuing or failed → cancelled. A serial that the CA may have signed
// under is revoked there; the fee comes back as for any other that was not
// issued.
func (f *Flow) giveUpMaking(tx *store.Tx, who Actor, r *registry.Report, id registry.EnrolmentID) error {
	e, err := lockEnrolment(tx, id)
	if err != nil {
		return err
	}
	switch e.Status {
	case registry.KeyMade, registry.Failed:
	case registry.Issuing:
		if err := tx.FinishIntent(e.Serial, registry.IntentAbandoned, f.now()); err != nil {
			return err
		}
		e.Failure, e.Detail, e.NextAttemptAt = "error.enrolment.old_revoked", "", nil
		if err := f.moveEnrolment(tx, who, e, registry.Failed, map[string]any{"reason": e.Failure}); err != nil {
			return err
		}
	default:
		return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
	}
	return f.endEnrolment(tx, who, e, map[string]any{"report": r.Number}, nil)
}

// reportOrNew is the open report of a certificate, locked, or a new one.
func (f *Flow) reportOrNew(tx *store.Tx, who Actor, cert *registry.Certificate, in ReportInput) (*registry.Report, error) {
	open, err := tx.OpenReportOf(cert.ID)
	if err == nil {
		return tx.LockReport(open.ID)
	}
	if registry.KindOf(err) != registry.NotFound {
		return nil, err
	}
	return f.receive(tx, who, cert, in, 0)
}
