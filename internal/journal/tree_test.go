package journal

import (
	"errors"
	"testing"
	"time"
)

func TestTreeAgreesWithTlog(t *testing.T) {
	m := newMemory(t)
	var sealed []Checkpoint
	for range 40 {
		sealed = append(sealed, m.grow(t, 1))
		m.checkTree(t)
	}
	for i, c := range sealed {
		for index := range c.Size {
			p, err := ProveInclusion(m, c.Size, index)
			if err != nil {
				t.Fatal(err)
			}
			leaf := m.hashes[Position{0, index}]
			if err := CheckInclusion(p, c, index, leaf); err != nil {
				t.Fatal(err)
			}
			leaf[0] ^= 1
			if err := CheckInclusion(p, c, index, leaf); !errors.Is(err, ErrProof) {
				t.Fatalf("a changed leaf is proved: %v", err)
			}
		}
		for _, older := range sealed[:i] {
			p, err := ProveConsistency(m, c.Size, older.Size)
			if err != nil {
				t.Fatal(err)
			}
			if err := CheckConsistency(p, c, older); err != nil {
				t.Fatal(err)
			}
			older.Root[5] ^= 1
			if err := CheckConsistency(p, c, older); !errors.Is(err, ErrProof) {
				t.Fatalf("a changed root is proved: %v", err)
			}
		}
	}
}

func TestCheckpointOnlyIfItExtendsTheLast(t *testing.T) {
	for name, tamper := range map[string]func(*testing.T, *memory){
		"tree rewritten": func(t *testing.T, m *memory) {
			m.entries[3] = damage(m.entries[3], `{}`)
			m.rewrite(t)
		},
		"truncated": func(_ *testing.T, m *memory) {
			delete(m.leaves, 6)
		},
		"checkpoint row altered": func(_ *testing.T, m *memory) {
			m.checkpoints[0].Size = 5
		},
		"foreign checkpoint": func(t *testing.T, m *memory) {
			old := m.key
			m.rekey(t)
			c, err := m.signer.Sign(7, m.checkpoints[0].Root, start)
			if err != nil {
				t.Fatal(err)
			}
			m.checkpoints[0] = c
			v, err := NewVerifier(old)
			if err != nil {
				t.Fatal(err)
			}
			m.known = Verifiers{v}
		},
		"hashes lost": func(_ *testing.T, m *memory) {
			delete(m.hashes, Position{2, 0})
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory(t)
			m.grow(t, 7)
			tamper(t, m)
			before := len(m.checkpoints)
			if c, err := Seal(m, m.signer, m.known, start); !errors.Is(err, ErrNotExtending) {
				t.Fatalf("Seal: %v, %v", c, err)
			}
			if len(m.checkpoints) != before {
				t.Error("a checkpoint was stored")
			}
		})
	}
}

func TestCheckpointsOverTimeAndKeys(t *testing.T) {
	m := newMemory(t)
	if c, err := Seal(m, m.signer, m.known, start); c != nil || err != nil {
		t.Fatalf("an empty journal was sealed: %v, %v", c, err)
	}
	first := m.grow(t, 2)
	if c, err := Seal(m, m.signer, m.known, start); c != nil || err != nil {
		t.Fatalf("nothing new was sealed: %v, %v", c, err)
	}
	old := m.known
	m.rekey(t)
	m.known = append(m.known, old...)
	m.put(t, 1)
	m.sequence(t)
	c, err := Seal(m, m.signer, m.known, first.At.Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if c.At.Before(first.At) {
		t.Errorf("the checkpoint of %v follows that of %v", c.At, first.At)
	}
	if _, err := old.Open(c.Note); !errors.Is(err, ErrCheckpoint) {
		t.Errorf("the old key opens the new note: %v", err)
	}
	back, err := m.known.Open(c.Note)
	if err != nil || back != *c {
		t.Errorf("Open: %+v, %v; want %+v", back, err, *c)
	}
	r := verify(t, m.export(t, false), VerifyOptions{Keys: []string{m.known[0].String(), m.known[1].String()}, Kept: []string{first.Note}})
	if !r.OK() || !r.Kept || r.SealedTo != 3 {
		t.Errorf("after a change of keys: %s", r)
	}
}

func TestKeyNames(t *testing.T) {
	for _, name := range []string{"", "a b", "a+b", "a\nb", "\u2028"} {
		if _, _, err := GenerateKey(nil, name); err == nil {
			t.Errorf("%q was taken", name)
		}
	}
	if _, err := NewSigner("PRIVATE+KEY+x+1+secret"); err == nil || err.Error() != "journal: the signing key cannot be read" {
		t.Errorf("NewSigner: %v", err)
	}
}
