package workflow

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

const (
	// answerLife is thisUpdate to nextUpdate. Software that keeps an answer
	// until its end learns of a revocation within it.
	answerLife = time.Hour
	// answerAnew is when a kept answer is signed again, from the database.
	answerAnew = 10 * time.Minute
	// AnswerMaxAge is how long an HTTP cache may give an answer again.
	AnswerMaxAge = time.Minute
)

// OCSPAnswer is what a relying party gets: the DER, and how HTTP may keep it
// (RFC 5019 §6.2). It is shared: nobody may change it.
type OCSPAnswer struct {
	DER []byte
	// ETag is quoted; empty where the answer is for this question only.
	ETag string
	// LastModified is thisUpdate, as HTTP writes it.
	LastModified string
}

var (
	ocspMalformed    = &OCSPAnswer{DER: ca.OCSPMalformed}
	ocspTryLater     = &OCSPAnswer{DER: ca.OCSPTryLater}
	ocspUnauthorized = &OCSPAnswer{DER: ca.OCSPUnauthorized}

	// OCSPBroken is the answer where something broke here (internalError, RFC
	// 6960 §2.3).
	OCSPBroken = &OCSPAnswer{DER: ca.OCSPInternal}
)

// AnswerOCSP answers a request (DER) from the database's status, which is the
// authority's word. There is always an answer: what cannot be said now is
// "try later", what cannot be signed "internal error", never "good".
func (f *Flow) AnswerOCSP(ctx context.Context, request []byte) *OCSPAnswer {
	a := f.answers
	if a == nil {
		return ocspTryLater
	}
	r, err := ca.ParseOCSPRequest(request)
	if err != nil {
		a.stats.malformed.Add(1)
		return ocspMalformed
	}
	ours := 0
	for _, id := range r.Certificates {
		if a.issuer.Names(id) {
			ours++
		}
	}
	if ours == 0 {
		a.stats.unauthorized.Add(1)
		return ocspUnauthorized
	}
	signer := a.signer.Load()
	if signer == nil || !f.machine().Before(signer.Certificate.NotAfter) {
		a.stats.tryLater.Add(1)
		return ocspTryLater
	}
	if len(r.Certificates) == 1 && r.Nonce == nil {
		return f.answerOne(ctx, signer, r.Certificates[0])
	}
	return f.answerMany(ctx, signer, r)
}

// answerOne gives an answer signed ahead, or signs one and keeps it.
func (f *Flow) answerOne(ctx context.Context, signer *ca.OCSPSigner, id ca.CertID) *OCSPAnswer {
	a, now := f.answers, f.now()
	kept, changes := a.kept.get(id.Raw)
	following := a.follow.current()
	if following && kept.ready(now, answerAnew, signer) {
		a.stats.kept.Add(1)
		return kept.answer
	}
	standing, err := f.standings(ctx, []ca.CertID{id})
	if err != nil {
		return f.cannotSay(ctx, err)
	}
	signed, err := f.signOne(signer, standing[0])
	if err != nil {
		return f.cannotSign(err)
	}
	a.stats.signed.Add(1)
	if !standing[0].Known { // it may be issued the next moment
		return &OCSPAnswer{DER: signed.answer.DER}
	}
	if following {
		a.kept.put(id.Raw, id.Serial(), signed, changes)
	}
	return signed.answer
}

func keepable(der []byte, at time.Time) *OCSPAnswer {
	sum := sha256.Sum256(der)
	return &OCSPAnswer{DER: der, ETag: `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`, LastModified: at.Format(http.TimeFormat)}
}

// answerMany signs for one question: several certificates, or a nonce.
func (f *Flow) answerMany(ctx context.Context, signer *ca.OCSPSigner, r *ca.OCSPRequest) *OCSPAnswer {
	standing, err := f.knownStandings(ctx, r.Certificates)
	if err != nil {
		return f.cannotSay(ctx, err)
	}
	der, _, err := f.signAnswer(signer, standing, r.Nonce)
	if err != nil {
		return f.cannotSign(err)
	}
	f.answers.stats.signed.Add(1)
	return &OCSPAnswer{DER: der}
}

func (f *Flow) cannotSay(ctx context.Context, err error) *OCSPAnswer {
	f.answers.stats.failed.Add(1)
	if ctx.Err() == nil {
		f.log.Error("an OCSP question could not be answered", "err", err)
	}
	return ocspTryLater
}

