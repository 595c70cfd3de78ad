package ca

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// mould has what all certificates of a profile have in common, encoded: taken
// apart from one that crypto/x509 made. Only serial, validity, subject, public
// key and its identifier are cast anew, so that describing a certificate costs
// little beside having the CA sign it.
type mould struct {
	version, algorithm, issuer cryptobyte.String
	extensions                 []cryptobyte.String // the one of the subject's key is empty
	keyIDHead                  cryptobyte.String   // its OID
	signature                  []byte              // of the one taken apart
}

var oidSubjectKeyID = asn1.ObjectIdentifier{2, 5, 29, 14}

// newMould takes a certificate of the profile apart.
func newMould(sample *x509.Certificate) (*mould, error) {
	m := &mould{signature: sample.Signature}
	var tbs, skipped, wrapped, extensions cryptobyte.String
	input := cryptobyte.String(sample.RawTBSCertificate)
	version := cbasn1.Tag(0).ContextSpecific().Constructed()
	ok := input.ReadASN1(&tbs, cbasn1.SEQUENCE) && tbs.ReadASN1Element(&m.version, version) &&
		tbs.ReadASN1(&skipped, cbasn1.INTEGER) && // serial
		tbs.ReadASN1Element(&m.algorithm, cbasn1.SEQUENCE) && tbs.ReadASN1Element(&m.issuer, cbasn1.SEQUENCE) &&
		tbs.ReadASN1(&skipped, cbasn1.SEQUENCE) && tbs.ReadASN1(&skipped, cbasn1.SEQUENCE) && tbs.ReadASN1(&skipped, cbasn1.SEQUENCE) && // validity, subject, key
		tbs.ReadASN1(&wrapped, extensionsTag) && tbs.Empty() && wrapped.ReadASN1(&extensions, cbasn1.SEQUENCE) && wrapped.Empty()
	for ok && !extensions.Empty() {
		var one, inside, id cryptobyte.String
		ok = extensions.ReadASN1Element(&one, cbasn1.SEQUENCE)
		whole := one
		if ok = ok && one.ReadASN1(&inside, cbasn1.SEQUENCE) && inside.ReadASN1Element(&id, cbasn1.OBJECT_IDENTIFIER); !ok {
			break
		}
		var oid asn1.ObjectIdentifier
		again := id
		if again.ReadASN1ObjectIdentifier(&oid) && oid.Equal(oidSubjectKeyID) {
			m.keyIDHead, whole = id, nil
		}
		m.extensions = append(m.extensions, whole)
	}
	if !ok || m.keyIDHead == nil {
		return nil, errors.New("the stand-in's certificate does not come apart")
	}
	return m, nil
}

const extensionsTag = cbasn1.Tag(3 | 0x80 | 0x20) // [3] EXPLICIT

// cast is the certificate (DER) of a serial, an interval, a subject (DER) and a
// public key (DER) with its identifier, and its to-be-signed part. The signature
// is of the right kind, but it is that of the one taken apart.
func (m *mould) cast(serial *big.Int, notBefore, notAfter time.Time, subject, publicKey, keyID []byte) (der, tbs []byte, err error) {
	interval, err := asn1.Marshal(struct{ NotBefore, NotAfter time.Time }{notBefore.UTC(), notAfter.UTC()})
	if err != nil {
		return nil, nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(m.version)
		b.AddASN1BigInt(serial)
		b.AddBytes(m.algorithm)
		b.AddBytes(m.issuer)
		b.AddBytes(interval)
		b.AddBytes(subject)
		b.AddBytes(publicKey)
		b.AddASN1(extensionsTag, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				for _, e := range m.extensions {
					if e != nil {
						b.AddBytes(e)
						continue
					}
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddBytes(m.keyIDHead)
						b.AddASN1(cbasn1.OCTET_STRING, func(b *cryptobyte.Builder) { b.AddASN1OctetString(keyID) })
					})
				}
			})
		})
	})
	if tbs, err = b.Bytes(); err != nil {
		return nil, nil, err
	}
	var whole cryptobyte.Builder
	whole.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(tbs)
		b.AddBytes(m.algorithm)
		b.AddASN1BitString(m.signature)
	})
	der, err = whole.Bytes()
	return der, tbs, err
}
