package workflow_test

import (
	"crypto"
	_ "crypto/md5" // a hash that the responder does not have
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"testing"
)

var one = big.NewInt(1)

// oneQuestion is Request of RFC 6960 §4.1.1.
type oneQuestion struct {
	ID struct {
		Hash      pkix.AlgorithmIdentifier
		Name, Key []byte
		Serial    *big.Int
	}
}

// manyRequest asks about several certificates at once, with a nonce.
func manyRequest(t testing.TB, h crypto.Hash, issuer *x509.Certificate, nonce []byte, certs ...*x509.Certificate) []byte {
	t.Helper()
	oids := map[crypto.Hash]asn1.ObjectIdentifier{
		crypto.SHA1: {1, 3, 14, 3, 2, 26}, crypto.SHA256: {2, 16, 840, 1, 101, 3, 4, 2, 1}, crypto.MD5: {1, 2, 840, 113549, 2, 5},
	}
	var info struct {
		Algorithm asn1.RawValue
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(issuer.RawSubjectPublicKeyInfo, &info); err != nil {
		t.Fatal(err)
	}
	hash := func(b []byte) []byte {
		f := h.New()
		f.Write(b)
		return f.Sum(nil)
	}
	value, err := asn1.Marshal(nonce)
	if err != nil {
		t.Fatal(err)
	}
	var r struct {
		TBS struct {
			List       []oneQuestion
			Extensions []pkix.Extension `asn1:"explicit,tag:2"`
		}
	}
	r.TBS.Extensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}, Value: value}}
	for _, c := range certs {
		var q oneQuestion
		q.ID.Hash = pkix.AlgorithmIdentifier{Algorithm: oids[h], Parameters: asn1.NullRawValue}
		q.ID.Name, q.ID.Key, q.ID.Serial = hash(issuer.RawSubject), hash(info.Key.RightAlign()), c.SerialNumber
		r.TBS.List = append(r.TBS.List, q)
	}
	der, err := asn1.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// hashOf is a key's SHA-256 as the registry has it.
func hashOf(t testing.TB, key crypto.Signer) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}
