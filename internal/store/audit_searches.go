package store

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// SavedSearch is a search that an auditor keeps.
type SavedSearch struct {
	ID         int64
	OperatorID registry.OperatorID
	Name       string
	Query      string // of the page's address
	CreatedAt  time.Time
}

// SavedSearches returns an operator's, by name, at most limit.
func (tx *Tx) SavedSearches(id registry.OperatorID, limit int) ([]SavedSearch, error) {
	var out []SavedSearch
	err := tx.query(&out, `SELECT id, operator_id, name, query, created_at FROM audit_searches WHERE operator_id = ? ORDER BY name LIMIT ?`, id, limit)
	return out, err
}

// SaveSearch adds one, or gives the one of this name another query.
func (tx *Tx) SaveSearch(s SavedSearch) (int64, error) {
	return tx.insert(`INSERT INTO audit_searches (operator_id, name, query, created_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (operator_id, name) DO UPDATE SET query = excluded.query, created_at = excluded.created_at`, s.OperatorID, s.Name, s.Query, s.CreatedAt)
}

// DeleteSearch removes one of an operator's own, or reports Conflict where
// there is none.
func (tx *Tx) DeleteSearch(id int64, of registry.OperatorID) error {
	return changed(tx.exec(`DELETE FROM audit_searches WHERE id = ? AND operator_id = ?`, id, of))
}
