package pkcs11

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"math/big"

	"github.com/miekg/pkcs11"
)

// Key is a key pair, or half of one, on a token.
type Key struct {
	ID        string    `json:"keyId"` // CKA_ID, hexadecimal
	Label     string    `json:"label"`
	Algorithm Algorithm `json:"algorithm"`
	PublicKey []byte    `json:"publicKey"` // SubjectPublicKeyInfo, DER; nil where it is not known
	Private   bool      `json:"private"`   // the private half is there
	Public    bool      `json:"public"`    // the public half is there

	public crypto.PublicKey
}

const (
	idSize  = 20
	rsaBits = 2048
)

// maxLabel of an object, in bytes.
const maxLabel = 64

var oidP256 = []byte{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}

// GenerateKey makes a pair on the token: private, sensitive, not extractable, for
// signing only. It takes up to a minute on a real token.
func (m *Module) GenerateKey(serial string, algorithm Algorithm, label string) (Key, error) {
	if len(label) > maxLabel {
		return Key{}, Refuse(BadParams, "the label is longer than %d bytes", maxLabel)
	}
	mechanism, public, private, err := templates(algorithm)
	if err != nil {
		return Key{}, err
	}
	id := make([]byte, idSize)
	rand.Read(id)
	shared := []*pkcs11.Attribute{attr(pkcs11.CKA_TOKEN, true), attr(pkcs11.CKA_ID, id), attr(pkcs11.CKA_LABEL, label)}
	key := Key{ID: hex.EncodeToString(id), Label: label, Algorithm: algorithm, Private: true, Public: true}
	err = m.as(serial, func(s session) error {
		pub, priv, err := s.ctx.GenerateKeyPair(s.h, []*pkcs11.Mechanism{pkcs11.NewMechanism(mechanism, nil)}, append(public, shared...), append(private, shared...))
		if err := failed("C_GenerateKeyPair", err); err != nil {
			s.discard(id)
			return err
		}
		if err := s.describe(&key, pub, priv); err != nil {
			s.discard(id)
			return err
		}
		return nil
	})
	return key, err
}

func templates(a Algorithm) (mechanism uint, public, private []*pkcs11.Attribute, err error) {
	public = []*pkcs11.Attribute{attr(pkcs11.CKA_CLASS, pkcs11.CKO_PUBLIC_KEY), attr(pkcs11.CKA_PRIVATE, false), attr(pkcs11.CKA_VERIFY, true)}
	private = []*pkcs11.Attribute{
		attr(pkcs11.CKA_CLASS, pkcs11.CKO_PRIVATE_KEY), attr(pkcs11.CKA_PRIVATE, true), attr(pkcs11.CKA_SIGN, true),
		attr(pkcs11.CKA_SENSITIVE, true), attr(pkcs11.CKA_EXTRACTABLE, false),
	}
	switch a {
	case RSA2048:
		// The maker wants CKA_ENCRYPT and CKA_DECRYPT to be the same.
		public = append(public, attr(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_RSA), attr(pkcs11.CKA_MODULUS_BITS, rsaBits),
			attr(pkcs11.CKA_PUBLIC_EXPONENT, []byte{1, 0, 1}), attr(pkcs11.CKA_ENCRYPT, false))
		private = append(private, attr(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_RSA), attr(pkcs11.CKA_DECRYPT, false))
		return pkcs11.CKM_RSA_PKCS_KEY_PAIR_GEN, public, private, nil
	case P256:
		public = append(public, attr(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_EC), attr(pkcs11.CKA_EC_PARAMS, oidP256))
		private = append(private, attr(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_EC))
		return pkcs11.CKM_EC_KEY_PAIR_GEN, public, private, nil
	}
	return 0, nil, nil, Refuse(Unsupported, "no keys of %q are made", a)
}

