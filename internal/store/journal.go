package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/migrations"
)

// journalLock is the PostgreSQL advisory lock that the one sequencer holds.
const journalLock = 0x74616d67616a726e // "tamgajrn"

// lateIDs is how far behind the newest sequenced entry an id may still commit
// and be found by the quick search; later ones wait for a thorough one.
const lateIDs = 10_000

// SequenceJournal gives at most limit waiting entries their places in the tree,
// in one transaction under the sequencer's lock, and returns how many. A quick
// search looks only near the newest sequenced entry; a thorough one at the
// whole table: do it at start and now and then, since a PostgreSQL transaction
// may take its id early and commit very late.
func (s *Store) SequenceJournal(ctx context.Context, limit int, thorough bool) (n int, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		l, err := tx.ledger(thorough)
		if err != nil {
			return err
		}
		n, err = journal.Sequence(l, limit)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("sequencing the journal: %w", err)
	}
	return n, nil
}

// SealJournal signs and stores a checkpoint over all sequenced entries; it
// returns nil if there is none to make. An error that wraps
// journal.ErrNotExtending is an alarm: somebody changed the journal.
func (s *Store) SealJournal(ctx context.Context, signer *journal.Signer, known journal.Verifiers, now time.Time) (c *journal.Checkpoint, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		l, err := tx.ledger(false)
		if err != nil {
			return err
		}
		c, err = journal.Seal(l, signer, known, now)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("sealing the journal: %w", err)
	}
	return c, nil
}

// ledger takes the sequencer's lock until the transaction ends. SQLite's one
// writer holds it already.
func (tx *Tx) ledger(thorough bool) (*ledger, error) {
	if tx.dialect == migrations.PostgreSQL {
		if _, err := tx.exec(`SELECT pg_advisory_xact_lock(?)`, int64(journalLock)); err != nil {
			return nil, err
		}
	}
	return &ledger{tx: tx, thorough: thorough && tx.dialect == migrations.PostgreSQL}, nil
}

// ledger implements journal.Ledger.
type ledger struct {
	tx       *Tx
	thorough bool
}

func (l *ledger) Size() (int64, error) {
	var n int64
	err := l.tx.one(&n, `SELECT COALESCE(MAX(idx) + 1, 0) FROM journal_leaves`)
	return n, err
}

const journalColumns = `e.id, e.at, e.kind, e.actor_kind, e.actor_id, e.details, e.commitments`

func (l *ledger) Pending(limit int) ([]journal.Entry, error) {
	after := int64(0)
	if !l.thorough {
		if err := l.tx.one(&after, `SELECT COALESCE(MAX(entry_id), 0) FROM journal_leaves`); err != nil {
			return nil, err
		}
		after -= lateIDs
	}
	var rows []journalRow
	if err := l.tx.query(&rows, `SELECT `+journalColumns+` FROM journal_entries e
		WHERE e.id > ? AND NOT EXISTS (SELECT 1 FROM journal_leaves l WHERE l.entry_id = e.id) ORDER BY e.id LIMIT ?`, after, limit); err != nil {
		return nil, err
	}
	return l.tx.entries(rows)
}

func (l *ledger) AddLeaves(leaves []journal.Leaf, hashes []journal.StoredHash) error {
	args := make([][]any, len(leaves))
	for i, x := range leaves {
		args[i] = []any{x.Index, x.EntryID}
	}
	if err := l.tx.insertMany(`INSERT INTO journal_leaves (idx, entry_id) VALUES `, args); err != nil {
		return err
	}
	args = make([][]any, len(hashes))
	for i, h := range hashes {
		args[i] = []any{h.Level, h.N, h.Hash[:]}
	}
	return l.tx.insertMany(`INSERT INTO journal_hashes (level, n, hash) VALUES `, args)
}

