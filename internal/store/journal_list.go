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
	Before                 int64     // entries with an id less than this
	Limit                  int
}

// Journal returns entries, the newest first.
func (tx *Tx) Journal(f JournalFilter) ([]journal.Entry, error) {
	var conds []string
	var args []any
	add := func(cond string, a ...any) { conds, args = append(conds, cond), append(args, a...) }
	if f.Before <= 0 {
		f.Before = 1<<63 - 1
	}
	add(`e.id < ?`, f.Before)
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
	err := tx.query(&rows, `SELECT `+journalColumns+` FROM journal_entries e WHERE `+strings.Join(conds, " AND ")+` ORDER BY e.id DESC LIMIT ?`, append(args, f.Limit)...)
	if err != nil {
		return nil, err
	}
	return tx.entries(rows)
}
