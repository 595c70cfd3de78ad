package journal

import (
	"bytes"
	"crypto/sha256"
	"testing"
)

// BenchmarkVerify compares the verifier with bare SHA-256 over the same bytes.
func BenchmarkVerify(b *testing.B) {
	const entries = 20000
	m := newMemory(b)
	m.put(b, entries)
	for {
		n, err := Sequence(m, entries/20)
		if err != nil {
			b.Fatal(err)
		}
		if n == 0 {
			break
		}
		if _, err := Seal(m, m.signer, m.known, start); err != nil {
			b.Fatal(err)
		}
	}
	export := m.export(b, false)
	kept := m.checkpoints[len(m.checkpoints)/2].Note
	b.Run("verify", func(b *testing.B) {
		b.SetBytes(int64(len(export)))
		for b.Loop() {
			r, err := Verify(bytes.NewReader(export), VerifyOptions{Keys: []string{m.key}, Kept: []string{kept}})
			if err != nil || !r.OK() {
				b.Fatal(r, err)
			}
		}
		b.ReportMetric(float64(entries)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
	})
	b.Run("sha256", func(b *testing.B) {
		b.SetBytes(int64(len(export)))
		for b.Loop() {
			sha256.Sum256(export)
		}
		b.ReportMetric(float64(entries)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
	})
}
