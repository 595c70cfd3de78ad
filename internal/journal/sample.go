package journal

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// IssuedKind is the kind of the entry that a certificate was issued; the entry
// names it among its subjects.
const IssuedKind = "enrolment.issued"

// CertificateSubject is the kind of the subject that is a certificate, by
// serial.
const CertificateSubject = "certificate"

// SampleSize is how many of n certificates are drawn: 3 %, rounded up.
func SampleSize(n int) int { return (3*n + 99) / 100 }

// Draw draws the sample out of serials, each once, in any order: sorted by
// HMAC-SHA-256 with the checkpoint's root as the key and the serial, as it
// stands in the journal, as the message, the first SampleSize of them.
func Draw(root Hash, serials []string) []string {
	type ranked struct {
		rank   [sha256.Size]byte
		serial string
	}
	all := make([]ranked, len(serials))
	for i, s := range serials {
		h := hmac.New(sha256.New, root[:])
		h.Write([]byte(s))
		all[i].serial = s
		h.Sum(all[i].rank[:0])
	}
	slices.SortFunc(all, func(a, b ranked) int {
		if c := bytes.Compare(a.rank[:], b.rank[:]); c != 0 {
			return c
		}
		return strings.Compare(a.serial, b.serial)
	})
	out := make([]string, SampleSize(len(all)))
	for i := range out {
		out[i] = all[i].serial
	}
	return out
}

// Sample is a draw with all that it was made of.
type Sample struct {
	// Checkpoint decided it: the first one at or after the period's end.
	Checkpoint Checkpoint
	Population int      // certificates issued in the period
	Serials    []string // drawn, in the order of the draw
}

// ErrNoCheckpoint says that no checkpoint was signed at or after the end of
// the period: nothing can be drawn yet.
var ErrNoCheckpoint = errors.New("there is no checkpoint signed after the period's end")

// DrawFrom draws the sample of the period [start, end) out of an export, whose
// integrity Verify judges. An issue belongs to the first period whose end is
// after the entry's time and whose deciding checkpoint covers the entry, so that
// none belongs to two periods or to none. keys verify the checkpoints; without
// any, the key of the export's header does.
func DrawFrom(export io.Reader, keys []string, start, end time.Time) (*Sample, error) {
	s := sampler{v: verifier{in: bufio.NewReaderSize(export, 1<<20)}, start: start, end: end, issued: map[string]bool{}}
	if err := s.v.header(VerifyOptions{Keys: keys}); err != nil {
		return nil, err
	}
	for {
		line, err := s.v.readLine()
		if err != nil {
			return nil, err
		}
		switch {
		case bytes.HasPrefix(line, leafPrefix):
			err = s.leaf(line)
		case bytes.HasPrefix(line, checkPrefix):
			var out *Sample
			if out, err = s.checkpoint(line); out != nil {
				return out, nil
			}
		case bytes.HasPrefix(line, endPrefix):
			return nil, ErrNoCheckpoint
		}
		if err != nil {
			return nil, err
		}
	}
}

type sampler struct {
	v          verifier
	start, end time.Time
	// begun says that the checkpoint has passed that decided the period before:
	// what is older and comes later belongs to this one.
	begun  bool
	issued map[string]bool
}

var issuedMark = []byte(`,"kind":"` + IssuedKind + `",`)

func (s *sampler) leaf(line []byte) error {
	if !bytes.Contains(line, issuedMark) {
		return nil
	}
	_, form, ok := bytes.Cut(line, entryPrefix)
	if !ok || len(form) == 0 {
		return s.v.bad("no entry")
	}
	e, err := DecodeEntry(form[:len(form)-1])
	if err != nil {
		return s.v.bad(err.Error())
	}
	if e.Kind != IssuedKind || !e.At.Before(s.end) || e.At.Before(s.start) && !s.begun {
		return nil
	}
	for _, about := range e.Subjects {
		if about.Kind == CertificateSubject {
			s.issued[about.ID] = true
		}
	}
	return nil
}

// checkpoint returns the sample once the checkpoint that decides it has come.
func (s *sampler) checkpoint(line []byte) (*Sample, error) {
	var text struct {
		Checkpoint string `json:"checkpoint"`
	}
	if json.Unmarshal(line, &text) != nil {
		return nil, s.v.bad("no checkpoint")
	}
	c, err := s.v.keys.Open(text.Checkpoint)
	if err != nil {
		return nil, fmt.Errorf("a checkpoint of the export: %w", err)
	}
	s.begun = s.begun || !c.At.Before(s.start)
	if c.At.Before(s.end) {
		return nil, nil
	}
	serials := make([]string, 0, len(s.issued))
	for serial := range s.issued {
		serials = append(serials, serial)
	}
	return &Sample{Checkpoint: c, Population: len(serials), Serials: Draw(c.Root, serials)}, nil
}
