//go:build e2e

package e2e

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.step.sm/crypto/pemutil"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// register puts certificates of tokens straight into a demo's database, signed
// with its CA's own key: how they come there is another test, and no other way
// makes one that has expired.
type register struct {
	t       *testing.T
	store   *store.Store
	issuing *x509.Certificate
	key     crypto.Signer
}

func openRegister(t *testing.T, s *Server) *register {
	t.Helper()
	st, err := store.Open(t.Context(), store.Config{DSN: filepath.Join(s.Dir, "data", "tamga.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	at := ca.Layout{Dir: filepath.Join(s.Dir, "data", "ca"), Secrets: filepath.Join(s.Dir, "secrets")}
	read := func(path string) []byte {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	password := read(at.Password())
	for len(password) > 0 && password[len(password)-1] == '\n' {
		password = password[:len(password)-1]
	}
	key, err := pemutil.Parse(read(at.IssuingKey()), pemutil.WithPassword(password))
	if err != nil {
		t.Fatal(err)
	}
	return &register{t: t, store: st, issuing: certificate(t, at.IssuingCertificate()), key: key.(crypto.Signer)}
}

// of is a certificate of the demo that others are made like.
func (r *register) of(holder func(*registry.Certificate) bool) *registry.Certificate {
	r.t.Helper()
	var out *registry.Certificate
	err := r.store.Read(r.t.Context(), func(tx *store.Tx) error {
		for id := registry.CertificateID(1); id < 100; id++ {
			c, err := tx.Certificate(id)
			if registry.KindOf(err) == registry.NotFound {
				continue
			}
			if err != nil {
				return err
			}
			if c.Status == registry.CertIssued && c.UsableAt(time.Now()) && c.NotAfter.After(time.Now().AddDate(0, 0, 14)) && holder(c) {
				out = c
				return nil
			}
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	if out == nil {
		r.t.Fatal("the demo has no such certificate")
	}
	return out
}

func head(c *registry.Certificate) bool {
	return c.Profile == registry.HolderProfile && c.Role != registry.Accountant
}

// anotherHead is the head of another organisation.
func anotherHead(than *registry.Certificate) func(*registry.Certificate) bool {
	return func(c *registry.Certificate) bool { return head(c) && c.OrganisationID != than.OrganisationID }
}

func accountant(c *registry.Certificate) bool { return c.Role == registry.Accountant }

func operator(c *registry.Certificate) bool { return c.Profile == registry.OperatorProfile }

// issue makes a certificate like another, for a new key on a token.
func (r *register) issue(like *registry.Certificate, public crypto.PublicKey, from, to time.Time) *x509.Certificate {
	r.t.Helper()
	template, err := x509.ParseCertificate(like.DER)
	if err != nil {
		r.t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 126))
	if err != nil {
		r.t.Fatal(err)
	}
	template.SerialNumber, template.NotBefore, template.NotAfter = serial.SetBit(serial, 126, 1), from.UTC().Truncate(time.Second), to.UTC().Truncate(time.Second)
	template.SubjectKeyId, template.SignatureAlgorithm, template.ExtraExtensions = nil, 0, nil
	der, err := x509.CreateCertificate(rand.Reader, template, r.issuing, public, r.key)
	if err != nil {
		r.t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		r.t.Fatal(err)
	}
	return made
}

// add issues a certificate and enters it, in a status.
func (r *register) add(like *registry.Certificate, public crypto.PublicKey, from, to time.Time, status registry.CertificateStatus) *x509.Certificate {
	r.t.Helper()
	made := r.issue(like, public, from, to)
	fingerprint, keyHash := sha256.Sum256(made.Raw), sha256.Sum256(made.RawSubjectPublicKeyInfo)
	row := *like
	row.ID, row.EnrolmentID, row.Storage = 0, 0, registry.Rutoken
	row.Serial, row.NotBefore, row.NotAfter = registry.Serial(made.SerialNumber.Text(16)), made.NotBefore, made.NotAfter
	row.DER, row.SHA256, row.PublicKeyHash, row.IssuedAt = made.Raw, hex.EncodeToString(fingerprint[:]), hex.EncodeToString(keyHash[:]), made.NotBefore
	err := r.store.Write(r.t.Context(), func(tx *store.Tx) error {
		id, err := tx.AddCertificate(row)
		if err != nil || status == registry.CertIssued {
			return err
		}
		return tx.SetCertificateStatus(id, registry.CertIssued, status, 1, time.Now().UTC())
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return made
}

// hold gives a token a key with a certificate that is good for a year.
func (r *register) hold(t *fakeToken, like *registry.Certificate) *x509.Certificate {
	r.t.Helper()
	return r.holdFor(t, like, time.Now().AddDate(0, -1, 0), time.Now().AddDate(0, 11, 0), registry.CertIssued)
}

func (r *register) holdFor(t *fakeToken, like *registry.Certificate, from, to time.Time, status registry.CertificateStatus) *x509.Certificate {
	r.t.Helper()
	key := newRSA(r.t)
	made := r.add(like, key.Public(), from, to, status)
	t.put(made.Raw, key)
	return made
}

// stranger gives a token a certificate of another CA with the same names.
func (r *register) stranger(t *fakeToken, like *registry.Certificate) {
	r.t.Helper()
	caKey, key := newRSA(r.t), newRSA(r.t)
	other := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Another Issuing CA"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	theirs := *r
	theirs.key = caKey
	der, err := x509.CreateCertificate(rand.Reader, other, other, caKey.Public(), caKey)
	if err != nil {
		r.t.Fatal(err)
	}
	if theirs.issuing, err = x509.ParseCertificate(der); err != nil {
		r.t.Fatal(err)
	}
	t.put(theirs.issue(like, key.Public(), time.Now().Add(-time.Hour), time.Now().AddDate(0, 1, 0)).Raw, key)
}

func newRSA(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
