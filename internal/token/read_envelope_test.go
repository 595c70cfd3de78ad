package token_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/token"
)

func anEnvelope(kind token.Type) token.Envelope {
	if kind == token.Login {
		return token.Envelope{Type: kind, Origin: "https://tamga.example.kg"}
	}
	return token.Envelope{
		Type: kind, Origin: "https://tamga.example.kg", Subject: "certificate/7f3a", Version: 3, Hash: [32]byte{1, 2},
		Action: "receive", Time: time.Date(2026, 3, 1, 4, 5, 6, 7000, time.UTC), Text: "Алдым: «Рутокен», \"3a\"\n№ 7\x01",
	}
}

var aChallenge = strings.Repeat("A", 43)

func TestReadEnvelope(t *testing.T) {
	for _, kind := range token.Types {
		e := anEnvelope(kind)
		b := must(e.Bytes(aChallenge))(t)
		got, challenge, err := token.ReadEnvelope(b)
		if err != nil || got != e || challenge != aChallenge {
			t.Errorf("%s: %+v, %q, %v", kind, got, challenge, err)
		}
	}
}

// Whatever is not byte for byte what the server writes is refused.
func TestReadEnvelopeRefuses(t *testing.T) {
	good := string(must(anEnvelope(token.Handover).Bytes(aChallenge))(t))
	for name, b := range map[string]string{
		"nothing":           "",
		"not JSON":          "hello",
		"an array":          "[" + good + "]",
		"white space":       good + "\n",
		"another order":     strings.Replace(good, `{"typ":"handover/1","origin":"https://tamga.example.kg"`, `{"origin":"https://tamga.example.kg","typ":"handover/1"`, 1),
		"a member twice":    strings.Replace(good, `"version":3`, `"version":2,"version":3`, 1),
		"a member more":     strings.Replace(good, `"version":3`, `"version":3,"x":1`, 1),
		"unknown type":      strings.Replace(good, "handover/1", "handover/2", 1),
		"a login with more": strings.Replace(good, "handover/1", "token-login/1", 1),
		"escaped otherwise": strings.Replace(good, "receive", "rece\\u0069ve", 1),
		"another zone":      strings.Replace(good, "Z\"", "+00:00\"", 1),
		"short challenge":   strings.Replace(good, aChallenge, "AAAA", 1),
		"no origin":         strings.Replace(good, "https://tamga.example.kg", "null", 1),
		"too large":         strings.Replace(good, "receive", strings.Repeat("a", 20<<10), 1),
	} {
		if e, _, err := token.ReadEnvelope([]byte(b)); err == nil {
			t.Errorf("%s: accepted as %+v", name, e)
		}
	}
}

func FuzzReadEnvelope(f *testing.F) {
	for _, kind := range token.Types {
		f.Add(must(anEnvelope(kind).Bytes(aChallenge))(f))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, challenge, err := token.ReadEnvelope(b)
		if err != nil {
			return
		}
		again, err := e.Bytes(challenge)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("accepted %q, writes %q, %v", b, again, err)
		}
	})
}
