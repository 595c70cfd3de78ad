package journal

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// VerifyOptions is what an auditor brings along, kept outside the server.
type VerifyOptions struct {
	// Keys are verifier keys. Without any, that of the export's own header is
	// taken, and the result is worth accordingly.
	Keys []string
	// Kept are checkpoints (signed notes) received earlier, in any order.
	Kept []string
}

// ErrExport is wrapped by every error about an export that cannot be read to
// its end; nothing is proved then.
var ErrExport = errors.New("not a readable journal export")

// maxLine bounds a line of an export; an entry is at most half as long.
const maxLine = 4 << 20

// Verify reads an export and checks it. The error is about reading: an export
// that is cut, malformed, or not of this format, or options that cannot be
// read. What is wrong with the journal is in the report.
func Verify(r io.Reader, opts VerifyOptions) (Report, error) {
	v := verifier{in: bufio.NewReaderSize(r, 1<<20)}
	if err := v.header(opts); err != nil {
		return v.report, err
	}
	for !v.ended {
		line, err := v.readLine()
		if err == nil {
			err = v.take(line)
		}
		if err != nil {
			return v.report, err
		}
	}
	if _, err := v.in.ReadByte(); err != io.EOF {
		return v.report, v.bad("something follows the end")
	}
	return v.report, nil
}

type mismatch struct {
	leaf, entry int64
	missing     bool // the entry
	noHash      bool // the stored hash
}

type verifier struct {
	in     *bufio.Reader
	lineNo int
	long   []byte
	ended  bool
	keys   Verifiers
	kept   []Checkpoint // by size

	// stored is the tree over the stored leaf hashes, made the one over the
	// entries as they are. They are the same until forked.
	stored, made tree
	forked       bool
	broken       bool // made lacks an entry
	pending      []mismatch
	pendingCount int64
	lost         bool // an anchor failed for good; only entries are looked at
	good         int64
	reveals      bool
	body         []byte // of the last leaf, if reveals follow
	bodyBad      bool   // it does not match its stored hash: reveals prove nothing
	sum          []byte
	tail         bool // past the leaves

	report Report
}

func (v *verifier) bad(what string) error {
	return fmt.Errorf("%w: line %d: %s", ErrExport, v.lineNo, what)
}

// readLine returns the next line without its end, valid until the next call.
func (v *verifier) readLine() ([]byte, error) {
	v.lineNo++
	line, err := v.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		v.long = v.long[:0]
		for errors.Is(err, bufio.ErrBufferFull) && len(v.long) <= maxLine {
			v.long = append(v.long, line...)
			line, err = v.in.ReadSlice('\n')
		}
		v.long = append(v.long, line...)
		line = v.long
	}
	if errors.Is(err, io.EOF) {
		return nil, v.bad("it is cut off: the end is missing")
	}
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, fmt.Errorf("reading the journal export: %w", err)
	}
	if len(line) > maxLine {
		return nil, v.bad("longer than any entry")
	}
	return line[:len(line)-1], nil
}

func (v *verifier) header(opts VerifyOptions) error {
	line, err := v.readLine()
	if err != nil {
		return err
	}
	var h struct {
		Journal int    `json:"journal"`
		Key     string `json:"key"`
		Reveals bool   `json:"reveals"`
	}
	if json.Unmarshal(line, &h) != nil || h.Journal == 0 {
		return v.bad("no header")
	}
	if h.Journal != 1 {
		return v.bad(fmt.Sprintf("format %d is newer than this program", h.Journal))
	}
	v.reveals = h.Reveals
	keys := opts.Keys
	if len(keys) == 0 {
		keys = []string{h.Key}
	}
	for _, k := range keys {
		key, err := NewVerifier(k)
		if err != nil {
			return err
		}
		v.keys = append(v.keys, key)
	}
	for _, text := range opts.Kept {
		c, err := v.keys.Open(asSigned(text))
		if err != nil {
			return fmt.Errorf("the kept checkpoint: %w", err)
		}
		v.kept = append(v.kept, c)
	}
	slices.SortStableFunc(v.kept, func(a, b Checkpoint) int { return cmp.Compare(a.Size, b.Size) })
	v.report.Kept = len(opts.Keys) > 0 && len(v.kept) > 0
	return nil
}

// asSigned undoes what mail programs and editors do to a note's lines.
func asSigned(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")) + "\n"
}

var (
	leafPrefix   = []byte(`{"leaf":`)
	hashPrefix   = []byte(`,"hash":"`)
	entryPrefix  = []byte(`","entry":`)
	idPrefix     = []byte(`{"v":1,"id":`)
	revealPrefix = []byte(`{"reveal":`)
	checkPrefix  = []byte(`{"checkpoint":`)
	waitPrefix   = []byte(`{"waiting":`)
	endPrefix    = []byte(`{"end":`)
	null         = []byte(`null`)
)

