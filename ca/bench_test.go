package ca

import (
	"testing"
	"time"
)

func BenchmarkLint(b *testing.B) {
	_, c := sharedCA(b)
	w := wanted(b)
	intent := intend(b, c.Issuer(), w)
	for b.Loop() {
		if err := c.Issuer().Lint(intent, w.Request); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSign repeats one intent: token, step-ca and comparison.
func BenchmarkSign(b *testing.B) {
	_, c := sharedCA(b)
	w := wanted(b)
	intent := intend(b, c.Issuer(), w)
	for b.Loop() {
		if _, err := c.Sign(b.Context(), intent, w.Request.DER); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompare(b *testing.B) {
	_, c := sharedCA(b)
	w := wanted(b)
	w.NotAfter = w.NotBefore.Add(time.Hour)
	intent := intend(b, c.Issuer(), w)
	got, err := c.Sign(b.Context(), intent, w.Request.DER)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := c.Issuer().compare(intent, w.Request.PublicKey, got); err != nil {
			b.Fatal(err)
		}
	}
}
