package workflow

import (
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// recordConsents records the consent of each person of a declaration, the
// first time it is declared (domain.md §6.9).
func (f *Flow) recordConsents(c *change) error {
	d := &c.app.Declaration
	people := []*registry.PersonRequisites{&d.Head, d.Accountant, d.Trusted}
	for _, p := range people {
		if p == nil || !p.Consent {
			continue
		}
		consent := store.Consent{PersonalNumber: p.PersonalNumber, Name: p.Name(registry.Russian).String(), RecordedAt: c.now}
		if c.who.Operator != nil {
			consent.RecordedBy = c.who.Operator.ID
		}
		fresh, err := c.tx.AddConsent(c.app.ID, consent)
		if err != nil {
			return err
		}
		if !fresh {
			continue
		}
		personal := map[string]string{"personal_number": string(p.PersonalNumber), "name": consent.Name}
		if err := f.record(c.tx, c.who, "consent.recorded", nil, personal, Application(c.app.ID)); err != nil {
			return err
		}
	}
	return nil
}
