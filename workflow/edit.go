package workflow

import (
	"context"

	"github.com/tamga-ca/tamga/internal/registry"
)

// Edit stores the declaration and the form as typed: draft, submitted, in
// review, awaiting documents (stays); verified → in review (four eyes: what
// was checked has changed). By a clerk. A draft may be wrong; afterwards the
// declaration has to be valid. The list of documents follows the answers.
func (f *Flow) Edit(ctx context.Context, who Actor, id registry.ApplicationID, version int64, decl registry.Declaration, in registry.FormInput) error {
	decl = f.defaults(decl)
	return f.changeApplication(ctx, who, id, version, registry.ActEdit, func(c *change) error {
		if err := f.knowPredecessor(c.tx, &decl); err != nil {
			return err
		}
		if c.from != registry.Draft {
			if errs := f.judge(&decl); len(errs) > 0 {
				return errs
			}
			if decl.Organisation.INN != c.app.Declaration.Organisation.INN {
				return registry.Refuse(registry.Conflict, "error.application.other_organisation").On("organisation.inn")
			}
		}
		// The items that a clerk demanded are kept with the file, not with
		// the form.
		decl.Extra = c.app.Declaration.Extra
		if err := c.tx.SaveDeclaration(c.app, &decl, in, c.now); err != nil {
			return err
		}
		if c.from != registry.Draft {
			if err := c.tx.SetSignatories(c.app.ID, decl.Signatories()); err != nil {
				return err
			}
			if err := f.recordConsents(c); err != nil {
				return err
			}
		}
		if c.from == registry.Verified {
			f.backToReview(c)
		}
		return f.syncChecklist(c.tx, c.app)
	})
}

// judge says what is wrong with a declaration: the numbers and dates first,
// then whether this authority serves such an applicant at all.
func (f *Flow) judge(d *registry.Declaration) registry.Errors {
	errs := registry.Validate(d, f.now())
	return append(errs, f.pack.Accepts(d, f.now())...)
}

// backToReview takes a verification back: what was checked has changed (four
// eyes), and the promised day runs from the next one.
func (f *Flow) backToReview(c *change) {
	c.app.VerifiedAt = nil
	f.runClock(c.app, c.now)
}
