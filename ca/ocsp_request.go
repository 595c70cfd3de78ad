package ca

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/tamga-ca/tamga/internal/registry"
)

const (
	// MaxOCSPRequest bounds a request in bytes: room for MaxOCSPQuestions and a
	// signature of the requestor, which nobody checks.
	MaxOCSPRequest = 16 << 10
	// MaxOCSPQuestions bounds how many certificates one request may ask for.
	MaxOCSPQuestions = 32
	// maxNonce is RFC 8954 §2.1's; the least is one octet.
	maxNonce = 32
)

// ErrOCSPRequest is a request that is not RFC 6960's: malformedRequest.
var ErrOCSPRequest = errors.New("malformed OCSP request")

// OCSPRequest is what a relying party asks (RFC 6960 §4.1). Its parts point
// into the bytes that it was read from.
type OCSPRequest struct {
	Certificates []CertID
	// Nonce (RFC 8954) of 1 to 32 octets, nil without.
	Nonce []byte
}

// CertID names a certificate by its issuer and serial number.
type CertID struct {
	// Raw is the DER, which the answer repeats.
	Raw []byte

	hash       crypto.Hash
	issuerName []byte
	issuerKey  []byte
	serial     []byte // big-endian, as in DER
}

// Serial is the certificate's, as the registry writes it.
func (id CertID) Serial() registry.Serial { return SerialOf(new(big.Int).SetBytes(id.serial)) }

var (
	oidSHA1  = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}
	oidNonce = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}

	// hashes are those an issuer may be named with, by the DER of their OID.
	hashes = []struct {
		oid  []byte
		hash crypto.Hash
	}{
		{oidBytes(oidSHA1), crypto.SHA1},
		{oidBytes(asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}), crypto.SHA256},
		{oidBytes(asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}), crypto.SHA384},
		{oidBytes(asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}), crypto.SHA512},
	}
	nonceBytes = oidBytes(oidNonce)
)

// oidBytes is the content of an OID's DER.
func oidBytes(oid asn1.ObjectIdentifier) []byte {
	var b cryptobyte.Builder
	b.AddASN1ObjectIdentifier(oid)
	s := cryptobyte.String(b.BytesOrPanic())
	var out cryptobyte.String
	s.ReadASN1(&out, cbasn1.OBJECT_IDENTIFIER)
	return out
}

// ParseOCSPRequest reads a request strictly: DER to the last byte, version 1,
// no critical extension that is unknown. A requestor's name and signature are
// skipped. The error is ErrOCSPRequest.
func ParseOCSPRequest(der []byte) (*OCSPRequest, error) {
	if len(der) > MaxOCSPRequest {
		return nil, ErrOCSPRequest
	}
	input := cryptobyte.String(der)
	var outer, tbs, list cryptobyte.String
	if !input.ReadASN1(&outer, cbasn1.SEQUENCE) || !input.Empty() || !outer.ReadASN1(&tbs, cbasn1.SEQUENCE) ||
		!outer.SkipOptionalASN1(cbasn1.Tag(0).ContextSpecific().Constructed()) || !outer.Empty() ||
		!isVersion1(&tbs) ||
		!tbs.SkipOptionalASN1(cbasn1.Tag(1).ContextSpecific().Constructed()) ||
		!tbs.ReadASN1(&list, cbasn1.SEQUENCE) || list.Empty() {
		return nil, ErrOCSPRequest
	}
	r := new(OCSPRequest)
	for !list.Empty() {
		var one cryptobyte.String
		if len(r.Certificates) == MaxOCSPQuestions || !list.ReadASN1(&one, cbasn1.SEQUENCE) {
			return nil, ErrOCSPRequest
		}
		id, ok := readCertID(&one)
		if !ok || !readExtensions(&one, 0, nil) || !one.Empty() {
			return nil, ErrOCSPRequest
		}
		r.Certificates = append(r.Certificates, id)
	}
	if !readExtensions(&tbs, 2, r) || !tbs.Empty() {
		return nil, ErrOCSPRequest
	}
	return r, nil
}

