package journal

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/tlog"
)

// Hash is a SHA-256 hash of a leaf or of a subtree.
type Hash = tlog.Hash

// ActorKind says who caused an entry.
type ActorKind string

const (
	// ActorOperator is a clerk, approver, auditor or administrator; the id is the operator's.
	ActorOperator ActorKind = "operator"
	// ActorClient is a logged-in holder; the id is the certificate's.
	ActorClient ActorKind = "client"
	// ActorApplicant came by the secret link of an application; the id is the application's.
	ActorApplicant ActorKind = "applicant"
	// ActorSystem is the program's own background work; no id.
	ActorSystem ActorKind = "system"
	// ActorConsole is a command at the server's console; the id is the account of the machine.
	ActorConsole ActorKind = "console"
	// ActorAnonymous is somebody who did not log in; no id.
	ActorAnonymous ActorKind = "anonymous"
)

// Actor is who caused an entry.
type Actor struct {
	Kind ActorKind `json:"kind"`
	ID   string    `json:"id"`
}

// Subject is something an entry is about, e.g. {"application", "12"}. ID is a
// row's id in decimal, or a certificate's serial.
type Subject struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

// Commitment binds an entry to a value that it does not show:
// MAC = HMAC-SHA-256(salt, value).
type Commitment struct {
	Name string
	MAC  [32]byte
}

// Reveal opens a commitment. It holds personal data.
type Reveal struct {
	EntryID int64
	Name    string
	Salt    []byte // 32 bytes
	Value   string
}

// Entry is one event. Its fields are what is hashed; see the package comment.
type Entry struct {
	ID          int64     // given by the database; greater than 0
	At          time.Time // UTC, whole microseconds
	Kind        string    // "application.approved"
	Actor       Actor
	Subjects    []Subject
	Details     string       // a compact JSON object, verbatim
	Commitments []Commitment // sorted by name, each name once
}

// Event is what a caller has to say; NewEntry makes an Entry of it.
type Event struct {
	Kind     string
	Actor    Actor
	Subjects []Subject
	// Details are machine-readable and hold no personal data. Marshalled with
	// encoding/json.
	Details map[string]any
	// Personal values that must be provable later, by name. Only their
	// commitments enter the log.
	Personal map[string]string
}

const (
	saltSize   = 32
	timeLayout = "2006-01-02T15:04:05.000000Z"

	maxKind    = 128
	maxID      = 256
	maxItems   = 1024
	maxDetails = 1 << 20
)

// NewEntry makes the entry of an event, without its ID, and the reveals of its
// personal values, which the caller stores apart once it knows the ID.
func NewEntry(at time.Time, ev Event) (Entry, []Reveal, error) {
	details := "{}"
	if len(ev.Details) > 0 {
		b, err := json.Marshal(ev.Details)
		if err != nil {
			return Entry{}, nil, fmt.Errorf("encoding the details of journal entry %q: %w", ev.Kind, err)
		}
		details = string(b)
	}
	e := Entry{
		At:       at.UTC().Truncate(time.Microsecond),
		Kind:     ev.Kind,
		Actor:    ev.Actor,
		Subjects: slices.Clone(ev.Subjects),
		Details:  details,
	}
	names := make([]string, 0, len(ev.Personal))
	for name := range ev.Personal {
		names = append(names, name)
	}
	slices.Sort(names)
	var reveals []Reveal
	for _, name := range names {
		r := Reveal{Name: name, Salt: make([]byte, saltSize), Value: ev.Personal[name]}
		if _, err := rand.Read(r.Salt); err != nil {
			return Entry{}, nil, fmt.Errorf("making a salt: %w", err)
		}
		reveals = append(reveals, r)
		e.Commitments = append(e.Commitments, Commitment{Name: name, MAC: commit(r.Salt, r.Value)})
	}
	if err := e.check(); err != nil {
		return Entry{}, nil, err
	}
	return e, reveals, nil
}

func commit(salt []byte, value string) (mac [32]byte) {
	h := hmac.New(sha256.New, salt)
	h.Write([]byte(value))
	h.Sum(mac[:0])
	return mac
}

// Opens says whether r shows the value behind one of e's commitments.
func (e Entry) Opens(r Reveal) bool {
	if r.EntryID != e.ID || len(r.Salt) != saltSize {
		return false
	}
	for _, c := range e.Commitments {
		if c.Name == r.Name {
			mac := commit(r.Salt, r.Value)
			return hmac.Equal(mac[:], c.MAC[:])
		}
	}
	return false
}

// ErrEntry is wrapped by every error about an entry that has no canonical form.
var ErrEntry = errors.New("journal entry has no canonical form")

func (e Entry) check() error {
	bad := func(what string) error { return fmt.Errorf("%w: %s", ErrEntry, what) }
	switch {
	case e.Kind == "" || len(e.Kind) > maxKind || !utf8.ValidString(e.Kind):
		return bad("kind")
	case e.Actor.Kind == "" || len(e.Actor.Kind) > maxKind || !utf8.ValidString(string(e.Actor.Kind)):
		return bad("kind of the actor")
	case len(e.Actor.ID) > maxID || !utf8.ValidString(e.Actor.ID):
		return bad("id of the actor")
	case e.At.Year() < 1 || e.At.Year() > 9999 || e.At.Nanosecond()%1000 != 0:
		return bad("time")
	case len(e.Subjects) > maxItems || len(e.Commitments) > maxItems:
		return bad("too many subjects or commitments")
	case !compactObject(e.Details):
		return bad("details are not a compact JSON object")
	}
	for _, s := range e.Subjects {
		if s.Kind == "" || len(s.Kind) > maxKind || len(s.ID) > maxID || !utf8.ValidString(s.Kind) || !utf8.ValidString(s.ID) {
			return bad("subject")
		}
	}
	last := ""
	for _, c := range e.Commitments {
		if c.Name <= last || len(c.Name) > maxKind || !utf8.ValidString(c.Name) {
			return bad("commitments are not sorted by name")
		}
		last = c.Name
	}
	return nil
}