// describe reads the public key of a new pair and makes sure that the token did
// what it was asked.
func (s session) describe(key *Key, pub, priv pkcs11.ObjectHandle) error {
	public, err := s.publicKey(pub)
	if err != nil {
		return err
	}
	if key.PublicKey, err = x509.MarshalPKIXPublicKey(public); err != nil {
		return Refuse(DeviceError, "the new public key: %v", err)
	}
	kept, err := s.get(priv, pkcs11.CKA_SENSITIVE, pkcs11.CKA_EXTRACTABLE)
	if err != nil {
		return err
	}
	if number(kept[0]) != 1 || number(kept[1]) != 0 {
		return Refuse(Unsupported, "the token does not keep private keys to itself")
	}
	return nil
}

// discard removes what a failed call left, as far as it can: Orphans shows the
// rest.
func (s session) discard(id []byte) {
	objects, err := s.find(attr(pkcs11.CKA_ID, id))
	if err == nil {
		_, _ = s.destroy(objects)
	}
}

// publicKey reads a public key object, or the public part of an RSA private key.
func (s session) publicKey(o pkcs11.ObjectHandle) (crypto.PublicKey, error) {
	kind, err := s.get(o, pkcs11.CKA_KEY_TYPE)
	if err != nil {
		return nil, err
	}
	switch number(kind[0]) {
	case pkcs11.CKK_RSA:
		v, err := s.get(o, pkcs11.CKA_MODULUS, pkcs11.CKA_PUBLIC_EXPONENT)
		if err != nil {
			return nil, err
		}
		e := new(big.Int).SetBytes(v[1])
		if len(v[0]) == 0 || !e.IsInt64() || e.Int64() < 3 || e.Int64() > 1<<31-1 {
			return nil, Refuse(Unsupported, "an RSA key without modulus or exponent")
		}
		return &rsa.PublicKey{N: new(big.Int).SetBytes(v[0]), E: int(e.Int64())}, nil
	case pkcs11.CKK_EC:
		v, err := s.get(o, pkcs11.CKA_EC_POINT)
		if err != nil {
			return nil, err
		}
		point := v[0]
		var inner []byte // an OCTET STRING by the book; some libraries give the bare point
		if rest, err := asn1.Unmarshal(point, &inner); err == nil && len(rest) == 0 {
			point = inner
		}
		key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
		if err != nil {
			return nil, Refuse(Unsupported, "an elliptic curve key that is not P-256")
		}
		return key, nil
	}
	return nil, Refuse(Unsupported, "a key of type %d", number(kind[0]))
}

// keys lists the pairs that are visible: private halves only after login. Keys of
// kinds that we do not know have no PublicKey.
func (s session) keys() ([]Key, error) {
	var keys []Key
	byID := map[string]int{}
	for _, class := range []uint{pkcs11.CKO_PUBLIC_KEY, pkcs11.CKO_PRIVATE_KEY} {
		objects, err := s.find(attr(pkcs11.CKA_CLASS, class))
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			v, err := s.get(o, pkcs11.CKA_ID, pkcs11.CKA_LABEL)
			if err != nil {
				return nil, err
			}
			id := hex.EncodeToString(v[0])
			i, known := byID[id]
			if !known {
				i = len(keys)
				byID[id] = i
				keys = append(keys, Key{ID: id, Label: string(v[1])})
			}
			k := &keys[i]
			k.Public = k.Public || class == pkcs11.CKO_PUBLIC_KEY
			k.Private = k.Private || class == pkcs11.CKO_PRIVATE_KEY
			if k.public == nil {
				if err := k.fill(s.publicKey(o)); err != nil {
					return nil, err
				}
			}
		}
	}
	return keys, nil
}

func (k *Key) fill(public crypto.PublicKey, err error) error {
	if has(err, Unsupported) {
		return nil
	}
	if err != nil {
		return err
	}
	k.public = public
	if k.PublicKey, err = x509.MarshalPKIXPublicKey(public); err != nil {
		return Refuse(DeviceError, "a public key: %v", err)
	}
	switch p := public.(type) {
	case *rsa.PublicKey:
		if p.N.BitLen() == rsaBits {
			k.Algorithm = RSA2048
		}
	case *ecdsa.PublicKey:
		k.Algorithm = P256
	}
	return nil
}

func equal(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}
