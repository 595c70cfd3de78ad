package store

import (
	"database/sql"
	"fmt"
	"iter"
	"time"

	"github.com/tamga-ca/tamga/internal/journal"
)

// journalSource implements journal.Source, page by page. It expects the worst
// of its tables: their owner may have changed anything.
type journalSource struct {
	tx      *Tx
	reveals bool
	page    int64
}

// Leaves yields every index that has a leaf or a leaf hash.
func (s *journalSource) Leaves() iter.Seq2[journal.LeafRow, error] {
	return func(yield func(journal.LeafRow, error) bool) {
		from := int64(0)
		for {
			start, ok, err := s.nextIndex(from)
			if err != nil {
				yield(journal.LeafRow{}, err)
				return
			}
			if !ok {
				return
			}
			rows, err := s.leaves(start, start+s.page)
			if err != nil {
				rows, err = s.oneByOne(start, start+s.page)
			}
			if err != nil {
				yield(journal.LeafRow{}, err)
				return
			}
			for _, r := range rows {
				if !yield(r, nil) {
					return
				}
			}
			from = start + s.page
		}
	}
}

// nextIndex returns the least index, from on, that has a leaf or a leaf hash.
func (s *journalSource) nextIndex(from int64) (int64, bool, error) {
	var a, b sql.NullInt64
	if err := s.tx.one(&a, `SELECT MIN(idx) FROM journal_leaves WHERE idx >= ?`, from); err != nil {
		return 0, false, err
	}
	if err := s.tx.one(&b, `SELECT MIN(n) FROM journal_hashes WHERE level = 0 AND n >= ?`, from); err != nil {
		return 0, false, err
	}
	switch {
	case a.Valid && b.Valid:
		return min(a.Int64, b.Int64), true, nil
	case a.Valid:
		return a.Int64, true, nil
	default:
		return b.Int64, b.Valid, nil
	}
}

type leafRow struct {
	Idx                                            int64
	ID                                             *int64
	At                                             *time.Time
	Kind, ActorKind, ActorID, Details, Commitments *string
}

func (r leafRow) entry() *journal.Entry {
	if r.ID == nil || r.At == nil || r.Kind == nil || r.ActorKind == nil || r.ActorID == nil || r.Details == nil || r.Commitments == nil {
		return nil
	}
	e, err := journalRow{*r.ID, *r.At, *r.Kind, *r.ActorKind, *r.ActorID, *r.Details, *r.Commitments}.entry()
	if err != nil {
		return nil
	}
	return &e
}

// leaves reads the indexes from … to-1.
func (s *journalSource) leaves(from, to int64) ([]journal.LeafRow, error) {
	var hashes []hashRow
	if err := s.tx.query(&hashes, `SELECT level, n, hash FROM journal_hashes WHERE level = 0 AND n >= ? AND n < ? ORDER BY n`, from, to); err != nil {
		return nil, err
	}
	var leaves []leafRow
	if err := s.tx.query(&leaves, `SELECT l.idx, `+journalColumns+` FROM journal_leaves l LEFT JOIN journal_entries e ON e.id = l.entry_id
		WHERE l.idx >= ? AND l.idx < ? ORDER BY l.idx`, from, to); err != nil {
		return nil, err
	}
	var subjects []subjectRow
	if err := s.tx.query(&subjects, `SELECT s.entry_id, s.kind, s.subject_id FROM journal_leaves l JOIN journal_subjects s ON s.entry_id = l.entry_id
		WHERE l.idx >= ? AND l.idx < ? ORDER BY s.entry_id, s.position`, from, to); err != nil {
		return nil, err
	}
	reveals, err := s.revealsOf(from, to)
	if err != nil {
		return nil, err
	}

	about := map[int64][]journal.Subject{}
	for _, x := range subjects {
		about[x.EntryID] = append(about[x.EntryID], journal.Subject{Kind: x.Kind, ID: x.SubjectID})
	}
	at := map[int64]journal.LeafRow{}
	for _, h := range hashes {
		row := journal.LeafRow{Index: h.N}
		if len(h.Hash) == len(journal.Hash{}) {
			hash := journal.Hash(h.Hash)
			row.Hash = &hash
		}
		at[h.N] = row
	}
	for _, l := range leaves {
		row := at[l.Idx]
		row.Index = l.Idx
		if row.Entry = l.entry(); row.Entry != nil {
			row.Entry.Subjects = about[row.Entry.ID]
			row.Reveals = reveals[row.Entry.ID]
		}
		at[l.Idx] = row
	}
	out := make([]journal.LeafRow, 0, len(at))
	for i := from; i < to; i++ {
		if row, ok := at[i]; ok {
			out = append(out, row)
		}
	}
	return out, nil
}

func (s *journalSource) revealsOf(from, to int64) (map[int64][]journal.Reveal, error) {
	if !s.reveals {
		return nil, nil
	}
	return s.tx.reveals(`JOIN journal_leaves l ON l.entry_id = r.entry_id WHERE l.idx >= ? AND l.idx < ? ORDER BY r.entry_id, r.name`, from, to)
}

// oneByOne reads a page in which a row cannot be scanned (a time that is none,
// written there by hand): that row's entry counts as lost, the others do not.
func (s *journalSource) oneByOne(from, to int64) ([]journal.LeafRow, error) {
	var out []journal.LeafRow
	for i := from; i < to; i++ {
		rows, err := s.leaves(i, i+1)
		if err == nil {
			out = append(out, rows...)
			continue
		}
		hashes, err := s.tx.ReadHashes([]int64{journal.LeafHashIndex(i)})
		row := journal.LeafRow{Index: i}
		if err == nil {
			row.Hash = &hashes[0]
		}
		if err := s.tx.db.Statement.Context.Err(); err != nil {
			return nil, fmt.Errorf("reading the journal's leaf %d: %w", i, err)
		}
		out = append(out, row)
	}
	return out, nil
}

// Checkpoints yields all checkpoints by size.
func (s *journalSource) Checkpoints() iter.Seq2[journal.Checkpoint, error] {
	return func(yield func(journal.Checkpoint, error) bool) {
		after := int64(0)
		for {
			cs, err := s.tx.checkpoints(`WHERE size > ? ORDER BY size LIMIT ?`, after, s.page)
			if err != nil {
				yield(journal.Checkpoint{}, err)
				return
			}
			for _, c := range cs {
				if !yield(c, nil) {
					return
				}
				after = c.Size
			}
			if int64(len(cs)) < s.page {
				return
			}
		}
	}
}

// Waiting yields the entries that have no leaf.
func (s *journalSource) Waiting() iter.Seq2[journal.Entry, error] {
	return func(yield func(journal.Entry, error) bool) {
		after := int64(0)
		for {
			var rows []journalRow
			if err := s.tx.query(&rows, `SELECT `+journalColumns+` FROM journal_entries e
				WHERE e.id > ? AND NOT EXISTS (SELECT 1 FROM journal_leaves l WHERE l.entry_id = e.id) ORDER BY e.id LIMIT ?`, after, s.page); err != nil {
				yield(journal.Entry{}, err)
				return
			}
			es, err := s.tx.entries(rows)
			if err != nil {
				yield(journal.Entry{}, err)
				return
			}
			for _, e := range es {
				if !yield(e, nil) {
					return
				}
				after = e.ID
			}
			if int64(len(rows)) < s.page {
				return
			}
		}
	}
}
