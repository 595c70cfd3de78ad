package workflow

import (
	"context"
	"strings"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// intendTogether gives enrolments their pending intents in one transaction: it
// makes them, finds those of an earlier try, or makes fresh ones for those that
// grew too old or were made for another profile. It also finds whom they are
// for, which nothing changes after approval. What refuses one of them stands in
// its err; an error is about all.
func (f *Flow) intendTogether(ctx context.Context, all []*making) error {
	var results []intended
	err := f.store.Write(ctx, func(tx *store.Tx) (err error) {
		results, err = f.intendAll(tx, all)
		return err
	})
	if err != nil {
		return err
	}
	steps := map[string]bool{}
	for i, r := range results {
		m := all[i]
		if m.err = r.err; r.err == nil {
			*m.Enrolment, m.s, m.intent = *r.now, r.s, r.intent
			steps[r.step] = true
		}
	}
	for _, step := range []string{stepIntent, stepFreshIntent} {
		if steps[step] {
			f.after(step)
		}
	}
	return nil
}

// What is final once an intent is committed.
const (
	stepIntent      = "intent committed"
	stepFreshIntent = "intent replaced"
)

// intended is what became of one enrolment.
type intended struct {
	now    *registry.Enrolment
	s      *subject
	old    *registry.Certificate // that a remote order renews
	intent *registry.Intent
	step   string
	err    error
}

func (f *Flow) intendAll(tx *store.Tx, all []*making) ([]intended, error) {
	ids := make([]registry.EnrolmentID, len(all))
	for i, m := range all {
		ids[i] = m.ID
	}
	locked, err := tx.LockEnrolments(ids)
	if err != nil {
		return nil, err
	}
	subjects, err := f.subjectsOf(tx, locked)
	if err != nil {
		return nil, err
	}
	renewed, err := tx.OrderPredecessors(ids)
	if err != nil {
		return nil, err
	}
	hashes := make([]string, len(all))
	for i, m := range all {
		hashes[i] = m.request.KeyHash
	}
	blocked, err := tx.KeysBlocked(hashes)
	if err != nil {
		return nil, err
	}
	results := make([]intended, len(all))
	var begin []*registry.Enrolment
	var fresh []registry.Intent
	for i, m := range all {
		r := &results[i]
		r.now, r.s, r.old = locked[m.ID], subjects[m.ID], renewed[m.ID]
		if r.now == nil || r.now.Attempt != m.Attempt || r.now.Status != m.Status {
			r.err = registry.Refuse(registry.Conflict, "error.changed_meanwhile")
			continue
		}
		if r.s == nil {
			r.err = registry.Refuse(registry.NotFound, "error.not_found")
			continue
		}
		if blocked[m.request.KeyHash] {
			r.err = errKeyBlocked
			continue
		}
		if r.err, err = f.intendOne(tx, r, m.request); err != nil {
			return nil, err
		}
		if r.step == stepIntent {
			begin, fresh = append(begin, r.now), append(fresh, *r.intent)
		}
	}
	if len(begin) == 0 {
		return results, nil
	}
	if err := tx.BeginIssuing(begin, f.now()); err != nil {
		return nil, err
	}
	if err := f.recordMoves(tx, registry.KeyMade, begin, nil); err != nil {
		return nil, err
	}
	return results, tx.AddIntents(fresh)
}

// intendOne finds or makes the intent of one; what has to be written for a new
// one is left to the caller. refused is why this one gets none; err means that
// nothing may be committed.
func (f *Flow) intendOne(tx *store.Tx, r *intended, request *ca.Request) (refused, err error) {
	fresh, err := f.newIntent(tx, r, request)
	if registry.KindOf(err) != 0 {
		return err, nil
	}
	if err != nil {
		return nil, err
	}
	if r.now.Status == registry.KeyMade {
		if err := registry.MoveEnrolment(r.now.Status, registry.Issuing); err != nil {
			return err, nil
		}
		r.step, r.intent, r.now.Serial = stepIntent, fresh, fresh.Serial
		return nil, nil
	}
	old, err := tx.Intent(r.now.Serial)
	if err != nil {
		return nil, err
	}
	if fresh.CreatedAt.Sub(old.CreatedAt) < intentLife && old.ProfileID == fresh.ProfileID {
		r.intent = old
		return nil, nil
	}
	r.step, r.intent = stepFreshIntent, fresh
	return nil, f.replaceIntent(tx, r.now, old, fresh)
}

// replaceIntent gives an intent up: its serial will be revoked at the CA, which
// may have signed it, and a fresh one takes its place.
func (f *Flow) replaceIntent(tx *store.Tx, e *registry.Enrolment, old, fresh *registry.Intent) error {
	if err := tx.FinishIntent(old.Serial, registry.IntentAbandoned, f.now()); err != nil {
		return err
	}
	e.Serial = fresh.Serial
	if err := tx.SetEnrolmentSerial(e, f.now()); err != nil {
		return err
	}
	if err := tx.AddIntent(*fresh); err != nil {
		return err
	}
	return f.record(tx, BySystem(), "intent.abandoned", map[string]any{"serial": old.Serial, "fresh": fresh.Serial}, nil, aboutEnrolment(e)...)
}

// newIntent fixes everything that decides the certificate of an enrolment.
func (f *Flow) newIntent(tx *store.Tx, r *intended, request *ca.Request) (*registry.Intent, error) {
	e, s := r.now, r.s
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
		if err := f.predecessorOf(tx, e, r.old, &decl); err != nil {
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
		out.Organisation, out.INN, out.Locality = o.FullName(lang), o.INN, o.Settlement.In(lang)
	}
	return out
}

// joined are words with single spaces between them.
func joined(words ...string) string {
	return strings.Join(strings.Fields(strings.Join(words, " ")), " ")
}
