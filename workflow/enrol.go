package workflow

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// openEnrolments begins the making of a certificate for each signatory of an
// application that is being approved: head and accountant receive one each.
// fees are their parts of the fee.
func (f *Flow) openEnrolments(c *change, fees map[registry.SignatoryRole]registry.Tyiyn) error {
	if c.app.Declaration.Channel == registry.Remote {
		return f.releaseEnrolments(c, fees)
	}
	people, err := c.tx.Signatories(c.app.ID)
	if err != nil {
		return err
	}
	if len(people) == 0 {
		return fmt.Errorf("application %d has no signatory", c.app.ID)
	}
	opened := make([]*registry.Enrolment, len(people))
	for i, s := range people {
		// What no certificate can carry is refused before the fee is taken.
		if _, err := ca.EncodeSubject(f.certificateSubject(&subject{person: s.Person, role: s.Role, app: c.app})); err != nil {
			return err
		}
		opened[i] = &registry.Enrolment{ApplicationID: c.app.ID, SignatoryID: s.ID, Fee: fees[s.Role]}
	}
	if err := c.tx.AddEnrolments(opened, c.now); err != nil {
		return err
	}
	for i, s := range people {
		details := map[string]any{"role": s.Role, "storage": c.app.Declaration.Storage, "fee_tyiyn": fees[s.Role]}
		if err := c.tell(f, "enrolment.opened", details, Enrolment(opened[i].ID), Application(c.app.ID)); err != nil {
			return err
		}
	}
	return nil
}

// openOperatorEnrolment begins the making of an operator's certificate. While
// one is under way it goes on with that one.
func (f *Flow) openOperatorEnrolment(tx *store.Tx, who Actor, id registry.OperatorID) (registry.EnrolmentID, error) {
	have, err := tx.EnrolmentsOfOperator(id)
	if err != nil {
		return 0, err
	}
	for _, e := range have {
		if !e.Status.Done() && e.Status != registry.Issued {
			return e.ID, nil
		}
	}
	e, err := tx.AddEnrolment(registry.Enrolment{OperatorID: id}, f.now())
	if err != nil {
		return 0, err
	}
	return e, f.record(tx, who, "enrolment.opened", map[string]any{"storage": registry.ECloud}, nil, Enrolment(e), Operator(id))
}

