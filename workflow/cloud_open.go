package workflow

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tamga-ca/tamga/internal/ecloud"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/token"
)

// OperatorHolder names an operator as the holder of a kept key.
func OperatorHolder(n registry.PersonalNumber) string { return string(n) + "@operator" }

// CloudHolder names the holder that an organisation's INN and a role stand for
// at login: a head acting as accountant logs in as head. Where there is none
// the name is one that nobody has, and everything that follows looks the same.
func (f *Flow) CloudHolder(ctx context.Context, inn registry.INN, role registry.SignatoryRole) (string, error) {
	roles := []registry.SignatoryRole{role}
	if role == registry.Head {
		roles = append(roles, registry.HeadAsAccountant)
	}
	holder := ecloud.HolderName("", inn, role)
	err := f.store.Read(ctx, func(tx *store.Tx) error {
		keys, err := tx.CloudKeysNamed(inn, roles)
		if err != nil || len(keys) == 0 {
			return err
		}
		k, _, err := f.bestKey(tx, keys)
		if err == nil {
			holder = k.Holder
		}
		return err
	})
	return holder, err
}

// bestKey chooses among keys, the newest first: one whose certificate may be
// used now, else the one of which its holder can learn most (worthTelling),
// else the newest.
func (f *Flow) bestKey(tx *store.Tx, keys []*store.CloudKey) (*store.CloudKey, *registry.Certificate, error) {
	best := keys[0]
	var cert *registry.Certificate
	now, most := f.now(), 0
	for _, k := range keys {
		if k.CertificateID == nil {
			continue
		}
		c, err := tx.Certificate(registry.CertificateID(*k.CertificateID))
		if err != nil {
			return nil, nil, err
		}
		if worth := worthTelling(c, now); worth > most {
			best, cert, most = k, c, worth
		}
	}
	return best, cert, nil
}

// worthTelling ranks certificates of one holder: that of now, if it is in force
// or only suspended, then one that is still to begin, then what is over.
func worthTelling(c *registry.Certificate, now time.Time) int {
	switch validity := c.ValidityAt(now); {
	case c.UsableAt(now):
		return 4
	case validity == registry.Valid && c.Status == registry.CertSuspended:
		return 3
	case validity == registry.NotYetUsable && c.Status != registry.CertRevoked:
		return 2
	}
	return 1
}

// CloudKey is a kept key that its holder's PIN-code has opened. It works until
// the function that was given it returns.
type CloudKey struct {
	Certificate *registry.Certificate

	row    *store.CloudKey
	x509   *x509.Certificate
	signer crypto.Signer
	now    time.Time
}

// Sign makes a CMS SignedData over an envelope's bytes, DER.
func (k *CloudKey) Sign(envelope []byte) ([]byte, error) {
	return token.Sign(envelope, k.x509, k.signer, k.now)
}

