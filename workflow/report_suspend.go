package workflow

import (
	"context"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// SuspendReported takes the certificate of a report out of use until an
// approver has decided: received stays received, the certificate issued →
// suspended. Any clerk or approver, at once, alone: it can be lifted.
func (f *Flow) SuspendReported(ctx context.Context, who Actor, id registry.ReportID, version int64) error {
	return f.changeReport(ctx, who, id, version, registry.ReportSuspend, who.as(), func(tx *store.Tx, r *registry.Report, cert *registry.Certificate) error {
		if !f.CanSuspend() {
			return registry.Refuse(registry.Conflict, "error.report.no_suspension")
		}
		return f.suspendReported(tx, who, r, cert)
	})
}

func (f *Flow) suspendReported(tx *store.Tx, who Actor, r *registry.Report, cert *registry.Certificate) error {
	change := statusChange{to: registry.CertSuspended, reason: reasonHold, since: r.InvalidSince, report: r}
	if err := f.setStatus(tx, who, cert, change); err != nil {
		return err
	}
	now := f.now()
	r.SuspendedAt = &now
	if who.Operator != nil {
		r.SuspendedBy = who.Operator.ID
	}
	return tx.SaveReport(r)
}
