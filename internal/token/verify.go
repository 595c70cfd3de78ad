package token

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/smallstep/pkcs7"

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

// Options are what Verify trusts and asks.
type Options struct {
	// Roots and Issuers of our CA. Certificates inside the CMS other than the
	// signer's are never used to build the chain.
	Roots   []*x509.Certificate
	Issuers []*x509.Certificate
	// HolderPolicy and OperatorPolicy are the policy OIDs that are accepted;
	// a zero OID accepts none.
	HolderPolicy   x509.OID
	OperatorPolicy x509.OID
	// Now is the rules' clock.
	Now time.Time
	// Status tells what happened to a certificate. An error refuses the
	// signature (fails closed) and is wrapped.
	Status func(ctx context.Context, cert *x509.Certificate) (Status, error)
}

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
// of the package comment. A refusal is a registry.Error.
func Verify(ctx context.Context, cms, expected []byte, o Options) (*Signer, error) {
	if o.Status == nil || o.Now.IsZero() || len(o.Roots) == 0 || len(o.Issuers) == 0 || len(expected) == 0 {
		return nil, errors.New("verifying a signature: options are incomplete")
	}
	msg, der, err := parse(cms)
	if err != nil {
		return nil, err
	}
	if len(msg.Content) == 0 {
		return nil, ErrDetached
	}
	if !bytes.Equal(msg.Content, expected) {
		return nil, ErrContent
	}
	si, cert, err := onlySigner(msg, der)
	if err != nil {
		return nil, err
	}
	signed, err := readAttributes(si.Attributes)
	if err != nil {
		return nil, err
	}
	alg, err := signatureAlgorithm(si.Digest, si.Algorithm)
	if err != nil {
		return nil, err
	}
	if err := signed.match(expected, cert, alg.hash); err != nil {
		return nil, err
	}
	if err := alg.check(cert, signed.der, si.Signature); err != nil {
		return nil, err
	}
	if err := checkChain(cert, o); err != nil {
		return nil, err
	}
	if err := checkStatus(ctx, cert, o); err != nil {
		return nil, err
	}
	profile, err := checkProfile(cert, o)
	if err != nil {
		return nil, err
	}
	s := &Signer{
		Certificate: cert,
		Serial:      serial(cert.SerialNumber),
		Profile:     profile,
		SigningTime: signed.signingTime,
	}
	if s.PersonalNumber, s.INN, err = subjectNumbers(cert); err != nil {
		return nil, err
	}
	if s.INN == "" && profile == registry.HolderProfile {
		return nil, ErrNames
	}
	return s, nil
}

// parse reads DER or BER, or PEM of type CMS or PKCS7 with nothing around it.
func parse(cms []byte) (*pkcs7.PKCS7, []byte, error) {
	if len(cms) > MaxCMS {
		return nil, nil, ErrTooLarge
	}
	if trimmed := bytes.TrimSpace(cms); bytes.HasPrefix(trimmed, []byte("-----BEGIN ")) {
		block, rest := pem.Decode(trimmed)
		if block == nil || block.Type != "CMS" && block.Type != "PKCS7" || len(rest) > 0 {
			return nil, nil, ErrMalformed
		}
		cms = block.Bytes
	}
	if !wellNested(cms) {
		return nil, nil, ErrMalformed
	}
	msg, err := pkcs7.Parse(cms)
	if err != nil {
		return nil, nil, ErrMalformed
	}
	return msg, cms, nil
}

// checkChain builds the chain from our own certificates only. It is judged at
// the instant of the certificate's life that is nearest to now, so that an
// expired certificate of ours is told from a foreign one.
func checkChain(cert *x509.Certificate, o Options) error {
	roots, issuers := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range o.Roots {
		roots.AddCert(c)
	}
	for _, c := range o.Issuers {
		issuers.AddCert(c)
	}
	at := o.Now
	if at.Before(cert.NotBefore) {
		at = cert.NotBefore
	}
	if at.After(cert.NotAfter) {
		at = cert.NotAfter
	}
	if cert.IsCA {
		return ErrForeignCA
	}
	chains, err := cert.Verify(x509.VerifyOptions{
		Roots:         roots,
		Intermediates: issuers,
		CurrentTime:   at,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return ErrForeignCA
	}
	ours := slices.ContainsFunc(chains, func(chain []*x509.Certificate) bool {
		return len(chain) > 1 && slices.ContainsFunc(o.Issuers, chain[1].Equal)
	})
	if !ours {
		return ErrForeignCA
	}
	switch {
	case o.Now.Before(cert.NotBefore):
		return errNotYetUsable(cert.NotBefore)
	case o.Now.After(cert.NotAfter):
		return errExpired(cert.NotAfter)
	}
	return nil
}

func checkStatus(ctx context.Context, cert *x509.Certificate, o Options) error {
	status, err := o.Status(ctx, cert)
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

func checkProfile(cert *x509.Certificate, o Options) (registry.CertificateProfile, error) {
	if cert.KeyUsage&x509.KeyUsageDigitalSignature == 0 || !slices.Contains(cert.ExtKeyUsage, x509.ExtKeyUsageClientAuth) {
		return "", ErrUsage
	}
	var none x509.OID
	has := func(want x509.OID) bool {
		return !want.Equal(none) && slices.ContainsFunc(cert.Policies, want.Equal)
	}
	holder, operator := has(o.HolderPolicy), has(o.OperatorPolicy)
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