// SignWithCloudKey signs an envelope with a holder's kept key, if the PIN-code
// is right. An unknown holder and a wrong PIN-code are the same refusal after
// the same work; every try is counted, in a commit of its own, before it is
// looked at. At the first login with a new certificate the holder confirms its
// receipt with the same PIN-code (handover/1).
//
// browser is the browser's token: five wrong tries lock a browser that is known
// to the holder until it is unlocked; all others share a delay that doubles,
// and a number of tries a day. source is the client's address.
func (f *Flow) SignWithCloudKey(ctx context.Context, holder, pin, browser, source string, envelope []byte) (cms []byte, cert *registry.Certificate, err error) {
	var handover *store.Handover
	err = f.openCloudKey(ctx, holder, pin, browser, source, func(k *CloudKey) (err error) {
		cert = k.Certificate
		if cms, err = k.Sign(envelope); err != nil {
			return err
		}
		handover, err = f.signReceipt(ctx, k, envelope)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("signing with a kept key: %w", err)
	}
	if handover != nil {
		err := f.store.Write(ctx, func(tx *store.Tx) error { return f.handOver(tx, ByHolder(cert), *handover, nil) })
		if err != nil && !beaten(err) {
			return nil, nil, fmt.Errorf("handing over certificate %s: %w", cert.Serial, err)
		}
	}
	return cms, cert, nil
}

// RememberBrowser makes a browser known to a holder who has just logged in
// with it, or known for longer.
func (f *Flow) RememberBrowser(ctx context.Context, holder, browser string) error {
	hash, ok := ecloud.BrowserTokenHash(browser)
	if !ok {
		return nil
	}
	now := f.now()
	return f.store.Write(ctx, func(tx *store.Tx) error { return tx.KnowBrowser(holder, hash, now, now.Add(ecloud.BrowserLife)) })
}

// mayUse refuses the key of a certificate that is suspended or revoked, has
// ended or has not begun (DT-23), in the words that a verifier has for what it
// would have signed.
func mayUse(cert *registry.Certificate, now time.Time) error {
	switch validity := cert.ValidityAt(now); {
	case validity == registry.Expired:
		return registry.Refuse(registry.Forbidden, token.KeyExpired, "date", cert.NotAfter)
	case validity == registry.NotYetUsable:
		return registry.Refuse(registry.Forbidden, token.KeyNotYetUsable, "date", cert.NotBefore)
	case cert.Status == registry.CertRevoked:
		return token.ErrRevoked
	case cert.Status == registry.CertSuspended:
		return token.ErrSuspended
	}
	return nil
}

// openCloudKey opens a holder's kept key with the PIN-code, if its certificate
// may be used now: nothing is signed with any other.
func (f *Flow) openCloudKey(ctx context.Context, holder, pin, browser, source string, use func(*CloudKey) error) error {
	return f.tryPIN(ctx, holder, browser, source, func(row *store.CloudKey, cert *registry.Certificate) (right bool, err error) {
		if row == nil {
			return false, f.keys.Decoy(ctx, pin)
		}
		err = f.keys.Open(ctx, wrapped(row), pin, func(signer crypto.Signer) error {
			right = true
			if cert == nil {
				return registry.Refuse(registry.Conflict, "error.ecloud.not_ready")
			}
			if err := mayUse(cert, f.now()); err != nil {
				return err
			}
			parsed, err := x509.ParseCertificate(cert.DER)
			if err != nil {
				return fmt.Errorf("reading certificate %s: %w", cert.Serial, err)
			}
			return use(&CloudKey{Certificate: cert, row: row, x509: parsed, signer: signer, now: f.now()})
		})
		if right && f.keys.Outdated(wrapped(row)) {
			if rerr := f.rewrap(ctx, row, pin, pin); rerr != nil && !beaten(rerr) {
				f.log.Warn("wrapping a kept key anew", "key", row.KeyID, "err", rerr)
			}
		}
		return right, err
	})
}

// tryPIN counts a try of a holder's PIN-code, lets it be judged, and tells what
// it came to. judge is given no key where there is none.
func (f *Flow) tryPIN(ctx context.Context, holder, browser, source string, judge func(*store.CloudKey, *registry.Certificate) (right bool, err error)) error {
	if err := f.canKeep(); err != nil {
		return err
	}
	var tries []counted
	var row *store.CloudKey
	var cert *registry.Certificate
	err := f.store.Write(ctx, func(tx *store.Tx) (err error) {
		if tries, err = f.triesOf(ctx, tx, holder, browser, source); err != nil {
			return err
		}
		if err := f.tell(tx, ecloud.Try, tries); err != nil {
			return err
		}
		keys, err := tx.CloudKeys(holder)
		if err != nil || len(keys) == 0 {
			return err
		}
		row, cert, err = f.bestKey(tx, keys)
		return err
	})
	if err != nil {
		return err
	}
	right, err := judge(row, cert)
	switch {
	case right:
		return errors.Join(err, f.settle(ctx, ecloud.Success, tries))
	case errors.Is(err, ecloud.ErrWrong):
		return errors.Join(err, f.noteLock(ctx, row, tries))
	}
	return errors.Join(err, f.settle(ctx, ecloud.NotJudged, tries))
}

// noteLock journals that wrong tries have locked a browser of its holder's.
func (f *Flow) noteLock(ctx context.Context, row *store.CloudKey, tries []counted) error {
	if row == nil || tries[0].browser == nil {
		return nil
	}
	return f.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		b, err := tx.LockBrowser(tries[0].holder, tries[0].browser, f.now())
		if err != nil || b == nil || b.LockedAt == nil {
			return err
		}
		return f.record(tx, Anonymous(), "ecloud.locked", map[string]any{"key": row.KeyID}, nil, Enrolment(row.EnrolmentID))
	})
}

// signReceipt makes and signs the handover/1 of a certificate whose holder
// logs in for the first time; nil where nothing is to be handed over.
func (f *Flow) signReceipt(ctx context.Context, k *CloudKey, login []byte) (*store.Handover, error) {
	var asked struct{ Typ, Origin string }
	if json.Unmarshal(login, &asked) != nil || token.Type(asked.Typ) != token.Login || !k.Certificate.UsableAt(k.now) {
		return nil, nil
	}
	var e *registry.Enrolment
	if err := f.store.Read(ctx, func(tx *store.Tx) (err error) {
		e, err = tx.Enrolment(k.row.EnrolmentID)
		return err
	}); err != nil || e.Status != registry.Issued {
		return nil, err
	}
	text := "E-Cloud " + string(k.Certificate.Serial)
	if f.receipt != nil {
		text = f.receipt(k.row.Language, k.Certificate)
	}
	challenge := make([]byte, 32)
	_, _ = rand.Read(challenge) // never fails (crypto/rand)
	envelope, err := token.Envelope{
		Type: token.Handover, Origin: asked.Origin, Subject: "certificate/" + string(k.Certificate.Serial), Version: 1,
		Hash: sha256.Sum256(k.Certificate.DER), Action: "receive", Time: k.now, Text: text,
	}.Bytes(base64.RawURLEncoding.EncodeToString(challenge))
	if err != nil {
		return nil, err
	}
	signature, err := k.Sign(envelope)
	if err != nil {
		return nil, err
	}
	return &store.Handover{EnrolmentID: e.ID, CertificateID: k.Certificate.ID, Envelope: envelope, Signature: signature, CreatedAt: k.now}, nil
}
