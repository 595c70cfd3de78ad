package journal

import (
	"fmt"
	"strings"
)

// FindingKind says what is wrong.
type FindingKind string

const (
	// EntryAltered: the entry at Leaf is not what was entered there.
	EntryAltered FindingKind = "entry altered"
	// EntryMissing: the entry at Leaf is gone.
	EntryMissing FindingKind = "entry missing"
	// HistoryRewritten: entries and tree of leaves From … To-1 are not what the
	// checkpoint of To covers; up to From they are.
	HistoryRewritten FindingKind = "history rewritten"
	// TreeDamaged: stored hashes between From and To-1 are wrong or missing, but
	// the entries are those that the checkpoint of To covers.
	TreeDamaged FindingKind = "stored tree damaged"
	// Truncated: a checkpoint covers the leaves From … To-1, which are gone.
	Truncated FindingKind = "journal truncated"
	// CheckpointForged: a stored checkpoint cannot be read or is not signed by
	// the key.
	CheckpointForged FindingKind = "checkpoint not signed by the key"
	// CheckpointMisplaced: a stored checkpoint stands after From leaves and
	// covers To.
	CheckpointMisplaced FindingKind = "checkpoint misplaced"
	// RevealWrong: a revealed value is not the one the entry commits to.
	RevealWrong FindingKind = "revealed value wrong"
)

// Finding is one thing that is wrong.
type Finding struct {
	Kind     FindingKind
	Leaf     int64 // for EntryAltered, EntryMissing, RevealWrong
	EntryID  int64 // 0 if unknown
	From, To int64 // for the other kinds: leaves From … To-1
	// Protected is false for an entry that no checkpoint covers: it differs from
	// its stored hash, but the hash itself is not vouched for.
	Protected bool
}

func (f Finding) String() string {
	switch f.Kind {
	case EntryAltered, EntryMissing, RevealWrong:
		s := fmt.Sprintf("%s: leaf %d", f.Kind, f.Leaf)
		if f.EntryID != 0 {
			s += fmt.Sprintf(" (entry %d)", f.EntryID)
		}
		if !f.Protected {
			s += ", not covered by a checkpoint"
		}
		return s
	case HistoryRewritten:
		return fmt.Sprintf("%s: somewhere in leaves %d to %d; the tree was changed too, so the entry cannot be named", f.Kind, f.From, f.To-1)
	case TreeDamaged:
		return fmt.Sprintf("%s: in leaves %d to %d; the entries themselves are intact", f.Kind, f.From, f.To-1)
	case Truncated:
		return fmt.Sprintf("%s: leaves %d to %d are missing", f.Kind, f.From, f.To-1)
	case CheckpointMisplaced:
		return fmt.Sprintf("%s: it covers %d entries and stands after %d", f.Kind, f.To, f.From)
	default:
		return fmt.Sprintf("%s: the one after %d entries", f.Kind, f.From)
	}
}

// maxFindings bounds Report.Findings; Report.Count counts all.
const maxFindings = 100

// Report is the result of a verification.
type Report struct {
	Leaves      int64 // entries in the tree
	Checkpoints int64 // stored checkpoints read
	Waiting     int64 // entries without a leaf

	// Findings, the first bad one first; empty if nothing is wrong.
	Findings []Finding
	Count    int64

	// Kept is true if the auditor brought a key and a checkpoint of their own.
	// Without both, a journal that is whole is consistent only with itself.
	Kept bool
	// KeptTo is the number of leaves covered by kept checkpoints that hold.
	KeptTo int64
	// SealedTo is the number of leaves covered by the last checkpoint that holds.
	SealedTo int64
	// Last is that checkpoint: what to keep for the next time.
	Last *Checkpoint
}

// OK says whether nothing is wrong; see Kept for what that is worth.
func (r Report) OK() bool { return r.Count == 0 }

// Tail is the number of entries after the last checkpoint. They are unprotected:
// whoever owns the database can still change them without trace.
func (r Report) Tail() int64 { return r.Leaves - min(r.SealedTo, r.Leaves) + r.Waiting }

// String is the report for people, in English.
func (r Report) String() string {
	var b strings.Builder
	switch {
	case !r.OK():
		fmt.Fprintf(&b, "BAD: %d finding(s)\n", r.Count)
		for _, f := range r.Findings {
			fmt.Fprintf(&b, "  %s\n", f)
		}
		if more := r.Count - int64(len(r.Findings)); more > 0 {
			fmt.Fprintf(&b, "  and %d more\n", more)
		}
	case r.Kept:
		fmt.Fprintf(&b, "OK: entries 0 to %d are those of your kept checkpoint\n", r.KeptTo-1)
	default:
		b.WriteString("consistent only with itself: bring the verifier key and a checkpoint that you kept\n")
	}
	fmt.Fprintf(&b, "entries in the tree: %d, stored checkpoints: %d\n", r.Leaves, r.Checkpoints)
	if r.SealedTo > r.KeptTo {
		fmt.Fprintf(&b, "signed since the kept checkpoint: entries %d to %d\n", r.KeptTo, r.SealedTo-1)
	}
	fmt.Fprintf(&b, "tail since the last checkpoint, unprotected: %d (%d of them not yet in the tree)\n", r.Tail(), r.Waiting)
	return b.String()
}
