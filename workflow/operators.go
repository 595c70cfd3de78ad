package workflow

import (
	"context"
	"fmt"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// addOperator makes an account and begins the making of its certificate.
func (f *Flow) addOperator(tx *store.Tx, who Actor, n NewOperator) (registry.OperatorID, error) {
	lang := n.Language
	if lang == "" {
		lang = registry.Kyrgyz
	}
	id, err := tx.AddOperator(registry.Operator{Person: n.Person, Role: n.Role, Office: n.Office, Email: n.Email, Language: lang}, f.now())
	if err != nil {
		return 0, err
	}
	if _, err := f.openOperatorEnrolment(tx, who, id); err != nil {
		return 0, err
	}
	return id, f.record(tx, who, "operator.added", map[string]any{"role": n.Role, "office": n.Office},
		map[string]string{"personal_number": string(n.Person.PersonalNumber)}, Operator(id))
}

func (f *Flow) setRole(tx *store.Tx, who Actor, c RoleChange) error {
	o, err := tx.Operator(c.Operator)
	if err != nil {
		return err
	}
	if err := tx.SetOperatorRole(o.ID, c.Role, o.Version); err != nil {
		return err
	}
	// Another role has nothing in hand.
	if err := tx.ReleaseAssignments(o.ID, f.now()); err != nil {
		return err
	}
	return f.record(tx, who, "operator.role", map[string]any{"from": o.Role, "to": c.Role}, nil, Operator(o.ID))
}

func (f *Flow) setDisabled(tx *store.Tx, who Actor, id registry.OperatorID, disabled bool) error {
	if err := tx.SetOperatorDisabled(id, disabled); err != nil {
		return err
	}
	kind := "operator.enabled"
	if disabled {
		kind = "operator.disabled"
		// What they had in hand goes back to the queue.
		if err := tx.ReleaseAssignments(id, f.now()); err != nil {
			return err
		}
	}
	return f.record(tx, who, kind, nil, nil, Operator(id))
}

// DisableOperator ends an operator's sessions and leases at once, by one
// administrator: a stolen token does not wait for a second signature. Two
// administrators have to remain. Enabling needs a proposal.
func (f *Flow) DisableOperator(ctx context.Context, who Actor, id registry.OperatorID) error {
	if err := who.is(registry.Administrator); err != nil {
		return err
	}
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		if err := f.checkRoleChange(tx, ProposeDisable, RoleChange{Operator: id}); err != nil {
			return err
		}
		return f.setDisabled(tx, who, id, true)
	})
	if err != nil {
		return fmt.Errorf("disabling operator %d: %w", id, err)
	}
	return nil
}

// AddOperatorAtConsole makes an account without a second administrator: the
// first people of an installation, and recovery. Journalled as the console's
// deed.
func (f *Flow) AddOperatorAtConsole(ctx context.Context, who Actor, n NewOperator) (id registry.OperatorID, err error) {
	err = f.store.Write(ctx, func(tx *store.Tx) error {
		if err := f.checkNewOperator(tx, n); err != nil {
			return err
		}
		id, err = f.addOperator(tx, who, n)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("adding an operator: %w", err)
	}
	return id, nil
}

// DisableAtConsole is DisableOperator from the console, for the day nobody can
// log in.
func (f *Flow) DisableAtConsole(ctx context.Context, who Actor, id registry.OperatorID, disabled bool) error {
	err := f.store.Write(ctx, func(tx *store.Tx) error { return f.setDisabled(tx, who, id, disabled) })
	if err != nil {
		return fmt.Errorf("changing operator %d: %w", id, err)
	}
	return nil
}
