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
	"math/big"
	"slices"

	"github.com/tamga-ca/tamga/internal/registry"
)

// standIn is a throw-away CA that looks like the issuing one: same name, same
// key identifier, same kind of key. A certificate that it signs differs from the
// issuing CA's in the signature's value only.
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

// likeness is the certificate (DER) that an intent describes, but for the value
// of its signature, and its to-be-signed part.
func (i *Issuer) likeness(intent Intent, key any) (der, tbs []byte, err error) {
	serial, err := number(intent.Serial)
	if err != nil {
		return nil, nil, err
	}
	m, err := i.mould(intent.Profile)
	if err != nil {
		return nil, nil, err
	}
	publicKey, ski, err := encodeKey(key)
	if err != nil {
		return nil, nil, err
	}
	der, tbs, err = m.cast(serial, intent.NotBefore, intent.NotAfter, intent.Subject, publicKey, ski)
	if err != nil {
		return nil, nil, fmt.Errorf("making the certificate to be linted: %w", err)
	}
	return der, tbs, nil
}

// expected is the likeness, parsed.
func (i *Issuer) expected(intent Intent, key any) (*x509.Certificate, error) {
	der, _, err := i.likeness(intent, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// mould is that of a profile, made when it is first needed.
func (i *Issuer) mould(profile registry.CertificateProfile) (*mould, error) {
	if m, ok := i.moulds.Load(profile); ok {
		return m.(*mould), nil
	}
	s, err := i.stand()
	if err != nil {
		return nil, err
	}
	policy, err := i.Profile.policy(profile)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, i.template(policy), s.parent, s.key.Public(), s.key)
	if err != nil {
		return nil, fmt.Errorf("making the certificate to be linted: %w", err)
	}
	sample, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	m, err := newMould(sample)
	if err != nil {
		return nil, err
	}
	i.moulds.Store(profile, m)
	return m, nil
}

// template is what all certificates of a policy have in common; what differs is
// only there to be replaced.
func (i *Issuer) template(policy x509.OID) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotBefore:             i.Certificate.NotBefore,
		NotAfter:              i.Certificate.NotAfter,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageEmailProtection},
		BasicConstraintsValid: true,
		SubjectKeyId:          make([]byte, sha1.Size),
		Policies:              []x509.OID{policy},
		CRLDistributionPoints: []string{i.Profile.CRL},
		OCSPServer:            []string{i.Profile.OCSP},
		IssuingCertificateURL: []string{i.Profile.IssuingCA},
	}
}

// compare is compareWith what the intent describes.
func (i *Issuer) compare(intent Intent, key any, got *x509.Certificate) error {
	der, tbs, err := i.likeness(intent, key)
	if err != nil {
		return fmt.Errorf("comparing serial %s: %w", intent.Serial, err)
	}
	return i.compareWith(intent, der, tbs, got)
}

// compareWith returns ErrMismatch, naming the first difference, unless the
// answer is the intended certificate, signed by the issuing CA: want is its
// likeness with the to-be-signed part tbs. Extensions may come in any order.
func (i *Issuer) compareWith(intent Intent, want, tbs []byte, got *x509.Certificate) error {
	if !bytes.Equal(got.RawTBSCertificate, tbs) {
		likeness, err := x509.ParseCertificate(want)
		if err != nil {
			return fmt.Errorf("comparing serial %s: %w", intent.Serial, err)
		}
		if err := i.sameContent(intent, likeness, got); err != nil {
			return err
		}
	}
	if err := got.CheckSignatureFrom(i.Certificate); err != nil {
		return fmt.Errorf("%w: the certificate of serial %s is not signed by the issuing CA: %w", ErrMismatch, intent.Serial, err)
	}
	return nil
}

func (i *Issuer) sameContent(intent Intent, want, got *x509.Certificate) error {
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
	return nil
}

// encodeKey is a public key as SubjectPublicKeyInfo (DER) and its identifier by
// method 1 of RFC 5280 §4.2.1.2: SHA-1 of the key's bits.
func encodeKey(pub any) (der, id []byte, err error) {
	if der, err = x509.MarshalPKIXPublicKey(pub); err != nil {
		return nil, nil, fmt.Errorf("encoding a public key: %w", err)
	}
	var info struct {
		Algorithm asn1.RawValue
		Bits      asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		return nil, nil, fmt.Errorf("encoding a public key: %w", err)
	}
	sum := sha1.Sum(info.Bits.RightAlign())
	return der, sum[:], nil
}

// keyID is the identifier of encodeKey.
func keyID(pub any) ([]byte, error) {
	_, id, err := encodeKey(pub)
	return id, err
}
