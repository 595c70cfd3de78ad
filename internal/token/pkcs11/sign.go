package pkcs11

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"io"
	"math/big"

	"github.com/miekg/pkcs11"
)

// Request makes a certificate request (PKCS #10, DER) of a key pair. subject is
// a Name (DER); empty: an empty one.
func (m *Module) Request(serial, keyID string, subject []byte) ([]byte, error) {
	id, err := hexID(keyID)
	if err != nil {
		return nil, err
	}
	if len(subject) == 0 {
		subject = []byte{0x30, 0x00}
	}
	var names pkix.RDNSequence
	if rest, err := asn1.Unmarshal(subject, &names); err != nil || len(rest) > 0 {
		return nil, Refuse(BadParams, "the subject is not a Name")
	}
	var request []byte
	err = m.as(serial, func(s session) error {
		objects, err := s.find(attr(pkcs11.CKA_CLASS, pkcs11.CKO_PUBLIC_KEY), attr(pkcs11.CKA_ID, id))
		if err != nil {
			return err
		}
		if len(objects) != 1 {
			return Refuse(KeyNotFound, "%d public keys %s", len(objects), keyID)
		}
		public, err := s.publicKey(objects[0])
		if err != nil {
			return err
		}
		key, err := s.signer(id, public)
		if err != nil {
			return err
		}
		request, err = x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{RawSubject: subject}, key)
		if err != nil {
			return unwrapped("certificate request", err)
		}
		return nil
	})
	return request, err
}

// Sign lets f sign with the key of a certificate, named by its ID.
func (m *Module) Sign(serial, certificate string, f func(cert *x509.Certificate, key crypto.Signer) error) error {
	return m.as(serial, func(s session) error {
		c, err := s.certificate(certificate)
		if err != nil {
			return err
		}
		id, err := hexID(c.KeyID)
		if err != nil {
			return Refuse(KeyNotFound, "the certificate names no key")
		}
		key, err := s.signer(id, c.x509.PublicKey)
		if err != nil {
			return err
		}
		return unwrapped("signing", f(c.x509, key))
	})
}

// unwrapped finds our own error below those of crypto/x509 and of the caller.
func unwrapped(doing string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return Refuse(DeviceError, "%s: %v", doing, err)
}

func hexID(s string) ([]byte, error) {
	id, err := hex.DecodeString(s)
	if err != nil || len(id) == 0 || len(id) > 255 {
		return nil, Refuse(BadParams, "%q is not the identifier of a key", s)
	}
	return id, nil
}

// signer is a private key on the token, good for one call.
type signer struct {
	s      session
	o      pkcs11.ObjectHandle
	public crypto.PublicKey
}

// signer finds the private key with that CKA_ID.
func (s session) signer(id []byte, public crypto.PublicKey) (crypto.Signer, error) {
	objects, err := s.find(attr(pkcs11.CKA_CLASS, pkcs11.CKO_PRIVATE_KEY), attr(pkcs11.CKA_ID, id))
	if err != nil {
		return nil, err
	}
	if len(objects) != 1 {
		return nil, Refuse(KeyNotFound, "%d private keys %x", len(objects), id)
	}
	return &signer{s, objects[0], public}, nil
}

// Public is the key that signatures are checked with.
func (k *signer) Public() crypto.PublicKey { return k.public }

// digestInfo of SHA-256 (RFC 8017 §9.2, note 1).
var sha256Info = []byte{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20}

// Sign signs a SHA-256 digest: RSA PKCS #1 v1.5, or ECDSA. The result is checked:
// CKA_ID alone does not prove that the key is the certificate's.
func (k *signer) Sign(_ io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	if _, pss := o.(*rsa.PSSOptions); pss || o.HashFunc() != crypto.SHA256 || len(digest) != crypto.SHA256.Size() {
		return nil, Refuse(Unsupported, "only SHA-256 is signed, without PSS")
	}
	switch public := k.public.(type) {
	case *rsa.PublicKey:
		signature, err := k.sign(pkcs11.CKM_RSA_PKCS, append(append([]byte{}, sha256Info...), digest...))
		if err != nil {
			return nil, err
		}
		if rsa.VerifyPKCS1v15(public, crypto.SHA256, digest, signature) != nil {
			return nil, Refuse(KeyNotFound, "the token's key is not the certificate's")
		}
		return signature, nil
	case *ecdsa.PublicKey:
		raw, err := k.sign(pkcs11.CKM_ECDSA, digest)
		if err != nil {
			return nil, err
		}
		half := len(raw) / 2
		signature, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(raw[:half]), new(big.Int).SetBytes(raw[half:])})
		if err != nil || !ecdsa.VerifyASN1(public, digest, signature) {
			return nil, Refuse(KeyNotFound, "the token's key is not the certificate's")
		}
		return signature, nil
	}
	return nil, Refuse(Unsupported, "keys of type %T do not sign", k.public)
}

func (k *signer) sign(mechanism uint, input []byte) ([]byte, error) {
	if err := k.s.ctx.SignInit(k.s.h, []*pkcs11.Mechanism{pkcs11.NewMechanism(mechanism, nil)}, k.o); err != nil {
		return nil, failed("C_SignInit", err)
	}
	signature, err := k.s.ctx.Sign(k.s.h, input)
	return signature, failed("C_Sign", err)
}
