package journal

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The canonical form never changes: this text and this hash are what auditors'
// own programs rely on.
func TestCanonicalForm(t *testing.T) {
	e := Entry{
		ID: 41, At: time.Date(2026, 11, 22, 3, 42, 17, 123000, time.UTC), Kind: "application.approved",
		Actor:    Actor{ActorOperator, "7"},
		Subjects: []Subject{{"application", "12"}, {"note", "ң\"\\\n\x01\b"}},
		Details:  `{"from":"verified","to":"approved"}`,
		Commitments: []Commitment{
			{"inn", sha256.Sum256([]byte("a"))}, {"name", sha256.Sum256([]byte("b"))},
		},
	}
	const want = `{"v":1,"id":41,"at":"2026-11-22T03:42:17.000123Z","kind":"application.approved","actor":{"kind":"operator","id":"7"},` +
		`"subjects":[{"kind":"application","id":"12"},{"kind":"note","id":"ң\"\\\n\u0001\b"}],"details":{"from":"verified","to":"approved"},` +
		`"commitments":{"inn":"ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=","name":"PiPoFgA5WUoziU9lZOGxNIu9egCI1CxKy3PurtWcAJ0="}}`
	b, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if string(b) != want {
		t.Errorf("form:\n%s\nwant:\n%s", b, want)
	}
	if !json.Valid(b) {
		t.Error("the form is not JSON")
	}
	if got, want := LeafHash(b), Hash(sha256.Sum256(append([]byte{0}, b...))); got != want {
		t.Errorf("leaf hash %v, want %v", got, want)
	}
	back, err := DecodeEntry(b)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(e, back); d != "" {
		t.Error(d)
	}
	cs, err := DecodeCommitments(EncodeCommitments(e.Commitments))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(e.Commitments, cs); d != "" {
		t.Error(d)
	}
}

func TestEntryWithoutCanonicalForm(t *testing.T) {
	ok := func() Entry {
		return Entry{ID: 1, At: start, Kind: "k", Actor: Actor{ActorSystem, ""}, Details: "{}"}
	}
	if _, err := ok().Encode(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Entry){
		"no id":                func(e *Entry) { e.ID = 0 },
		"no kind":              func(e *Entry) { e.Kind = "" },
		"kind not UTF-8":       func(e *Entry) { e.Kind = "\xff" },
		"no actor":             func(e *Entry) { e.Actor.Kind = "" },
		"details null":         func(e *Entry) { e.Details = "null" },
		"details two objects":  func(e *Entry) { e.Details = "{},{}" },
		"details empty":        func(e *Entry) { e.Details = "" },
		"details leave a line": func(e *Entry) { e.Details = "{\"a\":1\n}" },
		"details not UTF-8":    func(e *Entry) { e.Details = "{\"a\":\"\xc3\"}" },
		"nanoseconds":          func(e *Entry) { e.At = e.At.Add(1) },
		"year 10000":           func(e *Entry) { e.At = e.At.AddDate(8000, 0, 0) },
		"subject without kind": func(e *Entry) { e.Subjects = []Subject{{"", "1"}} },
		"unsorted commitments": func(e *Entry) { e.Commitments = []Commitment{{Name: "b"}, {Name: "a"}} },
		"commitment twice":     func(e *Entry) { e.Commitments = []Commitment{{Name: "a"}, {Name: "a"}} },
		"nameless commitment":  func(e *Entry) { e.Commitments = []Commitment{{}} },
		"too many subjects":    func(e *Entry) { e.Subjects = make([]Subject, maxItems+1) },
	} {
		e := ok()
		spoil(&e)
		if _, err := e.Encode(); !errors.Is(err, ErrEntry) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestPersonalDataOnlyAsCommitments(t *testing.T) {
	ev := Event{Kind: "person.created", Actor: Actor{ActorOperator, "1"}, Personal: map[string]string{"name": "Бермет", "phone": "+996700112233"}}
	a, ra, err := NewEntry(start, ev)
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := NewEntry(start, ev)
	if err != nil {
		t.Fatal(err)
	}
	if a.Commitments[0].MAC == b.Commitments[0].MAC {
		t.Error("the same value gives the same commitment: it could be guessed")
	}
	a.ID = 5
	for i := range ra {
		ra[i].EntryID = 5
		if !a.Opens(ra[i]) {
			t.Errorf("reveal %s does not open", ra[i].Name)
		}
	}
	wrong := ra[0]
	wrong.Value += "а"
	other := ra[0]
	other.Name = ra[1].Name
	elsewhere := ra[0]
	elsewhere.EntryID = 6
	short := ra[0]
	short.Salt = short.Salt[:31]
	for _, r := range []Reveal{wrong, other, elsewhere, short} {
		if a.Opens(r) {
			t.Errorf("%+v opens", r)
		}
	}
}
