package token_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"testing"

	"github.com/tamga-ca/tamga/internal/token"
)

// BenchmarkVerify beside BenchmarkBareSignature: what the whole verification
// costs beyond the one signature check that it cannot do without.
func BenchmarkVerify(b *testing.B) {
	for _, alg := range []string{"P-256", "RSA-2048"} {
		b.Run(alg, func(b *testing.B) {
			a := newAuthority(b)
			h := a.issue(b, alg, nil)
			cms := must(token.Sign(content, h.cert, h.key, now))(b)
			o := a.options()
			v := must(token.NewVerifier(o.Roots, o.Issuers, o.HolderPolicy, o.OperatorPolicy))(b)
			for b.Loop() {
				if _, err := v.Verify(b.Context(), cms, content, now, o.Status); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkBareSignature(b *testing.B) {
	digest := sha256.Sum256(content)
	b.Run("P-256", func(b *testing.B) {
		key := newKey(b, "P-256").(*ecdsa.PrivateKey)
		sig := must(key.Sign(nil, digest[:], crypto.SHA256))(b)
		for b.Loop() {
			if !ecdsa.VerifyASN1(&key.PublicKey, digest[:], sig) {
				b.Fatal("bad")
			}
		}
	})
	b.Run("RSA-2048", func(b *testing.B) {
		key := newKey(b, "RSA-2048").(*rsa.PrivateKey)
		sig := must(key.Sign(nil, digest[:], crypto.SHA256))(b)
		for b.Loop() {
			if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest[:], sig); err != nil {
				b.Fatal(err)
			}
		}
	})
}
