package token_test

import (
	"crypto/sha256"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tamga-ca/tamga/internal/token"
)

const challenge = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

func decision() token.Envelope {
	return token.Envelope{
		Type: token.Decision, Origin: "https://tamga.example.kg", Subject: "application/26-0401", Version: 7,
		Hash: sha256.Sum256([]byte("what is decided on")), Action: "approve", Time: now,
		Text: "26-0401 номерлүү арызды бекитемин.\n«Ак-Булак» ЖЧК, \"1 510,00 сом\" \\ \x01 <&>\u2028",
	}
}

// The bytes are a promise to agents and to whoever checks a stored signature
// in years: they may not change within a version.
func TestEnvelopeBytes(t *testing.T) {
	for name, c := range map[string]struct {
		envelope token.Envelope
		want     string
	}{
		"login": {
			token.Envelope{Type: token.Login, Origin: "https://tamga.example.kg"},
			`{"typ":"token-login/1","origin":"https://tamga.example.kg","challenge":"` + challenge + `"}`,
		},
		"decision": {
			decision(),
			`{"typ":"decision/1","origin":"https://tamga.example.kg","challenge":"` + challenge + `","subject":"application/26-0401","version":7,` +
				`"sha256":"012513fcdd58c529a977883a2e088a2b08a2e243eed791a9435b23160564c3c2","action":"approve","time":"2026-03-05T09:30:00.123456Z",` +
				`"text":"26-0401 номерлүү арызды бекитемин.\n«Ак-Булак» ЖЧК, \"1 510,00 сом\" \\ \u0001 <&>` + "\u2028" + `"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := must(c.envelope.Bytes(challenge))(t)
			if string(got) != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestEnvelopeRefusesWhatCannotBeMeant(t *testing.T) {
	login := token.Envelope{Type: token.Login, Origin: "https://tamga.example.kg"}
	for name, change := range map[string]func() (token.Envelope, string){
		"type":       func() (token.Envelope, string) { e := decision(); e.Type = "decision/2"; return e, challenge },
		"no subject": func() (token.Envelope, string) { e := decision(); e.Subject = ""; return e, challenge },
		"no version": func() (token.Envelope, string) { e := decision(); e.Version = 0; return e, challenge },
		"no hash":    func() (token.Envelope, string) { e := decision(); e.Hash = [32]byte{}; return e, challenge },
		"no action":  func() (token.Envelope, string) { e := decision(); e.Action = ""; return e, challenge },
		"no time":    func() (token.Envelope, string) { e := decision(); e.Time = time.Time{}; return e, challenge },
		"no text":    func() (token.Envelope, string) { e := decision(); e.Text = ""; return e, challenge },
		"long text": func() (token.Envelope, string) {
			e := decision()
			e.Text = strings.Repeat("а", 5000)
			return e, challenge
		},
		"text not UTF-8":     func() (token.Envelope, string) { e := decision(); e.Text = "\xff"; return e, challenge },
		"login with more":    func() (token.Envelope, string) { e := login; e.Action = "approve"; return e, challenge },
		"short challenge":    func() (token.Envelope, string) { return login, "AAEC" },
		"padded challenge":   func() (token.Envelope, string) { return login, challenge + "=" },
		"challenge not URL":  func() (token.Envelope, string) { return login, strings.Replace(challenge, "A", "+", 1) },
		"loose last bits":    func() (token.Envelope, string) { return login, challenge[:42] + "9" },
		"challenge in lines": func() (token.Envelope, string) { return login, challenge[:20] + "\n" + challenge[20:] },
	} {
		t.Run(name, func(t *testing.T) {
			e, c := change()
			if b, err := e.Bytes(c); err == nil {
				t.Errorf("encoded as %s", b)
			}
		})
	}
}

func TestCheckOrigin(t *testing.T) {
	for origin, want := range map[string]bool{
		"https://tamga.example.kg":      true,
		"https://tamga.example.kg:8443": true,
		"http://127.0.0.1:8080":         true,
		"http://localhost:8080":         true,
		"http://[::1]:8080":             true,
		"":                              false,
		"null":                          false,
		"http://tamga.example.kg":       false,
		"https://tamga.example.kg/":     false,
		"https://tamga.example.kg/path": false,
		"https://tamga.example.kg?x":    false,
		"https://tamga.example.kg:443":  false,
		"http://127.0.0.1:80":           false,
		"https://Tamga.example.kg":      false,
		"https://user@tamga.example.kg": false,
		"https://":                      false,
		"ftp://tamga.example.kg":        false,
		"https://тамга.kg":              false,
		"http://127.0.0.1.example.kg":   false,
	} {
		if err := token.CheckOrigin(origin); (err == nil) != want {
			t.Errorf("%q: %v", origin, err)
		}
	}
}

// What is written is JSON that reads back as what was meant.
func TestEnvelopeIsJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := decision()
		e.Subject = rapid.StringN(1, 20, 120).Draw(t, "subject")
		e.Action = rapid.StringN(1, 20, 120).Draw(t, "action")
		e.Text = rapid.StringN(1, 200, 8000).Draw(t, "text")
		e.Version = rapid.Int64Min(1).Draw(t, "version")
		b, err := e.Bytes(challenge)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Typ, Origin, Challenge, Subject, SHA256, Action, Time, Text string
			Version                                                     int64
		}
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if got.Subject != e.Subject || got.Action != e.Action || got.Text != e.Text || got.Version != e.Version || got.Challenge != challenge {
			t.Fatalf("%+v from %s", got, b)
		}
	})
}
