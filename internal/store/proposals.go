package store

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// Proposal is a change that a second administrator has to accept.
type Proposal struct {
	ID         int64
	Kind       string
	Payload    string // JSON
	Status     string // open, accepted, rejected
	ProposedBy registry.OperatorID
	ProposedAt time.Time
	DecidedBy  registry.OperatorID
	DecidedAt  *time.Time
}

type proposalRow struct {
	ID         int64
	Kind       string
	Payload    string
	Status     string
	ProposedBy int64
	ProposedAt time.Time
	DecidedBy  *int64
	DecidedAt  *time.Time
}

func (r proposalRow) proposal() Proposal {
	return Proposal{
		ID: r.ID, Kind: r.Kind, Payload: r.Payload, Status: r.Status, ProposedBy: registry.OperatorID(r.ProposedBy),
		ProposedAt: r.ProposedAt.UTC(), DecidedBy: orZero[registry.OperatorID](r.DecidedBy), DecidedAt: utc(r.DecidedAt),
	}
}

const proposalColumns = `SELECT id, kind, payload, status, proposed_by, proposed_at, decided_by, decided_at FROM proposals`

// AddProposal stores a change to be accepted.
func (tx *Tx) AddProposal(p Proposal) (int64, error) {
	return tx.insert(`INSERT INTO proposals (kind, payload, status, proposed_by, proposed_at) VALUES (?, ?, 'open', ?, ?)`,
		p.Kind, p.Payload, p.ProposedBy, p.ProposedAt)
}

// Proposal returns one, or NotFound.
func (tx *Tx) Proposal(id int64) (*Proposal, error) {
	var r proposalRow
	if err := tx.one(&r, proposalColumns+` WHERE id = ?`, id); err != nil {
		return nil, err
	}
	p := r.proposal()
	return &p, nil
}

// Proposals returns the open ones first, then the latest, at most limit.
func (tx *Tx) Proposals(limit int) ([]Proposal, error) {
	var rows []proposalRow
	if err := tx.query(&rows, proposalColumns+` ORDER BY CASE status WHEN 'open' THEN 0 ELSE 1 END, id DESC LIMIT ?`, limit); err != nil {
		return nil, err
	}
	out := make([]Proposal, len(rows))
	for i, r := range rows {
		out[i] = r.proposal()
	}
	return out, nil
}

// DecideProposal accepts or rejects one that is open.
func (tx *Tx) DecideProposal(id int64, status string, by registry.OperatorID, now time.Time) error {
	return changed(tx.exec(`UPDATE proposals SET status = ?, decided_by = ?, decided_at = ? WHERE id = ? AND status = 'open'`, status, by, now, id))
}