// compactObject says whether s is a JSON object without line breaks and other
// control characters, so that it cannot leave its line of an export.
func compactObject(s string) bool {
	if len(s) < 2 || len(s) > maxDetails || s[0] != '{' || s[len(s)-1] != '}' || !utf8.ValidString(s) {
		return false
	}
	for i := range len(s) {
		if s[i] < 0x20 {
			return false
		}
	}
	return s == "{}" || json.Valid([]byte(s))
}

// Encode returns the canonical form of an entry, or an error that wraps
// ErrEntry if it has none.
func (e Entry) Encode() ([]byte, error) { return e.AppendEncode(nil) }

// AppendEncode appends the canonical form to b.
func (e Entry) AppendEncode(b []byte) ([]byte, error) {
	if e.ID <= 0 {
		return b, fmt.Errorf("%w: id", ErrEntry)
	}
	if err := e.check(); err != nil {
		return b, err
	}
	b = append(b, `{"v":1,"id":`...)
	b = strconv.AppendInt(b, e.ID, 10)
	b = append(b, `,"at":"`...)
	b = e.At.UTC().AppendFormat(b, timeLayout)
	b = append(b, `","kind":`...)
	b = appendString(b, e.Kind)
	b = append(b, `,"actor":{"kind":`...)
	b = appendString(b, string(e.Actor.Kind))
	b = append(b, `,"id":`...)
	b = appendString(b, e.Actor.ID)
	b = append(b, `},"subjects":[`...)
	for i, s := range e.Subjects {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"kind":`...)
		b = appendString(b, s.Kind)
		b = append(b, `,"id":`...)
		b = appendString(b, s.ID)
		b = append(b, '}')
	}
	b = append(b, `],"details":`...)
	b = append(b, e.Details...)
	b = append(b, `,"commitments":`...)
	b = appendCommitments(b, e.Commitments)
	return append(b, '}'), nil
}

func appendCommitments(b []byte, cs []Commitment) []byte {
	b = append(b, '{')
	for i, c := range cs {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, c.Name)
		b = append(b, ':', '"')
		b = base64.StdEncoding.AppendEncode(b, c.MAC[:])
		b = append(b, '"')
	}
	return append(b, '}')
}

// EncodeCommitments is the form in which commitments are stored: the member
// "commitments" of the canonical form.
func EncodeCommitments(cs []Commitment) string { return string(appendCommitments(nil, cs)) }

// DecodeCommitments reads EncodeCommitments' form.
func DecodeCommitments(s string) ([]Commitment, error) {
	var m map[string]string
	if err := json.Unmarshal([]byte(s), &m); err != nil {
		return nil, fmt.Errorf("%w: commitments: %v", ErrEntry, err)
	}
	var cs []Commitment
	for name, text := range m {
		mac, err := tlog.ParseHash(text)
		if err != nil {
			return nil, fmt.Errorf("%w: commitment %q", ErrEntry, name)
		}
		cs = append(cs, Commitment{Name: name, MAC: mac})
	}
	slices.SortFunc(cs, func(a, b Commitment) int { return strings.Compare(a.Name, b.Name) })
	return cs, nil
}

// DecodeEntry reads the canonical form. The result encodes to the same bytes
// or there is an error.
func DecodeEntry(b []byte) (Entry, error) {
	var w struct {
		ID          int64             `json:"id"`
		At          time.Time         `json:"at"`
		Kind        string            `json:"kind"`
		Actor       Actor             `json:"actor"`
		Subjects    []Subject         `json:"subjects"`
		Details     json.RawMessage   `json:"details"`
		Commitments map[string]string `json:"commitments"`
	}
	if err := json.Unmarshal(b, &w); err != nil {
		return Entry{}, fmt.Errorf("%w: %v", ErrEntry, err)
	}
	e := Entry{ID: w.ID, At: w.At.UTC(), Kind: w.Kind, Actor: w.Actor, Subjects: w.Subjects, Details: string(w.Details)}
	for name, text := range w.Commitments {
		mac, err := tlog.ParseHash(text)
		if err != nil {
			return Entry{}, fmt.Errorf("%w: commitment %q", ErrEntry, name)
		}
		e.Commitments = append(e.Commitments, Commitment{Name: name, MAC: mac})
	}
	slices.SortFunc(e.Commitments, func(a, b Commitment) int { return strings.Compare(a.Name, b.Name) })
	again, err := e.Encode()
	if err != nil {
		return Entry{}, err
	}
	if string(again) != string(b) {
		return Entry{}, fmt.Errorf("%w: not written canonically", ErrEntry)
	}
	return e, nil
}

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string, escaped as RFC 8785 §3.2.2.2 says.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c >= 0x20:
			b = append(b, c)
		case c == '\b':
			b = append(b, '\\', 'b')
		case c == '\t':
			b = append(b, '\\', 't')
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\f':
			b = append(b, '\\', 'f')
		case c == '\r':
			b = append(b, '\\', 'r')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(b, '"')
}

// LeafHash is the hash of a canonical form in the tree: SHA-256(0x00 ‖ form).
func LeafHash(form []byte) Hash { return tlog.RecordHash(form) }
