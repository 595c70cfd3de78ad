package evidence

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/tamga-ca/tamga/internal/journal"
)

// Entry is a journal entry as the database has it, with its place and the proof
// of it. Form is its canonical form, nil where the entry is gone or cannot be
// read.
type Entry struct {
	Leaf    int64         // -1: not in the tree yet
	Hash    *journal.Hash // of the leaf as stored, or nil
	Proof   journal.Proof // in the checkpoint's tree; nil where there is none
	Form    []byte
	Reveals []journal.Reveal
}

// Older is an earlier checkpoint and the proof that the pack's extends it.
type Older struct {
	Note  string
	Size  int64
	Proof journal.Proof
}

type entryLine struct {
	Leaf    int64           `json:"leaf"`
	Hash    string          `json:"hash,omitempty"`
	Proof   []string        `json:"proof,omitempty"`
	Entry   json.RawMessage `json:"entry"`
	Reveals []revealLine    `json:"reveals,omitempty"`
}

type revealLine struct {
	Name  string `json:"name"`
	Salt  []byte `json:"salt"`
	Value string `json:"value"`
}

type olderLine struct {
	Size  int64    `json:"size"`
	Note  string   `json:"note"`
	Proof []string `json:"proof"`
}

// WriteEntries writes a file of entries, one a line.
func WriteEntries(w io.Writer, entries []Entry) error {
	for _, e := range entries {
		l := entryLine{Leaf: e.Leaf, Proof: texts(e.Proof), Entry: json.RawMessage("null")}
		if e.Hash != nil {
			l.Hash = e.Hash.String()
		}
		if e.Form != nil {
			l.Entry = e.Form
		}
		for _, r := range e.Reveals {
			l.Reveals = append(l.Reveals, revealLine{r.Name, r.Salt, r.Value})
		}
		if err := writeLine(w, l); err != nil {
			return err
		}
	}
	return nil
}

// WriteOlder writes ConsistencyFile.
func WriteOlder(w io.Writer, all []Older) error {
	for _, o := range all {
		if err := writeLine(w, olderLine{o.Size, o.Note, texts(o.Proof)}); err != nil {
			return err
		}
	}
	return nil
}

// writeLine keeps an entry's bytes as they are: no escaping for HTML.
func writeLine(w io.Writer, line any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(line)
}

func texts(p journal.Proof) []string {
	out := make([]string, len(p))
	for i, h := range p {
		out[i] = h.String()
	}
	return out
}

func hashes(texts []string) (journal.Proof, error) {
	if len(texts) > 64 {
		return nil, errors.New("a proof longer than any tree is high")
	}
	out := make(journal.Proof, len(texts))
	for i, t := range texts {
		h, err := readHash(t)
		if err != nil {
			return nil, err
		}
		out[i] = h
	}
	return out, nil
}

func readHash(text string) (h journal.Hash, err error) {
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != len(h) {
		return h, errors.New("not a hash")
	}
	return journal.Hash(b), nil
}

// readEntries reads a file of entries. Form is as it stands in the file, to the
// byte.
func readEntries(b []byte) (out []Entry, err error) {
	err = eachLine(b, func(line []byte) error {
		var l entryLine
		if err := strict(line, &l); err != nil {
			return err
		}
		e := Entry{Leaf: l.Leaf, Form: l.Entry}
		if bytes.Equal(l.Entry, []byte("null")) {
			e.Form = nil
		}
		if l.Hash != "" {
			h, err := readHash(l.Hash)
			if err != nil {
				return err
			}
			e.Hash = &h
		}
		if l.Proof != nil {
			if e.Proof, err = hashes(l.Proof); err != nil {
				return err
			}
		}
		for _, r := range l.Reveals {
			e.Reveals = append(e.Reveals, journal.Reveal{Name: r.Name, Salt: r.Salt, Value: r.Value})
		}
		out = append(out, e)
		return nil
	})
	return out, err
}

func readOlder(b []byte) (out []Older, err error) {
	err = eachLine(b, func(line []byte) error {
		var l olderLine
		if err := strict(line, &l); err != nil {
			return err
		}
		p, err := hashes(l.Proof)
		out = append(out, Older{Note: l.Note, Size: l.Size, Proof: p})
		return err
	})
	return out, err
}

func eachLine(b []byte, f func([]byte) error) error {
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		if err := f(lines.Bytes()); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	return lines.Err()
}

// strict decodes one JSON value with nothing unknown in it and nothing after
// it.
func strict(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows")
	}
	return nil
}
