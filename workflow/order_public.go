package workflow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// PublicOrder is what somebody orders who has no login (UB-30, UB-31): enough
// for a specialist to call back.
type PublicOrder struct {
	Operation registry.Operation
	// Reason of a reissue, and the serial number of the old certificate as
	// typed, if it is known.
	Reason   registry.ReissueReason
	Serial   string
	Kind     registry.OrganisationKind
	INN      string
	Name     string
	Contact  string // who is to be called
	Phone    string
	Email    string
	Storage  registry.Storage
	Language registry.Language
	// Consent to the processing of the contact's data.
	Consent bool
	// Remark is what the specialist reads, in words.
	Remark func(contact string, serial registry.Serial) string
}

// OrderPublicly begins an application by somebody unknown: nothing → draft, in
// nobody's hands, and due at the end of the next business day so that it does
// not lie unseen. A clerk calls, completes it and hands it in.
//
// The old certificate of a reissue is the client's word and stands in the form
// only, for the clerk: a stranger's order is compared with nothing on file, tells
// nothing of it, and does not stand in for the reissue of the one who holds it.
func (f *Flow) OrderPublicly(ctx context.Context, in PublicOrder) (*Draft, error) {
	op, ok := f.pack.Operation(in.Operation)
	if !ok || !op.PublicOrder {
		return nil, registry.Refuse(registry.NotFound, "error.not_found")
	}
	decl, contact, errs := f.publicDeclaration(op, in)
	if len(errs) > 0 {
		return nil, errs
	}
	serial, _ := in.serial() // judged with the rest
	form := registry.InputOf(&decl, f.pack.Zone())
	if serial != "" {
		form["predecessor.serial"] = []string{string(serial)}
	}
	d := &Draft{Link: newLink()}
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if err := f.beginDraft(tx, Anonymous(), d, decl, form); err != nil {
			return err
		}
		app, err := tx.LockApplication(d.ID)
		if err != nil {
			return err
		}
		due := f.pack.Calendar().EndOfBusinessDay(f.now(), 1)
		app.DueAt, app.Remark = &due, in.Remark(contact, serial)
		return tx.MoveApplication(app, registry.Draft, f.now())
	})
	if err != nil {
		return nil, fmt.Errorf("taking an order: %w", err)
	}
	return d, nil
}

// publicDeclaration judges what was typed and is all that is known so far.
func (f *Flow) publicDeclaration(op authorities.Operation, in PublicOrder) (d registry.Declaration, contact string, errs registry.Errors) {
	refuse := func(field string, err error) {
		if e, refused := errors.AsType[*registry.Error](err); refused {
			errs = append(errs, e.On(field))
		}
	}
	required := func(field, value string, most int) string {
		value, err := someText(value, field)
		if err == nil && len([]rune(value)) > most {
			err = registry.Refuse(registry.Invalid, "error.registry.too_long", "n", most)
		}
		refuse(field, err)
		return strings.Join(strings.Fields(value), " ")
	}
	o := &d.Organisation
	d.Operation, d.Channel, d.Office, d.Language, d.Storage = op.Operation, registry.Office, f.pack.HeadOffice, in.Language, in.Storage
	var err error
	o.INN, err = registry.ParseINN(in.INN)
	refuse("inn", err)
	o.NameRu = required("name", in.Name, 250)
	contact = required("contact", in.Contact, 250)
	o.Phone, err = registry.ParsePhone(in.Phone)
	refuse("phone", err)
	o.Email, err = registry.ParseEmail(in.Email)
	refuse("email", err)
	if o.Kind = in.Kind; o.Kind != registry.LegalEntity && o.Kind != registry.SoleEntrepreneur {
		refuse("kind", registry.Refuse(registry.Invalid, "error.registry.choice"))
	}
	if !f.pack.HasStorage(in.Storage) {
		refuse("storage", registry.Refuse(registry.Invalid, "error.registry.choice"))
	}
	if op.Operation == registry.Reissue {
		if d.Reason = in.Reason; !slices.ContainsFunc(op.Reasons, func(r authorities.Reason) bool { return r.Code == in.Reason }) {
			refuse("reason", registry.Refuse(registry.Invalid, "error.authorities.reason"))
		}
		_, err = in.serial()
		refuse("serial", err)
	}
	if !in.Consent {
		refuse("consent", registry.Refuse(registry.Invalid, "error.registry.consent"))
	}
	return d, contact, errs
}

// serial is the number of the old certificate of a reissue; empty: not known.
func (in *PublicOrder) serial() (registry.Serial, error) {
	if in.Operation != registry.Reissue || strings.TrimSpace(in.Serial) == "" {
		return "", nil
	}
	serial, ok := registry.ParseSerial(in.Serial)
	if !ok {
		return "", registry.Refuse(registry.Invalid, "error.registry.serial")
	}
	return serial, nil
}
