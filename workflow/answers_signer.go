package workflow

import (
	"context"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

const (
	// signerRenewal is how long before its end a delegation is followed by the
	// next: the CA may be away for that long.
	signerRenewal = ca.MaxOCSPSigner / 2
	// signerRipens is how old a delegation is when it takes over, for relying
	// parties whose clocks are slow; without an older one it is used at once.
	signerRipens = 10 * time.Minute
	// signerRetry is how long the same delegation is asked for again.
	signerRetry = time.Hour
)

// keepSigner finds the delegation that signs OCSP answers, and has the CA make
// the next in time. All servers with this key use the same. Its clock is the
// machine's, as the CA's and relying parties' are.
func (f *Flow) keepSigner(ctx context.Context) (bool, error) {
	a, now := f.answers, f.machine()
	var all []registry.OCSPSigner
	if err := f.store.Read(ctx, func(tx *store.Tx) (err error) {
		all, err = tx.OCSPSigners(a.keyHash, now)
		return err
	}); err != nil {
		return false, err
	}
	if err := f.useSigner(all, now); err != nil {
		return false, err
	}
	intent, wanted := signerWanted(all, now)
	if !wanted || ctx.Err() != nil {
		return false, nil
	}
	if intent.Serial == "" {
		var err error
		if intent, err = a.issuer.NewOCSPIntent(now, a.key); err != nil {
			return false, err
		}
		if err := f.store.Write(ctx, func(tx *store.Tx) error {
			return tx.AddOCSPSigner(registry.OCSPSigner{
				Serial: intent.Serial, KeyID: a.keyID, KeyHash: intent.KeyHash, NotBefore: intent.NotBefore, NotAfter: intent.NotAfter, CreatedAt: now,
			})
		}); err != nil {
			return false, err
		}
	}
	signer, err := f.ca.DelegateOCSP(ctx, intent, a.key)
	f.state.report(err)
	if err != nil {
		return false, fmt.Errorf("having OCSP answers delegated: %w", err)
	}
	err = f.store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.OCSPSignerMade(intent.Serial, signer.Certificate.Raw); err != nil {
			return err
		}
		return f.record(tx, BySystem(), "ocsp.delegated", map[string]any{
			"key": a.keyID, "not_before": intent.NotBefore, "not_after": intent.NotAfter,
		}, nil, Certificate(intent.Serial))
	})
	if registry.KindOf(err) == registry.Conflict {
		return true, nil // another server has had it made
	}
	return err == nil, err // and take it up
}

// useSigner takes the newest delegation that is ripe, or else the newest.
func (f *Flow) useSigner(all []registry.OCSPSigner, now time.Time) error {
	var use *registry.OCSPSigner
	for i, s := range all {
		if s.DER == nil || s.NotBefore.After(now) {
			continue
		}
		if ripe := now.Sub(s.NotBefore) >= signerRipens; use == nil || ripe {
			use = &all[i]
			if ripe {
				break
			}
		}
	}
	if use == nil {
		f.answers.signer.Store(nil)
		return nil
	}
	if current := f.answers.signer.Load(); current != nil && ca.SerialOf(current.Certificate.SerialNumber) == use.Serial {
		return nil
	}
	cert, err := x509.ParseCertificate(use.DER)
	if err != nil {
		return fmt.Errorf("reading OCSP signer %s: %w", use.Serial, err)
	}
	signer, err := f.answers.issuer.NewOCSPSigner(cert, f.answers.key)
	if err != nil {
		return err
	}
	f.answers.signer.Store(signer)
	return nil
}

// signerWanted says whether the CA is to be asked, and for what if it was asked
// before.
func signerWanted(all []registry.OCSPSigner, now time.Time) (intent ca.OCSPIntent, wanted bool) {
	for _, s := range all {
		if s.DER != nil && s.NotAfter.Sub(now) > signerRenewal && !s.NotBefore.After(now) {
			return intent, false
		}
	}
	for _, s := range all {
		if age := now.Sub(s.NotBefore); s.DER == nil && age >= 0 && age < signerRetry {
			return ca.OCSPIntent{Serial: s.Serial, NotBefore: s.NotBefore, NotAfter: s.NotAfter, KeyHash: s.KeyHash}, true
		}
	}
	return intent, true
}
