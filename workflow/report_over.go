package workflow

import (
	"context"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// endReport concludes a report whose certificate's term ended before anybody
// decided: received → over. One that is over is never revoked; the
// report is kept, and a key that it says is in other hands is never certified
// again.
func (f *Flow) endReport(tx *store.Tx, who Actor, r *registry.Report, cert *registry.Certificate) error {
	if registry.KeyAtRisk(r.Code) {
		if err := f.blockKey(tx, who, cert.PublicKeyHash, cert.Serial); err != nil {
			return err
		}
	}
	return f.conclude(tx, who, r, cert, registry.ReportEnd, registry.BySystem, map[string]any{"not_after": cert.NotAfter})
}

// endReports concludes the reports of certificates that are over.
func (f *Flow) endReports(ctx context.Context) (more bool, err error) {
	const batch = 50
	var over []*registry.Report
	if err := f.store.Read(ctx, func(tx *store.Tx) (err error) {
		over, err = tx.ReportsOver(f.now(), batch)
		return err
	}); err != nil {
		return false, err
	}
	for _, r := range over {
		err := f.changeReport(ctx, BySystem(), r.ID, 0, registry.ReportEnd, registry.BySystem, func(tx *store.Tx, r *registry.Report, cert *registry.Certificate) error {
			return f.endReport(tx, BySystem(), r, cert)
		})
		if err != nil && registry.KindOf(err) != registry.Conflict {
			return false, err
		}
	}
	return len(over) == batch, nil
}
