package token_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/token"
)

func TestChallengeIsBoundToSessionTypeAndTime(t *testing.T) {
	e := token.Envelope{Type: token.Login, Origin: "https://tamga.example.kg"}
	row, posted, err := token.NewChallenge(e, "session-a", now)
	if err != nil {
		t.Fatal(err)
	}
	if want := must(e.Bytes(posted))(t); !bytes.Equal(row.Expected, want) {
		t.Errorf("expected bytes %s", row.Expected)
	}
	hash, err := token.ChallengeHash(posted)
	if err != nil || hash != row.Hash || row.Session != token.SessionHash("session-a") {
		t.Errorf("hash: %v", err)
	}
	if bytes.Contains(row.Hash[:], []byte(posted)) || row.ExpiresAt.Sub(row.CreatedAt) != 120*time.Second {
		t.Errorf("row %+v", row)
	}
	for name, c := range map[string]struct {
		typ     token.Type
		session string
		at      time.Time
		ok      bool
	}{
		"at once":           {token.Login, "session-a", now, true},
		"at the last":       {token.Login, "session-a", now.Add(120*time.Second - time.Microsecond), true},
		"too late":          {token.Login, "session-a", now.Add(120 * time.Second), false},
		"before it was":     {token.Login, "session-a", now.Add(-time.Second), false},
		"other browser":     {token.Login, "session-b", now, false},
		"no browser":        {token.Login, "", now, false},
		"of another type":   {token.Decision, "session-a", now, false},
		"of no known type":  {"token-login/2", "session-a", now, false},
		"of the empty type": {"", "session-a", now, false},
	} {
		if err := row.Check(c.typ, c.session, c.at); (err == nil) != c.ok || err != nil && !errors.Is(err, token.ErrChallenge) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestChallengesDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		row, posted, err := token.NewChallenge(decision(), "s", now)
		if err != nil || seen[posted] || row.Type != token.Decision {
			t.Fatalf("%v %v", posted, err)
		}
		seen[posted] = true
	}
}

func TestNewChallengeNeedsASession(t *testing.T) {
	if _, _, err := token.NewChallenge(decision(), "", now); err == nil {
		t.Error("made without a session")
	}
}

func TestChallengeHashRefusesWhatIsNone(t *testing.T) {
	for _, s := range []string{"", "x", challenge + "A", "'; DROP TABLE challenges; --"} {
		if _, err := token.ChallengeHash(s); !errors.Is(err, token.ErrChallenge) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// The whole way: a challenge, a signature by the server's key for the holder,
// and the verification of what was made.
func TestLoginWithAServerHeldKey(t *testing.T) {
	a := newAuthority(t)
	h := a.issue(t, "P-256", nil)
	row, posted, err := token.NewChallenge(token.Envelope{Type: token.Login, Origin: "http://127.0.0.1:8080"}, "s", now)
	if err != nil {
		t.Fatal(err)
	}
	cms := must(token.Sign(row.Expected, h.cert, h.key, now))(t)
	if err := row.Check(token.Login, "s", now.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := token.Verify(t.Context(), cms, row.Expected, a.options()); err != nil {
		t.Fatal(err)
	}
	other, _, err := token.NewChallenge(token.Envelope{Type: token.Login, Origin: "http://127.0.0.1:8080"}, "s", now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := token.Verify(t.Context(), cms, other.Expected, a.options()); !errors.Is(err, token.ErrContent) {
		t.Errorf("a signature over %s was taken for another challenge: %v", posted, err)
	}
}
