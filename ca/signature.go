package ca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// signing is how a key signs what we encode ourselves: OCSP answers and CRLs.
type signing struct {
	key       crypto.Signer
	hash      crypto.Hash
	algorithm []byte // AlgorithmIdentifier, DER
}

var (
	oidSHA256WithRSA   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}
	oidECDSAWithSHA256 = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	oidECDSAWithSHA384 = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}
)

// signingWith chooses the algorithm that certificates of such a key are signed
// with: RSA with SHA-256 (PKCS #1 v1.5), ECDSA with the curve's hash.
func signingWith(key crypto.Signer) (signing, error) {
	s := signing{key: key, hash: crypto.SHA256}
	var oid asn1.ObjectIdentifier
	null := false
	switch public := key.Public().(type) {
	case *rsa.PublicKey:
		oid, null = oidSHA256WithRSA, true
	case *ecdsa.PublicKey:
		switch public.Curve {
		case elliptic.P256():
			oid = oidECDSAWithSHA256
		case elliptic.P384():
			oid, s.hash = oidECDSAWithSHA384, crypto.SHA384
		default:
			return signing{}, fmt.Errorf("no signature algorithm for the curve %s", public.Curve.Params().Name)
		}
	default:
		return signing{}, fmt.Errorf("no signature algorithm for a key of type %T", public)
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		if null {
			b.AddASN1NULL()
		}
	})
	var err error
	s.algorithm, err = b.Bytes()
	return s, err
}

// sign signs a DER structure.
func (s signing) sign(tbs []byte) ([]byte, error) {
	h := s.hash.New()
	h.Write(tbs)
	return s.key.Sign(rand.Reader, h.Sum(nil), s.hash)
}
