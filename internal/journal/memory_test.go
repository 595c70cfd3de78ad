package journal

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// memory is a journal in memory, open to every kind of tampering.
type memory struct {
	entries     map[int64]Entry
	reveals     map[int64][]Reveal
	leaves      map[int64]int64 // index → entry
	hashes      map[Position]Hash
	checkpoints []Checkpoint
	nextID      int64

	secret, key string
	signer      *Signer
	known       Verifiers
}

var start = time.Date(2026, 3, 2, 4, 5, 6, 789012000, time.UTC)

func newMemory(t testing.TB) *memory {
	t.Helper()
	m := &memory{entries: map[int64]Entry{}, reveals: map[int64][]Reveal{}, leaves: map[int64]int64{}, hashes: map[Position]Hash{}, nextID: 1}
	m.rekey(t)
	return m
}

func (m *memory) rekey(t testing.TB) {
	t.Helper()
	var err error
	if m.secret, m.key, err = GenerateKey(rand.Reader, "ca.example.kg/journal"); err != nil {
		t.Fatal(err)
	}
	if m.signer, err = NewSigner(m.secret); err != nil {
		t.Fatal(err)
	}
	v, err := NewVerifier(m.key)
	if err != nil {
		t.Fatal(err)
	}
	m.known = Verifiers{v}
}

func (m *memory) put(t testing.TB, n int) {
	t.Helper()
	for range n {
		id := m.nextID
		m.nextID++
		e, reveals, err := NewEntry(start.Add(time.Duration(id)*time.Second), Event{
			Kind: "application.moved", Actor: Actor{ActorOperator, fmt.Sprint(id % 7)},
			Subjects: []Subject{{"application", fmt.Sprint(id)}, {"organisation", "4"}},
			Details:  map[string]any{"from": "in_review", "to": "verified", "note": "ө \" \\ \n \u2028 <b>"},
			Personal: map[string]string{"name": "Айгүл Өмүрбекова", "inn": "01234567890123"},
		})
		if err != nil {
			t.Fatal(err)
		}
		e.ID = id
		for i := range reveals {
			reveals[i].EntryID = id
		}
		m.entries[id], m.reveals[id] = e, reveals
	}
}

// grow adds n entries, sequences them and signs a checkpoint.
func (m *memory) grow(t testing.TB, n int) Checkpoint {
	t.Helper()
	m.put(t, n)
	m.sequence(t)
	c, err := Seal(m, m.signer, m.known, start.Add(time.Duration(m.nextID)*time.Minute))
	if err != nil || c == nil {
		t.Fatalf("Seal: %v, %v", c, err)
	}
	return *c
}

func (m *memory) sequence(t testing.TB) {
	t.Helper()
	for {
		n, err := Sequence(m, 3)
		if err != nil {
			t.Fatal(err)
		}
		if n < 3 {
			return
		}
	}
}

func (m *memory) Size() (int64, error) { return int64(len(m.leaves)), nil }

func (m *memory) Pending(limit int) ([]Entry, error) {
	done := map[int64]bool{}
	for _, id := range m.leaves {
		done[id] = true
	}
	var out []Entry
	for _, id := range sortedKeys(m.entries) {
		if !done[id] && len(out) < limit {
			out = append(out, m.entries[id])
		}
	}
	return out, nil
}

func sortedKeys[V any](m map[int64]V) []int64 {
	var ids []int64
	for id := range m {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func (m *memory) AddLeaves(leaves []Leaf, hashes []StoredHash) error {
	for _, l := range leaves {
		m.leaves[l.Index] = l.EntryID
	}
	for _, h := range hashes {
		m.hashes[h.Position] = h.Hash
	}
	return nil
}

func (m *memory) LastCheckpoint() (*Checkpoint, error) {
	if len(m.checkpoints) == 0 {
		return nil, nil
	}
	return &m.checkpoints[len(m.checkpoints)-1], nil
}

func (m *memory) AddCheckpoint(c Checkpoint) error {
	m.checkpoints = append(m.checkpoints, c)
	return nil
}

func (m *memory) ReadHashes(indexes []int64) ([]Hash, error) {
	var out []Hash
	for _, p := range Positions(indexes) {
		h, ok := m.hashes[p]
		if !ok {
			return nil, fmt.Errorf("no hash at %v", p)
		}
		out = append(out, h)
	}
	return out, nil
}

func (m *memory) Leaves() iter.Seq2[LeafRow, error] {
	return func(yield func(LeafRow, error) bool) {
		top := int64(-1)
		for i := range m.leaves {
			top = max(top, i)
		}
		for p := range m.hashes {
			if p.Level == 0 {
				top = max(top, p.N)
			}
		}
		for i := range top + 1 {
			row := LeafRow{Index: i}
			if h, ok := m.hashes[Position{0, i}]; ok {
				row.Hash = &h
			}
			if e, ok := m.entries[m.leaves[i]]; ok {
				row.Entry, row.Reveals = &e, m.reveals[e.ID]
			}
			if (row.Hash != nil || row.Entry != nil) && !yield(row, nil) {
				return
			}
		}
	}
}

func (m *memory) Checkpoints() iter.Seq2[Checkpoint, error] {
	return func(yield func(Checkpoint, error) bool) {
		for _, c := range m.checkpoints {
			if !yield(c, nil) {
				return
			}
		}
	}
}

func (m *memory) Waiting() iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		es, _ := m.Pending(1 << 30)
		for _, e := range es {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (m *memory) export(t testing.TB, reveals bool) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Export(&b, m, ExportOptions{VerifierKey: m.key, Reveals: reveals}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// rewrite builds the tree anew over the entries that are left, as a hostile
// owner of the database would, and leaves the checkpoints alone.
func (m *memory) rewrite(t testing.TB) {
	t.Helper()
	m.leaves, m.hashes = map[int64]int64{}, map[Position]Hash{}
	m.sequence(t)
}

// checkTree compares with tlog's own arithmetic.
func (m *memory) checkTree(t testing.TB) {
	t.Helper()
	size := int64(len(m.leaves))
	want, err := tlog.TreeHash(size, m)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := loadTree(m, size)
	if err != nil {
		t.Fatal(err)
	}
	if tr.root() != want {
		t.Fatalf("root of %d leaves differs from tlog's", size)
	}
	if int64(len(m.hashes)) != tlog.StoredHashCount(size) {
		t.Fatalf("%d stored hashes, tlog counts %d", len(m.hashes), tlog.StoredHashCount(size))
	}
}

func damage(e Entry, details string) Entry { e.Details = details; return e }
