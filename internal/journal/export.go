package journal

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"iter"
	"strconv"
)

// An export is JSON lines. The first is the header, the last the end:
//
//	{"journal":1,"key":"<verifier key>","reveals":false}
//	{"leaf":0,"hash":"<stored leaf hash, base64>","entry":{…canonical form…}}
//	{"reveal":{"entry":1,"name":"…","salt":"<base64>","value":"…"}}
//	{"checkpoint":"<signed note>"}
//	{"waiting":{…canonical form…}}
//	{"end":{"leaves":1,"checkpoints":1,"waiting":1}}
//
// Leaves come by index without gaps; "entry" is null where the database has no
// (readable) entry for a leaf, "hash" is empty where it has no hash. Reveals
// follow their leaf. A checkpoint follows the last leaf it covers. "waiting"
// are entries that have no leaf yet. The bytes after "entry": up to the closing
// brace of the line are what was hashed.

// LeafRow is what the database has for one leaf.
type LeafRow struct {
	Index   int64
	Hash    *Hash    // as stored, or nil
	Entry   *Entry   // or nil
	Reveals []Reveal // only if asked for
}

// Source lends the journal to Export: one consistent view of the database. The
// sequences are read alternately, so none may hold the connection between two
// elements.
type Source interface {
	// Leaves yields every index that has a leaf or a leaf hash, ascending.
	Leaves() iter.Seq2[LeafRow, error]
	// Checkpoints yields all checkpoints by size, ascending.
	Checkpoints() iter.Seq2[Checkpoint, error]
	// Waiting yields the entries that have no leaf.
	Waiting() iter.Seq2[Entry, error]
}

// ExportOptions says what an export holds beside the entries.
type ExportOptions struct {
	VerifierKey string // for the header
	Reveals     bool   // the source lends reveals; they are personal data
}

// maxGap bounds how many missing leaves in a row are written down one by one.
const maxGap = 1 << 20

// Export writes the whole journal. Damage in the source (gaps, entries without
// a canonical form) is written down as such and does not stop it.
func Export(w io.Writer, src Source, opts ExportOptions) error {
	x := exporter{w: bufio.NewWriterSize(w, 1<<18), opts: opts}
	x.next, x.stop = iter.Pull2(src.Checkpoints())
	defer x.stop()
	if err := x.write(src); err != nil {
		return fmt.Errorf("exporting the journal: %w", err)
	}
	return x.w.Flush()
}

type exporter struct {
	w    *bufio.Writer
	opts ExportOptions
	line []byte
	next func() (Checkpoint, error, bool)
	stop func()
	held *Checkpoint

	leaves, checkpoints, waiting int64
}

func (x *exporter) write(src Source) error {
	x.line = append(x.line[:0], `{"journal":1,"key":`...)
	x.line = appendString(x.line, x.opts.VerifierKey)
	x.line = fmt.Appendf(x.line, `,"reveals":%t}`, x.opts.Reveals)
	if err := x.flush(); err != nil {
		return err
	}
	if err := x.advance(); err != nil {
		return err
	}
	for row, err := range src.Leaves() {
		if err != nil {
			return err
		}
		if row.Index-x.leaves > maxGap {
			return fmt.Errorf("leaf %d follows leaf %d: the table of leaves was changed beyond use", row.Index, x.leaves-1)
		}
		for x.leaves < row.Index {
			if err := x.leaf(LeafRow{Index: x.leaves}); err != nil {
				return err
			}
		}
		if err := x.leaf(row); err != nil {
			return err
		}
	}
	for x.held != nil {
		if err := x.checkpoint(); err != nil {
			return err
		}
	}
	for e, err := range src.Waiting() {
		if err != nil {
			return err
		}
		x.line = append(x.line[:0], `{"waiting":`...)
		if x.line, err = e.AppendEncode(x.line); err != nil {
			x.line = append(x.line[:0], `{"waiting":null`...)
		}
		x.line = append(x.line, '}')
		if err := x.flush(); err != nil {
			return err
		}
		x.waiting++
	}
	x.line = fmt.Appendf(x.line[:0], `{"end":{"leaves":%d,"checkpoints":%d,"waiting":%d}}`, x.leaves, x.checkpoints, x.waiting)
	return x.flush()
}

func (x *exporter) flush() error {
	x.line = append(x.line, '\n')
	_, err := x.w.Write(x.line)
	return err
}

func (x *exporter) leaf(row LeafRow) error {
	if row.Index != x.leaves {
		return fmt.Errorf("leaf %d after leaf %d", row.Index, x.leaves-1)
	}
	x.line = append(x.line[:0], `{"leaf":`...)
	x.line = strconv.AppendInt(x.line, row.Index, 10)
	x.line = append(x.line, `,"hash":"`...)
	if row.Hash != nil {
		x.line = base64.StdEncoding.AppendEncode(x.line, row.Hash[:])
	}
	x.line = append(x.line, `","entry":`...)
	before := len(x.line)
	readable := false
	if row.Entry != nil {
		var err error
		x.line, err = row.Entry.AppendEncode(x.line)
		readable = err == nil
	}
	if !readable {
		x.line = append(x.line[:before], `null`...)
	}
	x.line = append(x.line, '}')
	if err := x.flush(); err != nil {
		return err
	}
	x.leaves++
	if readable && x.opts.Reveals {
		for _, r := range row.Reveals {
			if err := x.reveal(r); err != nil {
				return err
			}
		}
	}
	for x.held != nil && x.held.Size <= x.leaves {
		if err := x.checkpoint(); err != nil {
			return err
		}
	}
	return nil
}

func (x *exporter) reveal(r Reveal) error {
	x.line = append(x.line[:0], `{"reveal":{"entry":`...)
	x.line = strconv.AppendInt(x.line, r.EntryID, 10)
	x.line = append(x.line, `,"name":`...)
	x.line = appendString(x.line, r.Name)
	x.line = append(x.line, `,"salt":"`...)
	x.line = base64.StdEncoding.AppendEncode(x.line, r.Salt)
	x.line = append(x.line, `","value":`...)
	x.line = appendString(x.line, r.Value)
	x.line = append(x.line, '}', '}')
	return x.flush()
}

func (x *exporter) checkpoint() error {
	x.line = append(x.line[:0], `{"checkpoint":`...)
	x.line = appendString(x.line, x.held.Note)
	x.line = append(x.line, '}')
	if err := x.flush(); err != nil {
		return err
	}
	x.checkpoints++
	return x.advance()
}

func (x *exporter) advance() error {
	c, err, ok := x.next()
	x.held = nil
	if err != nil {
		return err
	}
	if ok {
		x.held = &c
	}
	return nil
}
