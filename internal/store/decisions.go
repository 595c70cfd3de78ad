package store

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// AddDecision stores an approver's decision with its signature.
func (tx *Tx) AddDecision(d registry.Decision) error {
	_, err := tx.exec(`INSERT INTO decisions (application_id, action, operator_id, envelope, signature, serial, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		d.ApplicationID, d.Action, d.OperatorID, d.Envelope, d.Signature, d.Serial, d.CreatedAt)
	return err
}

// Decisions returns an application's decisions, the earliest first.
func (tx *Tx) Decisions(id registry.ApplicationID) ([]registry.Decision, error) {
	var rows []struct {
		ID            int64
		ApplicationID int64
		Action        string
		OperatorID    int64
		Envelope      []byte
		Signature     []byte
		Serial        string
		CreatedAt     time.Time
	}
	if err := tx.query(&rows, `SELECT id, application_id, action, operator_id, envelope, signature, serial, created_at
		FROM decisions WHERE application_id = ? ORDER BY id`, id); err != nil {
		return nil, err
	}
	out := make([]registry.Decision, len(rows))
	for i, r := range rows {
		out[i] = registry.Decision{
			ID: r.ID, ApplicationID: registry.ApplicationID(r.ApplicationID), Action: registry.Action(r.Action), OperatorID: registry.OperatorID(r.OperatorID),
			Envelope: r.Envelope, Signature: r.Signature, Serial: registry.Serial(r.Serial), CreatedAt: r.CreatedAt.UTC(),
		}
	}
	return out, nil
}