// insertMany adds rows, a few hundred a statement.
func (tx *Tx) insertMany(query string, rows [][]any) error {
	const most = 500
	for len(rows) > 0 {
		part := rows[:min(most, len(rows))]
		rows = rows[len(part):]
		if _, err := tx.exec(query+placeholders(len(part), len(part[0])), flat(part)...); err != nil {
			return err
		}
	}
	return nil
}

// placeholders are those of n rows: (?, ?),(?, ?).
func placeholders(n, columns int) string {
	row := ",(?" + strings.Repeat(", ?", columns-1) + ")"
	return strings.Repeat(row, n)[1:]
}

func flat(rows [][]any) []any {
	var out []any
	for _, r := range rows {
		out = append(out, r...)
	}
	return out
}

func (l *ledger) LastCheckpoint() (*journal.Checkpoint, error) { return l.tx.LastCheckpoint() }

func (l *ledger) AddCheckpoint(c journal.Checkpoint) error {
	_, err := l.tx.exec(`INSERT INTO journal_checkpoints (size, root, at, note) VALUES (?, ?, ?, ?)`, c.Size, c.Root[:], c.At, c.Note)
	return err
}

func (l *ledger) ReadHashes(indexes []int64) ([]journal.Hash, error) {
	return l.tx.ReadHashes(indexes)
}

// ErrNoHash: a hash of the journal's tree is gone, or is none.
var ErrNoHash = errors.New("the journal lacks a hash of its tree")

// ReadHashes implements journal.HashReader, for proofs.
func (tx *Tx) ReadHashes(indexes []int64) ([]journal.Hash, error) {
	if len(indexes) == 0 {
		return nil, nil
	}
	at := journal.Positions(indexes)
	var where strings.Builder
	var args []any
	for i, p := range at {
		if i > 0 {
			where.WriteString(" OR ")
		}
		where.WriteString("(level = ? AND n = ?)")
		args = append(args, p.Level, p.N)
	}
	var rows []hashRow
	if err := tx.query(&rows, `SELECT level, n, hash FROM journal_hashes WHERE `+where.String(), args...); err != nil {
		return nil, err
	}
	found := make(map[journal.Position]journal.Hash, len(rows))
	for _, r := range rows {
		if len(r.Hash) == len(journal.Hash{}) {
			found[journal.Position{Level: r.Level, N: r.N}] = journal.Hash(r.Hash)
		}
	}
	out := make([]journal.Hash, len(at))
	for i, p := range at {
		h, ok := found[p]
		if !ok {
			return nil, fmt.Errorf("%w: level %d number %d", ErrNoHash, p.Level, p.N)
		}
		out[i] = h
	}
	return out, nil
}

// LastCheckpoint returns the newest checkpoint, or nil. Its signature is not
// looked at.
func (tx *Tx) LastCheckpoint() (*journal.Checkpoint, error) {
	cs, err := tx.checkpoints(`ORDER BY size DESC LIMIT 1`)
	if err != nil || len(cs) == 0 {
		return nil, err
	}
	return &cs[0], nil
}

// FirstCheckpointSince returns the first checkpoint made at or after an
// instant, or nil.
func (tx *Tx) FirstCheckpointSince(at time.Time) (*journal.Checkpoint, error) {
	cs, err := tx.checkpoints(`WHERE at >= ? ORDER BY at, size LIMIT 1`, at)
	if err != nil || len(cs) == 0 {
		return nil, err
	}
	return &cs[0], nil
}

func (tx *Tx) checkpoints(clause string, args ...any) ([]journal.Checkpoint, error) {
	var rows []struct {
		Size int64
		Root []byte
		At   time.Time
		Note string
	}
	if err := tx.query(&rows, `SELECT size, root, at, note FROM journal_checkpoints `+clause, args...); err != nil {
		return nil, err
	}
	out := make([]journal.Checkpoint, len(rows))
	for i, r := range rows {
		origin, _, _ := strings.Cut(r.Note, "\n")
		out[i] = journal.Checkpoint{Origin: origin, Size: r.Size, At: r.At.UTC(), Note: r.Note}
		copy(out[i].Root[:], r.Root)
	}
	return out, nil
}

