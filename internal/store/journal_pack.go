package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/migrations"
)

// Snapshot is Read of one consistent view: whatever f reads, it reads as of one
// instant.
func (s *Store) Snapshot(ctx context.Context, f func(*Tx) error) error {
	opts := &sql.TxOptions{}
	if s.dialect == migrations.PostgreSQL {
		opts = &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}
	}
	db := s.read.WithContext(ctx).Begin(opts)
	if db.Error != nil {
		return fmt.Errorf("reading the database: %w", mapError(db.Error))
	}
	return mapError(errors.Join(f(&Tx{db: db, dialect: s.dialect}), db.Rollback().Error))
}

// PlacedEntry is an entry with its leaf as the database has it. Entry is nil
// where the row is gone or cannot be read, Leaf is -1 where it has no place,
// Hash is nil where the leaf's is gone.
type PlacedEntry struct {
	ID      int64
	Entry   *journal.Entry
	Leaf    int64
	Hash    *journal.Hash
	Reveals []journal.Reveal
}

// EntriesAbout returns every entry about any of the subjects, by leaf, those
// without one last. It expects the worst of the tables: their owner may have
// changed anything.
func (tx *Tx) EntriesAbout(subjects []journal.Subject) ([]PlacedEntry, error) {
	var ids []int64
	for _, s := range subjects {
		var some []int64
		if err := tx.query(&some, `SELECT entry_id FROM journal_subjects WHERE kind = ? AND subject_id = ?`, s.Kind, s.ID); err != nil {
			return nil, err
		}
		ids = append(ids, some...)
	}
	slices.Sort(ids)
	return tx.PlacedEntries(slices.Compact(ids))
}

// PlacedEntries is EntriesAbout of entries by id.
func (tx *Tx) PlacedEntries(ids []int64) ([]PlacedEntry, error) {
	const page = 500
	var out []PlacedEntry
	for part := range slices.Chunk(ids, page) {
		some, err := tx.placed(part)
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	slices.SortStableFunc(out, func(a, b PlacedEntry) int {
		if (a.Leaf < 0) != (b.Leaf < 0) {
			return cmp.Compare(b.Leaf, a.Leaf) // those with a place first
		}
		return cmp.Or(cmp.Compare(a.Leaf, b.Leaf), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}

func (tx *Tx) placed(ids []int64) ([]PlacedEntry, error) {
	var leaves []struct {
		EntryID int64
		Idx     int64
		Hash    []byte
	}
	if err := tx.query(&leaves, `SELECT l.entry_id, l.idx, h.hash FROM journal_leaves l LEFT JOIN journal_hashes h ON h.level = 0 AND h.n = l.idx WHERE l.entry_id IN ?`, ids); err != nil {
		return nil, err
	}
	entries, err := tx.readable(ids)
	if err != nil {
		return nil, err
	}
	reveals, err := tx.reveals(`WHERE r.entry_id IN ? ORDER BY r.entry_id, r.name`, ids)
	if err != nil {
		return nil, err
	}
	out := make([]PlacedEntry, len(ids))
	at := make(map[int64]int, len(ids))
	for i, id := range ids {
		out[i], at[id] = PlacedEntry{ID: id, Leaf: -1, Entry: entries[id], Reveals: reveals[id]}, i
	}
	for _, l := range leaves {
		p := &out[at[l.EntryID]]
		p.Leaf = l.Idx
		if len(l.Hash) == len(journal.Hash{}) {
			h := journal.Hash(l.Hash)
			p.Hash = &h
		}
	}
	return out, nil
}

// readable reads entries; where a row of them cannot be scanned (a time that is
// none, written there by hand), the others are read one by one.
func (tx *Tx) readable(ids []int64) (map[int64]*journal.Entry, error) {
	read := func(ids []int64) ([]journal.Entry, error) {
		var rows []journalRow
		if err := tx.query(&rows, `SELECT `+journalColumns+` FROM journal_entries e WHERE e.id IN ?`, ids); err != nil {
			return nil, err
		}
		return tx.entries(rows)
	}
	out := make(map[int64]*journal.Entry, len(ids))
	all, err := read(ids)
	if err == nil {
		for i := range all {
			out[all[i].ID] = &all[i]
		}
		return out, nil
	}
	for _, id := range ids {
		if one, err := read([]int64{id}); err == nil && len(one) == 1 {
			out[id] = &one[0]
		}
		if err := tx.db.Statement.Context.Err(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// JournalWhole counts what is left of the journal's first size leaves: those
// that have a row, and of these those that have an entry.
func (tx *Tx) JournalWhole(size int64) (placed, entries int64, err error) {
	if err := tx.query(&placed, `SELECT COUNT(*) FROM journal_leaves WHERE idx < ?`, size); err != nil {
		return 0, 0, err
	}
	err = tx.query(&entries, `SELECT COUNT(*) FROM journal_leaves l WHERE l.idx < ? AND EXISTS (SELECT 1 FROM journal_entries e WHERE e.id = l.entry_id)`, size)
	return placed, entries, err
}

// reveals reads salts and values, by entry.
func (tx *Tx) reveals(where string, args ...any) (map[int64][]journal.Reveal, error) {
	var rows []struct {
		EntryID int64
		Name    string
		Salt    []byte
		Value   string
	}
	if err := tx.query(&rows, `SELECT r.entry_id, r.name, r.salt, r.value FROM journal_reveals r `+where, args...); err != nil {
		return nil, err
	}
	out := map[int64][]journal.Reveal{}
	for _, r := range rows {
		out[r.EntryID] = append(out[r.EntryID], journal.Reveal{EntryID: r.EntryID, Name: r.Name, Salt: r.Salt, Value: r.Value})
	}
	return out, nil
}

// DailyCheckpoints returns the first checkpoint of each day (UTC) from the one
// of since on, those that cover less than size leaves.
func (tx *Tx) DailyCheckpoints(since time.Time, size int64) ([]journal.Checkpoint, error) {
	const day = 24 * time.Hour
	var out []journal.Checkpoint
	for from := since.UTC().Truncate(day); ; {
		c, err := tx.FirstCheckpointSince(from)
		if err != nil || c == nil || c.Size >= size {
			return out, err
		}
		if n := len(out); n == 0 || out[n-1].Size < c.Size {
			out = append(out, *c)
		}
		from = c.At.Truncate(day).Add(day)
	}
}

// PublishedList returns the id of the journal entry about the publishing of a
// CRL; 0: there is none near the time when it was made, which leaves room for a
// clock that was put right meanwhile.
func (tx *Tx) PublishedList(l *registry.CRL) (int64, error) {
	const near = 2 * time.Hour
	var rows []struct {
		ID      int64
		Details string
	}
	// The kind is compared so that the index of times is taken, not that of kinds.
	if err := tx.query(&rows, `SELECT id, details FROM journal_entries WHERE at >= ? AND at <= ? AND kind || '' = 'crl.published'`,
		l.MadeAt.Add(-near), l.MadeAt.Add(near)); err != nil {
		return 0, err
	}
	for _, r := range rows {
		var d struct {
			Number int64 `json:"number"`
		}
		if json.Unmarshal([]byte(r.Details), &d) == nil && d.Number == l.Number {
			return r.ID, nil
		}
	}
	return 0, nil
}
