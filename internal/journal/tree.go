package journal

import (
	"errors"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// HashReader lends stored hashes by tlog's stored-hash index.
type HashReader = tlog.HashReader

// Position is the place of a stored hash: the n'th complete subtree of 2^Level
// leaves. Level 0 holds the leaf hashes.
type Position struct {
	Level int
	N     int64
}

// Positions translates tlog's stored-hash indexes.
func Positions(indexes []int64) []Position {
	out := make([]Position, len(indexes))
	for i, x := range indexes {
		out[i].Level, out[i].N = tlog.SplitStoredHashIndex(x)
	}
	return out
}

// StoredHash is a hash and its place.
type StoredHash struct {
	Position
	Hash Hash
}

// Extend returns the hashes to store when leaves are added to a tree of size
// leaves. stored is asked for at most log₂(size) earlier hashes.
func Extend(stored HashReader, size int64, leaves []Hash) ([]StoredHash, error) {
	if size < 0 {
		return nil, fmt.Errorf("journal: a tree of %d entries", size)
	}
	t, err := loadTree(stored, size)
	if err != nil {
		return nil, err
	}
	var out []StoredHash
	for _, h := range leaves {
		n := t.size
		t.add(h, func(level int, h Hash) {
			out = append(out, StoredHash{Position{level, n >> level}, h})
		})
	}
	return out, nil
}

// tree is the right edge of a Merkle tree: the roots of its complete subtrees,
// the largest first, one for each 1 in size's binary form.
type tree struct {
	size int64
	edge []Hash
}

func loadTree(stored HashReader, size int64) (*tree, error) {
	t := &tree{size: size}
	if size == 0 {
		return t, nil
	}
	var indexes []int64
	var done int64
	for level := bits.Len64(uint64(size)) - 1; level >= 0; level-- {
		if size&(1<<level) != 0 {
			indexes = append(indexes, tlog.StoredHashIndex(level, done>>level))
			done += 1 << level
		}
	}
	var err error
	if t.edge, err = stored.ReadHashes(indexes); err != nil {
		return nil, fmt.Errorf("reading the edge of a tree of %d entries: %w", size, err)
	}
	if len(t.edge) != len(indexes) {
		return nil, fmt.Errorf("reading the edge of a tree of %d entries: %d hashes instead of %d", size, len(t.edge), len(indexes))
	}
	return t, nil
}

// add appends a leaf; made, if not nil, is told of each subtree completed.
func (t *tree) add(h Hash, made func(level int, h Hash)) {
	n := t.size
	if made != nil {
		made(0, h)
	}
	for level := 1; n&1 != 0; level, n = level+1, n>>1 {
		h = tlog.NodeHash(t.edge[len(t.edge)-1], h)
		t.edge = t.edge[:len(t.edge)-1]
		if made != nil {
			made(level, h)
		}
	}
	t.edge = append(t.edge, h)
	t.size++
}

// root is the tree's root hash. That of an empty tree is SHA-256 of nothing.
func (t *tree) root() Hash {
	if t.size == 0 {
		h, _ := tlog.TreeHash(0, nil)
		return h
	}
	h := t.edge[len(t.edge)-1]
	for i := len(t.edge) - 2; i >= 0; i-- {
		h = tlog.NodeHash(t.edge[i], h)
	}
	return h
}

// Proof is the path of hashes of an inclusion proof (RFC 6962 §2.1.1) or a
// consistency proof (§2.1.2).
type Proof []Hash

// ErrProof: a proof does not prove what it should.
var ErrProof = errors.New("the proof does not hold")

// ProveInclusion proves that leaf index is in the tree of size leaves.
func ProveInclusion(stored HashReader, size, index int64) (Proof, error) {
	p, err := tlog.ProveRecord(size, index, stored)
	return Proof(p), err
}

// CheckInclusion checks that a leaf stands at index in a checkpoint's tree.
func CheckInclusion(p Proof, c Checkpoint, index int64, leaf Hash) error {
	if err := tlog.CheckRecord(tlog.RecordProof(p), c.Size, c.Root, index, leaf); err != nil {
		return fmt.Errorf("entry %d of %d: %w", index, c.Size, ErrProof)
	}
	return nil
}

// ProveConsistency proves that the tree of size leaves extends that of older leaves.
func ProveConsistency(stored HashReader, size, older int64) (Proof, error) {
	p, err := tlog.ProveTree(size, older, stored)
	return Proof(p), err
}

// CheckConsistency checks that a newer checkpoint's tree extends an older one's.
func CheckConsistency(p Proof, newer, older Checkpoint) error {
	if err := tlog.CheckTree(tlog.TreeProof(p), newer.Size, newer.Root, older.Size, older.Root); err != nil {
		return fmt.Errorf("tree of %d over tree of %d: %w", newer.Size, older.Size, ErrProof)
	}
	return nil
}

// LeafHashIndex is tlog's stored-hash index of a leaf's hash.
func LeafHashIndex(leaf int64) int64 { return tlog.StoredHashIndex(0, leaf) }
