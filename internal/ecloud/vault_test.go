package ecloud_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/ecloud"
	"github.com/tamga-ca/tamga/internal/registry"
)

const (
	pin    = "483915"
	newPIN = "70261935"
	holder = "20101199000001@00101202010001/HEAD"
)

// cheap is Argon2id at its least, so that tests cost nothing.
var cheap = ecloud.KDF{Time: 1, MemoryKiB: 8, Threads: 1}

func keys(tb testing.TB, ids ...string) *ecloud.FileKeys {
	tb.Helper()
	var ks []ecloud.KeyWithID
	for _, id := range ids {
		ks = append(ks, ecloud.KeyWithID{ID: id, Key: bytes.Repeat([]byte(id), 32)[:32]})
	}
	k, err := ecloud.NewFileKeys(ks...)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

func vault(tb testing.TB, k ecloud.ServerKey, o ecloud.Options) *ecloud.Vault {
	tb.Helper()
	if o.KDF.Time == 0 {
		o.KDF = cheap
	}
	v, err := ecloud.New(k, o)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func create(tb testing.TB, v *ecloud.Vault, alg ecloud.Algorithm) ecloud.Wrapped {
	tb.Helper()
	w, _, err := v.Create(tb.Context(), holder, alg, pin)
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

// signs says whether a PIN-code opens a key that signs for its public key.
func signs(ctx context.Context, v *ecloud.Vault, w ecloud.Wrapped, pin string) error {
	return v.Open(ctx, w, pin, func(key crypto.Signer) error {
		digest := sha256.Sum256([]byte("x"))
		sig, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
		if err != nil {
			return err
		}
		pub, err := x509.ParsePKIXPublicKey(w.PublicKey)
		if err != nil {
			return err
		}
		alg := x509.ECDSAWithSHA256
		if w.Algorithm == ecloud.RSA2048 {
			alg = x509.SHA256WithRSA
		}
		return (&x509.Certificate{PublicKey: pub}).CheckSignature(alg, []byte("x"), sig)
	})
}

func TestCreateAndOpen(t *testing.T) {
	v := vault(t, keys(t, "ecloud.1"), ecloud.Options{})
	for _, alg := range []ecloud.Algorithm{ecloud.P256, ecloud.RSA2048} {
		t.Run(string(alg), func(t *testing.T) {
			w, csrDER, err := v.Create(t.Context(), holder, alg, pin)
			if err != nil {
				t.Fatal(err)
			}
			csr, err := x509.ParseCertificateRequest(csrDER)
			if err != nil || csr.CheckSignature() != nil || !bytes.Equal(csr.RawSubject, []byte{0x30, 0}) || !bytes.Equal(csr.RawSubjectPublicKeyInfo, w.PublicKey) {
				t.Fatalf("request: %v", err)
			}
			if w.Version != 1 || w.ServerKeyID != "ecloud.1" || len(w.KeyID) != 32 || len(w.KDF.Salt) != 16 || w.Algorithm != alg || w.Holder != holder {
				t.Errorf("%+v", w)
			}
			if err := signs(t.Context(), v, w, pin); err != nil {
				t.Error(err)
			}
			for _, wrong := range []string{"", "483914", "48391", "4839155", "４８３９１５", strings.Repeat("4", 10_000)} {
				if err := signs(t.Context(), v, w, wrong); !errors.Is(err, ecloud.ErrWrong) {
					t.Errorf("PIN-code of %d bytes: %v", len(wrong), err)
				}
			}
		})
	}
	if _, _, err := v.Create(t.Context(), holder, "P-521", pin); err == nil {
		t.Error("made a key of an algorithm that is not offered")
	}
	if _, _, err := v.Create(t.Context(), "", ecloud.P256, pin); err == nil {
		t.Error("made a key for nobody")
	}
	if _, _, err := v.Create(t.Context(), holder, ecloud.P256, "12345"); !errors.Is(err, ecloud.ErrPINShape) {
		t.Errorf("short PIN-code: %v", err)
	}
}

// A row of another holder, key or version does not open, nor one whose public
// key was exchanged: all of them are bound.
func TestEverythingInTheRowIsBound(t *testing.T) {
	v := vault(t, keys(t, "ecloud.1", "ecloud.2"), ecloud.Options{})
	w, other := create(t, v, ecloud.P256), create(t, v, ecloud.P256)
	for name, change := range map[string]func(*ecloud.Wrapped){
		"holder":     func(w *ecloud.Wrapped) { w.Holder = "20101199000001@00101202010002/HEAD" },
		"key id":     func(w *ecloud.Wrapped) { w.KeyID = other.KeyID },
		"version":    func(w *ecloud.Wrapped) { w.Version = 2 },
		"public key": func(w *ecloud.Wrapped) { w.PublicKey = other.PublicKey },
		"algorithm":  func(w *ecloud.Wrapped) { w.Algorithm = ecloud.RSA2048 },
		"server key": func(w *ecloud.Wrapped) { w.ServerKeyID = "ecloud.2" },
		"salt":       func(w *ecloud.Wrapped) { w.KDF.Salt = other.KDF.Salt },
		"passes":     func(w *ecloud.Wrapped) { w.KDF.Time = 2 },
		"sealed":     func(w *ecloud.Wrapped) { w.Sealed = other.Sealed },
		"nonce":      func(w *ecloud.Wrapped) { w.Sealed = append([]byte{w.Sealed[0] ^ 1}, w.Sealed[1:]...) },
		"cut":        func(w *ecloud.Wrapped) { w.Sealed = w.Sealed[:len(w.Sealed)-1] },
	} {
		c := w
		change(&c)
		if err := signs(t.Context(), v, c, pin); !errors.Is(err, ecloud.ErrWrong) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]func(*ecloud.Wrapped){
		"empty":           func(w *ecloud.Wrapped) { w.Sealed = nil },
		"no salt":         func(w *ecloud.Wrapped) { w.KDF.Salt = nil },
		"no passes":       func(w *ecloud.Wrapped) { w.KDF.Time = 0 },
		"too much memory": func(w *ecloud.Wrapped) { w.KDF.MemoryKiB = 1 << 30 },
		"lost server key": func(w *ecloud.Wrapped) { w.ServerKeyID = "ecloud.9" },
	} {
		c := w
		change(&c)
		if err := signs(t.Context(), v, c, pin); err == nil || registry.KindOf(err) != 0 {
			t.Errorf("%s must be our fault, not the holder's: %v", name, err)
		}
	}
}

func TestAnotherInstallationsKeyOpensNothing(t *testing.T) {
	w := create(t, vault(t, keys(t, "ecloud.1"), ecloud.Options{}), ecloud.P256)
	other, err := ecloud.NewFileKeys(ecloud.KeyWithID{ID: "ecloud.1", Key: bytes.Repeat([]byte{7}, 32)})
	if err != nil {
		t.Fatal(err)
	}
	if err := signs(t.Context(), vault(t, other, ecloud.Options{}), w, pin); !errors.Is(err, ecloud.ErrWrong) {
		t.Error(err)
	}
}

func TestRewrap(t *testing.T) {
	old := vault(t, keys(t, "ecloud.1"), ecloud.Options{})
	w := create(t, old, ecloud.P256)
	v := vault(t, keys(t, "ecloud.2", "ecloud.1"), ecloud.Options{KDF: ecloud.KDF{Time: 2, MemoryKiB: 16, Threads: 1}})
	if !v.Outdated(w) {
		t.Error("a row of the old server key and parameters is not outdated")
	}
	if _, err := v.Rewrap(t.Context(), w, "000000", newPIN); !errors.Is(err, ecloud.ErrWrong) {
		t.Errorf("wrong old PIN-code: %v", err)
	}
	if _, err := v.Rewrap(t.Context(), w, pin, "12"); !errors.Is(err, ecloud.ErrPINShape) {
		t.Errorf("short new PIN-code: %v", err)
	}
	next, err := v.Rewrap(t.Context(), w, pin, newPIN)
	if err != nil {
		t.Fatal(err)
	}
	if next.Version != 2 || next.ServerKeyID != "ecloud.2" || next.KDF.Time != 2 || v.Outdated(next) || next.KeyID != w.KeyID || bytes.Equal(next.KDF.Salt, w.KDF.Salt) {
		t.Errorf("%+v", next)
	}
	if err := signs(t.Context(), v, next, newPIN); err != nil {
		t.Error(err)
	}
	if err := signs(t.Context(), v, next, pin); !errors.Is(err, ecloud.ErrWrong) {
		t.Errorf("old PIN-code: %v", err)
	}
	if err := signs(t.Context(), v, w, pin); err != nil {
		t.Errorf("the old row changed: %v", err)
	}
}

func TestKeyIsClosedAfterItsUse(t *testing.T) {
	v := vault(t, keys(t, "ecloud.1"), ecloud.Options{})
	for _, alg := range []ecloud.Algorithm{ecloud.P256, ecloud.RSA2048} {
		var kept crypto.Signer
		sentinel := errors.New("mine")
		err := v.Open(t.Context(), create(t, v, alg), pin, func(key crypto.Signer) error {
			kept = key
			return sentinel
		})
		if !errors.Is(err, sentinel) {
			t.Errorf("%s: %v", alg, err)
		}
		if _, err := kept.Sign(rand.Reader, make([]byte, 32), crypto.SHA256); err == nil || kept.Public() != nil {
			t.Errorf("%s: a key outlived its use", alg)
		}
	}
}

func TestDecoyLooksLikeAWrongPIN(t *testing.T) {
	v := vault(t, keys(t, "ecloud.1"), ecloud.Options{})
	w := create(t, v, ecloud.P256)
	got, want := v.Decoy(t.Context(), pin), signs(t.Context(), v, w, newPIN)
	if !errors.Is(got, ecloud.ErrWrong) || got.Error() != want.Error() {
		t.Errorf("%v and %v", got, want)
	}
}

// An unknown holder and a wrong PIN-code take the same time: measured with
// parameters that take long enough to be told from noise, by the least of
// several tries.
func TestDecoyTakesTheTimeOfATry(t *testing.T) {
	v := vault(t, keys(t, "ecloud.1"), ecloud.Options{KDF: ecloud.KDF{Time: 1, MemoryKiB: 8 << 10, Threads: 1}})
	w := create(t, v, ecloud.P256)
	least := func(try func() error) time.Duration {
		best := time.Hour
		for range 8 {
			start := time.Now()
			if err := try(); !errors.Is(err, ecloud.ErrWrong) {
				t.Fatal(err)
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	known := least(func() error { return signs(t.Context(), v, w, newPIN) })
	unknown := least(func() error { return v.Decoy(t.Context(), newPIN) })
	if ratio := float64(unknown) / float64(known); ratio < 0.5 || ratio > 2 {
		t.Errorf("a wrong PIN-code %v, an unknown holder %v", known, unknown)
	}
}

func TestServerKeyMayFail(t *testing.T) {
	v := vault(t, keys(t, "ecloud.1"), ecloud.Options{})
	w := create(t, v, ecloud.P256)
	down := vault(t, failingKey{keys(t, "ecloud.1")}, ecloud.Options{})
	if err := signs(t.Context(), down, w, pin); err == nil || errors.Is(err, ecloud.ErrWrong) {
		t.Errorf("a server key that fails must not look like a wrong PIN-code: %v", err)
	}
}

type failingKey struct{ ecloud.ServerKey }

func (failingKey) MAC(context.Context, string, []byte) ([]byte, error) {
	return nil, errors.New("no session with the HSM")
}

func TestStretchingIsBounded(t *testing.T) {
	heavy := ecloud.KDF{Time: 8, MemoryKiB: 32 << 10, Threads: 1}
	v := vault(t, keys(t, "ecloud.1"), ecloud.Options{KDF: heavy, Parallel: 1, Wait: time.Millisecond})
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		busy int
	)
	for range 6 {
		wg.Go(func() {
			if err := v.Decoy(context.Background(), pin); errors.Is(err, ecloud.ErrBusy) {
				mu.Lock()
				busy++
				mu.Unlock()
			} else if !errors.Is(err, ecloud.ErrWrong) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if busy == 0 || busy == 6 {
		t.Errorf("%d of 6 were turned away; one place and a millisecond's patience", busy)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := vault(t, keys(t, "ecloud.1"), ecloud.Options{}).Decoy(ctx, pin); err != nil && !errors.Is(err, ecloud.ErrWrong) && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestParametersAreChecked(t *testing.T) {
	for _, k := range []ecloud.KDF{{Time: 0, MemoryKiB: 64, Threads: 1}, {Time: 1, MemoryKiB: 7, Threads: 1}, {Time: 1, MemoryKiB: 64, Threads: 0}, {Time: 1, MemoryKiB: 16, Threads: 4}, {Time: 1000, MemoryKiB: 64, Threads: 1}} {
		if _, err := ecloud.New(keys(t, "ecloud.1"), ecloud.Options{KDF: k}); err == nil {
			t.Errorf("%+v accepted", k)
		}
	}
	if _, err := ecloud.New(nil, ecloud.Options{}); err == nil {
		t.Error("no server key accepted")
	}
	for name, ks := range map[string][]ecloud.KeyWithID{
		"none":  nil,
		"short": {{ID: "ecloud.1", Key: make([]byte, 31)}},
		"no id": {{Key: make([]byte, 32)}},
		"twice": {{ID: "a", Key: make([]byte, 32)}, {ID: "a", Key: make([]byte, 32)}},
	} {
		if _, err := ecloud.NewFileKeys(ks...); err == nil {
			t.Errorf("%s accepted", name)
		}
	}
}

func TestNothingSecretIsPrinted(t *testing.T) {
	k := keys(t, "ecloud.1")
	v := vault(t, k, ecloud.Options{})
	w := create(t, v, ecloud.P256)
	for _, out := range []string{fmt.Sprintf("%v %+v %#v %x", k, k, k, k), fmt.Sprintf("%v %+v %#v %x", w, w, w, w)} {
		if strings.Contains(out, "ecloud.1ecloud.1") || strings.Contains(out, fmt.Sprintf("%x", w.Sealed[:8])) || strings.Contains(out, "20101199000001") {
			t.Errorf("printed %s", out)
		}
	}
}

func TestHolderName(t *testing.T) {
	if got := ecloud.HolderName("20101199000001", "00101202010001", registry.Head); got != holder {
		t.Errorf("%s", got)
	}
}
