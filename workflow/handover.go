package workflow

import (
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// handOver ends an enrolment: issued → handed over, by its holder at the first
// login, or by the clerk at whose desk they are; the holder has proven
// possession of the new key by signing handover/1 with it. The
// application is completed when nothing more happens to any of its enrolments.
// The caller has made or verified the signature.
func (f *Flow) handOver(tx *store.Tx, who Actor, h store.Handover, details map[string]any) error {
	e, err := lockEnrolment(tx, h.EnrolmentID)
	if err != nil {
		return err
	}
	if e.Status != registry.Issued {
		return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
	}
	if err := f.moveEnrolment(tx, who, e, registry.HandedOver, details); err != nil {
		return err
	}
	if err := tx.AddHandover(h); err != nil {
		return err
	}
	return f.completeApplication(tx, e.ApplicationID)
}
