package ca

import (
	"bytes"
	"crypto"
	"crypto/sha1" //nolint:gosec // RFC 6960 names the issuer and the responder by SHA-1
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Answers without a signature (RFC 6960 §4.2.1, RFC 5019 §2.2.3), DER. They are
// shared: nobody may change them.
var (
	OCSPMalformed    = unsigned(1) // the request cannot be read
	OCSPInternal     = unsigned(2) // something broke here
	OCSPTryLater     = unsigned(3) // nothing can be said now
	OCSPUnauthorized = unsigned(6) // another CA's certificates
)

func unsigned(status byte) []byte { return []byte{0x30, 3, 0x0a, 1, status} }

// Standing is what is known of a serial number.
type Standing struct {
	// Known: it was issued, or asked for and given up.
	Known bool
	// Revoked for good, or suspended (Reason is CertificateHold).
	Revoked bool
	Reason  Reason
	// At is when it was revoked, InvalidSince when the key is suspected to have
	// been used by others (CRLs only), zero where that is not known.
	At           time.Time
	InvalidSince time.Time
}

// CertificateHold is a suspension. It stands in OCSP answers and CRLs that we
// sign and is never told to step-ca, which cannot take it back.
const CertificateHold Reason = 6

// OCSPAnswer is what is said of one certificate.
type OCSPAnswer struct {
	ID CertID
	Standing
}

// OCSPSigner signs answers for the issuing CA with a key and a delegated
// certificate of its own (RFC 6960 §4.2.2.2). It is safe for concurrent use.
type OCSPSigner struct {
	Certificate *x509.Certificate

	signing
	keyHash [sha1.Size]byte
}

var (
	oidOCSPBasic   = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 1}
	oidOCSPNoCheck = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}
)

// NewOCSPSigner checks that a certificate is the issuing CA's delegation to
// this key: signed by it, for OCSP signing alone, with id-pkix-ocsp-nocheck, for
// MaxOCSPSigner at most.
func (i *Issuer) NewOCSPSigner(c *x509.Certificate, key crypto.Signer) (*OCSPSigner, error) {
	public, err := publicOf(key)
	if err != nil {
		return nil, fmt.Errorf("OCSP signer: %w", err)
	}
	noCheck := slices.ContainsFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(oidOCSPNoCheck) })
	switch {
	case !public.Equal(c.PublicKey):
		err = errors.New("the certificate is another key's")
	case !bytes.Equal(c.RawIssuer, i.Certificate.RawSubject):
		err = errors.New("the certificate is another CA's")
	case c.IsCA || len(c.ExtKeyUsage) != 1 || c.ExtKeyUsage[0] != x509.ExtKeyUsageOCSPSigning || c.KeyUsage != x509.KeyUsageDigitalSignature:
		err = errors.New("the certificate is not for OCSP signing alone")
	case !noCheck:
		err = errors.New("the certificate lacks id-pkix-ocsp-nocheck")
	case c.NotAfter.Sub(c.NotBefore) > MaxOCSPSigner:
		err = fmt.Errorf("the certificate lives longer than %s", MaxOCSPSigner)
	default:
		err = c.CheckSignatureFrom(i.Certificate)
	}
	if err != nil {
		return nil, fmt.Errorf("OCSP signer %s: %w", SerialOf(c.SerialNumber), err)
	}
	s := &OCSPSigner{Certificate: c}
	if s.signing, err = signingWith(key); err != nil {
		return nil, fmt.Errorf("OCSP signer: %w", err)
	}
	id, err := keyID(c.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("OCSP signer: %w", err)
	}
	copy(s.keyHash[:], id)
	return s, nil
}

// Names says whether a request's certificate is named as one of this CA.
func (i *Issuer) Names(id CertID) bool {
	n, ok := i.names[id.hash]
	return ok && bytes.Equal(id.issuerName, n.name) && bytes.Equal(id.issuerKey, n.key)
}

// issuerNames are the hashes that requests name an issuer by.
type issuerNames struct{ name, key []byte }

