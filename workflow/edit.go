package workflow

import (
	"context"
	"errors"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
)

// Edit stores the declaration and the form as typed: draft, submitted, in
// review, awaiting documents (stays); verified → in review (four eyes: what
// was checked has changed). By a clerk. A draft may be wrong; afterwards the
// declaration has to be valid. The list of documents follows the answers, and
// what was accepted of somebody else is judged anew.
func (f *Flow) Edit(ctx context.Context, who Actor, id registry.ApplicationID, version int64, decl registry.Declaration, in registry.FormInput) error {
	decl = f.defaults(decl)
	if err := notByHand(&decl); err != nil {
		return err
	}
	return f.changeApplication(ctx, who, id, version, registry.ActEdit, func(c *change) error {
		if err := f.knowPredecessor(c.tx, &decl); err != nil {
			return err
		}
		if err := f.compare(c.tx, &decl); err != nil {
			return err
		}
		if c.from != registry.Draft {
			if errs := f.judge(&decl); len(errs) > 0 {
				return errs
			}
			if decl.Organisation.INN != c.app.Declaration.Organisation.INN {
				return registry.Refuse(registry.Conflict, "error.application.other_organisation").On("organisation.inn")
			}
			if err := f.ownPredecessor(c.tx, &decl); err != nil {
				return err
			}
		}
		// The items that a clerk demanded are kept with the file, not with
		// the form.
		before := c.app.Declaration
		decl.Extra = f.demandedWith(&before, &decl)
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
		if err := f.syncChecklist(c.tx, c.app); err != nil {
			return err
		}
		return f.judgeAnew(c, &before)
	})
}

// judge says what is wrong with a declaration: the numbers and dates first,
// then whether this authority serves such an applicant at all, then whether a
// certificate can name its people. What cannot be issued must not be paid for.
func (f *Flow) judge(d *registry.Declaration) registry.Errors {
	errs := registry.Validate(d, f.now())
	errs = append(errs, f.pack.Accepts(d, f.now())...)
	if len(errs) > 0 {
		return errs
	}
	for _, sig := range d.Signatories() {
		form := "head."
		if sig.Role == registry.Accountant {
			form = "accountant."
		}
		_, err := ca.EncodeSubject(f.certificateSubject(&subject{person: sig.Person, role: sig.Role, app: &registry.Application{Declaration: *d}}))
		var refusal *registry.Error
		if errors.As(err, &refusal) {
			errs = append(errs, refusal.On(formField(form, refusal.Field)))
		}
	}
	return errs
}

// formField is the field of the form that an attribute of the subject is made
// of.
func formField(person, attribute string) string {
	switch attribute {
	case "organisation":
		return "organisation.name_ru"
	case "locality":
		return "organisation.settlement.ru"
	case "inn":
		return "organisation.inn"
	case "given_name":
		return person + "name_ru.given"
	case "title":
		return person + "position_ru"
	case "personal_number":
		return person + "personal_number"
	}
	return person + "name_ru.surname"
}

// backToReview takes a verification back: what was checked has changed (four
// eyes), and the promised day runs from the next one.
func (f *Flow) backToReview(c *change) {
	c.app.VerifiedAt = nil
	f.runClock(c.app, c.now)
}
