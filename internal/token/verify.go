package token

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// MaxCMS is the largest SignedData that is looked at, in bytes (DER or PEM).
const MaxCMS = 48 << 10

// Status of a certificate in the authority's own records.
type Status int

const (
	// StatusUnknown: not one of ours, or not found. It is refused.
	StatusUnknown Status = iota
	StatusGood
	StatusRevoked
	StatusSuspended
)

// StatusFunc tells what happened to a certificate. An error refuses the
// signature (fails closed) and is wrapped.
type StatusFunc func(ctx context.Context, cert *x509.Certificate) (Status, error)

// Signer is who signed.
type Signer struct {
	Certificate *x509.Certificate
	Serial      registry.Serial
	Profile     registry.CertificateProfile
	// PersonalNumber from the subject's serialNumber "PNOKG-<14 digits>".
	PersonalNumber registry.PersonalNumber
	// INN of the organisation from organizationIdentifier "NTRKG-<14
	// digits>"; an operator's certificate may have none.
	INN registry.INN
	// SigningTime is what the signer claims; the zero time if nothing. It is
	// kept as evidence and decides nothing.
	SigningTime time.Time
}

// Verify judges a CMS SignedData over exactly the expected bytes, in the order
// of the package comment. now is the rules' clock. A refusal is a
// registry.Error.
func (v *Verifier) Verify(ctx context.Context, cms, expected []byte, now time.Time, status StatusFunc) (*Signer, error) {
	if len(expected) == 0 || now.IsZero() || status == nil {
		return nil, errors.New("verifying a signature: nothing to compare with")
	}
	msg, err := v.parse(cms)
	if err != nil {
		return nil, err
	}
	if len(msg.content) == 0 {
		return nil, ErrDetached
	}
	if !bytes.Equal(msg.content, expected) {
		return nil, ErrContent
	}
	si, cert, err := msg.onlySigner()
	if err != nil {
		return nil, err
	}
	fingerprint := msg.fingerprintOf(cert)
	signed, err := readAttributes(si.Attributes)
	if err != nil {
		return nil, err
	}
	alg, err := signatureAlgorithm(si.Digest, si.Algorithm)
	if err != nil {
		return nil, err
	}
	if err := signed.match(expected, cert, fingerprint, alg.hash); err != nil {
		return nil, err
	}
	if err := alg.check(cert, signed.der, si.Signature); err != nil {
		return nil, err
	}
	s, err := v.judge(ctx, cert, fingerprint, now, status)
	if err != nil {
		return nil, err
	}
	s.SigningTime = signed.signingTime
	return s, nil
}

// Judge says whether a certificate (DER) may sign here now, by the same rules
// and in the same order as Verify judges a signer's: a login page tells it
// before anything is signed. What is no certificate is ErrForeignCA.
func (v *Verifier) Judge(ctx context.Context, der []byte, now time.Time, status StatusFunc) (*Signer, error) {
	if now.IsZero() || status == nil {
		return nil, errors.New("judging a certificate: nothing to compare with")
	}
	if len(der) > MaxCMS {
		return nil, ErrTooLarge
	}
	fingerprint := sum(crypto.SHA256, der)
	cert, err := v.certificate(der, fingerprint)
	if err != nil {
		return nil, ErrForeignCA
	}
	return v.judge(ctx, cert, fingerprint, now, status)
}

// judge is the part of Verify that is about the certificate alone.
func (v *Verifier) judge(ctx context.Context, cert *x509.Certificate, fingerprint []byte, now time.Time, status StatusFunc) (*Signer, error) {
	if err := v.checkChain(cert, fingerprint, now); err != nil {
		return nil, err
	}
	if err := checkStatus(ctx, cert, status); err != nil {
		return nil, err
	}
	s := &Signer{Certificate: cert, Serial: serial(cert.SerialNumber)}
	var err error
	if s.Profile, err = v.checkProfile(cert); err != nil {
		return nil, err
	}
	if s.PersonalNumber, s.INN, err = subjectNumbers(cert); err != nil {
		return nil, err
	}
	if s.INN == "" && s.Profile == registry.HolderProfile {
		return nil, ErrNames
	}
	return s, nil
}

