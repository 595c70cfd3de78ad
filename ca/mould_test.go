package ca

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// TestTheLikenessIsWhatTheLibraryWouldMake compares the likeness of intents
// with what crypto/x509 makes of the same content.
func TestTheLikenessIsWhatTheLibraryWouldMake(t *testing.T) {
	for _, kt := range []KeyType{P256, RSA3072} {
		l := initCA(t, kt)
		i, err := LoadIssuer(l.IssuingCertificate(), l.RootCertificate(), testProfile())
		if err != nil {
			t.Fatal(err)
		}
		s, err := i.stand()
		if err != nil {
			t.Fatal(err)
		}
		for _, profile := range []registry.CertificateProfile{registry.HolderProfile, registry.OperatorProfile} {
			for name, key := range map[string]crypto.Signer{"P-256": ecKey(t), "RSA-2048": rsaKey()} {
				for _, end := range []time.Time{
					time.Date(2027, 2, 28, 23, 59, 59, 0, time.UTC),
					time.Date(2049, 12, 31, 23, 59, 59, 0, time.UTC),
					time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC), // from here on another kind of time
				} {
					w := wanted(t)
					w.Request = csrOf(t, key)
					intent := Intent{
						Serial: newSerial(), NotBefore: end.AddDate(-1, 0, 0).In(time.FixedZone("", 6*3600)), NotAfter: end,
						Subject: w.Subject, Profile: profile, CSRHash: w.Request.Hash,
					}
					der, tbs, err := i.likeness(intent, w.Request.PublicKey)
					if err != nil {
						t.Fatal(err)
					}
					got, err := x509.ParseCertificate(der)
					if err != nil {
						t.Fatal(err)
					}
					policy, err := i.Profile.policy(profile)
					if err != nil {
						t.Fatal(err)
					}
					template := i.template(policy)
					template.SerialNumber, _ = number(intent.Serial)
					template.NotBefore, template.NotAfter, template.RawSubject = intent.NotBefore, intent.NotAfter, intent.Subject
					if template.SubjectKeyId, err = keyID(w.Request.PublicKey); err != nil {
						t.Fatal(err)
					}
					der, err = x509.CreateCertificate(rand.Reader, template, s.parent, w.Request.PublicKey, s.key)
					if err != nil {
						t.Fatal(err)
					}
					want, err := x509.ParseCertificate(der)
					if err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(got.RawTBSCertificate, want.RawTBSCertificate) || !bytes.Equal(tbs, want.RawTBSCertificate) {
						t.Errorf("%s, %s, %s, until %s: the likeness differs", kt, profile, name, end)
					}
					if got.SignatureAlgorithm != want.SignatureAlgorithm {
						t.Errorf("%s: signed with %s, want %s", kt, got.SignatureAlgorithm, want.SignatureAlgorithm)
					}
					if len(got.Signature) < len(want.Signature)-4 || len(got.Signature) > len(want.Signature)+4 { // an ECDSA signature's numbers differ in length
						t.Errorf("%s: a signature of %d bytes, want about %d", kt, len(got.Signature), len(want.Signature))
					}
				}
			}
		}
	}
}
