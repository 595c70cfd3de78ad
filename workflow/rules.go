package workflow

import (
	"context"
	"errors"
	"fmt"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// RulesInForce returns the rules that were put in force last, or nil where none
// were: then AdoptRules makes those of the configuration the first. The error
// is a sentence for whoever starts the program.
func RulesInForce(ctx context.Context, s *store.Store) (*authorities.Pack, error) {
	var stored *store.RulePack
	err := s.Read(ctx, func(tx *store.Tx) (err error) {
		stored, err = tx.RulePackInForce()
		return err
	})
	if registry.KindOf(err) == registry.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the rules in force: %w", err)
	}
	pack, err := authorities.Parse(stored.Name+".yaml", []byte(stored.Source))
	if err != nil {
		return nil, fmt.Errorf("the rules in force cannot be read by this program; \"tamga rules adopt\" puts the configured ones in force: %w", err)
	}
	return pack, nil
}

// AdoptRules puts rules in force without two administrators: the first of an
// installation, by the program itself, or at the console. It is journalled.
func (f *Flow) AdoptRules(ctx context.Context, who Actor, pack *authorities.Pack) error {
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		now := f.now()
		if _, err := tx.AddRulePack(store.RulePack{
			Name: pack.Name, Hash: pack.Hash(), Source: pack.Source(), Status: "accepted", ProposedAt: now, DecidedAt: &now,
		}); err != nil {
			return err
		}
		return f.record(tx, who, "rules.adopted", map[string]any{"name": pack.Name, "sha256": pack.Hash()}, nil)
	})
	if err != nil {
		return fmt.Errorf("putting rules in force: %w", err)
	}
	return nil
}

// ProposeRules proposes the rules of the configuration in place of those in
// force, by an administrator: nothing → proposed.
func (f *Flow) ProposeRules(ctx context.Context, who Actor) error {
	if err := who.is(registry.Administrator); err != nil {
		return err
	}
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		now, err := tx.RulePackInForce()
		if err != nil {
			return err
		}
		next := f.configured
		switch {
		case next.Hash() == now.Hash:
			return registry.Refuse(registry.Conflict, "error.rules.same")
		case next.Code != f.pack.Code:
			return registry.Refuse(registry.Conflict, "error.rules.authority")
		}
		if _, err := tx.AddRulePack(store.RulePack{
			Name: next.Name, Hash: next.Hash(), Source: next.Source(), Status: "proposed", ProposedBy: who.Operator.ID, ProposedAt: f.now(),
		}); err != nil {
			return err
		}
		return f.record(tx, who, "rules.proposed", map[string]any{"name": next.Name, "sha256": next.Hash()}, nil)
	})
	if errors.Is(err, store.ErrUnique) {
		return registry.Refuse(registry.Conflict, "error.rules.proposed")
	}
	if err != nil {
		return fmt.Errorf("proposing rules: %w", err)
	}
	return nil
}

// DecideRules accepts or rejects proposed rules: proposed → accepted, by
// another administrator than their author, or → rejected. What is accepted is
// in force from the program's next start on, here and on every other server of
// this database.
func (f *Flow) DecideRules(ctx context.Context, who Actor, id int64, accept bool) error {
	if err := who.is(registry.Administrator); err != nil {
		return err
	}
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		p, err := tx.RulePackProposed()
		if registry.KindOf(err) == registry.NotFound || err == nil && p.ID != id {
			return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
		}
		if err != nil {
			return err
		}
		status := "rejected"
		if accept {
			status = "accepted"
			author, err := tx.Operator(p.ProposedBy)
			if err != nil {
				return err
			}
			if author.Person.PersonalNumber == who.Operator.Person.PersonalNumber {
				return registry.Refuse(registry.Forbidden, "error.proposal.second_administrator")
			}
		}
		if err := tx.DecideRulePack(id, status, who.Operator.ID, f.now()); err != nil {
			return err
		}
		return f.record(tx, who, "rules.decided", map[string]any{"name": p.Name, "sha256": p.Hash, "status": status}, nil)
	})
	if err != nil {
		return fmt.Errorf("deciding on rules: %w", err)
	}
	return nil
}

// Configured are the rules of the configuration; those in force are Pack.
func (f *Flow) Configured() *authorities.Pack { return f.configured }
