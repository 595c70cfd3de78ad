package workflow

import (
	"context"
	"fmt"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// ReplaceLink makes a new secret link for an application's page, by a clerk;
// the old one is dead, and with it the sessions that it opened. It returns the token, which is not stored and cannot be
// shown again.
func (f *Flow) ReplaceLink(ctx context.Context, who Actor, id registry.ApplicationID) (string, error) {
	if err := who.is(registry.Clerk); err != nil {
		return "", err
	}
	token := newLink()
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		if _, err := tx.LockApplication(id); err != nil {
			return err
		}
		if err := tx.SetApplicationLink(id, LinkHash(token)); err != nil {
			return err
		}
		// Who has seen the link could have acted as the applicant.
		hand := store.Hand{PersonalNumber: who.Operator.Person.PersonalNumber, OperatorID: who.Operator.ID, Act: registry.ActEdit, At: f.now()}
		if _, err := tx.AddHand(id, hand); err != nil {
			return err
		}
		return f.record(tx, who, "application.link_replaced", nil, nil, Application(id))
	})
	if err != nil {
		return "", fmt.Errorf("replacing the link of application %d: %w", id, err)
	}
	return token, nil
}

// CheckLink says why an applicant's session has to end: the link that opened
// it, named by its hash, was replaced.
func (f *Flow) CheckLink(ctx context.Context, id registry.ApplicationID, hash string) error {
	return f.store.Read(ctx, func(tx *store.Tx) error {
		app, err := tx.ApplicationByLink(hash)
		if registry.KindOf(err) == registry.NotFound || err == nil && app.ID != id {
			return registry.Refuse(registry.Unauthenticated, "error.session.ended")
		}
		return err
	})
}