func isVersion1(tbs *cryptobyte.String) bool {
	var version cryptobyte.String
	var there bool
	if !tbs.ReadOptionalASN1(&version, &there, cbasn1.Tag(0).ContextSpecific().Constructed()) {
		return false
	}
	if !there {
		return true
	}
	var v int64
	return version.ReadASN1Integer(&v) && version.Empty() && v == 0
}

func readCertID(from *cryptobyte.String) (id CertID, ok bool) {
	var raw, body, algorithm, oid, parameters cryptobyte.String
	var there bool
	if !from.ReadASN1Element(&raw, cbasn1.SEQUENCE) {
		return id, false
	}
	id.Raw = raw
	if !raw.ReadASN1(&body, cbasn1.SEQUENCE) || !body.ReadASN1(&algorithm, cbasn1.SEQUENCE) ||
		!algorithm.ReadASN1(&oid, cbasn1.OBJECT_IDENTIFIER) ||
		!algorithm.ReadOptionalASN1(&parameters, &there, cbasn1.NULL) || !parameters.Empty() || !algorithm.Empty() {
		return id, false
	}
	for _, h := range hashes {
		if bytes.Equal(oid, h.oid) {
			id.hash = h.hash
		}
	}
	var name, key cryptobyte.String
	if !body.ReadASN1(&name, cbasn1.OCTET_STRING) || !body.ReadASN1(&key, cbasn1.OCTET_STRING) {
		return id, false
	}
	id.issuerName, id.issuerKey = name, key
	// RFC 5280 §4.1.2.2: positive, 20 octets at most.
	if !body.ReadASN1Integer(&id.serial) || !body.Empty() || len(id.serial) > 20 {
		return id, false
	}
	return id, true
}

// readExtensions skips extensions; those of a whole request may have a nonce.
func readExtensions(from *cryptobyte.String, tag cbasn1.Tag, r *OCSPRequest) bool {
	var wrapped, list cryptobyte.String
	var there bool
	if !from.ReadOptionalASN1(&wrapped, &there, tag.ContextSpecific().Constructed()) {
		return false
	}
	if !there {
		return true
	}
	if !wrapped.ReadASN1(&list, cbasn1.SEQUENCE) || !wrapped.Empty() || list.Empty() {
		return false
	}
	for !list.Empty() {
		var one, oid, value cryptobyte.String
		critical := false
		if !list.ReadASN1(&one, cbasn1.SEQUENCE) || !one.ReadASN1(&oid, cbasn1.OBJECT_IDENTIFIER) ||
			one.PeekASN1Tag(cbasn1.BOOLEAN) && !one.ReadASN1Boolean(&critical) ||
			!one.ReadASN1(&value, cbasn1.OCTET_STRING) || !one.Empty() {
			return false
		}
		if r == nil || !bytes.Equal(oid, nonceBytes) {
			if critical {
				return false
			}
			continue
		}
		var nonce cryptobyte.String
		if r.Nonce != nil || !value.ReadASN1(&nonce, cbasn1.OCTET_STRING) || !value.Empty() || len(nonce) == 0 || len(nonce) > maxNonce {
			return false
		}
		r.Nonce = nonce
	}
	return true
}

// CertID names a certificate of this CA as RFC 5019 §2.1.1 wants it named, by
// SHA-1.
func (i *Issuer) CertID(s registry.Serial) (CertID, error) {
	n, err := number(s)
	if err != nil {
		return CertID{}, fmt.Errorf("naming a certificate: %w", err)
	}
	names := i.names[crypto.SHA1]
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidSHA1)
			b.AddASN1NULL()
		})
		b.AddASN1OctetString(names.name)
		b.AddASN1OctetString(names.key)
		b.AddASN1BigInt(n)
	})
	raw, err := b.Bytes()
	if err != nil {
		return CertID{}, fmt.Errorf("naming a certificate: %w", err)
	}
	return CertID{Raw: raw, hash: crypto.SHA1, issuerName: names.name, issuerKey: names.key, serial: n.Bytes()}, nil
}
