package store

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// RegisterAt returns holders' certificates with an id above after that had been
// issued at an instant, as they were then, by id, at most limit.
func (tx *Tx) RegisterAt(at time.Time, after registry.CertificateID, limit int) ([]*registry.Certificate, error) {
	all, err := tx.certificates(` WHERE id > ? AND profile = ? AND issued_at <= ? ORDER BY id LIMIT ?`, after, registry.HolderProfile, at, limit)
	if err != nil {
		return nil, err
	}
	changedSince := map[registry.Serial]*registry.Certificate{}
	var serials []registry.Serial
	for _, c := range all {
		if c.StatusAt != nil && c.StatusAt.After(at) {
			changedSince[c.Serial] = c
			serials = append(serials, c.Serial)
			c.Status, c.StatusReason, c.StatusAt = registry.CertIssued, 0, nil
		}
	}
	if len(serials) == 0 {
		return all, nil
	}
	var rows []struct {
		Serial string
		Status string
		Reason int
		At     time.Time
	}
	if err := tx.query(&rows, `SELECT serial, status, reason, at FROM status_changes WHERE serial IN ? AND at <= ? ORDER BY id`, serials, at); err != nil {
		return nil, err
	}
	for _, r := range rows {
		c, when := changedSince[registry.Serial(r.Serial)], r.At.UTC()
		c.Status, c.StatusReason, c.StatusAt = registry.CertificateStatus(r.Status), r.Reason, &when
	}
	return all, nil
}
