package token

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"

	"github.com/smallstep/pkcs7"
)

// message is a SignedData as far as it is judged.
type message struct {
	der          []byte
	content      []byte
	signers      []signerInfo
	certificates []*x509.Certificate
	// fingerprint is SHA-256 of the first certificate, if it was needed to
	// find it.
	fingerprint []byte
}

// fingerprintOf is SHA-256 of one of the certificates.
func (m *message) fingerprintOf(cert *x509.Certificate) []byte {
	if m.fingerprint != nil && cert == m.certificates[0] {
		return m.fingerprint
	}
	return sum(crypto.SHA256, cert.Raw)
}

// usual is the one form that carriers send: DER, one certificate, one signer
// with signed attributes, no CRL.
type usual struct {
	Type    asn1.ObjectIdentifier
	Content struct {
		Version int
		Digests []pkix.AlgorithmIdentifier `asn1:"set"`
		Content struct {
			Type    asn1.ObjectIdentifier
			Content asn1.RawValue `asn1:"explicit,tag:0"`
		}
		Certificates asn1.RawValue
		Signers      []signerInfo `asn1:"set"`
	} `asn1:"explicit,tag:0"`
}

// readUsual reads the usual form, much faster than the library does, which
// rewrites BER first. ok is false for every other form, readable or not.
func (v *Verifier) readUsual(der []byte) (m *message, ok bool) {
	var u usual
	if rest, err := asn1.Unmarshal(der, &u); err != nil || len(rest) > 0 || !u.Type.Equal(pkcs7.OIDSignedData) {
		return nil, false
	}
	var content []byte
	if rest, err := asn1.Unmarshal(u.Content.Content.Content.Bytes, &content); err != nil || len(rest) > 0 {
		return nil, false
	}
	set := u.Content.Certificates
	if set.Class != asn1.ClassContextSpecific || set.Tag != 0 || !set.IsCompound || len(u.Content.Signers) != 1 {
		return nil, false
	}
	fingerprint := sum(crypto.SHA256, set.Bytes)
	cert, err := v.certificate(set.Bytes, fingerprint)
	if err != nil {
		return nil, false // more than one, among others
	}
	return &message{
		der: der, content: content, signers: u.Content.Signers, certificates: []*x509.Certificate{cert}, fingerprint: fingerprint,
	}, true
}

// read reads any form of SignedData.
func (v *Verifier) read(der []byte) (*message, error) {
	if m, ok := v.readUsual(der); ok {
		return m, nil
	}
	p, err := pkcs7.Parse(der)
	if err != nil {
		return nil, ErrMalformed
	}
	m := &message{der: der, content: p.Content, certificates: p.Certificates}
	for _, s := range p.Signers {
		si := signerInfo{
			Version:   s.Version,
			SID:       issuerAndSerial{Issuer: s.IssuerAndSerialNumber.IssuerName, Serial: s.IssuerAndSerialNumber.SerialNumber},
			Digest:    s.DigestAlgorithm,
			Algorithm: s.DigestEncryptionAlgorithm,
			Signature: s.EncryptedDigest,
		}
		for _, a := range s.AuthenticatedAttributes {
			si.Attributes = append(si.Attributes, attribute{Type: a.Type, Values: a.Value})
		}
		m.signers = append(m.signers, si)
	}
	return m, nil
}
