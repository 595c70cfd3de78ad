package workflow

import (
	"context"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

const (
	// mostAhead is of how many certificates, the newest, answers are signed that
	// nobody has asked for yet. What is asked for beyond them is kept as well.
	mostAhead  = mostKept / 2
	aheadPage  = 500
	aheadEvery = time.Minute
	// aheadAnew is when they are signed again: before whoever asks would wait
	// for it.
	aheadAnew = answerAnew - 2*aheadEvery
)

// ahead is how far a walk over the certificates has come.
type ahead struct {
	below registry.CertificateID // 0: it begins
	seen  int
}

// signAhead signs and keeps the answers about certificates that have not ended
// (RFC 6960 §2.5), newest first, a page at a time: who asks without a nonce gets
// one that is ready.
func (f *Flow) signAhead(ctx context.Context) (more bool, err error) {
	a, now := f.answers, f.now()
	signer := a.signer.Load()
	if signer == nil || !f.machine().Before(signer.Certificate.NotAfter) || !a.follow.current() {
		return false, nil
	}
	_, changes := a.kept.get(nil)
	var page []registry.Standing
	below := a.ahead.below
	if err := f.store.Read(ctx, func(tx *store.Tx) (err error) {
		page, below, err = tx.StandingsBelow(below, now, aheadPage)
		return err
	}); err != nil {
		return false, err
	}
	for _, s := range page {
		id, err := a.issuer.CertID(s.Serial)
		if err != nil {
			return false, err
		}
		if kept, _ := a.kept.get(id.Raw); kept.ready(now, aheadAnew, signer) {
			continue
		}
		signed, err := f.signOne(signer, ca.OCSPAnswer{ID: id, Standing: standingOf(s)})
		if err != nil {
			return false, err
		}
		a.kept.put(id.Raw, s.Serial, signed, changes)
	}
	a.ahead.below, a.ahead.seen = below, a.ahead.seen+len(page)
	if len(page) < aheadPage || a.ahead.seen >= mostAhead {
		a.ahead = ahead{}
		return false, nil
	}
	return true, nil
}
