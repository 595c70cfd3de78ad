package workflow

import (
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// reverseFee gives back what was taken for an enrolment that is cancelled
// before issue or, issued, before it is handed over, as the pack says: a counter-entry, once per enrolment.
func (f *Flow) reverseFee(tx *store.Tx, who Actor, app *registry.Application, e *registry.Enrolment, issued bool) error {
	amount := f.pack.Refund(e.Fee, issued)
	if amount <= 0 {
		return nil
	}
	entry := registry.Entry{
		OrganisationID: app.OrganisationID, Kind: registry.EntryReversal, Amount: amount,
		ApplicationID: app.ID, EnrolmentID: e.ID, CreatedAt: f.now(),
	}
	if who.Operator != nil {
		entry.CreatedBy = who.Operator.ID
	}
	if _, err := tx.AddAccountEntry(entry); err != nil {
		return err
	}
	return f.record(tx, who, "account.reversed", map[string]any{"amount_tyiyn": amount}, nil, Application(app.ID), Enrolment(e.ID))
}
