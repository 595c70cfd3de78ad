package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"time"

	"github.com/smallstep/pkcs7"
)

// signedData is SignedData of RFC 5652 §5.1 with one signer. The library that
// parses could make one too, but it stamps the machine's clock and knows no
// other.
type signedData struct {
	Version      int
	Digests      []pkix.AlgorithmIdentifier `asn1:"set"`
	Content      encapsulated
	Certificates asn1.RawValue
	Signers      []signerInfo `asn1:"set"`
}

type encapsulated struct {
	Type    asn1.ObjectIdentifier
	Content []byte `asn1:"explicit,optional,tag:0"` // nil: it stands elsewhere
}

type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content signedData `asn1:"explicit,tag:0"`
}

// Sign makes the CMS SignedData that Verify accepts, with a key that the
// server holds for its owner (E-Cloud): attached content, the signer's
// certificate, SHA-256, and the signed attributes contentType, messageDigest,
// signingTime and ESS signing-certificate-v2 (RFC 5035). The result is DER.
func Sign(content []byte, cert *x509.Certificate, key crypto.Signer, now time.Time) ([]byte, error) {
	return signedWith(encapsulated{Type: oidData, Content: append([]byte{}, content...)}, sha256.Sum256(content), cert, key, now)
}

// SignDetached makes the same over content that stands elsewhere, by its
// SHA-256 (RFC 5652 §5.2, eContent absent).
func SignDetached(digest [sha256.Size]byte, cert *x509.Certificate, key crypto.Signer, now time.Time) ([]byte, error) {
	return signedWith(encapsulated{Type: oidData}, digest, cert, key, now)
}

func signedWith(content encapsulated, digest [sha256.Size]byte, cert *x509.Certificate, key crypto.Signer, now time.Time) ([]byte, error) {
	pub, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !pub.Equal(cert.PublicKey) {
		return nil, errors.New("signing: the certificate is not of this key")
	}
	algorithm := pkix.AlgorithmIdentifier{Algorithm: oidECDSAWithSHA256}
	switch k := key.Public().(type) {
	case *ecdsa.PublicKey:
	case *rsa.PublicKey:
		if k.N.BitLen() < minRSABits {
			return nil, errors.New("signing: the RSA key is too short")
		}
		algorithm = pkix.AlgorithmIdentifier{Algorithm: pkcs7.OIDEncryptionAlgorithmRSASHA256, Parameters: asn1.NullRawValue}
	default:
		return nil, fmt.Errorf("signing: keys of type %T are not supported", k)
	}
	certHash := sha256.Sum256(cert.Raw)
	type certID struct{ CertHash []byte }
	attrs, err := makeAttributes(
		oidContentType, oidData,
		oidMessageDigest, digest[:],
		oidSigningTime, now.UTC().Truncate(time.Second),
		oidSigningCertV2, struct{ Certs []certID }{[]certID{{certHash[:]}}},
	)
	if err != nil {
		return nil, fmt.Errorf("encoding signed attributes: %w", err)
	}
	toSign, err := marshalSet(attrs)
	if err != nil {
		return nil, fmt.Errorf("encoding signed attributes: %w", err)
	}
	signature, err := key.Sign(rand.Reader, sum(crypto.SHA256, toSign), crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	sha := pkix.AlgorithmIdentifier{Algorithm: oidSHA256}
	der, err := asn1.Marshal(contentInfo{Type: pkcs7.OIDSignedData, Content: signedData{
		Version:      1,
		Digests:      []pkix.AlgorithmIdentifier{sha},
		Content:      content,
		Certificates: asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: cert.Raw},
		Signers: []signerInfo{{
			Version:    1,
			SID:        issuerAndSerial{Issuer: asn1.RawValue{FullBytes: cert.RawIssuer}, Serial: cert.SerialNumber},
			Digest:     sha,
			Attributes: attrs,
			Algorithm:  algorithm,
			Signature:  signature,
		}},
	}})
	if err != nil {
		return nil, fmt.Errorf("encoding signed data: %w", err)
	}
	return der, nil
}

// makeAttributes takes pairs of an OID and its single value.
func makeAttributes(pairs ...any) ([]attribute, error) {
	var out []attribute
	for i := 0; i+1 < len(pairs); i += 2 {
		value, err := asn1.Marshal(pairs[i+1])
		if err != nil {
			return nil, err
		}
		out = append(out, attribute{
			Type:   pairs[i].(asn1.ObjectIdentifier),
			Values: asn1.RawValue{Class: asn1.ClassUniversal, Tag: asn1.TagSet, IsCompound: true, Bytes: value},
		})
	}
	return out, nil
}