// OpenOperatorEnrolment begins the making of a further certificate for an
// operator: by an administrator, or at the console.
func (f *Flow) OpenOperatorEnrolment(ctx context.Context, who Actor, id registry.OperatorID) (e registry.EnrolmentID, err error) {
	err = f.store.Write(ctx, func(tx *store.Tx) (err error) {
		if err := who.mayEnrolOperators(tx); err != nil {
			return err
		}
		o, err := tx.Operator(id)
		if err != nil {
			return err
		}
		if o.Disabled {
			return registry.Refuse(registry.Conflict, "error.enrolment.operator_disabled")
		}
		e, err = f.openOperatorEnrolment(tx, who, id)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("opening an enrolment for operator %d: %w", id, err)
	}
	return e, nil
}

func (a Actor) mayEnrolOperators(tx *store.Tx) error {
	if a.kind == journal.ActorConsole {
		return nil
	}
	if err := a.is(registry.Administrator); err != nil {
		return err
	}
	return a.current(tx)
}

// subject is whom an enrolment is for, with everything that decides the
// certificate and the letters.
type subject struct {
	person   registry.PersonRequisites
	role     registry.SignatoryRole // empty for operators
	app      *registry.Application  // nil for operators
	operator *registry.Operator     // nil for holders
	email    string                 // where the letters go unless another address was confirmed
	language registry.Language
	onToken  bool // an operator's key was made on a token
}

func (f *Flow) subjectOf(tx *store.Tx, e *registry.Enrolment) (*subject, error) {
	if e.OperatorID != 0 {
		o, err := tx.Operator(e.OperatorID)
		if err != nil {
			return nil, err
		}
		key, err := tx.TokenKeyOfEnrolment(e.ID)
		if err != nil {
			return nil, err
		}
		onToken := key != nil && key.Status != registry.KeyBegun
		return &subject{person: o.Person, operator: o, email: o.Email, language: o.Language, onToken: onToken}, nil
	}
	app, err := tx.Application(e.ApplicationID)
	if err != nil {
		return nil, err
	}
	s, err := tx.Signatory(e.SignatoryID)
	if err != nil {
		return nil, err
	}
	return holderOf(app, s), nil
}

// subjectsOf is subjectOf of several; those of whom nothing is known are left
// out.
func (f *Flow) subjectsOf(tx *store.Tx, all map[registry.EnrolmentID]*registry.Enrolment) (map[registry.EnrolmentID]*subject, error) {
	out := make(map[registry.EnrolmentID]*subject, len(all))
	var applications []registry.ApplicationID
	var signatories []registry.SignatoryID
	for id, e := range all {
		if e.OperatorID == 0 {
			applications, signatories = append(applications, e.ApplicationID), append(signatories, e.SignatoryID)
			continue
		}
		s, err := f.subjectOf(tx, e)
		if err != nil {
			return nil, err
		}
		out[id] = s
	}
	slices.Sort(applications)
	apps, err := tx.Applications(slices.Compact(applications))
	if err != nil {
		return nil, err
	}
	people, err := tx.SignatoriesByID(signatories)
	if err != nil {
		return nil, err
	}
	for id, e := range all {
		if app, s := apps[e.ApplicationID], people[e.SignatoryID]; app != nil && s != nil {
			out[id] = holderOf(app, s)
		}
	}
	return out, nil
}

func holderOf(app *registry.Application, s *registry.Signatory) *subject {
	email := s.Person.Email
	if email == "" {
		email = app.Declaration.Organisation.Email
	}
	return &subject{person: s.Person, role: s.Role, app: app, email: email, language: app.Declaration.Language}
}

// inn of the organisation that the holder signs for; empty for operators.
func (s *subject) inn() registry.INN {
	if s.app == nil {
		return ""
	}
	return s.app.Declaration.Organisation.INN
}

func (s *subject) profile() registry.CertificateProfile {
	if s.operator != nil {
		return registry.OperatorProfile
	}
	return registry.HolderProfile
}

func (s *subject) storage() registry.Storage {
	switch {
	case s.app != nil:
		return s.app.Declaration.Storage
	case s.onToken:
		return registry.Rutoken
	}
	return registry.ECloud
}

// moveEnrolment performs one move of the table of moves: guard, guarded UPDATE,
// journal. What else changed of e is written with it.
func (f *Flow) moveEnrolment(tx *store.Tx, who Actor, e *registry.Enrolment, to registry.EnrolmentStatus, details map[string]any) error {
	return f.moveEnrolmentBecause(tx, who, e, to, details, nil)
}

// moveEnrolmentBecause is moveEnrolment with personal values for the journal.
func (f *Flow) moveEnrolmentBecause(tx *store.Tx, who Actor, e *registry.Enrolment, to registry.EnrolmentStatus, details map[string]any, personal map[string]string) error {
	from := e.Status
	if err := registry.MoveEnrolment(from, to); err != nil {
		return err
	}
	e.Status = to
	if err := tx.MoveEnrolment(e, from, f.now()); err != nil {
		return err
	}
	if details == nil {
		details = map[string]any{}
	}
	details["from"], details["to"] = from, to
	return f.record(tx, who, "enrolment."+string(to), details, personal, aboutEnrolment(e)...)
}

// aboutEnrolment names what a journal entry about an enrolment concerns.
func aboutEnrolment(e *registry.Enrolment) []journal.Subject {
	about := []journal.Subject{Enrolment(e.ID)}
	if e.ApplicationID != 0 {
		about = append(about, Application(e.ApplicationID))
	}
	if e.OperatorID != 0 {
		about = append(about, Operator(e.OperatorID))
	}
	if e.Serial != "" {
		about = append(about, Certificate(e.Serial))
	}
	return about
}

// completeApplication ends an application when nothing more happens to any of
// its enrolments.
func (f *Flow) completeApplication(tx *store.Tx, id registry.ApplicationID) error {
	if id == 0 {
		return nil
	}
	app, err := tx.LockApplication(id)
	if err != nil {
		return err
	}
	all, err := tx.Enrolments(id)
	if err != nil {
		return err
	}
	for _, e := range all {
		if !e.Status.Done() {
			return nil
		}
	}
	return f.apply(tx, BySystem(), app, registry.ActComplete, func(c *change) error {
		c.app.CompletedAt = &c.now
		c.app.DueAt, c.app.PausedAt = nil, nil
		return nil
	})
}

// beaten says that somebody else was first.
func beaten(err error) bool {
	var e *registry.Error
	return errors.As(err, &e) && e.Key == "error.changed_meanwhile"
}

// orBeaten is err, or the refusal that somebody else was first, where they have
// added what may be there once.
func orBeaten(err error) error {
	if errors.Is(err, store.ErrUnique) {
		return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
	}
	return err
}
