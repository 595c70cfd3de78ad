package workflow

import (
	"slices"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// Waiting are the certificates of the holder of cert that are not usable yet,
// the first to begin first: whoever revokes cert says what becomes of them.
func (f *Flow) Waiting(tx *store.Tx, cert *registry.Certificate) ([]*registry.Certificate, error) {
	if cert.OrganisationID == 0 || cert.Profile != registry.HolderProfile {
		return nil, nil
	}
	const looked = 200
	all, err := tx.CertificatesOf(cert.OrganisationID, looked)
	if err != nil {
		return nil, err
	}
	now := f.now()
	all = slices.DeleteFunc(all, func(c *registry.Certificate) bool { return !c.Waits(cert, now) })
	slices.SortFunc(all, func(a, b *registry.Certificate) int { return a.NotBefore.Compare(b.NotBefore) })
	return all, nil
}

// askWaiting judges what was chosen for the certificates that wait beside cert;
// nothing is left of the choice where none does.
func (f *Flow) askWaiting(tx *store.Tx, cert *registry.Certificate, choice *registry.WaitingChoice) ([]*registry.Certificate, error) {
	waiting, err := f.Waiting(tx, cert)
	if err != nil {
		return nil, err
	}
	switch {
	case len(waiting) == 0:
		*choice = ""
	case *choice != registry.WaitingKeep && *choice != registry.WaitingRevoke:
		return nil, registry.Refuse(registry.Invalid, "error.report.waiting").On("waiting")
	}
	return waiting, nil
}

// revokeWaiting revokes what waits beside a certificate that is revoked on
// report r, each with a report of its own that names the same signature.
func (f *Flow) revokeWaiting(tx *store.Tx, who Actor, r *registry.Report, old *registry.Certificate, waiting []*registry.Certificate, by registry.Actor, d registry.RevocationDecision) error {
	for _, w := range waiting {
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
		details := map[string]any{"certificate": d.Serial, "with": old.Serial, "report": r.Number}
		if err := f.carryOutReport(tx, who, own, cert, registry.ReportRevoke, by, details); err != nil {
			return err
		}
	}
	return nil
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

func serialsOf(certs []*registry.Certificate) (out []registry.Serial) {
	for _, c := range certs {
		out = append(out, c.Serial)
	}
	return out
}
