package workflow

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// MaxTokenCertificates is how many certificates of one token are looked at.
const MaxTokenCertificates = 32

// TokenCertificate is one certificate of a token, as its holder sees it before
// the login (EN-04).
type TokenCertificate struct {
	// Refused says why nobody may log in with it now; nil when they may.
	Refused *registry.Error
	// Holder is a name; Organisation is nil when the register does not know
	// the certificate, and for operators. Issuer-given text stands in
	// Subject then.
	Holder          string
	Organisation    *registry.Organisation
	Subject         string // O of a certificate that is not ours
	NotBefore       time.Time
	NotAfter        time.Time
	person          registry.PersonalNumber
	operatorProfile bool
}

// Which certificate of a token to log in with, beside an index.
const (
	AskWhich   = -1 // the person chooses
	NoneUsable = -2
)

// TokenCertificates judges the certificates of a token (DER) as a login would,
// and says which one to log in with: the only one, or where the pack has no
// such step (SOCHI) the youngest usable one if all are of one person. Nothing
// is written.
func (f *Flow) TokenCertificates(ctx context.Context, ders [][]byte) ([]TokenCertificate, int, error) {
	if len(ders) > MaxTokenCertificates {
		return nil, NoneUsable, registry.Refuse(registry.Invalid, "error.token.many")
	}
	out := make([]TokenCertificate, len(ders))
	for i, der := range ders {
		var err error
		if out[i], err = f.tokenCertificate(ctx, der); err != nil {
			return nil, NoneUsable, fmt.Errorf("looking at a token's certificate: %w", err)
		}
	}
	return out, f.which(out), nil
}

func (f *Flow) tokenCertificate(ctx context.Context, der []byte) (TokenCertificate, error) {
	var onFile *registry.Certificate
	signer, err := f.verifier.Judge(ctx, der, f.now(), f.statusOf(&onFile))
	var c TokenCertificate
	if err != nil && !errors.As(err, &c.Refused) {
		return c, err
	}
	if signer != nil {
		c.person, c.operatorProfile = signer.PersonalNumber, signer.Profile == registry.OperatorProfile
	}
	if parsed, err := x509.ParseCertificate(der); err == nil {
		c.Holder, c.Subject = parsed.Subject.CommonName, strings.Join(parsed.Subject.Organization, ", ")
		c.NotBefore, c.NotAfter = parsed.NotBefore, parsed.NotAfter
	}
	if onFile == nil { // expired ones are refused before they are looked up
		return c, f.findExpired(ctx, der, &c)
	}
	return c, f.name(ctx, onFile, &c)
}

// findExpired looks a certificate of ours up that was refused for its time.
func (f *Flow) findExpired(ctx context.Context, der []byte, c *TokenCertificate) error {
	parsed, err := x509.ParseCertificate(der)
	if err != nil || c.Refused == nil || c.Refused.Key == "error.certificate.other_ca" {
		return nil
	}
	var onFile *registry.Certificate
	if _, err := f.statusOf(&onFile)(ctx, parsed); err != nil || onFile == nil {
		return err
	}
	return f.name(ctx, onFile, c)
}

func (f *Flow) name(ctx context.Context, onFile *registry.Certificate, c *TokenCertificate) error {
	c.Holder = onFile.HolderName
	if onFile.OrganisationID == 0 {
		return nil
	}
	return f.store.Read(ctx, func(tx *store.Tx) (err error) {
		c.Organisation, err = tx.Organisation(onFile.OrganisationID)
		return err
	})
}

func (f *Flow) which(all []TokenCertificate) int {
	youngest, usable, same := NoneUsable, 0, true
	for i, c := range all {
		if c.Refused != nil {
			continue
		}
		usable++
		if youngest == NoneUsable {
			youngest = i
			continue
		}
		y := all[youngest]
		same = same && c.person == y.person && c.operatorProfile == y.operatorProfile
		if c.NotBefore.After(y.NotBefore) {
			youngest = i
		}
	}
	switch {
	case usable == 0:
		return NoneUsable
	case len(all) > 1 && f.pack.Login.CertificateStep, !same:
		return AskWhich
	}
	return youngest
}