func (v *verifier) take(line []byte) error {
	switch {
	case bytes.HasPrefix(line, leafPrefix):
		return v.leaf(line)
	case bytes.HasPrefix(line, checkPrefix):
		return v.checkpoint(line)
	case bytes.HasPrefix(line, revealPrefix):
		return v.reveal(line)
	case bytes.HasPrefix(line, waitPrefix):
		v.tail = true
		v.report.Waiting++
		return nil
	case bytes.HasPrefix(line, endPrefix):
		return v.end(line)
	}
	return v.bad("of no known kind")
}

// cutInt reads a decimal number without sign or leading zeros.
func cutInt(b []byte) (n int64, rest []byte, ok bool) {
	i := 0
	for i < len(b) && i < 18 && b[i] >= '0' && b[i] <= '9' {
		n = n*10 + int64(b[i]-'0')
		i++
	}
	return n, b[i:], i > 0 && (i == 1 || b[0] != '0')
}

func (v *verifier) leaf(line []byte) error {
	if v.tail {
		return v.bad("a leaf after the tree's end")
	}
	index, rest, ok := cutInt(line[len(leafPrefix):])
	if !ok || index != v.report.Leaves {
		return v.bad("the leaves are not numbered one after the other")
	}
	rest, ok = bytes.CutPrefix(rest, hashPrefix)
	if !ok {
		return v.bad("no hash")
	}
	var stored *Hash
	if !bytes.HasPrefix(rest, entryPrefix) {
		const size = 44 // base64 of 32 bytes
		var h Hash
		if len(rest) < size {
			return v.bad("no hash")
		}
		var buf [33]byte
		n, err := base64.StdEncoding.Strict().Decode(buf[:], rest[:size])
		if err != nil || n != len(h) {
			return v.bad("no hash")
		}
		copy(h[:], buf[:])
		stored, rest = &h, rest[size:]
	}
	rest, ok = bytes.CutPrefix(rest, entryPrefix)
	if !ok || len(rest) < 2 || rest[len(rest)-1] != '}' {
		return v.bad("no entry")
	}
	body := rest[:len(rest)-1]
	if v.reveals {
		v.body = append(v.body[:0], body...)
	}
	v.report.Leaves++
	v.add(index, stored, body)
	return v.checkKept()
}

// add takes a leaf into the trees.
func (v *verifier) add(index int64, stored *Hash, body []byte) {
	if bytes.Equal(body, null) {
		v.mismatch(mismatch{leaf: index, missing: true, noHash: stored == nil})
		v.fork()
		v.broken = true
		if stored == nil {
			stored = new(Hash)
		}
		v.stored.add(*stored, nil)
		return
	}
	made := v.leafHash(body)
	v.bodyBad = stored != nil && *stored != made
	if stored == nil || *stored != made {
		v.mismatch(mismatch{leaf: index, entry: entryID(body), noHash: stored == nil})
		v.fork()
		if stored == nil {
			stored = &made
		}
	}
	v.stored.add(*stored, nil)
	if v.forked && !v.broken {
		v.made.add(made, nil)
	}
}

// leafHash is LeafHash without its allocation.
func (v *verifier) leafHash(body []byte) Hash {
	v.sum = append(append(v.sum[:0], 0), body...)
	return sha256.Sum256(v.sum)
}

func entryID(body []byte) int64 {
	rest, ok := bytes.CutPrefix(body, idPrefix)
	if !ok {
		return 0
	}
	id, _, ok := cutInt(rest)
	if !ok {
		return 0
	}
	return id
}

func (v *verifier) mismatch(m mismatch) {
	if len(v.pending) < maxFindings {
		v.pending = append(v.pending, m)
	}
	v.pendingCount++
}

func (v *verifier) fork() {
	if !v.forked {
		v.forked = true
		v.made = tree{size: v.stored.size, edge: slices.Clone(v.stored.edge)}
	}
}

func (v *verifier) join(from *tree) {
	edge := slices.Clone(from.edge)
	v.stored = tree{size: from.size, edge: edge}
	v.forked, v.broken = false, false
	v.made = tree{}
}

func (v *verifier) find(f Finding) {
	v.report.Count++
	if len(v.report.Findings) < maxFindings {
		v.report.Findings = append(v.report.Findings, f)
	}
}

