package workflow

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/tamga-ca/tamga/internal/ecloud"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// RequestUnlock mails a holder a code that makes a browser known to them, or
// known again after it was locked. Nothing tells whether there is such a
// holder. While a code is live no other is sent, so nobody can fill a mailbox
// or make a code worthless. Requests are counted by their source.
func (f *Flow) RequestUnlock(ctx context.Context, holder, source string) error {
	if err := f.canKeep(); err != nil {
		return err
	}
	tries, err := f.codeTries(ctx, "letter", source)
	if err != nil {
		return err
	}
	err = f.store.Write(ctx, func(tx *store.Tx) error {
		if err := f.tell(tx, ecloud.Try, tries); err != nil {
			return err
		}
		keys, err := tx.CloudKeys(holder)
		if err != nil || len(keys) == 0 {
			return err
		}
		key, _, err := f.bestKey(tx, keys)
		if err != nil {
			return err
		}
		live, err := tx.LiveUnlock(key.ID)
		if err != nil || live != nil && f.now().Before(live.ExpiresAt) {
			return err
		}
		id, err := tx.AddUnlock(store.Unlock{KeyRow: key.ID, CreatedAt: f.now(), ExpiresAt: f.now().Add(ecloud.UnlockLife)})
		if err != nil {
			return err
		}
		l := Letter{Kind: string(letterUnlock), To: key.Email, Language: key.Language, Unlock: id,
			Args: map[string]any{"hours": int(ecloud.UnlockLife.Hours()), "url": f.base + "/unlock"}}
		if err := tx.AddOutbox("mail", "unlock/"+strconv.FormatInt(id, 10), l, f.machine()); err != nil {
			return err
		}
		return f.record(tx, Anonymous(), "ecloud.unlock_requested", map[string]any{"key": key.KeyID}, nil, Enrolment(key.EnrolmentID))
	})
	if err != nil && !beaten(err) { // beaten: a code leaves already
		return fmt.Errorf("asking for an unlock code: %w", err)
	}
	return nil
}

// UnlockInOffice makes an unlock code for the holder of a certificate who
// stands at the desk and has shown their papers: by a clerk, who hands it over,
// or by an administrator for an operator's key.
// A code that was mailed before is worthless. It opens nothing without the
// PIN-code.
func (f *Flow) UnlockInOffice(ctx context.Context, who Actor, id registry.CertificateID) (code string, err error) {
	if err := f.canKeep(); err != nil {
		return "", err
	}
	if err := who.is(registry.Clerk, registry.Administrator); err != nil {
		return "", err
	}
	code = ecloud.NewCode(ecloud.UnlockCode)
	hash, err := f.keys.HashCode(ctx, ecloud.UnlockCode, code)
	if err != nil {
		return "", err
	}
	err = f.store.Write(ctx, func(tx *store.Tx) error {
		cert, err := tx.Certificate(id)
		if err != nil {
			return err
		}
		if err := who.mayStart(tx, cert.Profile); err != nil {
			return err
		}
		if cert.PersonalNumber == who.Operator.Person.PersonalNumber {
			return registry.Refuse(registry.Forbidden, "error.ecloud.own_unlock")
		}
		key, err := tx.CloudKeyOfEnrolment(cert.EnrolmentID)
		if err != nil {
			return err
		}
		if key == nil {
			return registry.Refuse(registry.Conflict, "error.enrolment.not_cloud")
		}
		now := f.now()
		if _, err := tx.AddUnlock(store.Unlock{
			KeyRow: key.ID, Code: store.KeyedHash(hash), IssuedBy: who.Operator.ID, CreatedAt: now, ExpiresAt: now.Add(ecloud.UnlockLife),
		}); err != nil {
			return err
		}
		return f.record(tx, who, "ecloud.unlock_given", map[string]any{"key": key.KeyID}, nil, Certificate(cert.Serial), Enrolment(key.EnrolmentID))
	})
	if err != nil {
		return "", fmt.Errorf("unlocking in the office: %w", err)
	}
	return code, nil
}

// Unlock makes a browser known to a holder who has the code. The PIN-code is
// asked for afterwards all the same.
func (f *Flow) Unlock(ctx context.Context, holder, code, browser, source string) error {
	if err := f.canKeep(); err != nil {
		return err
	}
	hashes, err := f.keys.HashesOfCode(ctx, ecloud.UnlockCode, code)
	if err != nil {
		return onField(err, "code")
	}
	token, ok := ecloud.BrowserTokenHash(browser)
	if !ok {
		return errors.New("unlocking: the browser has no token")
	}
	tries, err := f.codeTries(ctx, "source", source)
	if err != nil {
		return err
	}
	if err := f.store.Write(ctx, func(tx *store.Tx) error { return f.tell(tx, ecloud.Try, tries) }); err != nil {
		return fmt.Errorf("unlocking: %w", err)
	}
	err = f.store.Write(ctx, func(tx *store.Tx) error {
		keys, err := tx.CloudKeys(holder)
		if err != nil {
			return err
		}
		for _, k := range keys {
			live, err := tx.LiveUnlock(k.ID)
			if err != nil {
				return err
			}
			if live == nil {
				continue
			}
			now := f.now()
			if _, err := (ecloud.Unlock{Code: ecloud.CodeHash(live.Code), ExpiresAt: live.ExpiresAt}).Accept(hashes, now); errors.Is(err, ecloud.ErrCode) {
				continue
			} else if err != nil {
				return err
			}
			if err := tx.UseUnlock(live.ID, now); err != nil {
				return err
			}
			if err := tx.KnowBrowser(holder, token, now, now.Add(ecloud.BrowserLife)); err != nil {
				return err
			}
			if err := f.tell(tx, ecloud.Success, tries); err != nil {
				return err
			}
			return f.record(tx, Anonymous(), "ecloud.unlocked", map[string]any{"key": k.KeyID}, nil, Enrolment(k.EnrolmentID))
		}
		return ecloud.ErrCode
	})
	if beaten(err) {
		err = ecloud.ErrCode
	}
	if err != nil {
		return fmt.Errorf("unlocking: %w", err)
	}
	return nil
}
