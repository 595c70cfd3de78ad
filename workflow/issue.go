package workflow

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

const (
	// intentLife is how long an intent may stay without an answer. Then its
	// serial is revoked and a fresh one made, because its NotBefore grows old.
	intentLife = time.Hour
	// maxBackoff is how long an enrolment waits at most while the CA does not
	// answer: it goes on by itself within that when the CA is back.
	maxBackoff = 30 * time.Second
	// leaseTime is how long a worker may take over one step; longer than the
	// CA's timeout.
	leaseTime = 45 * time.Second
	// lookAgain is how soon, while some are being issued, others are looked for.
	lookAgain = 50 * time.Millisecond
)

// issueDue goes on with the enrolments that are due, issueAtOnce of them at
// once, until none is, and returns how many it took up. It takes up no more
// than it can begin with, so that a lease is not spent on waiting. Several
// programs may do so at once.
func (f *Flow) issueDue(ctx context.Context) (n int, err error) {
	if f.ca == nil {
		return 0, nil
	}
	ended := make(chan struct{}, issueAtOnce)
	var all sync.WaitGroup
	defer all.Wait()
	for running := 0; ; {
		if free := issueAtOnce - running; free >= issueAtOnce/2 && ctx.Err() == nil {
			due, err := f.lease(ctx, free)
			if err != nil {
				return n, err
			}
			for _, e := range due {
				all.Go(func() {
					defer func() { ended <- struct{}{} }()
					f.issue(ctx, e)
				})
			}
			running, n = running+len(due), n+len(due)
		}
		if running == 0 {
			return n, nil
		}
		select {
		case <-ended:
			running--
		case <-time.After(lookAgain): // something else may be due
		}
	}
}

func (f *Flow) lease(ctx context.Context, n int) (due []*registry.Enrolment, err error) {
	err = f.store.Write(ctx, func(tx *store.Tx) (err error) {
		due, err = tx.LeaseEnrolments(n, f.machine(), leaseTime)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("taking up enrolments: %w", err)
	}
	if len(due) > 0 {
		f.after("leased")
	}
	return due, nil
}

// issue goes on with one leased enrolment as far as it goes: key made →
// issuing → issued, or failed, or put off.
func (f *Flow) issue(ctx context.Context, e *registry.Enrolment) {
	err := f.issueStep(ctx, e)
	if err == nil || beaten(err) {
		return // done, or another worker was first
	}
	// Whatever happens to this program, what is known is written down.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if final(err) {
		err = f.failEnrolment(ctx, e, err)
	} else {
		f.log.Warn("issuing: put off", "enrolment", e.ID, "serial", e.Serial, "attempt", e.Attempt, "err", err)
		err = f.deferEnrolment(ctx, e, err)
	}
	if err != nil && !beaten(err) {
		f.log.Error("issuing", "enrolment", e.ID, "serial", e.Serial, "err", err)
	}
}

// final says that repeating is useless: lint, the CA or our own rules refuse.
func final(err error) bool {
	if errors.Is(err, ca.ErrUnavailable) {
		return false
	}
	var refusal *registry.Error
	return errors.Is(err, ca.ErrRefused) || errors.Is(err, ca.ErrMismatch) || errors.As(err, &refusal) && refusal.Kind != registry.Unavailable
}

func (f *Flow) issueStep(ctx context.Context, e *registry.Enrolment) error {
	request, err := ca.CheckCSR(e.CSR)
	if err != nil {
		return err
	}
	intent, s, err := f.intentFor(ctx, e, request)
	if err != nil {
		return err
	}
	order, err := f.ca.Issuer().NewOrder(ca.Intent{
		Serial: intent.Serial, NotBefore: intent.NotBefore, NotAfter: intent.NotAfter, Subject: intent.Subject,
		Profile: intent.Profile, CSRHash: intent.CSRHash, ProfileID: intent.ProfileID,
	}, request)
	if err != nil {
		return err
	}
	cert, err := f.sign(ctx, order)
	f.state.report(err)
	if err != nil {
		return err
	}
	return f.storeCertificate(ctx, e, s, intent, cert)
}

