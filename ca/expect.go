package ca

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"slices"
)

// standIn is a throw-away CA that looks like the issuing one: same name, same
// key identifier, same kind of key. What it signs differs from the issuing
// CA's certificate in the signature's value only.
type standIn struct {
	parent *x509.Certificate
	key    crypto.Signer
}

func newStandIn(issuing *x509.Certificate) (*standIn, error) {
	var key crypto.Signer
	var err error
	switch pub := issuing.PublicKey.(type) {
	case *rsa.PublicKey: // of any size: the default algorithm is one
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case *ecdsa.PublicKey:
		key, err = ecdsa.GenerateKey(pub.Curve, rand.Reader)
	default:
		err = fmt.Errorf("the issuing CA has a key of type %T", pub)
	}
	if err != nil {
		return nil, fmt.Errorf("making the stand-in key: %w", err)
	}
	parent := *issuing
	parent.PublicKey = key.Public()
	return &standIn{&parent, key}, nil
}

// expected is the certificate that an intent describes, signed by the
// stand-in.
func (i *Issuer) expected(intent Intent, key any) (*x509.Certificate, error) {
	s, err := i.stand()
	if err != nil {
		return nil, err
	}
	serial, err := number(intent.Serial)
	if err != nil {
		return nil, err
	}
	policy, err := i.Profile.policy(intent.Profile)
	if err != nil {
		return nil, err
	}
	ski, err := keyID(key)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		RawSubject:            intent.Subject,
		NotBefore:             intent.NotBefore,
		NotAfter:              intent.NotAfter,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageEmailProtection},
		BasicConstraintsValid: true,
		SubjectKeyId:          ski,
		Policies:              []x509.OID{policy},
		CRLDistributionPoints: []string{i.Profile.CRL},
		OCSPServer:            []string{i.Profile.OCSP},
		IssuingCertificateURL: []string{i.Profile.IssuingCA},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, s.parent, key, s.key)
	if err != nil {
		return nil, fmt.Errorf("making the certificate to be linted: %w", err)
	}
	return x509.ParseCertificate(der)
}

// compare returns ErrMismatch, naming the first difference, unless the answer
// is the intended certificate, signed by the issuing CA. Extensions may come
// in any order.
func (i *Issuer) compare(intent Intent, key any, got *x509.Certificate) error {
	want, err := i.expected(intent, key)
	if err != nil {
		return fmt.Errorf("comparing serial %s: %w", intent.Serial, err)
	}
	return i.compareWith(intent, want, got)
}

// compareWith is compare with what was expected already.
func (i *Issuer) compareWith(intent Intent, want, got *x509.Certificate) error {
	differs := func(what string) error {
		return fmt.Errorf("%w: the certificate of serial %s has another %s", ErrMismatch, intent.Serial, what)
	}
	switch {
	case got.SerialNumber.Cmp(want.SerialNumber) != 0:
		return differs("serial number")
	case got.Version != want.Version:
		return differs("version")
	case !bytes.Equal(got.RawIssuer, i.Certificate.RawSubject):
		return differs("issuer")
	case !got.NotBefore.Equal(want.NotBefore) || !got.NotAfter.Equal(want.NotAfter):
		return differs("validity")
	case !bytes.Equal(got.RawSubject, want.RawSubject):
		return differs("subject")
	case !bytes.Equal(got.RawSubjectPublicKeyInfo, want.RawSubjectPublicKeyInfo):
		return differs("public key")
	case got.SignatureAlgorithm != want.SignatureAlgorithm:
		return differs("signature algorithm")
	}
	if len(got.Extensions) != len(want.Extensions) {
		return differs("set of extensions")
	}
	for _, w := range want.Extensions {
		n := slices.IndexFunc(got.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(w.Id) })
		if n < 0 || got.Extensions[n].Critical != w.Critical || !bytes.Equal(got.Extensions[n].Value, w.Value) {
			return differs("extension " + w.Id.String())
		}
	}
	if err := got.CheckSignatureFrom(i.Certificate); err != nil {
		return fmt.Errorf("%w: the certificate of serial %s is not signed by the issuing CA: %w", ErrMismatch, intent.Serial, err)
	}
	return nil
}

// keyID is method 1 of RFC 5280 §4.2.1.2: SHA-1 of the public key's bits.
func keyID(pub any) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return nil, fmt.Errorf("encoding a public key: %w", err)
	}
	var info struct {
		Algorithm asn1.RawValue
		Bits      asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		return nil, fmt.Errorf("encoding a public key: %w", err)
	}
	sum := sha1.Sum(info.Bits.RightAlign())
	return sum[:], nil
}
