package journal

import (
	"errors"
	"fmt"
	"time"
)

// Leaf places an entry in the tree.
type Leaf struct {
	Index   int64
	EntryID int64
}

// Ledger is what the sequencer needs of the database: one transaction that
// holds the sequencer's lock.
type Ledger interface {
	HashReader
	// Size is the number of leaves.
	Size() (int64, error)
	// Pending returns at most limit committed entries that have no leaf, by id.
	Pending(limit int) ([]Entry, error)
	// AddLeaves stores leaves and the hashes they complete.
	AddLeaves([]Leaf, []StoredHash) error
	// LastCheckpoint returns the greatest checkpoint, or nil.
	LastCheckpoint() (*Checkpoint, error)
	// AddCheckpoint stores a checkpoint.
	AddCheckpoint(Checkpoint) error
}

// Sequence gives at most limit waiting entries their places and returns how
// many. Called again until it returns less than limit, it leaves none.
func Sequence(l Ledger, limit int) (int, error) {
	pending, err := l.Pending(limit)
	if err != nil || len(pending) == 0 {
		return 0, err
	}
	size, err := l.Size()
	if err != nil {
		return 0, err
	}
	leaves := make([]Leaf, len(pending))
	hashes := make([]Hash, len(pending))
	var form []byte
	for i, e := range pending {
		if form, err = e.AppendEncode(form[:0]); err != nil {
			return 0, fmt.Errorf("sequencing entry %d: %w", e.ID, err)
		}
		hashes[i] = LeafHash(form)
		leaves[i] = Leaf{Index: size + int64(i), EntryID: e.ID}
	}
	stored, err := Extend(l, size, hashes)
	if err != nil {
		return 0, err
	}
	return len(leaves), l.AddLeaves(leaves, stored)
}

// ErrNotExtending: the stored tree does not extend the last checkpoint, or that
// checkpoint is not ours. Somebody changed the journal; nothing is signed.
var ErrNotExtending = errors.New("the stored journal does not extend its last checkpoint")

// Seal signs a checkpoint over all leaves and stores it, if there are new ones
// and the tree extends the last checkpoint. It returns nil if there is nothing
// new. known are the keys that may have signed the last checkpoint.
func Seal(l Ledger, s *Signer, known Verifiers, at time.Time) (*Checkpoint, error) {
	size, err := l.Size()
	if err != nil {
		return nil, err
	}
	last, err := l.LastCheckpoint()
	if err != nil {
		return nil, err
	}
	if last != nil {
		if err := checkLast(l, known, *last, size); err != nil {
			return nil, err
		}
		if last.Size == size {
			return nil, nil
		}
		if at.Before(last.At) {
			at = last.At // a clock set back must not reorder checkpoints
		}
	}
	if size == 0 {
		return nil, nil
	}
	t, err := loadTree(l, size)
	if err != nil {
		return nil, err
	}
	c, err := s.Sign(size, t.root(), at)
	if err != nil {
		return nil, err
	}
	if last != nil {
		p, err := ProveConsistency(l, size, last.Size)
		if err != nil {
			return nil, fmt.Errorf("%w: %v", ErrNotExtending, err)
		}
		if err := CheckConsistency(p, c, *last); err != nil {
			return nil, fmt.Errorf("%w: %v", ErrNotExtending, err)
		}
	}
	if err := l.AddCheckpoint(c); err != nil {
		return nil, err
	}
	return &c, nil
}

// checkLast trusts nothing but the signature of the last checkpoint.
func checkLast(l Ledger, known Verifiers, last Checkpoint, size int64) error {
	signed, err := known.Open(last.Note)
	if err != nil {
		return fmt.Errorf("%w: %v", ErrNotExtending, err)
	}
	if signed.Size != last.Size || signed.Root != last.Root || !signed.At.Equal(last.At) {
		return fmt.Errorf("%w: its row says other than its note", ErrNotExtending)
	}
	if last.Size > size {
		return fmt.Errorf("%w: it covers %d entries and %d are left", ErrNotExtending, last.Size, size)
	}
	t, err := loadTree(l, last.Size)
	if err != nil {
		return fmt.Errorf("%w: %v", ErrNotExtending, err)
	}
	if t.root() != last.Root {
		return fmt.Errorf("%w: the first %d entries hash to something else", ErrNotExtending, last.Size)
	}
	return nil
}