// checkKept compares the tree with the kept checkpoints of its size.
func (v *verifier) checkKept() error {
	for len(v.kept) > 0 && v.kept[0].Size == v.report.Leaves {
		c := v.kept[0]
		v.kept = v.kept[1:]
		if v.anchor(c) {
			v.report.KeptTo = c.Size
		}
	}
	return nil
}

// anchor compares the tree with a trusted checkpoint of its size.
func (v *verifier) anchor(c Checkpoint) bool {
	if v.lost {
		return false
	}
	storedOK := v.stored.root() == c.Root
	madeOK := storedOK
	if v.forked {
		madeOK = !v.broken && v.made.root() == c.Root
	}
	switch {
	case madeOK && v.pendingCount > 0:
		v.find(Finding{Kind: TreeDamaged, From: v.pending[0].leaf, To: c.Size, Protected: true})
		v.join(&v.made)
	case storedOK:
		v.settle(true)
		v.join(&v.stored)
	case !madeOK:
		v.find(Finding{Kind: HistoryRewritten, From: v.good, To: c.Size, Protected: true})
		v.lost = true
		v.pending, v.pendingCount = nil, 0
		return false
	}
	v.pending, v.pendingCount = v.pending[:0], 0
	v.good = c.Size
	v.report.SealedTo = c.Size
	v.report.Last = &c
	return true
}

// settle turns the pending mismatches into findings.
func (v *verifier) settle(protected bool) {
	for _, m := range v.pending {
		f := Finding{Kind: EntryAltered, Leaf: m.leaf, EntryID: m.entry, Protected: protected}
		switch {
		case m.missing:
			f.Kind = EntryMissing
		case m.noHash:
			f = Finding{Kind: TreeDamaged, From: m.leaf, To: m.leaf + 1, Protected: protected}
		}
		v.find(f)
	}
	v.report.Count += v.pendingCount - int64(len(v.pending))
	v.pending, v.pendingCount = v.pending[:0], 0
}

func (v *verifier) checkpoint(line []byte) error {
	var text struct {
		Checkpoint string `json:"checkpoint"`
	}
	if json.Unmarshal(line, &text) != nil {
		return v.bad("no checkpoint")
	}
	v.report.Checkpoints++
	c, err := v.keys.Open(text.Checkpoint)
	switch {
	case err != nil:
		v.find(Finding{Kind: CheckpointForged, From: v.report.Leaves})
	case c.Size > v.report.Leaves:
		v.tail = true // a leaf that follows would belong under it
		v.truncated(c.Size)
	case c.Size < v.report.Leaves:
		v.find(Finding{Kind: CheckpointMisplaced, From: v.report.Leaves, To: c.Size})
	default:
		v.anchor(c)
	}
	return nil
}

// truncated notes that leaves up to size were signed and are gone; one finding
// for the largest.
func (v *verifier) truncated(size int64) {
	for i, f := range v.report.Findings {
		if f.Kind == Truncated {
			v.report.Findings[i].To = max(f.To, size)
			return
		}
	}
	v.find(Finding{Kind: Truncated, From: v.report.Leaves, To: size, Protected: true})
}

func (v *verifier) reveal(line []byte) error {
	var w struct {
		Reveal struct {
			Entry int64  `json:"entry"`
			Name  string `json:"name"`
			Salt  []byte `json:"salt"`
			Value string `json:"value"`
		} `json:"reveal"`
	}
	if !v.reveals || v.report.Leaves == 0 || json.Unmarshal(line, &w) != nil {
		return v.bad("no reveal")
	}
	r := Reveal{EntryID: w.Reveal.Entry, Name: w.Reveal.Name, Salt: w.Reveal.Salt, Value: w.Reveal.Value}
	if v.bodyBad {
		return nil
	}
	e, err := DecodeEntry(v.body)
	if err != nil || !e.Opens(r) {
		v.find(Finding{Kind: RevealWrong, Leaf: v.report.Leaves - 1, EntryID: r.EntryID, Protected: true})
	}
	return nil
}

func (v *verifier) end(line []byte) error {
	want := strconv.AppendInt([]byte(`{"end":{"leaves":`), v.report.Leaves, 10)
	want = append(want, `,"checkpoints":`...)
	want = strconv.AppendInt(want, v.report.Checkpoints, 10)
	want = append(want, `,"waiting":`...)
	want = strconv.AppendInt(want, v.report.Waiting, 10)
	want = append(want, '}', '}')
	if !bytes.Equal(line, want) {
		return v.bad("the end counts otherwise: lines are missing")
	}
	v.ended = true
	for _, c := range v.kept {
		v.truncated(c.Size)
	}
	if v.lost {
		return nil // the interval is named; entries after it prove nothing
	}
	v.settle(false)
	return nil
}
