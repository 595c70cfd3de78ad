package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// ProposalKind is a change that needs two administrators.
type ProposalKind string

const (
	ProposeOperator ProposalKind = "operator_add"
	ProposeRole     ProposalKind = "operator_role"
	ProposeDisable  ProposalKind = "operator_disable"
	ProposeEnable   ProposalKind = "operator_enable"
	ProposePrices   ProposalKind = "prices"
)

// NewOperator is somebody who is to become an operator.
type NewOperator struct {
	Person   registry.PersonRequisites `json:"person"`
	Role     registry.Role             `json:"role"`
	Office   registry.OfficeCode       `json:"office"`
	Email    string                    `json:"email"`
	Language registry.Language         `json:"language"`
}

// RoleChange is another role for an operator.
type RoleChange struct {
	Operator registry.OperatorID `json:"operator"`
	Role     registry.Role       `json:"role"`
}

// NewPrices are prices from an instant on.
type NewPrices struct {
	ValidFrom time.Time             `json:"valid_from"`
	List      authorities.PriceList `json:"list"`
}

// Propose stores a change for a second administrator, by an administrator.
// payload is one of NewOperator, RoleChange or NewPrices. Disabling an
// operator does not wait: see DisableOperator.
func (f *Flow) Propose(ctx context.Context, who Actor, kind ProposalKind, payload any) error {
	if err := who.is(registry.Administrator); err != nil {
		return err
	}
	text, err := json.Marshal(payload)
	if err != nil {
		return err
	}
	err = f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		if err := f.checkProposal(tx, kind, text); err != nil {
			return err
		}
		id, err := tx.AddProposal(store.Proposal{Kind: string(kind), Payload: string(text), ProposedBy: who.Operator.ID, ProposedAt: f.now()})
		if err != nil {
			return err
		}
		return f.record(tx, who, "proposal.made", map[string]any{"proposal": id, "kind": kind}, nil)
	})
	if err != nil {
		return fmt.Errorf("proposing %s: %w", kind, err)
	}
	return nil
}

// DecideProposal carries out or drops a proposed change, by an administrator
// other than its author (who may only drop it).
func (f *Flow) DecideProposal(ctx context.Context, who Actor, id int64, accept bool) error {
	if err := who.is(registry.Administrator); err != nil {
		return err
	}
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		p, err := tx.Proposal(id)
		if err != nil {
			return err
		}
		if accept && p.ProposedBy == who.Operator.ID {
			return registry.Refuse(registry.Forbidden, "error.proposal.second_administrator")
		}
		status := "rejected"
		if accept {
			status = "accepted"
		}
		if err := tx.DecideProposal(id, status, who.Operator.ID, f.now()); err != nil {
			return err
		}
		if accept {
			if err := f.checkProposal(tx, ProposalKind(p.Kind), []byte(p.Payload)); err != nil {
				return err
			}
			if err := f.carryOut(tx, who, ProposalKind(p.Kind), []byte(p.Payload)); err != nil {
				return err
			}
		}
		return f.record(tx, who, "proposal.decided", map[string]any{"proposal": id, "kind": p.Kind, "status": status}, nil)
	})
	if err != nil {
		return fmt.Errorf("deciding on proposal %d: %w", id, err)
	}
	return nil
}

// checkProposal says what is wrong with a proposed change, as things stand.
func (f *Flow) checkProposal(tx *store.Tx, kind ProposalKind, payload []byte) error {
	switch kind {
	case ProposeOperator:
		var n NewOperator
		if err := json.Unmarshal(payload, &n); err != nil {
			return err
		}
		return f.checkNewOperator(tx, n)
	case ProposeRole, ProposeDisable, ProposeEnable:
		var c RoleChange
		if err := json.Unmarshal(payload, &c); err != nil {
			return err
		}
		return f.checkRoleChange(tx, kind, c)
	case ProposePrices:
		var p NewPrices
		if err := json.Unmarshal(payload, &p); err != nil {
			return err
		}
		return f.checkPrices(p)
	}
	return registry.Refuse(registry.Invalid, "error.proposal.kind")
}

