package ca

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/tamga-ca/tamga/internal/registry"
)

// Issuer is the issuing CA as everybody may know it: certificates and profile,
// no private key. It is safe for concurrent use.
type Issuer struct {
	Certificate *x509.Certificate
	Root        *x509.Certificate
	Profile     Profile

	profileID string
	stand     func() (*standIn, error)
	moulds    sync.Map // of *mould by profile
	names     map[crypto.Hash]issuerNames
}

// NewIssuer checks that the issuing certificate (PEM) was issued by the root
// (PEM) and may sign certificates.
func NewIssuer(issuingPEM, rootPEM []byte, p Profile) (*Issuer, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	issuing, err := oneCertificate(issuingPEM)
	if err != nil {
		return nil, fmt.Errorf("reading the issuing CA's certificate: %w", err)
	}
	root, err := oneCertificate(rootPEM)
	if err != nil {
		return nil, fmt.Errorf("reading the root's certificate: %w", err)
	}
	if err := issuing.CheckSignatureFrom(root); err != nil {
		return nil, fmt.Errorf("the issuing CA's certificate is not the root's: %w", err)
	}
	if !issuing.IsCA || issuing.KeyUsage&x509.KeyUsageCertSign == 0 || len(issuing.SubjectKeyId) == 0 {
		return nil, errors.New("the issuing CA's certificate may not sign certificates")
	}
	i := &Issuer{Certificate: issuing, Root: root, Profile: p, profileID: p.id(issuing)}
	i.stand = sync.OnceValues(func() (*standIn, error) { return newStandIn(issuing) })
	i.names, err = namesOf(issuing)
	return i, err
}

// LoadIssuer is NewIssuer over files.
func LoadIssuer(issuingFile, rootFile string, p Profile) (*Issuer, error) {
	issuing, err := os.ReadFile(issuingFile)
	if err != nil {
		return nil, fmt.Errorf("reading the issuing CA's certificate: %w", err)
	}
	root, err := os.ReadFile(rootFile)
	if err != nil {
		return nil, fmt.Errorf("reading the root's certificate: %w", err)
	}
	return NewIssuer(issuing, root, p)
}

// Chain is issuing CA and root as one PEM, for `openssl verify` and clients.
func (i *Issuer) Chain() []byte {
	return append(PEM(i.Certificate), PEM(i.Root)...)
}

// Verify checks that a certificate was issued by this CA and is of its
// profile. It says nothing about time or revocation.
func (i *Issuer) Verify(c *x509.Certificate) (registry.CertificateProfile, error) {
	if !bytes.Equal(c.RawIssuer, i.Certificate.RawSubject) {
		return "", errors.New("issued by another CA")
	}
	if err := c.CheckSignatureFrom(i.Certificate); err != nil {
		return "", fmt.Errorf("not signed by the issuing CA: %w", err)
	}
	k, ok := i.Profile.ProfileOf(c)
	if !ok || c.IsCA {
		return "", errors.New("of no profile of ours")
	}
	return k, nil
}

// PEM encodes a certificate.
func PEM(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

func oneCertificate(b []byte) (*x509.Certificate, error) {
	block, rest := pem.Decode(b)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("no PEM certificate")
	}
	if next, _ := pem.Decode(rest); next != nil {
		return nil, errors.New("more than one certificate in the file")
	}
	return x509.ParseCertificate(block.Bytes)
}
