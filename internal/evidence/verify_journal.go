package evidence

import (
	"errors"

	"github.com/tamga-ca/tamga/internal/journal"
)

// tree checks the checkpoint, what the journal was as a whole, that it extends
// its own older checkpoints, and that it is the one of the kept checkpoints.
func (v *verifier) tree() {
	note, ok := v.file(CheckpointFile, 8<<10)
	if !ok {
		return
	}
	j := &v.pack.Journal
	c, err := v.keys.Open(string(note))
	switch {
	case err != nil:
		v.find(CheckpointFile, "it is not signed by the journal's key")
	case c.Size != j.Size:
		v.find(CheckpointFile, "it covers %d entries, %s says %d", c.Size, PackFile, j.Size)
	default:
		v.checkpoint = c
		v.result.Size, v.result.SealedAt = c.Size, c.At
	}
	if j.Placed < j.Size {
		v.find(PackFile, "journal truncated: %d of its %d entries had lost their places when the pack was made", j.Size-j.Placed, j.Size)
	}
	if j.Readable < j.Placed {
		v.find(PackFile, "entries missing: %d of the journal's %d entries were gone when the pack was made", j.Placed-j.Readable, j.Size)
	}
	older := v.older()
	for _, k := range v.kept {
		v.compare(k, older)
	}
}

// older reads the earlier checkpoints; those that hold, by size.
func (v *verifier) older() map[int64]Older {
	b, ok := v.file(ConsistencyFile, maxPart)
	if !ok || v.checkpoint.Size == 0 {
		return nil
	}
	all, err := readOlder(b)
	if err != nil {
		v.find(ConsistencyFile, "it cannot be read: %v", err)
		return nil
	}
	out := map[int64]Older{}
	for _, o := range all {
		c, err := v.keys.Open(o.Note)
		if err != nil || c.Size != o.Size {
			v.find(ConsistencyFile, "the checkpoint of %d entries is not signed by the journal's key", o.Size)
			continue
		}
		if err := v.extends(o.Proof, c); err != nil {
			v.find(ConsistencyFile, "history rewritten: the journal of %d entries does not extend its own checkpoint of %d, signed %s",
				v.checkpoint.Size, c.Size, when(c.At))
		}
		out[c.Size] = o
	}
	return out
}

// extends says whether the pack's tree extends that of an earlier checkpoint.
func (v *verifier) extends(p journal.Proof, c journal.Checkpoint) error {
	switch {
	case c.Size > v.checkpoint.Size:
		return errors.New("it is the greater one")
	case c.Size == v.checkpoint.Size:
		if c.Root != v.checkpoint.Root {
			return journal.ErrProof
		}
		return nil
	}
	return journal.CheckConsistency(p, v.checkpoint, c)
}

// compare holds the pack's tree against a checkpoint that was kept outside.
func (v *verifier) compare(k journal.Checkpoint, older map[int64]Older) {
	n := v.checkpoint.Size
	if n == 0 {
		return // told already
	}
	if k.Size > n {
		if !k.At.After(v.checkpoint.At) {
			v.find("", "journal truncated: your kept checkpoint of %s covers %d entries, and the pack's, signed later, %d", when(k.At), k.Size, n)
		} else {
			v.find("", "your kept checkpoint of %s is newer than the pack's: it cannot be compared; have the pack made again, and if it still is, the journal was truncated", when(k.At))
		}
		return
	}
	o, ok := older[k.Size]
	if !ok && k.Size < n {
		v.find("", "the pack has no proof for your kept checkpoint of %d entries: have it made again with that checkpoint; if that fails, history was rewritten", k.Size)
		return
	}
	if err := v.extends(o.Proof, k); err != nil {
		v.find("", "history rewritten: the journal in the pack is not the one of your kept checkpoint of %d entries, signed %s", k.Size, when(k.At))
		return
	}
	v.result.Kept, v.result.KeptTo = true, k.Size
}

// proven reads a file of entries and returns those that are whole. An entry
// without a place is returned too: nothing contradicts it, and it is counted as
// unprotected.
func (v *verifier) proven(name string) []journal.Entry {
	b, ok := v.file(name, maxPart)
	if !ok {
		return nil
	}
	entries, err := readEntries(b)
	if err != nil {
		v.find(name, "it cannot be read: %v", err)
		return nil
	}
	var out []journal.Entry
	seen, ids := map[int64]bool{}, map[int64]bool{}
	for _, x := range entries {
		if x.Leaf >= 0 && seen[x.Leaf] {
			v.find(name, "two entries stand at leaf %d", x.Leaf)
			continue
		}
		seen[x.Leaf] = true
		if x.Form == nil {
			v.find(name, "entry missing: leaf %d", x.Leaf)
			continue
		}
		e, err := journal.DecodeEntry(x.Form)
		if err != nil {
			v.find(name, "the entry at leaf %d is none: %v", x.Leaf, err)
			continue
		}
		if ids[e.ID] {
			v.find(name, "entry %d stands there twice", e.ID)
			continue
		}
		ids[e.ID] = true
		if !v.place(name, &x, e.ID) {
			continue
		}
		for _, r := range x.Reveals {
			r.EntryID = e.ID
			if !e.Opens(r) {
				v.find(name, "revealed value wrong: %q of entry %d", r.Name, e.ID)
			}
		}
		out = append(out, e)
	}
	return out
}

// place checks that an entry stands where it says in the signed tree.
func (v *verifier) place(name string, x *Entry, id int64) bool {
	if x.Leaf < 0 || v.checkpoint.Size > 0 && x.Leaf >= v.checkpoint.Size {
		v.result.Unsealed++
		return true
	}
	if v.checkpoint.Size == 0 {
		return false // told already
	}
	made := journal.LeafHash(x.Form)
	holds := func(h journal.Hash) bool { return journal.CheckInclusion(x.Proof, v.checkpoint, x.Leaf, h) == nil }
	switch {
	case holds(made):
		if x.Hash == nil || *x.Hash != made {
			v.find(name, "stored tree damaged: the hash of leaf %d; entry %d itself is intact", x.Leaf, id)
		}
		v.result.Entries++
		return true
	case x.Proof == nil:
		v.find(name, "stored tree damaged: there is no proof for entry %d at leaf %d", id, x.Leaf)
	case x.Hash != nil && *x.Hash != made && holds(*x.Hash):
		v.find(name, "entry altered: leaf %d (entry %d)", x.Leaf, id)
	default:
		v.find(name, "history rewritten: entry %d at leaf %d is not in the tree of %d entries that was signed", id, x.Leaf, v.checkpoint.Size)
	}
	return false
}
