package journal

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestStatements(t *testing.T) {
	signers, keys := make([]*Signer, 2), Verifiers{}
	for i := range signers {
		secret, key, err := GenerateKey(rand.Reader, "ca.example.kg/journal")
		if err != nil {
			t.Fatal(err)
		}
		if signers[i], err = NewSigner(secret); err != nil {
			t.Fatal(err)
		}
		v, err := NewVerifier(key)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, v)
	}
	want := Statement{What: "pack/1", Hash: Hash{1, 2}, At: time.Date(2026, 11, 22, 3, 4, 5, 6000, time.UTC)}
	for _, s := range signers {
		text, err := s.Certify(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := keys.OpenStatement(text)
		if err != nil || got != want {
			t.Errorf("%+v %v", got, err)
		}
		if _, err := keys.Open(text); !errors.Is(err, ErrCheckpoint) {
			t.Errorf("a statement passes for a checkpoint: %v", err)
		}
		for name, bad := range map[string]string{
			"another hash": strings.Replace(text, want.Hash.String(), Hash{1, 3}.String(), 1),
			"another time": strings.Replace(text, "04:05", "04:06", 1),
			"no signature": text[:strings.Index(text, "\n\n")+2],
			"too long":     strings.Repeat("x", maxNote+1),
			"nothing":      "",
		} {
			if _, err := keys.OpenStatement(bad); !errors.Is(err, ErrStatement) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if text, err := signers[0].Certify(want); err != nil {
		t.Fatal(err)
	} else if _, err := keys[1:].OpenStatement(text); !errors.Is(err, ErrStatement) {
		t.Errorf("of another key: %v", err)
	}
	c, err := signers[0].Sign(5, Hash{9}, want.At)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keys.OpenStatement(c.Note); !errors.Is(err, ErrStatement) {
		t.Errorf("a checkpoint passes for a statement: %v", err)
	}
}
