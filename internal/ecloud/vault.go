package ecloud

import (
	"context"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/tamga-ca/tamga/internal/registry"
)

// ErrWrong is the one answer to a wrong PIN-code and to an unknown holder.
var ErrWrong = registry.Refuse(registry.Unauthenticated, "error.ecloud.login")

// ErrBusy means that more PIN-codes are being checked than the machine can
// take; the try was not judged.
var ErrBusy = registry.Refuse(registry.Unavailable, "error.ecloud.busy")

const (
	labelKEK   = "tamga/ecloud/kek/1"
	labelAD    = "tamga/ecloud/sealed/1"
	kekSize    = 32
	saltSize   = 16
	nonceSize  = 12
	maxMemory  = 1 << 20 // KiB
	maxPasses  = 64
	maxThreads = 64
)

// Options of a Vault.
type Options struct {
	// KDF of new rows; its Salt is ignored. Zero: DefaultKDF.
	KDF KDF
	// Parallel bounds how many PIN-codes are stretched at a time; each takes
	// KDF.MemoryKiB. Zero: the number of processors.
	Parallel int
	// Wait is how long a try may queue before ErrBusy. Zero: 10 s.
	Wait time.Duration
}

// Vault makes, opens and rewraps kept keys. It is safe for concurrent use and
// holds no key between calls.
type Vault struct {
	keys  ServerKey
	kdf   KDF
	wait  time.Duration
	slots chan struct{}
}

// New makes a Vault over a server key.
func New(keys ServerKey, o Options) (*Vault, error) {
	if keys == nil {
		return nil, errors.New("the E-Cloud has no server key")
	}
	if o.KDF.Time == 0 && o.KDF.MemoryKiB == 0 && o.KDF.Threads == 0 {
		o.KDF = DefaultKDF
	}
	o.KDF.Salt = nil
	if err := o.KDF.check(); err != nil {
		return nil, err
	}
	if o.Parallel <= 0 {
		o.Parallel = runtime.GOMAXPROCS(0)
	}
	if o.Wait <= 0 {
		o.Wait = 10 * time.Second
	}
	return &Vault{keys: keys, kdf: o.KDF, wait: o.Wait, slots: make(chan struct{}, o.Parallel)}, nil
}

func (k KDF) check() error {
	if k.Time < 1 || k.Time > maxPasses || k.Threads < 1 || k.Threads > maxThreads || k.MemoryKiB < 8*uint32(k.Threads) || k.MemoryKiB > maxMemory {
		return fmt.Errorf("argon2id parameters out of range: %d passes, %d KiB, %d lanes", k.Time, k.MemoryKiB, k.Threads)
	}
	return nil
}

// Create makes a key for a holder under a PIN-code that CheckPIN has accepted,
// and a PKCS #10 request for it (DER) with an empty subject, because the CA
// writes the name itself.
func (v *Vault) Create(ctx context.Context, holder string, alg Algorithm, pin string) (w Wrapped, csr []byte, err error) {
	if holder == "" {
		return Wrapped{}, nil, errors.New("creating a key: there is no holder")
	}
	if err := checkShape(pin); err != nil {
		return Wrapped{}, nil, err
	}
	key, err := generate(alg)
	if err != nil {
		return Wrapped{}, nil, fmt.Errorf("creating a key: %w", err)
	}
	defer wipe(key)
	csr, err = x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		return Wrapped{}, nil, fmt.Errorf("making a certificate request: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return Wrapped{}, nil, fmt.Errorf("encoding a public key: %w", err)
	}
	plain, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Wrapped{}, nil, fmt.Errorf("encoding a key: %w", err)
	}
	defer clear(plain)
	id := make([]byte, 16)
	rand.Read(id)
	w = Wrapped{KeyID: hex.EncodeToString(id), Holder: holder, Version: 1, Algorithm: alg, PublicKey: public}
	w, err = v.seal(ctx, w, pin, plain)
	if err != nil {
		return Wrapped{}, nil, err
	}
	return w, csr, nil
}

// Open calls use with the key, which works only until use returns. ErrWrong
// for a wrong PIN-code. What use returns is returned as it is.
//
// The key's bytes are overwritten afterwards; copies that the standard library
// keeps for itself inside an RSA key cannot be reached and wait for the
// garbage collector.
func (v *Vault) Open(ctx context.Context, w Wrapped, pin string, use func(crypto.Signer) error) error {
	plain, err := v.unseal(ctx, w, pin)
	if err != nil {
		return err
	}
	defer clear(plain)
	parsed, err := x509.ParsePKCS8PrivateKey(plain)
	if err != nil {
		return fmt.Errorf("reading kept key %s: %w", w.KeyID, err)
	}
	key, ok := parsed.(crypto.Signer)
	if !ok {
		return fmt.Errorf("reading kept key %s: %T cannot sign", w.KeyID, parsed)
	}
	defer wipe(key)
	s := &scoped{key: key}
	defer s.close()
	return use(s)
}

