package token

import (
	"bytes"
	"crypto"
	"crypto/subtle"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"time"

	"github.com/smallstep/pkcs7"
)

// What one SignedData may hold.
const (
	maxNesting      = 32
	maxAttributes   = 16
	maxCertificates = 8
)

var (
	oidData          = pkcs7.OIDData
	oidContentType   = pkcs7.OIDAttributeContentType
	oidMessageDigest = pkcs7.OIDAttributeMessageDigest
	oidSigningTime   = pkcs7.OIDAttributeSigningTime
	oidSigningCertV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47} // RFC 5035 §3
)

// attribute is Attribute of RFC 5652 §5.3; Values holds the whole SET.
type attribute struct {
	Type   asn1.ObjectIdentifier
	Values asn1.RawValue
}

type issuerAndSerial struct {
	Issuer asn1.RawValue
	Serial *big.Int
}

// signerInfo is SignerInfo of RFC 5652 §5.3, as far as it is judged or made.
type signerInfo struct {
	Version    int
	SID        issuerAndSerial
	Digest     pkix.AlgorithmIdentifier
	Attributes []attribute `asn1:"tag:0,set"`
	Algorithm  pkix.AlgorithmIdentifier
	Signature  []byte
}

// onlySigner returns the one signer and its certificate.
func (m *message) onlySigner() (*signerInfo, *x509.Certificate, error) {
	if len(m.signers) == 0 && signedByKeyID(m.der) {
		return nil, nil, ErrKeyID
	}
	if len(m.signers) != 1 {
		return nil, nil, ErrSigners
	}
	if len(m.certificates) > maxCertificates {
		return nil, nil, ErrMalformed
	}
	si := &m.signers[0]
	if si.SID.Serial == nil {
		return nil, nil, ErrMalformed
	}
	for _, c := range m.certificates {
		if c.SerialNumber.Cmp(si.SID.Serial) == 0 && bytes.Equal(c.RawIssuer, si.SID.Issuer.FullBytes) {
			return si, c, nil
		}
	}
	return nil, nil, ErrNoCert
}

// signedByKeyID says whether a signer is named by its subject key identifier
// (RFC 5652 §5.3, version 3), a form that is not read: it names a key, not a
// certificate.
func signedByKeyID(der []byte) bool {
	var info struct {
		Type    asn1.ObjectIdentifier
		Content struct {
			Version      int
			Digests      asn1.RawValue
			Content      asn1.RawValue
			Certificates asn1.RawValue   `asn1:"optional,tag:0"`
			CRLs         asn1.RawValue   `asn1:"optional,tag:1"`
			Signers      []asn1.RawValue `asn1:"set"`
		} `asn1:"explicit,tag:0"`
	}
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		return false
	}
	return slices.ContainsFunc(info.Content.Signers, func(signer asn1.RawValue) bool {
		var version, sid asn1.RawValue
		rest, err := asn1.Unmarshal(signer.Bytes, &version)
		if err != nil {
			return false
		}
		_, err = asn1.Unmarshal(rest, &sid)
		return err == nil && sid.Class == asn1.ClassContextSpecific && sid.Tag == 0
	})
}

// signedAttributes are the signed attributes of one signer.
type signedAttributes struct {
	der         []byte // the SET OF that the signature is over (RFC 5652 §5.4)
	digest      []byte
	signingTime time.Time
	cert        *essCert // nil if absent
}

type essCert struct {
	Hash         pkix.AlgorithmIdentifier `asn1:"optional"` // absent: SHA-256
	CertHash     []byte
	IssuerSerial asn1.RawValue `asn1:"optional"`
}

