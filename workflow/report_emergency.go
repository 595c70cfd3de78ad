package workflow

import (
	"context"
	"fmt"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// SuspendByEmergencyCode takes a certificate out of use at once, for whoever
// has the code of its hand-over paper and nothing else: nothing → received,
// issued → suspended. A wrong code tells nothing and is counted by its source;
// the code opens nothing else, and an approver can lift what it did. Where a report
// is open already, what is said goes into that one.
func (f *Flow) SuspendByEmergencyCode(ctx context.Context, code, cause, source string) (*registry.Report, *registry.Certificate, error) {
	cert, err := f.EmergencyCode(ctx, code, source)
	if err != nil {
		return nil, nil, err
	}
	var r *registry.Report
	err = f.store.Write(ctx, func(tx *store.Tx) error {
		if cert, err = lockWithEnrolment(tx, cert.ID); err != nil {
			return err
		}
		r, err = f.receiveMore(tx, Anonymous(), cert, ReportInput{
			Serial: cert.Serial, Way: registry.ByEmergencyCode, Reporter: cert.HolderName, Cause: cause, Suspend: true,
			Identified: []registry.Identification{registry.HasEmergency},
		}, 0)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("suspending by an emergency code: %w", orBeaten(err))
	}
	return r, cert, nil
}
