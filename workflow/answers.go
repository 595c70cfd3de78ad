package workflow

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// Answering is what answers to relying parties (OCSP, CRL) are signed with.
type Answering struct {
	// Key signs OCSP answers under a certificate that the CA delegates to it.
	Key   crypto.Signer
	KeyID string
	// CRLKey is the issuing CA's own. Optional: without it step-ca's list is
	// served, which knows no suspension.
	CRLKey crypto.Signer
}

// answers is the same inside a Flow, with what a process may forget: answers
// that were signed, how far changes were followed, the list that is served.
type answers struct {
	issuer  *ca.Issuer
	key     crypto.Signer
	keyID   string
	keyHash string
	crl     *ca.CRLSigner // nil: step-ca's list
	// authority is the issuing CA's own key, which crl signs with.
	authority crypto.Signer

	signer atomic.Pointer[ca.OCSPSigner]
	kept   keptAnswers
	follow follower
	list   servedCRL
	stats  answerStats
	ahead  ahead

	answer, publish chan struct{} // there is something to tell
}

func newAnswers(o *Answering, client *ca.Client, s *store.Store) (*answers, error) {
	if o == nil {
		return nil, nil
	}
	if client == nil || o.Key == nil {
		return nil, errors.New("workflow: answers to relying parties need the CA and a key")
	}
	public, err := x509.MarshalPKIXPublicKey(o.Key.Public())
	if err != nil {
		return nil, fmt.Errorf("workflow: the key of OCSP answers: %w", err)
	}
	sum := sha256.Sum256(public)
	a := &answers{
		issuer: client.Issuer(), key: o.Key, keyID: o.KeyID, keyHash: hex.EncodeToString(sum[:]),
		answer: make(chan struct{}, 1), publish: make(chan struct{}, 1),
	}
	a.kept.init()
	if o.CRLKey != nil {
		a.authority = o.CRLKey
		if a.crl, err = a.issuer.NewCRLSigner(o.CRLKey); err != nil {
			return nil, err
		}
	}
	s.OnStatusChange(func(serials []registry.Serial) {
		a.kept.forget(serials)
		nudge(a.answer)
		nudge(a.publish)
	})
	return a, nil
}

// answerJobs is the background work of answering.
func (f *Flow) answerJobs() []job {
	if f.answers == nil {
		return nil
	}
	a := f.answers
	return []job{
		{name: "following changes of status", every: followEvery, do: f.followChanges},
		{name: "keeping the OCSP signer", every: 15 * time.Second, do: f.keepSigner},
		{name: "answering changes of status", every: time.Second, wake: a.answer, do: f.answerChanges},
		{name: "signing OCSP answers ahead", every: aheadEvery, do: f.signAhead},
		{name: "publishing the CRL", every: time.Second, wake: a.publish, do: f.publishCRL},
	}
}

// answerStats count since the process began.
type answerStats struct {
	kept, signed, malformed, unauthorized, tryLater, failed atomic.Uint64
}

// AnswerStats are figures for whoever watches the program.
type AnswerStats struct {
	// OCSP answers by where they came from: signed ahead, signed for the
	// question; and refusals by what they said.
	Kept, Signed, Malformed, Unauthorized, TryLater, Failed uint64
	// Remembered is how many signed answers are kept.
	Remembered int
	// SignerEnds is when the delegation in use ends; zero without one.
	SignerEnds time.Time
	// Followed is how long ago changes of status were last looked for.
	Followed time.Duration
	// CRLNumber and CRLEnds are of the list that was served last; 0 before.
	CRLNumber int64
	CRLEnds   time.Time
}

// AnswerStats returns the figures of this process.
func (f *Flow) AnswerStats() AnswerStats {
	a := f.answers
	if a == nil {
		return AnswerStats{}
	}
	s := AnswerStats{
		Kept: a.stats.kept.Load(), Signed: a.stats.signed.Load(), Malformed: a.stats.malformed.Load(), Unauthorized: a.stats.unauthorized.Load(),
		TryLater: a.stats.tryLater.Load(), Failed: a.stats.failed.Load(), Remembered: a.kept.len(), Followed: a.follow.age(),
	}
	if signer := a.signer.Load(); signer != nil {
		s.SignerEnds = signer.Certificate.NotAfter
	}
	if l := a.list.get(); l != nil {
		s.CRLNumber, s.CRLEnds = l.Number, l.NextUpdate
	}
	return s
}

// nudge wakes a job; one that is awake looks once more.
func nudge(wake chan<- struct{}) {
	select {
	case wake <- struct{}{}:
	default:
	}
}

// servedCRL is the list that was read last, and when the next may be made.
type servedCRL struct {
	mu    sync.Mutex
	last  *registry.CRL
	took  time.Duration // the making of the last one
	until time.Time     // machine's
}

// rested says that the next list may be made.
func (s *servedCRL) rested() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !time.Now().Before(s.until)
}

// made says how long the making of a list took. One that took longer than the
// one before, as when a disk stalls, is not rested from.
func (s *servedCRL) made(took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.until = time.Now().Add(min(crlRest*min(took, s.took), crlLongest))
	s.took = took
}

// rest puts the next list off.
func (s *servedCRL) rest(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.until = time.Now().Add(d)
}

func (s *servedCRL) get() *registry.CRL {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

func (s *servedCRL) set(l *registry.CRL) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = l
}