// Rewrap puts a key under a new PIN-code that CheckPIN has accepted, with the
// current server key and parameters, and the next version. ErrWrong for a
// wrong old one.
func (v *Vault) Rewrap(ctx context.Context, w Wrapped, oldPIN, newPIN string) (Wrapped, error) {
	if err := checkShape(newPIN); err != nil {
		return Wrapped{}, err
	}
	plain, err := v.unseal(ctx, w, oldPIN)
	if err != nil {
		return Wrapped{}, err
	}
	defer clear(plain)
	w.Version++
	return v.seal(ctx, w, newPIN, plain)
}

// Decoy does the work of Open for a holder that does not exist and returns
// ErrWrong, so that the time does not tell who is a holder.
func (v *Vault) Decoy(ctx context.Context, pin string) error {
	w := Wrapped{KeyID: "decoy", Holder: "decoy", Version: 1, Algorithm: P256, ServerKeyID: v.keys.CurrentID(), KDF: v.kdf}
	w.KDF.Salt = make([]byte, saltSize)
	w.Sealed = make([]byte, nonceSize+138+16)
	rand.Read(w.KDF.Salt)
	rand.Read(w.Sealed)
	plain, err := v.unseal(ctx, w, pin)
	clear(plain)
	if err == nil {
		err = ErrWrong
	}
	return err
}

// Outdated says that a row was made with other parameters or another server
// key than new rows are: Rewrap it (old and new PIN-code the same) at the next
// right try, which also keeps the time of a try the same for everybody.
func (v *Vault) Outdated(w Wrapped) bool {
	return w.ServerKeyID != v.keys.CurrentID() || w.KDF.Time != v.kdf.Time || w.KDF.MemoryKiB != v.kdf.MemoryKiB || w.KDF.Threads != v.kdf.Threads
}

func (v *Vault) seal(ctx context.Context, w Wrapped, pin string, plain []byte) (Wrapped, error) {
	w.ServerKeyID = v.keys.CurrentID()
	w.KDF = v.kdf
	w.KDF.Salt = make([]byte, saltSize)
	rand.Read(w.KDF.Salt)
	aead, err := v.aead(ctx, w, pin)
	if err != nil {
		return Wrapped{}, err
	}
	w.Sealed = make([]byte, nonceSize, nonceSize+len(plain)+aead.Overhead())
	rand.Read(w.Sealed)
	w.Sealed = aead.Seal(w.Sealed, w.Sealed, plain, w.associated())
	return w, nil
}

func (v *Vault) unseal(ctx context.Context, w Wrapped, pin string) ([]byte, error) {
	if len(w.Sealed) < nonceSize || len(w.KDF.Salt) < saltSize {
		return nil, fmt.Errorf("kept key %s is incomplete", w.KeyID)
	}
	if err := w.KDF.check(); err != nil {
		return nil, fmt.Errorf("kept key %s: %w", w.KeyID, err)
	}
	if len(pin) > maxPIN {
		pin = pin[:maxPIN+1]
	}
	aead, err := v.aead(ctx, w, pin)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, w.Sealed[:nonceSize], w.Sealed[nonceSize:], w.associated())
	if err != nil {
		return nil, ErrWrong
	}
	return plain, nil
}

func (v *Vault) aead(ctx context.Context, w Wrapped, pin string) (cipher.AEAD, error) {
	stretched, err := v.stretch(ctx, w.KDF, pin)
	if err != nil {
		return nil, err
	}
	defer clear(stretched)
	message := join([]byte(labelKEK), []byte(w.Holder), []byte(w.KeyID), stretched)
	defer clear(message)
	mac, err := v.keys.MAC(ctx, w.ServerKeyID, message)
	if err != nil {
		return nil, fmt.Errorf("asking the server key: %w", err)
	}
	defer clear(mac)
	kek, err := hkdf.Key(sha256.New, mac, nil, labelKEK, kekSize)
	if err != nil {
		return nil, fmt.Errorf("deriving a key: %w", err)
	}
	defer clear(kek)
	block, err := aes.NewCipher(kek)
	if err != nil {
		return nil, fmt.Errorf("making a cipher: %w", err)
	}
	return cipher.NewGCM(block)
}

// stretch runs Argon2id when there is a place for it.
func (v *Vault) stretch(ctx context.Context, k KDF, pin string) ([]byte, error) {
	wait := time.NewTimer(v.wait)
	defer wait.Stop()
	select {
	case v.slots <- struct{}{}:
	case <-wait.C:
		return nil, ErrBusy
	case <-ctx.Done():
		return nil, fmt.Errorf("checking a PIN-code: %w", ctx.Err())
	}
	defer func() { <-v.slots }()
	p := []byte(pin)
	defer clear(p)
	return argon2.IDKey(p, k.Salt, k.Time, k.MemoryKiB, k.Threads, 32), nil
}

func (w Wrapped) associated() []byte {
	return join([]byte(labelAD), []byte(w.Holder), []byte(w.KeyID), w.PublicKey, []byte(w.Algorithm), []byte(strconv.Itoa(w.Version)))
}

func generate(alg Algorithm) (crypto.Signer, error) {
	switch alg {
	case P256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case RSA2048:
		return rsa.GenerateKey(rand.Reader, 2048)
	}
	return nil, fmt.Errorf("algorithm %q is not one of P-256 and RSA-2048", alg)
}
