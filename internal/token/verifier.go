package token

import (
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// maxSeen bounds what a Verifier remembers, some 6 KiB each; beyond it, it
// forgets everything.
const maxSeen = 8192

// Verifier judges signatures by certificates of one CA. It is made once, at
// start, and is safe for concurrent use.
//
// Of a certificate that it has seen it remembers which of our issuers signed
// it, which nothing can change; validity, revocation and profile are judged
// anew each time.
type Verifier struct {
	issuers          []issuer
	above, beside    *x509.CertPool // roots, issuing CAs
	holder, operator x509.OID

	mu   sync.Mutex
	seen map[[sha256.Size]byte]seen // by fingerprint
}

// seen is a certificate of ours.
type seen struct {
	cert   *x509.Certificate
	issuer int // index of issuers
}

// issuer is one of our issuing CAs with the interval in which it and
// everything above it is valid.
type issuer struct {
	cert          *x509.Certificate
	after, before time.Time
}

// NewVerifier takes the CA's roots and issuing CAs. Chains are built from them
// alone, never from what comes inside a CMS. holder and operator are the
// policy OIDs that are accepted; a zero OID accepts none. An issuer that no
// root has signed is an error.
func NewVerifier(roots, issuers []*x509.Certificate, holder, operator x509.OID) (*Verifier, error) {
	if len(roots) == 0 || len(issuers) == 0 {
		return nil, errors.New("verifying signatures: there is no root or no issuing CA")
	}
	v := &Verifier{above: x509.NewCertPool(), beside: x509.NewCertPool(), holder: holder, operator: operator, seen: map[[sha256.Size]byte]seen{}}
	for _, c := range roots {
		v.above.AddCert(c)
	}
	for _, c := range issuers {
		v.beside.AddCert(c)
	}
	for _, c := range issuers {
		chains, err := c.Verify(x509.VerifyOptions{
			Roots: v.above, Intermediates: v.beside, CurrentTime: c.NotBefore, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
		})
		if err != nil {
			return nil, fmt.Errorf("verifying signatures: issuing CA %q does not lead to a root: %w", c.Subject, err)
		}
		i := issuer{cert: c, after: c.NotBefore, before: c.NotAfter}
		for _, up := range chains[0] {
			if up.NotBefore.After(i.after) {
				i.after = up.NotBefore
			}
			if up.NotAfter.Before(i.before) {
				i.before = up.NotAfter
			}
		}
		v.issuers = append(v.issuers, i)
	}
	return v, nil
}

// checkChain finds our issuer of a certificate and judges validity. The chain
// is judged at the instant of the certificate's life that is nearest to now,
// so that an expired certificate of ours is told from a foreign one.
func (v *Verifier) checkChain(cert *x509.Certificate, fingerprint []byte, now time.Time) error {
	at := now
	if at.Before(cert.NotBefore) {
		at = cert.NotBefore
	}
	if at.After(cert.NotAfter) {
		at = cert.NotAfter
	}
	i, err := v.issuerOf(cert, fingerprint, at)
	if err != nil {
		return err
	}
	switch {
	case at.Before(v.issuers[i].after) || at.After(v.issuers[i].before):
		return ErrForeignCA
	case now.Before(cert.NotBefore):
		return errNotYetUsable(cert.NotBefore)
	case now.After(cert.NotAfter):
		return errExpired(cert.NotAfter)
	}
	return nil
}

func (v *Verifier) issuerOf(cert *x509.Certificate, fingerprint []byte, at time.Time) (int, error) {
	if known, ok := v.known(fingerprint); ok {
		return known.issuer, nil
	}
	if cert.IsCA {
		return 0, ErrForeignCA
	}
	// Up to the root each time: a CA above may constrain what is below it.
	chains, err := cert.Verify(x509.VerifyOptions{Roots: v.above, Intermediates: v.beside, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil {
		return 0, ErrForeignCA
	}
	i := slices.IndexFunc(v.issuers, func(i issuer) bool {
		return slices.ContainsFunc(chains, func(c []*x509.Certificate) bool { return len(c) > 1 && c[1].Equal(i.cert) })
	})
	if i < 0 {
		return 0, ErrForeignCA
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.seen) >= maxSeen {
		clear(v.seen)
	}
	v.seen[[sha256.Size]byte(fingerprint)] = seen{cert, i}
	return i, nil
}

func (v *Verifier) known(fingerprint []byte) (seen, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	s, ok := v.seen[[sha256.Size]byte(fingerprint)]
	return s, ok
}

// certificate parses one certificate (DER), unless it is one of ours that was
// seen before.
func (v *Verifier) certificate(raw, fingerprint []byte) (*x509.Certificate, error) {
	if s, ok := v.known(fingerprint); ok {
		return s.cert, nil
	}
	return x509.ParseCertificate(raw)
}