func namesOf(c *x509.Certificate) (map[crypto.Hash]issuerNames, error) {
	var info struct {
		Algorithm asn1.RawValue
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(c.RawSubjectPublicKeyInfo, &info); err != nil {
		return nil, fmt.Errorf("the issuing CA's key: %w", err)
	}
	out := map[crypto.Hash]issuerNames{}
	for _, h := range hashes {
		name, key := h.hash.New(), h.hash.New()
		name.Write(c.RawSubject)
		key.Write(info.Key.RightAlign())
		out[h.hash] = issuerNames{name.Sum(nil), key.Sum(nil)}
	}
	return out, nil
}

// Sign signs a response that is good from thisUpdate until nextUpdate, both in
// whole seconds. A nonce is repeated.
func (s *OCSPSigner) Sign(answers []OCSPAnswer, nonce []byte, thisUpdate, nextUpdate time.Time) ([]byte, error) {
	thisUpdate, nextUpdate = thisUpdate.UTC(), nextUpdate.UTC()
	var data cryptobyte.Builder
	data.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.Tag(2).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { b.AddASN1OctetString(s.keyHash[:]) })
		b.AddASN1GeneralizedTime(thisUpdate) // producedAt
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, a := range answers {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { addAnswer(b, a, thisUpdate, nextUpdate) })
			}
		})
		if nonce != nil {
			b.AddASN1(cbasn1.Tag(1).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					addExtension(b, oidNonce, func(b *cryptobyte.Builder) { b.AddASN1OctetString(nonce) })
				})
			})
		}
	})
	tbs, err := data.Bytes()
	if err != nil {
		return nil, fmt.Errorf("encoding an OCSP answer: %w", err)
	}
	signature, err := s.sign(tbs)
	if err != nil {
		return nil, fmt.Errorf("signing an OCSP answer: %w", err)
	}
	out := cryptobyte.NewBuilder(make([]byte, 0, len(tbs)+len(signature)+len(s.Certificate.Raw)+96))
	out.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Enum(0) // successful
		b.AddASN1(cbasn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(oidOCSPBasic)
				b.AddASN1(cbasn1.OCTET_STRING, func(b *cryptobyte.Builder) {
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddBytes(tbs)
						b.AddBytes(s.algorithm)
						b.AddASN1BitString(signature)
						b.AddASN1(cbasn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
							b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(s.Certificate.Raw) })
						})
					})
				})
			})
		})
	})
	der, err := out.Bytes()
	if err != nil {
		return nil, fmt.Errorf("encoding an OCSP answer: %w", err)
	}
	return der, nil
}

// addAnswer is a SingleResponse. A revocation that the database dates later
// than the answer, because a clock was set back, is told as of the answer: one
// of the future would be none yet to some.
func addAnswer(b *cryptobyte.Builder, a OCSPAnswer, thisUpdate, nextUpdate time.Time) {
	b.AddBytes(a.ID.Raw)
	switch {
	case !a.Known:
		b.AddASN1(cbasn1.Tag(2).ContextSpecific(), func(*cryptobyte.Builder) {})
	case !a.Revoked:
		b.AddASN1(cbasn1.Tag(0).ContextSpecific(), func(*cryptobyte.Builder) {})
	default:
		b.AddASN1(cbasn1.Tag(1).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
			b.AddASN1GeneralizedTime(earlier(a.At.UTC(), thisUpdate))
			if a.Reason != Unspecified { // RFC 5280 §5.3.1: absent rather than 0
				b.AddASN1(cbasn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { b.AddASN1Enum(int64(a.Reason)) })
			}
		})
	}
	b.AddASN1GeneralizedTime(thisUpdate)
	b.AddASN1(cbasn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { b.AddASN1GeneralizedTime(nextUpdate) })
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// addExtension is an Extension that is not critical.
func addExtension(b *cryptobyte.Builder, oid asn1.ObjectIdentifier, value cryptobyte.BuilderContinuation) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		b.AddASN1(cbasn1.OCTET_STRING, value)
	})
}
