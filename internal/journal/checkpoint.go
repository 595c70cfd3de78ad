package journal

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is a signed statement: the first Size entries hash to Root.
type Checkpoint struct {
	Origin string // name of the key that signed it
	Size   int64  // leaves covered, greater than 0
	Root   Hash
	At     time.Time // UTC, whole microseconds
	Note   string    // the signed text: what auditors keep
}

// Signer signs checkpoints.
type Signer struct{ note note.Signer }

// Verifier verifies checkpoints.
type Verifier struct {
	note note.Verifier
	key  string
}

// GenerateKey makes an Ed25519 key pair for an origin (a short name without
// spaces and "+", e.g. "ca.example.kg/journal"). secret goes to the secrets
// directory, verifier to the auditors. Both are one line of text.
func GenerateKey(rand io.Reader, origin string) (secret, verifier string, err error) {
	if !validOrigin(origin) {
		return "", "", fmt.Errorf("journal: %q is no name for a key: one word without \"+\" is needed", origin)
	}
	return note.GenerateKey(rand, origin)
}

func validOrigin(s string) bool {
	return s != "" && len(s) <= 255 && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r == 0x7f || r == '+' || r == '\u2028' || r == '\u2029' || r == 0xfffd
	})
}

// NewSigner reads a secret of GenerateKey. The error never shows the secret.
func NewSigner(secret string) (*Signer, error) {
	s, err := note.NewSigner(strings.TrimSpace(secret))
	if err != nil {
		return nil, errors.New("journal: the signing key cannot be read")
	}
	return &Signer{note: s}, nil
}

// KeyID names the key: "<origin>+<8 hexadecimal digits>".
func (s *Signer) KeyID() string { return keyID(s.note.Name(), s.note.KeyHash()) }

// Verifiers are the keys that have signed a journal, one after the other.
type Verifiers []*Verifier

// Open reads a checkpoint's note and verifies its signature by any of the keys.
func (vs Verifiers) Open(text string) (c Checkpoint, err error) {
	err = fmt.Errorf("%w: no key to verify it with", ErrCheckpoint)
	for _, v := range vs {
		if c, err = v.Open(text); err == nil {
			return c, nil
		}
	}
	return Checkpoint{}, err
}

// NewVerifier reads a verifier string of GenerateKey.
func NewVerifier(key string) (*Verifier, error) {
	key = strings.TrimSpace(key)
	v, err := note.NewVerifier(key)
	if err != nil {
		return nil, fmt.Errorf("journal: the verifier key cannot be read: %w", err)
	}
	return &Verifier{note: v, key: key}, nil
}

// KeyID names the key: "<origin>+<8 hexadecimal digits>".
func (v *Verifier) KeyID() string { return keyID(v.note.Name(), v.note.KeyHash()) }

// String is the verifier string that NewVerifier reads.
func (v *Verifier) String() string { return v.key }

func keyID(name string, hash uint32) string { return fmt.Sprintf("%s+%08x", name, hash) }

// Sign makes the checkpoint of a tree.
func (s *Signer) Sign(size int64, root Hash, at time.Time) (Checkpoint, error) {
	c := Checkpoint{Origin: s.note.Name(), Size: size, Root: root, At: at.UTC().Truncate(time.Microsecond)}
	text := fmt.Sprintf("%s\n%d\n%s\nat %s\n", c.Origin, size, root, c.At.Format(timeLayout))
	signed, err := note.Sign(&note.Note{Text: text}, s.note)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("signing the journal checkpoint of %d entries: %w", size, err)
	}
	c.Note = string(signed)
	return c, nil
}

const maxNote = 8 << 10

// ErrCheckpoint is wrapped by every error about a checkpoint that cannot be
// read or whose signature is not the key's.
var ErrCheckpoint = errors.New("not a checkpoint of this journal")

// Open reads a checkpoint's note and verifies its signature.
func (v *Verifier) Open(text string) (Checkpoint, error) {
	if len(text) > maxNote {
		return Checkpoint{}, fmt.Errorf("%w: too long", ErrCheckpoint)
	}
	n, err := note.Open([]byte(text), note.VerifierList(v.note))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %v", ErrCheckpoint, err)
	}
	c, err := parseCheckpoint(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if c.Origin != v.note.Name() {
		return Checkpoint{}, fmt.Errorf("%w: it is of %q", ErrCheckpoint, c.Origin)
	}
	c.Note = text
	return c, nil
}

func parseCheckpoint(text string) (Checkpoint, error) {
	bad := func(what string) (Checkpoint, error) {
		return Checkpoint{}, fmt.Errorf("%w: %s", ErrCheckpoint, what)
	}
	lines := strings.Split(text, "\n")
	if len(lines) != 5 || lines[4] != "" {
		return bad("it has not four lines")
	}
	c := Checkpoint{Origin: lines[0]}
	var err error
	if c.Size, err = strconv.ParseInt(lines[1], 10, 64); err != nil || c.Size <= 0 || strconv.FormatInt(c.Size, 10) != lines[1] {
		return bad("number of entries")
	}
	if c.Root, err = tlog.ParseHash(lines[2]); err != nil || c.Root.String() != lines[2] {
		return bad("root")
	}
	at, ok := strings.CutPrefix(lines[3], "at ")
	if !ok {
		return bad("time")
	}
	if c.At, err = time.Parse(timeLayout, at); err != nil || c.At.Format(timeLayout) != at {
		return bad("time")
	}
	return c, nil
}

// OpenMailed is Open of a note that went through mail programs and editors.
func (vs Verifiers) OpenMailed(text string) (Checkpoint, error) { return vs.Open(asSigned(text)) }