func (f *Flow) checkNewOperator(tx *store.Tx, n NewOperator) error {
	var errs registry.Errors
	if _, err := registry.ParsePersonalNumber(string(n.Person.PersonalNumber), f.now()); err != nil {
		errs = append(errs, fieldError(err, "personal_number"))
	}
	if n.Person.NameRu.Surname == "" || n.Person.NameRu.Given == "" {
		errs = append(errs, registry.Refuse(registry.Invalid, "error.required").On("surname"))
	}
	if _, err := registry.ParseEmail(n.Email); err != nil {
		errs = append(errs, fieldError(err, "email"))
	}
	if !knownRole(n.Role) {
		errs = append(errs, registry.Refuse(registry.Invalid, "error.required").On("role"))
	}
	if _, ok := f.pack.Office(n.Office); !ok {
		errs = append(errs, registry.Refuse(registry.Invalid, "error.required").On("office"))
	}
	if len(errs) > 0 {
		return errs
	}
	_, err := tx.OperatorByPersonalNumber(n.Person.PersonalNumber)
	switch {
	case err == nil:
		return registry.Refuse(registry.Conflict, "error.operator.exists").On("personal_number")
	case registry.KindOf(err) == registry.NotFound:
		return nil
	}
	return err
}

func fieldError(err error, field string) *registry.Error {
	var e *registry.Error
	if errors.As(err, &e) {
		return e.On(field)
	}
	return registry.Refuse(registry.Invalid, "error.required").On(field)
}

func knownRole(r registry.Role) bool { return slices.Contains(registry.Roles[:], r) }

// checkRoleChange keeps at least two administrators at work: with one, no
// change would ever pass again.
func (f *Flow) checkRoleChange(tx *store.Tx, kind ProposalKind, c RoleChange) error {
	// Nobody else changes administrators until this is done: two who disable
	// each other at once must not both count the other.
	if err := tx.LockAdministrators(); err != nil {
		return err
	}
	o, err := tx.Operator(c.Operator)
	if err != nil {
		return err
	}
	switch {
	case kind == ProposeEnable && !o.Disabled, kind != ProposeEnable && o.Disabled, kind == ProposeRole && o.Role == c.Role:
		return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
	case kind == ProposeRole && !knownRole(c.Role):
		return registry.Refuse(registry.Invalid, "error.required").On("role")
	}
	if o.Role != registry.Administrator || kind == ProposeEnable {
		return nil
	}
	all, err := tx.Operators()
	if err != nil {
		return err
	}
	n := 0
	for _, other := range all {
		if other.Role == registry.Administrator && !other.Disabled && other.ID != o.ID {
			n++
		}
	}
	if n < 2 {
		return registry.Refuse(registry.Conflict, "error.operator.two_administrators")
	}
	return nil
}

func (f *Flow) checkPrices(p NewPrices) error {
	if p.ValidFrom.Before(f.now()) {
		return registry.Refuse(registry.Invalid, "error.prices.past").On("valid_from")
	}
	have, _ := f.pack.PricesAt(p.ValidFrom)
	if len(p.List.Prices) != len(have.Prices) {
		return registry.Refuse(registry.Invalid, "error.prices.incomplete")
	}
	for i, price := range p.List.Prices {
		if price.Code != have.Prices[i].Code || price.Amount < 0 {
			return registry.Refuse(registry.Invalid, "error.prices.incomplete")
		}
	}
	return nil
}

func (f *Flow) carryOut(tx *store.Tx, who Actor, kind ProposalKind, payload []byte) error {
	switch kind {
	case ProposeOperator:
		var n NewOperator
		if err := json.Unmarshal(payload, &n); err != nil {
			return err
		}
		_, err := f.addOperator(tx, who, n)
		return err
	case ProposePrices:
		var p NewPrices
		if err := json.Unmarshal(payload, &p); err != nil {
			return err
		}
		body, err := json.Marshal(p.List)
		if err != nil {
			return err
		}
		err = tx.AddPriceList(store.PriceList{ValidFrom: p.ValidFrom.UTC(), Body: string(body)}, f.now())
		if errors.Is(err, store.ErrUnique) {
			return registry.Refuse(registry.Conflict, "error.prices.same_day").On("valid_from")
		}
		return err
	}
	var c RoleChange
	if err := json.Unmarshal(payload, &c); err != nil {
		return err
	}
	if kind == ProposeRole {
		return f.setRole(tx, who, c)
	}
	return f.setDisabled(tx, who, c.Operator, kind == ProposeDisable)
}