// intentFor returns the pending intent of an enrolment, making it, or a fresh
// one for one that grew too old or was made for another profile; and whom it is
// for, which nothing changes after approval.
func (f *Flow) intentFor(ctx context.Context, e *registry.Enrolment, request *ca.Request) (intent *registry.Intent, s *subject, err error) {
	step := ""
	err = f.store.Write(ctx, func(tx *store.Tx) error {
		now, err := tx.LockEnrolment(e.ID)
		if err != nil {
			return err
		}
		if now.Attempt != e.Attempt || now.Status != e.Status {
			return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
		}
		*e = *now
		if s, err = f.subjectOf(tx, e); err != nil {
			return err
		}
		fresh, err := f.newIntent(tx, e, s, request)
		if err != nil {
			return err
		}
		if e.Status == registry.Issuing {
			intent, err = tx.Intent(e.Serial)
			if err != nil {
				return err
			}
			if fresh.CreatedAt.Sub(intent.CreatedAt) < intentLife && intent.ProfileID == fresh.ProfileID {
				return nil
			}
			step = "intent replaced"
			return f.replaceIntent(tx, e, intent, fresh, &intent)
		}
		step, intent = "intent committed", fresh
		e.Serial, e.Failure, e.Detail = fresh.Serial, "", ""
		if err := f.moveEnrolment(tx, BySystem(), e, registry.Issuing, nil); err != nil {
			return err
		}
		return tx.AddIntent(*fresh)
	})
	if err == nil && step != "" {
		f.after(step)
	}
	return intent, s, err
}

// replaceIntent gives an intent up: its serial will be revoked at the CA, which
// may have signed it, and a fresh one takes its place.
func (f *Flow) replaceIntent(tx *store.Tx, e *registry.Enrolment, old, fresh *registry.Intent, now **registry.Intent) error {
	if err := tx.FinishIntent(old.Serial, registry.IntentAbandoned, f.now()); err != nil {
		return err
	}
	e.Serial = fresh.Serial
	if err := tx.SetEnrolmentSerial(e, f.now()); err != nil {
		return err
	}
	*now = fresh
	if err := tx.AddIntent(*fresh); err != nil {
		return err
	}
	return f.record(tx, BySystem(), "intent.abandoned", map[string]any{"serial": old.Serial, "fresh": fresh.Serial}, nil, aboutEnrolment(e)...)
}

// newIntent fixes everything that decides the certificate of an enrolment.
func (f *Flow) newIntent(tx *store.Tx, e *registry.Enrolment, s *subject, request *ca.Request) (*registry.Intent, error) {
	dn, err := ca.EncodeSubject(f.certificateSubject(s))
	if err != nil {
		return nil, err
	}
	now := f.now()
	w := ca.Wanted{Subject: dn, Profile: s.profile(), Request: request}
	if s.operator != nil {
		w.NotBefore, w.NotAfter = registry.Term(registry.FromManufacture, nil, now, f.pack.Zone())
	} else {
		// What became of the predecessor since it was declared counts: the
		// year after a revoked one begins now.
		decl := s.app.Declaration
		if err := f.knowPredecessor(tx, &decl); err != nil {
			return nil, err
		}
		w.NotBefore, w.NotAfter = f.pack.Term(registry.FactsOf(&decl), now)
	}
	if f.term != nil {
		if nb, na, ok := f.term(e); ok {
			w.NotBefore, w.NotAfter = nb, na
		}
	}
	i, err := f.intend(now, w)
	if err != nil {
		return nil, err
	}
	return &registry.Intent{
		Serial: i.Serial, EnrolmentID: e.ID, Profile: i.Profile, ProfileID: i.ProfileID, NotBefore: i.NotBefore, NotAfter: i.NotAfter,
		Subject: i.Subject, CSR: e.CSR, CSRHash: i.CSRHash, KeyHash: request.KeyHash, Status: registry.IntentPending, CreatedAt: now,
	}, nil
}

