package pkcs11

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"errors"

	"github.com/miekg/pkcs11"
)

// Certificate is an X.509 certificate on a token.
type Certificate struct {
	ID       string   `json:"id"`    // SHA-256 of the DER, hexadecimal
	KeyID    string   `json:"keyId"` // CKA_ID, hexadecimal
	Label    string   `json:"label"`
	Category Category `json:"category"`
	// HasKey: the token holds the key of this certificate under the same KeyID.
	HasKey bool   `json:"hasKey"`
	DER    []byte `json:"der"`

	x509   *x509.Certificate
	object pkcs11.ObjectHandle
}

// Category is CKA_CERTIFICATE_CATEGORY.
type Category string

const (
	Unspecified Category = "unspecified"
	User        Category = "user"
	Authority   Category = "authority"
	Other       Category = "other"
)

var categories = [...]Category{Unspecified, User, Authority, Other}

// CertificateID names a certificate by its bytes.
func CertificateID(der []byte) string {
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

// Certificates lists those on a token; no login is needed.
func (m *Module) Certificates(serial string) ([]Certificate, error) {
	var out []Certificate
	err := m.reading(serial, func(s session) error {
		keys, err := s.keys()
		if err != nil {
			return err
		}
		out, err = s.certificates(keys)
		return err
	})
	return out, err
}

func (s session) certificates(keys []Key) ([]Certificate, error) {
	objects, err := s.find(attr(pkcs11.CKA_CLASS, pkcs11.CKO_CERTIFICATE), attr(pkcs11.CKA_CERTIFICATE_TYPE, pkcs11.CKC_X_509))
	if err != nil {
		return nil, err
	}
	out := []Certificate{}
	for _, o := range objects {
		v, err := s.get(o, pkcs11.CKA_ID, pkcs11.CKA_LABEL, pkcs11.CKA_VALUE)
		if err != nil {
			return nil, err
		}
		parsed, err := x509.ParseCertificate(v[2])
		if err != nil {
			continue
		}
		c := Certificate{ID: CertificateID(v[2]), KeyID: hex.EncodeToString(v[0]), Label: string(v[1]), Category: Unspecified, DER: v[2], x509: parsed, object: o}
		if v, err := s.get(o, pkcs11.CKA_CERTIFICATE_CATEGORY); err == nil && number(v[0]) < uint(len(categories)) {
			c.Category = categories[number(v[0])]
		} else if err != nil && !has(err, Unsupported) {
			return nil, err
		}
		for _, k := range keys {
			c.HasKey = c.HasKey || k.ID == c.KeyID && k.public != nil && equal(k.public, parsed.PublicKey)
		}
		out = append(out, c)
	}
	return out, nil
}

// certificate finds one by its identity.
func (s session) certificate(id string) (Certificate, error) {
	all, err := s.certificates(nil)
	if err != nil {
		return Certificate{}, err
	}
	for _, c := range all {
		if c.ID == id {
			return c, nil
		}
	}
	return Certificate{}, Refuse(CertificateNotFound, "no certificate %s", id)
}

// ImportCertificate writes a certificate (DER) beside its key, which must be on
// the token, and reads it back.
func (m *Module) ImportCertificate(serial string, der []byte, label string) (Certificate, error) {
	parsed, err := x509.ParseCertificate(der)
	if err != nil || len(label) > maxLabel {
		return Certificate{}, Refuse(BadParams, "not a certificate, or a label longer than %d bytes", maxLabel)
	}
	c := Certificate{ID: CertificateID(der), Label: label, Category: User, HasKey: true, DER: der}
	err = m.as(serial, func(s session) error {
		keys, err := s.keys()
		if err != nil {
			return err
		}
		for _, k := range keys {
			if k.Private && k.public != nil && equal(k.public, parsed.PublicKey) {
				c.KeyID = k.ID
			}
		}
		if c.KeyID == "" {
			return Refuse(KeyNotFound, "the key of this certificate is not on the token")
		}
		if _, err := s.certificate(c.ID); !has(err, CertificateNotFound) {
			if err == nil {
				return Refuse(CertificateExists, "%s", c.ID)
			}
			return err
		}
		return s.write(c, parsed)
	})
	return c, err
}

func (s session) write(c Certificate, parsed *x509.Certificate) error {
	id, err := hexID(c.KeyID)
	if err != nil {
		return err
	}
	number, err := asn1.Marshal(parsed.SerialNumber)
	if err != nil {
		return Refuse(BadParams, "the certificate's serial number: %v", err)
	}
	o, err := s.ctx.CreateObject(s.h, []*pkcs11.Attribute{
		attr(pkcs11.CKA_CLASS, pkcs11.CKO_CERTIFICATE), attr(pkcs11.CKA_CERTIFICATE_TYPE, pkcs11.CKC_X_509),
		attr(pkcs11.CKA_CERTIFICATE_CATEGORY, 1), attr(pkcs11.CKA_TOKEN, true), attr(pkcs11.CKA_PRIVATE, false),
		attr(pkcs11.CKA_ID, id), attr(pkcs11.CKA_LABEL, c.Label), attr(pkcs11.CKA_VALUE, parsed.Raw),
		attr(pkcs11.CKA_SUBJECT, parsed.RawSubject), attr(pkcs11.CKA_ISSUER, parsed.RawIssuer), attr(pkcs11.CKA_SERIAL_NUMBER, number),
	})
	if err != nil {
		return failed("C_CreateObject", err)
	}
	back, err := s.get(o, pkcs11.CKA_VALUE, pkcs11.CKA_ID)
	if err == nil && (!bytes.Equal(back[0], parsed.Raw) || !bytes.Equal(back[1], id)) {
		err = Refuse(DeviceError, "the token gave back another certificate than was written")
	}
	if err != nil {
		_, undone := s.destroy([]pkcs11.ObjectHandle{o})
		return errors.Join(err, undone)
	}
	return nil
}

// DeleteCertificate removes a certificate by its ID; its key stays.
func (m *Module) DeleteCertificate(serial, id string) error {
	return m.as(serial, func(s session) error {
		c, err := s.certificate(id)
		if err != nil {
			return err
		}
		_, err = s.destroy([]pkcs11.ObjectHandle{c.object})
		return err
	})
}