// readAttributes refuses attributes that are missing, doubled, or not what
// RFC 5652 §11 says of them.
func readAttributes(attrs []attribute) (*signedAttributes, error) {
	if len(attrs) == 0 || len(attrs) > maxAttributes {
		return nil, ErrAttributes
	}
	der, err := marshalSet(attrs)
	if err != nil {
		return nil, ErrAttributes
	}
	out := &signedAttributes{der: der}
	var contentType asn1.ObjectIdentifier
	for i, a := range attrs {
		if slices.ContainsFunc(attrs[:i], func(b attribute) bool { return b.Type.Equal(a.Type) }) {
			return nil, ErrAttributes
		}
		switch {
		case a.Type.Equal(oidContentType):
			err = onlyValue(a, &contentType)
		case a.Type.Equal(oidMessageDigest):
			err = onlyValue(a, &out.digest)
		case a.Type.Equal(oidSigningTime):
			err = onlyValue(a, &out.signingTime)
		case a.Type.Equal(oidSigningCertV2):
			var v struct {
				Certs    []essCert
				Policies asn1.RawValue `asn1:"optional"`
			}
			if err = onlyValue(a, &v); err == nil && len(v.Certs) == 0 {
				err = ErrAttributes
			}
			if err == nil {
				out.cert = &v.Certs[0]
			}
		}
		if err != nil {
			return nil, ErrAttributes
		}
	}
	if !contentType.Equal(oidData) || len(out.digest) == 0 {
		return nil, ErrAttributes
	}
	return out, nil
}

// onlyValue decodes the single value of an attribute.
func onlyValue(a attribute, into any) error {
	if a.Values.Class != asn1.ClassUniversal || a.Values.Tag != asn1.TagSet || !a.Values.IsCompound {
		return ErrAttributes
	}
	rest, err := asn1.Unmarshal(a.Values.Bytes, into)
	if err == nil && len(rest) > 0 {
		err = ErrAttributes
	}
	return err
}

// match compares the attributes with the content and the signer's
// certificate.
func (a *signedAttributes) match(content []byte, cert *x509.Certificate, fingerprint []byte, h crypto.Hash) error {
	if subtle.ConstantTimeCompare(a.digest, sum(h, content)) != 1 {
		return ErrSignature
	}
	if a.cert == nil {
		return nil
	}
	certHash := fingerprint
	if len(a.cert.Hash.Algorithm) > 0 {
		h, err := digestAlgorithm(a.cert.Hash.Algorithm)
		if err != nil {
			return err
		}
		if h != crypto.SHA256 {
			certHash = sum(h, cert.Raw)
		}
	}
	if subtle.ConstantTimeCompare(a.cert.CertHash, certHash) != 1 {
		return ErrSignature
	}
	return nil
}

// marshalSet encodes SET OF Attribute in DER.
func marshalSet(attrs []attribute) ([]byte, error) {
	return asn1.MarshalWithParams(attrs, "set")
}

func sum(h crypto.Hash, b []byte) []byte {
	w := h.New()
	w.Write(b)
	return w.Sum(nil)
}

// wellNested says whether b is exactly one BER value that is nested no deeper
// than a SignedData can be, so that the parser cannot be made to work in vain.
func wellNested(b []byte) bool {
	rest, ok := skipValue(b, 0)
	return ok && len(rest) == 0
}

// skipValue steps over one BER value (X.690 §8.1) and what is in it.
func skipValue(b []byte, depth int) (rest []byte, ok bool) {
	if depth > maxNesting || len(b) < 2 {
		return nil, false
	}
	constructed := b[0]&0x20 != 0
	i := 1
	if b[0]&0x1f == 0x1f {
		for i < len(b) && b[i]&0x80 != 0 {
			i++
		}
		i++
	}
	if i >= len(b) {
		return nil, false
	}
	n := int(b[i])
	i++
	if n == 0x80 { // indefinite: values until two zero octets
		if !constructed {
			return nil, false
		}
		b = b[i:]
		for {
			if len(b) >= 2 && b[0] == 0 && b[1] == 0 {
				return b[2:], true
			}
			if b, ok = skipValue(b, depth+1); !ok {
				return nil, false
			}
		}
	}
	if n > 0x80 {
		octets := n & 0x7f
		if octets > 3 || len(b) < i+octets {
			return nil, false
		}
		n = 0
		for range octets {
			n = n<<8 | int(b[i])
			i++
		}
	}
	if n > len(b)-i {
		return nil, false
	}
	body, rest := b[i:i+n], b[i+n:]
	for constructed && len(body) > 0 {
		if body, ok = skipValue(body, depth+1); !ok {
			return nil, false
		}
	}
	return rest, true
}