// JournalAbout returns the entries about a subject, the newest first: those
// with an id less than before (0: from the newest), at most limit.
func (tx *Tx) JournalAbout(subject journal.Subject, before int64, limit int) ([]journal.Entry, error) {
	if before <= 0 {
		before = 1<<63 - 1
	}
	var rows []journalRow
	if err := tx.query(&rows, `SELECT `+journalColumns+` FROM journal_entries e
		WHERE e.id IN (SELECT s.entry_id FROM journal_subjects s WHERE s.kind = ? AND s.subject_id = ? AND s.entry_id < ? ORDER BY s.entry_id DESC LIMIT ?)
		ORDER BY e.id DESC`, subject.Kind, subject.ID, before, limit); err != nil {
		return nil, err
	}
	return tx.entries(rows)
}

// JournalEntry returns an entry and its leaf index, -1 if it has none yet.
func (tx *Tx) JournalEntry(id int64) (journal.Entry, int64, error) {
	var rows []journalRow
	if err := tx.query(&rows, `SELECT `+journalColumns+` FROM journal_entries e WHERE e.id = ?`, id); err != nil {
		return journal.Entry{}, 0, err
	}
	if len(rows) == 0 {
		return journal.Entry{}, 0, notFound()
	}
	es, err := tx.entries(rows)
	if err != nil {
		return journal.Entry{}, 0, err
	}
	var idx []int64
	if err := tx.query(&idx, `SELECT idx FROM journal_leaves WHERE entry_id = ?`, id); err != nil {
		return journal.Entry{}, 0, err
	}
	if len(idx) == 0 {
		return es[0], -1, nil
	}
	return es[0], idx[0], nil
}

type hashRow struct {
	Level int
	N     int64
	Hash  []byte
}

type journalRow struct {
	ID                                             int64
	At                                             time.Time
	Kind, ActorKind, ActorID, Details, Commitments string
}

func (r journalRow) entry() (journal.Entry, error) {
	cs, err := journal.DecodeCommitments(r.Commitments)
	if err == nil && journal.EncodeCommitments(cs) != r.Commitments {
		err = fmt.Errorf("%w: commitments not written canonically", journal.ErrEntry)
	}
	return journal.Entry{
		ID: r.ID, At: r.At.UTC(), Kind: r.Kind, Details: r.Details, Commitments: cs,
		Actor: journal.Actor{Kind: journal.ActorKind(r.ActorKind), ID: r.ActorID},
	}, err
}

type subjectRow struct {
	EntryID         int64
	Kind, SubjectID string
}

// entries adds the subjects.
func (tx *Tx) entries(rows []journalRow) ([]journal.Entry, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	out := make([]journal.Entry, len(rows))
	at := make(map[int64]int, len(rows))
	ids := make([]int64, len(rows))
	for i, r := range rows {
		e, err := r.entry()
		if err != nil {
			return nil, fmt.Errorf("reading journal entry %d: %w", r.ID, err)
		}
		out[i], at[r.ID], ids[i] = e, i, r.ID
	}
	var subjects []subjectRow
	if err := tx.query(&subjects, `SELECT entry_id, kind, subject_id FROM journal_subjects WHERE entry_id IN ? ORDER BY entry_id, position`, ids); err != nil {
		return nil, err
	}
	for _, s := range subjects {
		e := &out[at[s.EntryID]]
		e.Subjects = append(e.Subjects, journal.Subject{Kind: s.Kind, ID: s.SubjectID})
	}
	return out, nil
}

// ReadJournal runs f on one consistent view of the journal. The source is for
// journal.Export; reveals says whether it lends personal data.
func (s *Store) ReadJournal(ctx context.Context, reveals bool, f func(journal.Source) error) error {
	return s.Snapshot(ctx, func(tx *Tx) error { return f(&journalSource{tx: tx, reveals: reveals, page: 1000}) })
}
