package workflow

import (
	"context"
	"fmt"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// escalate tells every clerk and approver of reports whose clock has run for
// 50, 75 and 100 per cent of its time, once each: what was told stands
// in the row, so a restart tells it neither again nor never.
func (f *Flow) escalate(ctx context.Context) (more bool, err error) {
	var open []*registry.Report
	if err := f.store.Read(ctx, func(tx *store.Tx) (err error) {
		open, err = tx.ReportsToEscalate(1000)
		return err
	}); err != nil {
		return false, err
	}
	now := f.now()
	for _, r := range open {
		level := r.EscalationAt(now)
		if level <= r.Escalated {
			continue
		}
		err := f.store.Write(ctx, func(tx *store.Tx) error { return f.escalateOne(tx, r, level, now) })
		if err != nil && !beaten(err) {
			return false, fmt.Errorf("telling of report %s: %w", r.Number, err)
		}
	}
	return false, nil
}

func (f *Flow) escalateOne(tx *store.Tx, r *registry.Report, level int, now time.Time) error {
	if err := tx.EscalateReport(r.ID, r.Escalated, level); err != nil {
		return err
	}
	cert, err := tx.Certificate(r.CertificateID)
	if err != nil {
		return err
	}
	args := map[string]any{
		"number": r.Number, "serial": cert.Serial, "percent": level, "due_at": r.DueAt, "reported_at": r.ReportedAt,
		"hours": max(0, int(r.DueAt.Sub(now).Hours())), "url": f.base + "/revocations/" + r.Number,
	}
	for _, role := range []registry.Role{registry.Clerk, registry.Approver} {
		if err := f.postToRole(tx, letterRevocationDue, role, fmt.Sprintf("report/%d/%d", r.ID, level), args); err != nil {
			return err
		}
	}
	return f.record(tx, BySystem(), "report.escalated", map[string]any{"number": r.Number, "percent": level, "from": r.Escalated}, nil, aboutReport(r, cert)...)
}