// certificateSubject is whom the certificate names. The organisation is the one
// that ordered; an operator signs for nobody but themselves.
func (f *Flow) certificateSubject(s *subject) ca.Subject {
	lang := f.pack.Certificate.NameLanguage
	name := s.person.Name(lang)
	out := ca.Subject{
		CommonName: name.String(), Surname: name.Surname, GivenName: joined(name.Given, name.Patronymic),
		PersonalNumber: s.person.PersonalNumber, Title: s.person.Position(lang),
	}
	if s.app != nil {
		o := s.app.Declaration.Organisation
		out.Organisation, out.INN, out.Locality = o.FullName(lang), o.INN, settlement(o.Settlement, lang)
	}
	return out
}

// storeCertificate ends the issuing: issuing → issued, with the certificate
// that was compared with its intent.
func (f *Flow) storeCertificate(ctx context.Context, e *registry.Enrolment, s *subject, intent *registry.Intent, cert *x509.Certificate) error {
	return f.write(ctx, "certificate stored", func(tx *store.Tx) error {
		now, err := tx.LockEnrolment(e.ID)
		if err != nil {
			return err
		}
		if now.Status != registry.Issuing || now.Serial != intent.Serial {
			return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
		}
		if err := tx.FinishIntent(intent.Serial, registry.IntentDone, f.now()); err != nil {
			return err
		}
		sum := sha256.Sum256(cert.Raw)
		c := registry.Certificate{
			Serial: intent.Serial, Profile: intent.Profile, EnrolmentID: e.ID, OperatorID: now.OperatorID,
			PersonalNumber: s.person.PersonalNumber, HolderName: s.person.Name(f.pack.Certificate.NameLanguage).String(),
			Role: s.role, Storage: s.storage(), NotBefore: intent.NotBefore, NotAfter: intent.NotAfter,
			DER: cert.Raw, SHA256: hex.EncodeToString(sum[:]), PublicKeyHash: intent.KeyHash, IssuedAt: f.now(),
		}
		if s.app != nil {
			c.OrganisationID = s.app.OrganisationID
		}
		if c.ID, err = tx.AddCertificate(c); err != nil {
			return err
		}
		if err := tx.SetCloudKeyCertificate(e.ID, c.ID); err != nil {
			return err
		}
		now.Failure, now.Detail, now.NextAttemptAt = "", "", nil
		details := map[string]any{"sha256": c.SHA256, "not_before": c.NotBefore, "not_after": c.NotAfter}
		if err := f.moveEnrolment(tx, BySystem(), now, registry.Issued, details); err != nil {
			return err
		}
		return f.announce(tx, s, now, &c)
	})
}

// announce writes to the holder that the certificate is issued, once.
func (f *Flow) announce(tx *store.Tx, s *subject, e *registry.Enrolment, c *registry.Certificate) error {
	to := s.email
	key, err := tx.CloudKeyOfEnrolment(e.ID)
	if err != nil {
		return err
	}
	if key != nil {
		to = key.Email
	}
	if to == "" {
		return nil
	}
	args := map[string]any{
		"name": s.person.Name(s.language).String(), "holder": c.HolderName, "serial": c.Serial, "storage": c.Storage,
		"not_before": c.NotBefore, "not_after": c.NotAfter, "status_url": f.base + "/status",
	}
	if s.app != nil {
		args["org"] = s.app.Declaration.Organisation.FullName(s.language)
		args["number"] = s.app.Number
	}
	return f.post(tx, letterIssued, to, s.language, "issued/"+string(c.Serial), args)
}

// joined are words with single spaces between them.
func joined(words ...string) string {
	return strings.Join(strings.Fields(strings.Join(words, " ")), " ")
}

// settlement is a place's name in a language; English has the Russian one.
func settlement(s registry.Settlement, l registry.Language) string {
	if l == registry.Kyrgyz && s.Ky != "" {
		return s.Ky
	}
	return s.Ru
}
