package ecloud

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"errors"
	"io"
	"math/big"
	"sync"
)

// scoped is a key that stops working when its callback returns.
type scoped struct {
	mu  sync.Mutex
	key crypto.Signer // nil after close
}

var errClosed = errors.New("the kept key is closed")

func (s *scoped) Public() crypto.PublicKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.key == nil {
		return nil
	}
	return s.key.Public()
}

func (s *scoped) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.key == nil {
		return nil, errClosed
	}
	return s.key.Sign(rand, digest, opts)
}

func (s *scoped) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key = nil
}

// wipe overwrites a private key's numbers.
func wipe(key crypto.Signer) {
	switch k := key.(type) {
	case *ecdsa.PrivateKey:
		//lint:ignore SA1019 the deprecated field is where the number lies
		wipeInt(k.D) //nolint:staticcheck // the same, for golangci-lint
	case *rsa.PrivateKey:
		wipeInt(k.D)
		for _, p := range k.Primes {
			wipeInt(p)
		}
		wipeInt(k.Precomputed.Dp)
		wipeInt(k.Precomputed.Dq)
		wipeInt(k.Precomputed.Qinv)
	}
}

func wipeInt(n *big.Int) {
	if n != nil {
		clear(n.Bits())
		n.SetInt64(0)
	}
}
