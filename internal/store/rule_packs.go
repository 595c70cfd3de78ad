package store

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// RulePack is an authority's pack as it was proposed or put in force.
type RulePack struct {
	ID     int64
	Name   string
	Hash   string // SHA-256 of Source, hex
	Source string // YAML
	Status string // proposed, accepted, rejected
	// ProposedBy is 0 for the first, and for one of the console.
	ProposedBy registry.OperatorID
	ProposedAt time.Time
	DecidedBy  registry.OperatorID
	DecidedAt  *time.Time
}

type rulePackRow struct {
	ID         int64
	Name       string
	Hash       string
	Source     string
	Status     string
	ProposedBy *int64
	ProposedAt time.Time
	DecidedBy  *int64
	DecidedAt  *time.Time
}

func (tx *Tx) rulePack(where string, args ...any) (*RulePack, error) {
	var r rulePackRow
	if err := tx.one(&r, `SELECT id, name, hash, source, status, proposed_by, proposed_at, decided_by, decided_at FROM rule_packs `+where, args...); err != nil {
		return nil, err
	}
	return &RulePack{
		ID: r.ID, Name: r.Name, Hash: r.Hash, Source: r.Source, Status: r.Status, ProposedBy: orZero[registry.OperatorID](r.ProposedBy),
		ProposedAt: r.ProposedAt.UTC(), DecidedBy: orZero[registry.OperatorID](r.DecidedBy), DecidedAt: utc(r.DecidedAt),
	}, nil
}

// RulePackInForce is the one accepted last, or NotFound.
func (tx *Tx) RulePackInForce() (*RulePack, error) {
	return tx.rulePack(`WHERE status = 'accepted' ORDER BY decided_at DESC, id DESC LIMIT 1`)
}

// RulePackProposed is the one that awaits a second administrator, or NotFound.
func (tx *Tx) RulePackProposed() (*RulePack, error) {
	return tx.rulePack(`WHERE status = 'proposed'`)
}

// AddRulePack stores a pack that is proposed, or one that is in force at once.
// ErrUnique where one is proposed already.
func (tx *Tx) AddRulePack(p RulePack) (int64, error) {
	return tx.insert(`INSERT INTO rule_packs (name, hash, source, status, proposed_by, proposed_at, decided_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		p.Name, p.Hash, p.Source, p.Status, nullable(p.ProposedBy), p.ProposedAt, p.DecidedAt)
}

// DecideRulePack accepts or rejects the one that is proposed.
func (tx *Tx) DecideRulePack(id int64, status string, by registry.OperatorID, now time.Time) error {
	return changed(tx.exec(`UPDATE rule_packs SET status = ?, decided_by = ?, decided_at = ? WHERE id = ? AND status = 'proposed'`, status, by, now, id))
}
