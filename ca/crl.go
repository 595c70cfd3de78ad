package ca

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"os"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/tamga-ca/tamga/internal/registry"
)

// CRL collects the entries of a CRL as DER, so that a million of them need
// little more memory than the finished list.
type CRL struct {
	entries []byte
	n       int
}

// Len is the number of entries.
func (l *CRL) Len() int { return l.n }

// Add adds a revoked or suspended certificate. thisUpdate is the list's: a
// revocation dated later, because a clock was set back, is told as of then.
func (l *CRL) Add(serial registry.Serial, s Standing, thisUpdate time.Time) error {
	n, err := number(serial)
	if err != nil {
		return fmt.Errorf("adding to the CRL: %w", err)
	}
	if !s.Revoked || (!s.Reason.Known() && s.Reason != CertificateHold) {
		return fmt.Errorf("adding serial %s to the CRL: not revoked, or for no reason of RFC 5280", serial)
	}
	// Everything in an entry is shorter than 128 bytes: lengths are one byte.
	var room [96]byte
	entry := appendInteger(room[:0], n)
	entry = appendTime(entry, earlier(s.At.UTC(), thisUpdate.UTC()))
	var extensionsRoom [48]byte
	extensions := extensionsRoom[:0]
	if !s.InvalidSince.IsZero() { // RFC 5280 §5.3.2, GeneralizedTime always
		extensions = append(extensions, 0x30, 0x18, 0x06, 3, 0x55, 0x1d, 0x18, 0x04, 17, 0x18, 15)
		extensions = s.InvalidSince.UTC().AppendFormat(extensions, generalizedTime)
	}
	if s.Reason != Unspecified { // RFC 5280 §5.3.1: absent rather than 0
		extensions = append(extensions, 0x30, 0x0a, 0x06, 3, 0x55, 0x1d, 0x15, 0x04, 3, 0x0a, 1, byte(s.Reason))
	}
	if len(extensions) > 0 {
		entry = append(entry, 0x30, byte(len(extensions)))
		entry = append(entry, extensions...)
	}
	l.entries = append(l.entries, 0x30, byte(len(entry)))
	l.entries = append(l.entries, entry...)
	l.n++
	return nil
}

const (
	utcTime         = "060102150405Z"
	generalizedTime = "20060102150405Z"
)

func appendInteger(b []byte, n *big.Int) []byte {
	v := n.Bytes() // positive, 20 octets at most
	pad := 0
	if v[0]&0x80 != 0 {
		pad = 1
	}
	b = append(b, 0x02, byte(len(v)+pad))
	if pad == 1 {
		b = append(b, 0)
	}
	return append(b, v...)
}

// appendTime is a Time of RFC 5280 §5.1.2.4: UTCTime through 2049.
func appendTime(b []byte, t time.Time) []byte {
	if t.Year() < 2050 {
		b = append(b, 0x17, 13)
		return t.AppendFormat(b, utcTime)
	}
	b = append(b, 0x18, 15)
	return t.AppendFormat(b, generalizedTime)
}

var (
	oidAuthorityKeyID = asn1.ObjectIdentifier{2, 5, 29, 35}
	oidCRLNumber      = asn1.ObjectIdentifier{2, 5, 29, 20}
)

// CRLSigner signs the CRL with the issuing key itself: software rejects lists
// of a delegate. It is safe for concurrent use as far as the key is.
type CRLSigner struct {
	issuer *Issuer
	signing
}

// NewCRLSigner refuses any key but the issuing CA's.
func (i *Issuer) NewCRLSigner(key crypto.Signer) (*CRLSigner, error) {
	public, err := publicOf(key)
	if err != nil {
		return nil, fmt.Errorf("CRL signer: %w", err)
	}
	if !public.Equal(i.Certificate.PublicKey) {
		return nil, errors.New("CRL signer: the key is not the issuing CA's")
	}
	if i.Certificate.KeyUsage&x509.KeyUsageCRLSign == 0 {
		return nil, errors.New("CRL signer: the issuing CA's certificate does not allow CRLs")
	}
	s := &CRLSigner{issuer: i}
	s.signing, err = signingWith(key)
	return s, err
}