func (f *Flow) cannotSign(err error) *OCSPAnswer {
	f.answers.stats.failed.Add(1)
	f.log.Error("an OCSP answer could not be signed", "err", err)
	return OCSPBroken
}

// knownStandings gives what is kept, or asks the database and keeps it.
func (f *Flow) knownStandings(ctx context.Context, ids []ca.CertID) ([]ca.OCSPAnswer, error) {
	a, now := f.answers, f.now()
	if !a.follow.current() {
		return f.standings(ctx, ids)
	}
	out := make([]ca.OCSPAnswer, len(ids))
	changes, all := uint64(0), true
	for i, id := range ids {
		kept, n := a.kept.get(id.Raw)
		if i == 0 {
			changes = n
		}
		if all = all && kept.fresh(now); all {
			out[i] = ca.OCSPAnswer{ID: id, Standing: kept.standing}
		}
	}
	if all {
		return out, nil
	}
	out, err := f.standings(ctx, ids)
	for _, s := range out {
		if err == nil && s.Known {
			a.kept.put(s.ID.Raw, s.ID.Serial(), &keptAnswer{standing: s.Standing, at: now}, changes)
		}
	}
	return out, err
}

// standings asks the database; another CA's certificates are unknown.
func (f *Flow) standings(ctx context.Context, ids []ca.CertID) ([]ca.OCSPAnswer, error) {
	out := make([]ca.OCSPAnswer, len(ids))
	err := f.store.Read(ctx, func(tx *store.Tx) error {
		for i, id := range ids {
			out[i].ID = id
			if !f.answers.issuer.Names(id) {
				continue
			}
			s, err := tx.Standing(id.Serial())
			if err != nil {
				return err
			}
			out[i].Standing = standingOf(s)
		}
		return nil
	})
	return out, err
}

func standingOf(s registry.Standing) ca.Standing {
	return ca.Standing{
		Known: s.Known, Revoked: s.Known && s.Status != registry.CertIssued, Reason: ca.Reason(s.Reason), At: s.At, InvalidSince: s.InvalidSince,
	}
}

func (f *Flow) signAnswer(signer *ca.OCSPSigner, answers []ca.OCSPAnswer, nonce []byte) (der []byte, at time.Time, err error) {
	at = f.now().Truncate(time.Second)
	der, err = signer.Sign(answers, nonce, at, at.Add(answerLife))
	return der, at, err
}

// signOne signs the answer about one certificate, to be kept.
func (f *Flow) signOne(signer *ca.OCSPSigner, about ca.OCSPAnswer) (*keptAnswer, error) {
	der, at, err := f.signAnswer(signer, []ca.OCSPAnswer{about}, nil)
	if err != nil {
		return nil, err
	}
	return &keptAnswer{about.Standing, at, keepable(der, at), signer}, nil
}

// answerBatch is how many changes are answered in one transaction.
const answerBatch = 100

// answerChanges signs the first answer to each change of status and keeps it in
// the database: the proof of when the world could know. Whoever asks next gets
// the same.
func (f *Flow) answerChanges(ctx context.Context) (more bool, err error) {
	a := f.answers
	signer := a.signer.Load()
	if signer == nil {
		return false, nil
	}
	var changes []registry.StatusChange
	var standing []ca.OCSPAnswer
	if err := f.store.Read(ctx, func(tx *store.Tx) (err error) {
		changes, err = tx.UnansweredChanges(answerBatch)
		return err
	}); err != nil || len(changes) == 0 {
		return false, err
	}
	ids := make([]ca.CertID, len(changes))
	for i, c := range changes {
		if ids[i], err = a.issuer.CertID(c.Serial); err != nil {
			return false, err
		}
	}
	_, seen := a.kept.get(ids[0].Raw)
	if standing, err = f.standings(ctx, ids); err != nil {
		return false, err
	}
	answered := make([][]byte, len(changes))
	for i := range changes {
		signed, err := f.signOne(signer, standing[i])
		if err != nil {
			return false, err
		}
		answered[i] = signed.answer.DER
		a.kept.put(ids[i].Raw, changes[i].Serial, signed, seen)
	}
	now := f.now()
	err = f.store.Write(ctx, func(tx *store.Tx) error {
		for i, c := range changes {
			if err := tx.ChangeAnswered(c.ID, now, answered[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return len(changes) == answerBatch && err == nil, err
}
