package journal

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Statement is what the journal's key says of something that is no tree: that
// the content of a hash was made here, then. Its text has three lines where a
// checkpoint's has four, so that neither is ever taken for the other:
//
//	<origin>
//	<what> <SHA-256, base64>
//	at <time>
type Statement struct {
	What string // one word, e.g. "tamga-evidence/1"
	Hash Hash
	At   time.Time // UTC, whole microseconds
}

// ErrStatement is wrapped by every error about a statement that cannot be read
// or whose signature is not the key's.
var ErrStatement = errors.New("not a statement of this journal's key")

// Certify signs a statement and returns the note.
func (s *Signer) Certify(st Statement) (string, error) {
	text := s.note.Name() + "\n" + st.text()
	signed, err := note.Sign(&note.Note{Text: text}, s.note)
	if err != nil {
		return "", fmt.Errorf("signing a statement about a %s: %w", st.What, err)
	}
	return string(signed), nil
}

func (st Statement) text() string {
	return fmt.Sprintf("%s %s\nat %s\n", st.What, st.Hash, st.At.UTC().Format(timeLayout))
}

// OpenStatement reads a note of Certify and verifies its signature by any of
// the keys.
func (vs Verifiers) OpenStatement(text string) (Statement, error) {
	if len(text) > maxNote {
		return Statement{}, fmt.Errorf("%w: too long", ErrStatement)
	}
	for _, v := range vs {
		n, err := note.Open([]byte(text), note.VerifierList(v.note))
		if err != nil {
			continue
		}
		return parseStatement(n.Text, v.note.Name())
	}
	return Statement{}, fmt.Errorf("%w: none of the keys signed it", ErrStatement)
}

func parseStatement(text, origin string) (st Statement, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] != origin {
		return st, fmt.Errorf("%w: it has not three lines, or is of another origin", ErrStatement)
	}
	var hash string
	st.What, hash, _ = strings.Cut(lines[1], " ")
	if st.Hash, err = tlog.ParseHash(hash); err == nil {
		st.At, err = time.Parse("at "+timeLayout, lines[2])
	}
	if err != nil || text != origin+"\n"+st.text() {
		return Statement{}, fmt.Errorf("%w: it is not written as one", ErrStatement)
	}
	return st, nil
}
