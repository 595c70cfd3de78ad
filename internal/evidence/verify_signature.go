package evidence

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"slices"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/token"
)

// types says which envelope each kind of signature has.
var types = map[SignatureKind][]token.Type{
	OnApplication: {token.Decision},
	OnReport:      {token.Decision, token.Revocation},
	OnBatch:       {token.Decision},
	OnOrder:       {token.RenewalOrder},
	OnReceipt:     {token.Handover},
}

// signature checks something signed: that the CMS is over the envelope, by a
// certificate of the CA that was in force then, that the envelope says what
// pack.json says, and that the journal knows it.
func (v *verifier) signature(c *Certificate, s *Signature, l *life) {
	envelope, ok := v.file(s.Envelope, token.MaxEnvelope)
	cms, ok2 := v.file(s.CMS, token.MaxCMS)
	if !ok || !ok2 || v.judge == nil {
		return
	}
	at := s.At
	if s.Kind == OnReceipt && at.Before(c.NotBefore) {
		at = c.NotBefore // handed over before it begins
	}
	signer, err := v.judge.Verify(context.Background(), cms, envelope, at, v.standing(s))
	if err != nil {
		v.find(s.CMS, "the signature does not hold: %v", err)
		return
	}
	e, _, err := token.ReadEnvelope(envelope)
	if err != nil {
		v.find(s.Envelope, "%v", err)
		return
	}
	known := false
	for _, typ := range types[s.Kind] {
		known = known || typ == e.Type
	}
	if !known || e.Subject != s.Subject || e.Action != s.Action || signer.Serial != s.Signer {
		v.find(s.Envelope, "what was signed is something else than %s says", PackFile)
		return
	}
	h := sha256.Sum256(envelope)
	sum := hex.EncodeToString(h[:])
	if along := l.along[sum]; !slices.Contains(along[:], e.Subject) && !v.concerns(c, s, e, l) {
		v.find(s.Envelope, "what was signed is not about certificate %s", c.Serial)
		return
	}
	if !l.envelopes[sum] && (s.Kind != OnReceipt || !l.handedOver) {
		v.find(c.Journal, "the journal has no entry about the signature %s", s.CMS)
		return
	}
	v.result.Signatures++
}

// concerns says whether an envelope is about the certificate, its application,
// its reports, the batch with which it was revoked, or the order it was issued
// for.
func (v *verifier) concerns(c *Certificate, s *Signature, e token.Envelope, l *life) bool {
	own := "certificate/" + string(c.Serial)
	switch s.Kind {
	case OnApplication:
		return c.Application != nil && e.Subject == "application/"+c.Application.Number
	case OnReport:
		if e.Type == token.Revocation || e.Subject == own {
			return e.Subject == own
		}
		for _, r := range c.Reports {
			if e.Subject == "report/"+r.Number {
				return true
			}
		}
	case OnBatch:
		return v.onBatch(c, s, e, l)
	case OnReceipt:
		return (e.Subject == own || len(e.Subject) > len(own) && e.Subject[:len(own)+1] == own+" ") && hex.EncodeToString(e.Hash[:]) == c.SHA256
	case OnOrder:
		content, ok := v.file(s.Content, maxPart)
		if !ok {
			return false
		}
		sum := sha256.Sum256(content)
		return e.Hash == sum && l.orders[hex.EncodeToString(sum[:])]
	}
	return false
}

// standing tells what had become of a signer's certificate when it signed.
func (v *verifier) standing(s *Signature) token.StatusFunc {
	return func(_ context.Context, cert *x509.Certificate) (token.Status, error) {
		who := v.signers[cert.SerialNumber.Text(16)]
		if who == nil {
			return token.StatusUnknown, nil
		}
		der, ok := v.file(who.File, 64<<10)
		if !ok || !bytes.Equal(der, cert.Raw) {
			return token.StatusUnknown, nil
		}
		status := registry.CertIssued
		for _, ch := range who.Changes {
			// What was signed at the same instant may itself be what ended it.
			if ch.At.Before(s.At) {
				status = ch.Status
			}
		}
		switch status {
		case registry.CertIssued:
			return token.StatusGood, nil
		case registry.CertSuspended:
			return token.StatusSuspended, nil
		}
		return token.StatusRevoked, nil
	}
}
