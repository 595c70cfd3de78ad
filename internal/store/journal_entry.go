package store

import (
	"github.com/tamga-ca/tamga/internal/journal"
)

// AddEntry writes a journal entry and, apart from it, the reveals of its
// personal values, and returns its id. The sequencer gives it its place in
// the tree later.
func (tx *Tx) AddEntry(e journal.Entry, reveals []journal.Reveal) (int64, error) {
	id, err := tx.insert(`INSERT INTO journal_entries (at, kind, actor_kind, actor_id, details, commitments) VALUES (?, ?, ?, ?, ?, ?)`,
		e.At, e.Kind, string(e.Actor.Kind), e.Actor.ID, e.Details, journal.EncodeCommitments(e.Commitments))
	if err != nil {
		return 0, err
	}
	subjects := make([][]any, len(e.Subjects))
	for i, s := range e.Subjects {
		subjects[i] = []any{id, i, s.Kind, s.ID}
	}
	if err := tx.insertMany(`INSERT INTO journal_subjects (entry_id, position, kind, subject_id) VALUES `, subjects); err != nil {
		return 0, err
	}
	for _, r := range reveals {
		if _, err := tx.exec(`INSERT INTO journal_reveals (entry_id, name, salt, value) VALUES (?, ?, ?, ?)`, id, r.Name, r.Salt, r.Value); err != nil {
			return 0, err
		}
	}
	return id, nil
}
