package store

import (
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/journal"
)

// JournalFilter chooses entries of the journal; what is empty chooses all.
type JournalFilter struct {
	Kind                   string // "application.approve"
	ActorKind, ActorID     string
	SubjectKind, SubjectID string    // both or neither
	From, To               time.Time // from the one up to the other
	ID                     int64     // this entry alone
	After                  int64     // entries that stand behind the one with this id
	Limit                  int
}

// Journal returns entries, the latest first; those of one instant by id. An
// index in that order answers every filter but the subject's, which chooses
// few.
func (tx *Tx) Journal(f JournalFilter) ([]journal.Entry, error) {
	conds, args := []string{`TRUE`}, []any(nil)
	add := func(cond string, a ...any) { conds, args = append(conds, cond), append(args, a...) }
	if f.ID > 0 {
		add(`e.id = ?`, f.ID)
	}
	if f.After > 0 {
		var at time.Time
		if found, err := tx.scan(&at, `SELECT at FROM journal_entries WHERE id = ?`, f.After); err != nil || !found {
			return nil, err
		}
		add(`(e.at, e.id) < (?, ?)`, at, f.After)
	}
	if f.Kind != "" {
		add(`e.kind = ?`, f.Kind)
	}
	if f.ActorKind != "" {
		add(`e.actor_kind = ?`, f.ActorKind)
	}
	if f.ActorID != "" {
		add(`e.actor_id = ?`, f.ActorID)
	}
	if f.SubjectKind != "" && f.SubjectID != "" {
		add(`e.id IN (SELECT s.entry_id FROM journal_subjects s WHERE s.kind = ? AND s.subject_id = ?)`, f.SubjectKind, f.SubjectID)
	}
	if !f.From.IsZero() {
		add(`e.at >= ?`, f.From)
	}
	if !f.To.IsZero() {
		add(`e.at < ?`, f.To)
	}
	var rows []journalRow
	err := tx.query(&rows, `SELECT `+journalColumns+` FROM journal_entries e WHERE `+strings.Join(conds, " AND ")+` ORDER BY e.at DESC, e.id DESC LIMIT ?`, append(args, f.Limit)...)
	if err != nil {
		return nil, err
	}
	return tx.entries(rows)
}