// Options are what Verify trusts and asks.
type Options struct {
	Roots          []*x509.Certificate
	Issuers        []*x509.Certificate
	HolderPolicy   x509.OID
	OperatorPolicy x509.OID
	Now            time.Time
	Status         StatusFunc
}

// Verify is Verifier.Verify by a Verifier of its own, for who judges one
// signature and is done.
func Verify(ctx context.Context, cms, expected []byte, o Options) (*Signer, error) {
	v, err := NewVerifier(o.Roots, o.Issuers, o.HolderPolicy, o.OperatorPolicy)
	if err != nil {
		return nil, err
	}
	return v.Verify(ctx, cms, expected, o.Now, o.Status)
}

// parse reads DER or BER, or PEM of type CMS or PKCS7 with nothing around it.
func (v *Verifier) parse(cms []byte) (*message, error) {
	if len(cms) > MaxCMS {
		return nil, ErrTooLarge
	}
	if trimmed := bytes.TrimSpace(cms); bytes.HasPrefix(trimmed, []byte("-----BEGIN ")) {
		block, rest := pem.Decode(trimmed)
		if block == nil || block.Type != "CMS" && block.Type != "PKCS7" || len(rest) > 0 {
			return nil, ErrMalformed
		}
		cms = block.Bytes
	}
	if !wellNested(cms) {
		return nil, ErrMalformed
	}
	return v.read(cms)
}

func checkStatus(ctx context.Context, cert *x509.Certificate, ask StatusFunc) error {
	status, err := ask(ctx, cert)
	if err != nil {
		return fmt.Errorf("asking for a certificate's status: %w: %w", ErrStatusUnavailable, err)
	}
	switch status {
	case StatusGood:
		return nil
	case StatusRevoked:
		return ErrRevoked
	case StatusSuspended:
		return ErrSuspended
	}
	return ErrUnknown
}

func (v *Verifier) checkProfile(cert *x509.Certificate) (registry.CertificateProfile, error) {
	if cert.KeyUsage&x509.KeyUsageDigitalSignature == 0 || !slices.Contains(cert.ExtKeyUsage, x509.ExtKeyUsageClientAuth) {
		return "", ErrUsage
	}
	var none x509.OID
	has := func(want x509.OID) bool {
		return !want.Equal(none) && slices.ContainsFunc(cert.Policies, want.Equal)
	}
	holder, operator := has(v.holder), has(v.operator)
	switch {
	case holder && !operator:
		return registry.HolderProfile, nil
	case operator && !holder:
		return registry.OperatorProfile, nil
	}
	return "", ErrPolicy
}

var (
	oidSerialNumber           = asn1.ObjectIdentifier{2, 5, 4, 5}
	oidOrganizationIdentifier = asn1.ObjectIdentifier{2, 5, 4, 97}
)

// subjectNumbers reads the semantics identifiers of ETSI EN 319 412-1 §5.1.3
// and §5.1.4. Each may stand once.
func subjectNumbers(cert *x509.Certificate) (registry.PersonalNumber, registry.INN, error) {
	var person, organisation []string
	for _, n := range cert.Subject.Names {
		s, _ := n.Value.(string)
		switch {
		case n.Type.Equal(oidSerialNumber):
			person = append(person, s)
		case n.Type.Equal(oidOrganizationIdentifier):
			organisation = append(organisation, s)
		}
	}
	if len(person) != 1 || len(organisation) > 1 {
		return "", "", ErrNames
	}
	pn, ok := number(person[0], "PNOKG-")
	if !ok {
		return "", "", ErrNames
	}
	if len(organisation) == 0 {
		return registry.PersonalNumber(pn), "", nil
	}
	inn, ok := number(organisation[0], "NTRKG-")
	if !ok {
		return "", "", ErrNames
	}
	return registry.PersonalNumber(pn), registry.INN(inn), nil
}

func number(s, prefix string) (string, bool) {
	n, ok := strings.CutPrefix(s, prefix)
	if !ok || len(n) != 14 {
		return "", false
	}
	for i := range len(n) {
		if n[i] < '0' || n[i] > '9' {
			return "", false
		}
	}
	return n, true
}

func serial(n *big.Int) registry.Serial { return registry.Serial(n.Text(16)) }