// Sign makes the list whole: RFC 5280 §5, version 2, with the authority's key
// identifier and the number. It names no distribution point: the list covers
// everything that the issuing CA signs, and the extension that says less would
// be critical.
func (s *CRLSigner) Sign(l *CRL, number int64, thisUpdate, nextUpdate time.Time) ([]byte, error) {
	c := s.issuer.Certificate
	head := cryptobyte.NewBuilder(nil)
	head.AddASN1Int64(1) // v2
	head.AddBytes(s.algorithm)
	head.AddBytes(c.RawSubject)
	head.AddBytes(appendTime(nil, thisUpdate.UTC()))
	head.AddBytes(appendTime(nil, nextUpdate.UTC()))
	before, err := head.Bytes()
	if err != nil {
		return nil, fmt.Errorf("encoding the CRL: %w", err)
	}
	tail := cryptobyte.NewBuilder(nil)
	tail.AddASN1(cbasn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addExtension(b, oidAuthorityKeyID, func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1(cbasn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(c.SubjectKeyId) })
				})
			})
			addExtension(b, oidCRLNumber, func(b *cryptobyte.Builder) { b.AddASN1Int64(number) })
		})
	})
	after, err := tail.Bytes()
	if err != nil {
		return nil, fmt.Errorf("encoding the CRL: %w", err)
	}
	var list []byte // the header of revokedCertificates, which is left out when empty
	if l.n > 0 {
		list = appendHeader(nil, len(l.entries))
	}
	inner := len(before) + len(list) + len(l.entries) + len(after)
	const mostAround = 1200 // header, algorithm, signature of the largest RSA key in use
	out := make([]byte, 0, inner+mostAround)
	// The signed part is built in its place in the whole, whose header is put
	// before it when the signature's length is known.
	const room = 16
	out = out[:room]
	out = appendHeader(out, inner)
	out = append(append(append(append(out, before...), list...), l.entries...), after...)
	signature, err := s.sign(out[room:])
	if err != nil {
		return nil, fmt.Errorf("signing the CRL: %w", err)
	}
	out = append(out, s.algorithm...)
	out = append(out, 0x03)
	out = appendLength(out, len(signature)+1)
	out = append(append(out, 0), signature...)
	var header [room]byte
	whole := appendHeader(header[:0], len(out)-room)
	start := room - len(whole)
	copy(out[start:], whole)
	return out[start:], nil
}

// appendHeader begins a SEQUENCE.
func appendHeader(b []byte, length int) []byte { return appendLength(append(b, 0x30), length) }

func appendLength(b []byte, n int) []byte {
	if n < 0x80 {
		return append(b, byte(n))
	}
	octets := big.NewInt(int64(n)).Bytes()
	return append(append(b, 0x80|byte(len(octets))), octets...)
}

// CRLFacts are what a list says about itself.
type CRLFacts struct {
	Number     *big.Int
	ThisUpdate time.Time
	NextUpdate time.Time
	Entries    int

	list    *x509.RevocationList
	serials map[string]bool // of the integers' bytes
}

// Lists says whether a serial is on the list.
func (f *CRLFacts) Lists(s registry.Serial) bool {
	if f.serials == nil {
		f.serials = make(map[string]bool, f.Entries)
		for _, e := range f.list.RevokedCertificateEntries {
			f.serials[string(e.SerialNumber.Bytes())] = true
		}
	}
	n, err := number(s)
	return err == nil && f.serials[string(n.Bytes())]
}

// ReadCRL checks that a list is the issuing CA's and tells about it.
func (i *Issuer) ReadCRL(der []byte) (*CRLFacts, error) {
	l, err := x509.ParseRevocationList(der)
	if err != nil {
		return nil, fmt.Errorf("reading a CRL: %w", err)
	}
	if !bytes.Equal(l.RawIssuer, i.Certificate.RawSubject) {
		return nil, errors.New("reading a CRL: it is another CA's")
	}
	if err := l.CheckSignatureFrom(i.Certificate); err != nil {
		return nil, fmt.Errorf("reading a CRL: %w", err)
	}
	if l.Number == nil {
		return nil, errors.New("reading a CRL: it has no number")
	}
	return &CRLFacts{Number: l.Number, ThisUpdate: l.ThisUpdate, NextUpdate: l.NextUpdate, Entries: len(l.RevokedCertificateEntries), list: l}, nil
}

// LoadRootCRL reads the root's list (DER), nil where there is none, and checks
// that the root signed it.
func (i *Issuer) LoadRootCRL(file string) ([]byte, error) {
	der, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the root's CRL: %w", err)
	}
	l, err := x509.ParseRevocationList(der)
	if err == nil {
		err = l.CheckSignatureFrom(i.Root)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the root's CRL %s: %w", file, err)
	}
	return der, nil
}
