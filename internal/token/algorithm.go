package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha256" // crypto.SHA256
	_ "crypto/sha512" // crypto.SHA384, crypto.SHA512
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"

	"github.com/smallstep/pkcs7"
)

const (
	minRSABits = 2048
	maxSalt    = 512 // octets of an RSA-PSS salt; crypto/rsa reads 0 as "any"
)

var (
	oidRSAPSS          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
	oidMGF1            = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}
	oidRSASHA1         = pkcs7.OIDEncryptionAlgorithmRSASHA1
	oidECDSASHA1       = pkcs7.OIDDigestAlgorithmECDSASHA1
	oidRSAEncryption   = pkcs7.OIDEncryptionAlgorithmRSA
	oidECDSAWithSHA256 = pkcs7.OIDDigestAlgorithmECDSASHA256
	oidSHA256          = pkcs7.OIDDigestAlgorithmSHA256
)

// digestAlgorithm is the allow-list of digests.
func digestAlgorithm(oid asn1.ObjectIdentifier) (crypto.Hash, error) {
	switch {
	case oid.Equal(oidSHA256):
		return crypto.SHA256, nil
	case oid.Equal(pkcs7.OIDDigestAlgorithmSHA384):
		return crypto.SHA384, nil
	case oid.Equal(pkcs7.OIDDigestAlgorithmSHA512):
		return crypto.SHA512, nil
	case oid.Equal(pkcs7.OIDDigestAlgorithmSHA1):
		return 0, ErrSHA1
	}
	return 0, ErrAlgorithm
}

type scheme int

const (
	rsaPKCS1 scheme = iota + 1
	rsaPSS
	ecdsaASN1
)

// algorithm is an accepted signature algorithm.
type algorithm struct {
	hash   crypto.Hash
	scheme scheme
	salt   int // RSA-PSS
}

// signatureAlgorithm accepts RSA PKCS #1 v1.5, RSA-PSS and ECDSA with a digest
// of the allow-list; the digest that the signature algorithm names must be the
// same (RFC 5652 §5.3, RFC 8933).
func signatureAlgorithm(digest, signature pkix.AlgorithmIdentifier) (algorithm, error) {
	h, err := digestAlgorithm(digest.Algorithm)
	if err != nil {
		return algorithm{}, err
	}
	oid := signature.Algorithm
	for _, a := range []struct {
		oid    asn1.ObjectIdentifier
		hash   crypto.Hash
		scheme scheme
	}{
		{oidRSAEncryption, h, rsaPKCS1},
		{pkcs7.OIDEncryptionAlgorithmRSASHA256, crypto.SHA256, rsaPKCS1},
		{pkcs7.OIDEncryptionAlgorithmRSASHA384, crypto.SHA384, rsaPKCS1},
		{pkcs7.OIDEncryptionAlgorithmRSASHA512, crypto.SHA512, rsaPKCS1},
		{oidECDSAWithSHA256, crypto.SHA256, ecdsaASN1},
		{pkcs7.OIDDigestAlgorithmECDSASHA384, crypto.SHA384, ecdsaASN1},
		{pkcs7.OIDDigestAlgorithmECDSASHA512, crypto.SHA512, ecdsaASN1},
	} {
		if oid.Equal(a.oid) {
			if a.hash != h {
				return algorithm{}, ErrAlgorithm
			}
			return algorithm{hash: h, scheme: a.scheme}, nil
		}
	}
	switch {
	case oid.Equal(oidRSASHA1), oid.Equal(oidECDSASHA1):
		return algorithm{}, ErrSHA1
	case oid.Equal(oidRSAPSS):
		return pssAlgorithm(h, signature.Parameters.FullBytes)
	}
	return algorithm{}, ErrAlgorithm
}

// pssAlgorithm reads RSASSA-PSS-params (RFC 4055 §3.1). Absent members mean
// SHA-1, which is refused.
func pssAlgorithm(h crypto.Hash, der []byte) (algorithm, error) {
	var p struct {
		Hash    pkix.AlgorithmIdentifier `asn1:"explicit,tag:0,optional"`
		MGF     pkix.AlgorithmIdentifier `asn1:"explicit,tag:1,optional"`
		Salt    int                      `asn1:"explicit,tag:2,optional,default:20"`
		Trailer int                      `asn1:"explicit,tag:3,optional,default:1"`
	}
	if rest, err := asn1.Unmarshal(der, &p); err != nil || len(rest) > 0 {
		return algorithm{}, ErrAlgorithm
	}
	if len(p.Hash.Algorithm) == 0 || len(p.MGF.Algorithm) == 0 {
		return algorithm{}, ErrSHA1
	}
	if !p.MGF.Algorithm.Equal(oidMGF1) || p.Trailer != 1 || p.Salt < 1 || p.Salt > maxSalt {
		return algorithm{}, ErrAlgorithm
	}
	var mask pkix.AlgorithmIdentifier
	if rest, err := asn1.Unmarshal(p.MGF.Parameters.FullBytes, &mask); err != nil || len(rest) > 0 {
		return algorithm{}, ErrAlgorithm
	}
	for _, oid := range []asn1.ObjectIdentifier{p.Hash.Algorithm, mask.Algorithm} {
		got, err := digestAlgorithm(oid)
		if err != nil {
			return algorithm{}, err
		}
		if got != h {
			return algorithm{}, ErrAlgorithm
		}
	}
	return algorithm{hash: h, scheme: rsaPSS, salt: p.Salt}, nil
}

// check verifies the signature with the certificate's key.
func (a algorithm) check(cert *x509.Certificate, signed, signature []byte) error {
	digest := sum(a.hash, signed)
	switch key := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < minRSABits {
			return ErrAlgorithm
		}
		var err error
		switch a.scheme {
		case rsaPKCS1:
			err = rsa.VerifyPKCS1v15(key, a.hash, digest, signature)
		case rsaPSS:
			err = rsa.VerifyPSS(key, a.hash, digest, signature, &rsa.PSSOptions{SaltLength: a.salt})
		default:
			return ErrAlgorithm
		}
		if err != nil {
			return ErrSignature
		}
		return nil
	case *ecdsa.PublicKey:
		switch key.Curve {
		case elliptic.P256(), elliptic.P384(), elliptic.P521():
		default:
			return ErrAlgorithm
		}
		if a.scheme != ecdsaASN1 {
			return ErrAlgorithm
		}
		if !ecdsa.VerifyASN1(key, digest, signature) {
			return ErrSignature
		}
		return nil
	}
	return ErrAlgorithm
}
