package store

import (
	"errors"
	"time"

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

// AddEntries is AddEntry of several that have nothing to reveal.
func (tx *Tx) AddEntries(entries []journal.Entry) error {
	if len(entries) == 1 {
		_, err := tx.AddEntry(entries[0], nil)
		return err
	}
	rows := make([][]any, len(entries))
	for i, e := range entries {
		rows[i] = []any{e.At, e.Kind, string(e.Actor.Kind), e.Actor.ID, e.Details, journal.EncodeCommitments(e.Commitments)}
	}
	var added []addedEntry
	if err := tx.query(&added, `INSERT INTO journal_entries (at, kind, actor_kind, actor_id, details, commitments) VALUES `+
		placeholders(len(rows), 6)+` RETURNING id, at, kind, actor_id, details`, flat(rows)...); err != nil {
		return err
	}
	// No database promises an order of what it returns. Entries of the same
	// content may be confused: which of them is about what makes no
	// difference.
	ids := make(map[addedEntry][]int64, len(added))
	for _, a := range added {
		content := a.content()
		ids[content] = append(ids[content], a.ID)
	}
	var subjects [][]any
	for _, e := range entries {
		content := addedEntry{At: e.At, Kind: e.Kind, ActorID: e.Actor.ID, Details: e.Details}.content()
		have := ids[content]
		if len(have) == 0 {
			return errors.New("a journal entry was not returned as it was written")
		}
		ids[content] = have[1:]
		for i, s := range e.Subjects {
			subjects = append(subjects, []any{have[0], i, s.Kind, s.ID})
		}
	}
	return tx.insertMany(`INSERT INTO journal_subjects (entry_id, position, kind, subject_id) VALUES `, subjects)
}

type addedEntry struct {
	ID                     int64
	At                     time.Time
	Kind, ActorID, Details string
}

// content is the entry without its id, comparable.
func (a addedEntry) content() addedEntry {
	a.ID, a.At = 0, a.At.UTC().Round(0)
	return a
}
