package workflow_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

// responder is an office that answers relying parties.
type responder struct {
	*office
	cfg    workflow.Config
	issuer *ca.Issuer
	org    registry.OrganisationID
}

func newResponder(t testing.TB, s *store.Store) *responder {
	t.Helper()
	server, client := theCA.start(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	issuing, err := theCA.layout.IssuingSigner()
	if err != nil {
		t.Fatal(err)
	}
	r := &responder{issuer: server.Issuer()}
	r.office = newOfficeWith(t, s, func(cfg *workflow.Config) {
		cfg.Issuing = &workflow.Issuing{CA: client}
		cfg.Answering = &workflow.Answering{Key: key, KeyID: "ocsp.1", CRLKey: issuing}
		r.cfg = *cfg
	})
	r.org = r.organisation(1)
	r.round(r.flow)
	return r
}

// another is a second server on the same database.
func (r *responder) another() *workflow.Flow {
	r.t.Helper()
	f, err := workflow.New(r.cfg)
	if err != nil {
		r.t.Fatal(err)
	}
	r.round(f)
	return f
}

// round does the background work of answering until it is done.
func (r *responder) round(f *workflow.Flow) {
	r.t.Helper()
	ctx := context.Background()
	f.Rested()
	for _, work := range []func(context.Context) (bool, error){f.KeepSigner, f.Follow, f.Answer, f.SignAhead, f.PublishCRL} {
		for more := true; more; {
			var err error
			if more, err = work(ctx); err != nil {
				r.t.Fatal(err)
			}
		}
	}
}

// issued is a certificate of the real CA on file.
func (r *responder) issued(n int) *x509.Certificate {
	r.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		r.t.Fatal(err)
	}
	p := person(n, "Директор")
	cert := r.certify(key, ca.Subject{
		Organisation: "Ак-Булак", INN: "00503201710001", CommonName: p.NameRu.String(), Surname: p.NameRu.Surname, GivenName: p.NameRu.Given, PersonalNumber: p.PersonalNumber,
	}, registry.HolderProfile)
	r.write(func(tx *store.Tx) error {
		_, err := tx.AddCertificate(rowOf(cert, registry.Certificate{
			Profile: registry.HolderProfile, OrganisationID: r.org, PersonalNumber: p.PersonalNumber, HolderName: p.NameRu.String(), Role: registry.Head, Storage: registry.ECloud,
		}))
		return err
	})
	return cert
}

// restate moves a certificate as the transitions do.
func (r *responder) restate(cert *x509.Certificate, to registry.CertificateStatus, reason ca.Reason) {
	r.t.Helper()
	r.write(func(tx *store.Tx) error {
		c, err := tx.CertificateBySerial(ca.SerialOf(cert.SerialNumber))
		if err != nil {
			return err
		}
		return tx.SetCertificateStatus(c.ID, c.Status, to, int(reason), r.now())
	})
}

// ask asks a server about a certificate and reads the answer as relying
// parties do.
func (r *responder) ask(f *workflow.Flow, cert *x509.Certificate) *ocsp.Response {
	r.t.Helper()
	request, err := ocsp.CreateRequest(cert, r.issuer.Certificate, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	got, err := ocsp.ParseResponseForCert(f.AnswerOCSP(context.Background(), request).DER, cert, r.issuer.Certificate)
	if err != nil {
		r.t.Fatal(err)
	}
	return got
}

// listed reads the published CRL: reasons by serial.
func (r *responder) listed(f *workflow.Flow) (map[registry.Serial]int, *registry.CRL) {
	r.t.Helper()
	l, err := f.CRL(context.Background())
	if err != nil {
		r.t.Fatal(err)
	}
	list, err := x509.ParseRevocationList(l.DER)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := list.CheckSignatureFrom(r.issuer.Certificate); err != nil {
		r.t.Fatal(err)
	}
	if list.Number.Int64() != l.Number || len(list.RevokedCertificateEntries) != l.Entries {
		r.t.Fatalf("the list is %v, its row says %+v", list.Number, l)
	}
	out := map[registry.Serial]int{}
	for _, e := range list.RevokedCertificateEntries {
		out[ca.SerialOf(e.SerialNumber)] = e.ReasonCode
	}
	return out, l
}

func TestOCSPAndCRLTellTheStatus(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r := newResponder(t, s)
		cert := r.issued(1)
		serial := ca.SerialOf(cert.SerialNumber)
		step := func(status, reason int, listed bool) {
			t.Helper()
			r.advance(2 * time.Second)
			got := r.ask(r.flow, cert)
			if got.Status != status || status == ocsp.Revoked && got.RevocationReason != reason {
				t.Errorf("OCSP says %d for %d, want %d for %d", got.Status, got.RevocationReason, status, reason)
			}
			if got.NextUpdate.Sub(got.ThisUpdate) > time.Hour || got.ThisUpdate.After(r.now()) {
				t.Errorf("from %s to %s", got.ThisUpdate, got.NextUpdate)
			}
			r.round(r.flow)
			all, _ := r.listed(r.flow)
			if why, there := all[serial]; there != listed || there && why != reason {
				t.Errorf("the CRL says %v", all)
			}
		}
		step(ocsp.Good, 0, false)
		r.restate(cert, registry.CertSuspended, ca.CertificateHold)
		step(ocsp.Revoked, 6, true)
		r.restate(cert, registry.CertIssued, 0)
		step(ocsp.Good, 0, false)
		r.restate(cert, registry.CertRevoked, ca.KeyCompromise)
		step(ocsp.Revoked, 1, true)
		r.read(func(tx *store.Tx) error {
			changes, err := tx.StatusChanges(serial)
			if err != nil || len(changes) != 3 {
				t.Fatalf("%+v %v", changes, err)
			}
			for i, c := range changes {
				if c.AnsweredAt == nil || c.CRLNumber == 0 || i > 0 && c.CRLNumber <= changes[i-1].CRLNumber {
					t.Errorf("change %d was told at %v, by list %d", i, c.AnsweredAt, c.CRLNumber)
				}
			}
			der, err := tx.FirstAnswer(changes[2].ID)
			if err != nil {
				return err
			}
			kept, err := ocsp.ParseResponseForCert(der, cert, r.issuer.Certificate)
			if err != nil || kept.Status != ocsp.Revoked {
				t.Errorf("the first answer that is kept: %+v %v", kept, err)
			}
			return nil
		})
		// After its end and the pack's days of grace it leaves the list.
		r.advance(cert.NotAfter.Sub(r.now()) + time.Duration(r.pack.Certificate.CRLGraceDays-1)*24*time.Hour)
		r.round(r.flow)
		if all, _ := r.listed(r.flow); len(all) != 1 {
			t.Errorf("before the days of grace are over: %v", all)
		}
		r.advance(25 * time.Hour)
		r.round(r.flow)
		if all, _ := r.listed(r.flow); len(all) != 0 {
			t.Errorf("after the days of grace: %v", all)
		}
	})
}

func TestOCSPAnswersWhatIsAsked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r := newResponder(t, s)
		ctx := context.Background()
		cert, revoked := r.issued(1), r.issued(2)
		r.restate(revoked, registry.CertRevoked, ca.Superseded)
		never := *cert
		never.SerialNumber = new(big.Int).Add(cert.SerialNumber, one)
		if got := r.ask(r.flow, &never); got.Status != ocsp.Unknown {
			t.Errorf("a serial that was never issued is %d", got.Status)
		}
		if got := r.ask(r.flow, &never); got.Status != ocsp.Unknown {
			t.Errorf("a serial that was never issued is %d", got.Status)
		}
		// The delegation itself.
		r.read(func(tx *store.Tx) error {
			got := r.ask(r.flow, cert)
			if st, err := tx.Standing(ca.SerialOf(got.Certificate.SerialNumber)); err != nil || !st.Known {
				t.Errorf("the delegation is not known: %+v %v", st, err)
			}
			return nil
		})
		request := func(h crypto.Hash, issuer *x509.Certificate, certs ...*x509.Certificate) []byte {
			t.Helper()
			return manyRequest(t, h, issuer, []byte("0123456789abcdef"), certs...)
		}
		answer := r.flow.AnswerOCSP(ctx, request(crypto.SHA256, r.issuer.Certificate, cert, revoked, &never))
		if answer.ETag != "" || !bytes.Contains(answer.DER, []byte("0123456789abcdef")) {
			t.Error("an answer with a nonce may be kept, or has none")
		}
		for c, want := range map[*x509.Certificate]int{cert: ocsp.Good, revoked: ocsp.Revoked, &never: ocsp.Unknown} {
			got, err := ocsp.ParseResponseForCert(answer.DER, c, r.issuer.Certificate)
			if err != nil || got.Status != want {
				t.Errorf("of several: %+v %v, want %d", got, err, want)
			}
		}
		for name, c := range map[string]struct {
			request []byte
			want    ocsp.ResponseStatus
		}{
			"another CA":                 {request(crypto.SHA1, r.issuer.Root, cert), ocsp.Unauthorized},
			"a hash that we do not have": {request(crypto.MD5, r.issuer.Certificate, cert), ocsp.Unauthorized},
			"nothing":                    {nil, ocsp.Malformed},
			"noise":                      {[]byte("noise"), ocsp.Malformed},
		} {
			var e ocsp.ResponseError
			if _, err := ocsp.ParseResponse(r.flow.AnswerOCSP(ctx, c.request).DER, nil); !errors.As(err, &e) || e.Status != c.want {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// A serial whose issuing was given up may have been signed: it is revoked.
func TestOCSPOfWhatWasGivenUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r := newResponder(t, s)
		cert := r.issued(1)
		lost := *cert
		lost.SerialNumber = new(big.Int).Add(cert.SerialNumber, one)
		serial := ca.SerialOf(lost.SerialNumber)
		r.write(func(tx *store.Tx) error {
			return tx.AddIntent(registry.Intent{
				Serial: serial, EnrolmentID: 1, Profile: registry.OperatorProfile, NotBefore: cert.NotBefore, NotAfter: cert.NotAfter,
				Subject: []byte{1}, CSR: []byte{1}, CSRHash: "x", KeyHash: "x", CreatedAt: r.now(),
			})
		})
		if got := r.ask(r.flow, &lost); got.Status != ocsp.Unknown {
			t.Errorf("while it is being made it is %d", got.Status)
		}
		r.write(func(tx *store.Tx) error { return tx.FinishIntent(serial, registry.IntentAbandoned, r.now()) })
		if got := r.ask(r.flow, &lost); got.Status != ocsp.Revoked || got.RevocationReason != ocsp.CessationOfOperation {
			t.Errorf("given up it is %d for %d", got.Status, got.RevocationReason)
		}
		r.advance(2 * time.Second)
		r.round(r.flow)
		if all, _ := r.listed(r.flow); all[serial] != registry.ReasonGivenUp {
			t.Errorf("the CRL says %v", all)
		}
	})
}

// Kept answers are given again until something changes, and what another
// server changed is told within the second; without a look at the database no
// kept answer is given.
func TestKeptAnswersOfTwoServers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r := newResponder(t, s)
		ctx := context.Background()
		other := r.another()
		cert := r.issued(1)
		request, err := ocsp.CreateRequest(cert, r.issuer.Certificate, nil)
		if err != nil {
			t.Fatal(err)
		}
		look := func() {
			t.Helper()
			if _, err := other.Follow(ctx); err != nil {
				t.Fatal(err)
			}
		}
		look()
		first := other.AnswerOCSP(ctx, request)
		look()
		if again := other.AnswerOCSP(ctx, request); again != first || first.ETag == "" || other.AnswerStats().Kept != 1 {
			t.Errorf("the answer was signed again: %+v", other.AnswerStats())
		}
		r.advance(11 * time.Minute)
		look()
		if again := other.AnswerOCSP(ctx, request); again == first {
			t.Error("an answer is kept for ever")
		}
		r.restate(cert, registry.CertRevoked, ca.Superseded)
		if got := r.ask(r.flow, cert); got.Status != ocsp.Revoked {
			t.Errorf("the server that revoked says %d", got.Status)
		}
		look()
		if got := r.ask(other, cert); got.Status != ocsp.Revoked {
			t.Errorf("the other server says %d", got.Status)
		}
		// A third keeps "good", and its look at the database is old.
		held := r.issued(2)
		third := r.another()
		if got := r.ask(third, held); got.Status != ocsp.Good {
			t.Errorf("a new certificate is %d", got.Status)
		}
		r.restate(held, registry.CertSuspended, ca.CertificateHold)
		third.Unfollowed()
		if got := r.ask(third, held); got.Status != ocsp.Revoked {
			t.Errorf("a server that has not looked says %d", got.Status)
		}
	})
}

// The answer to a change is signed before anybody asks for it, and given to
// whoever does; until the next change.
func TestAnswersToChangesAreSignedAhead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r := newResponder(t, s)
		cert := r.issued(1)
		for _, c := range []struct {
			to     registry.CertificateStatus
			reason ca.Reason
			want   int
		}{{registry.CertSuspended, ca.CertificateHold, ocsp.Revoked}, {registry.CertIssued, 0, ocsp.Good}, {registry.CertRevoked, ca.KeyCompromise, ocsp.Revoked}} {
			r.restate(cert, c.to, c.reason)
			r.round(r.flow)
			before := r.flow.AnswerStats()
			got := r.ask(r.flow, cert)
			if after := r.flow.AnswerStats(); got.Status != c.want || after.Kept != before.Kept+1 || after.Signed != before.Signed {
				t.Errorf("%s: says %d; counted %+v, before %+v", c.to, got.Status, after, before)
			}
		}
	})
}

// Who asks without a nonce gets an answer that is ready, though nobody has asked
// before, and though the one of before has grown old.
func TestAnswersAreSignedBeforeAnybodyAsks(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r := newResponder(t, s)
		staff := r.flow.AnswerStats().Remembered
		good, off := r.issued(1), r.issued(2)
		r.restate(off, registry.CertRevoked, ca.KeyCompromise)
		ready := func(cert *x509.Certificate, want int) time.Time {
			t.Helper()
			before := r.flow.AnswerStats()
			got := r.ask(r.flow, cert)
			if after := r.flow.AnswerStats(); got.Status != want || after.Kept != before.Kept+1 || after.Signed != before.Signed {
				t.Errorf("says %d, want %d; counted %+v, before %+v", got.Status, want, after, before)
			}
			return got.ThisUpdate
		}
		for _, pause := range []time.Duration{0, 7 * time.Minute, 2 * time.Minute, 11 * time.Minute} {
			r.advance(pause)
			r.round(r.flow)
			for cert, want := range map[*x509.Certificate]int{good: ocsp.Good, off: ocsp.Revoked} {
				if at := ready(cert, want); r.now().Sub(at) >= 9*time.Minute {
					t.Errorf("after %s the answer is of %s", pause, at)
				}
			}
		}
		// One that has ended is not signed for any more.
		remembered := r.flow.AnswerStats().Remembered
		r.advance(time.Until(good.NotAfter) + time.Hour)
		fresh, err := workflow.New(r.cfg)
		if err != nil {
			t.Fatal(err)
		}
		r.round(fresh)
		if n := fresh.AnswerStats().Remembered; n != 0 || remembered != staff+2 {
			t.Errorf("%d answers of ended certificates, %d before", n, remembered)
		}
	})
}

// A walk over more certificates than a page meets each of them.
func TestAnswersAheadOfManyPages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r := newResponder(t, s)
		staff, like := r.flow.AnswerStats().Remembered, r.issued(1)
		const more = 1100
		r.write(func(tx *store.Tx) error {
			for i := range more {
				c := rowOf(like, registry.Certificate{
					Profile: registry.HolderProfile, OrganisationID: r.org, PersonalNumber: "11503198600123", HolderName: "Асанова Айгүл", Role: registry.Head, Storage: registry.ECloud,
				})
				c.Serial, c.SHA256, c.PublicKeyHash = ca.SerialOf(new(big.Int).Add(like.SerialNumber, big.NewInt(int64(i+1)))), fmt.Sprintf("%064x", i), fmt.Sprintf("%064x", i)
				if _, err := tx.AddCertificate(c); err != nil {
					return err
				}
			}
			return nil
		})
		r.round(r.flow)
		if n := r.flow.AnswerStats().Remembered; n != staff+1+more {
			t.Errorf("%d answers of %d certificates", n, staff+1+more)
		}
	})
}

// Two servers that start at once both answer when each has looked once: the one
// that was slower takes up the other's delegation.
func TestOCSPSignerOfTwoServersRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r := newResponder(t, s)
		for round := range 5 {
			key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			cfg := r.cfg
			cfg.Answering = &workflow.Answering{Key: key, KeyID: fmt.Sprintf("ocsp.%d", round+2), CRLKey: r.cfg.Answering.CRLKey}
			var all sync.WaitGroup
			for range 2 {
				f, err := workflow.New(cfg)
				if err != nil {
					t.Fatal(err)
				}
				all.Go(func() {
					for more := true; more; {
						var err error
						if more, err = f.KeepSigner(context.Background()); err != nil {
							t.Error(err)
						}
					}
					if f.AnswerStats().SignerEnds.IsZero() {
						t.Error("a server has no signer")
					}
				})
			}
			all.Wait()
		}
	})
}

// Once a revocation is acknowledged nobody hears "good" from this server, by a
// kept answer or a fresh one; from another one not after a second.
func TestNothingIsGoodAfterItsRevocationRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r := newResponder(t, s)
		other := r.another()
		ctx, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { // what its background work does, as often as it does
			for ctx.Err() == nil {
				_, _ = other.Follow(ctx)
				_, _ = r.flow.Follow(ctx)
				time.Sleep(200 * time.Millisecond)
			}
		})
		for n := range 6 {
			cert := r.issued(n + 1)
			request, err := ocsp.CreateRequest(cert, r.issuer.Certificate, nil)
			if err != nil {
				t.Fatal(err)
			}
			var revoked atomic.Int64 // unix microseconds
			asked, done := context.WithCancel(ctx)
			withNonce := manyRequest(t, crypto.SHA1, r.issuer.Certificate, []byte("0123456789abcdef"), cert)
			for i, f := range []*workflow.Flow{r.flow, r.flow, other} {
				request := request
				if i == 1 {
					request = withNonce
				}
				all.Go(func() {
					for asked.Err() == nil {
						began := time.Now()
						answer, err := ocsp.ParseResponseForCert(f.AnswerOCSP(ctx, request).DER, cert, r.issuer.Certificate)
						if err != nil {
							t.Error(err)
							return
						}
						at := revoked.Load()
						late := began.Sub(time.UnixMicro(at))
						if at != 0 && answer.Status == ocsp.Good && (i < 2 && late > 0 || late > 2*time.Second) {
							t.Errorf("server %d: good, asked %s after the revocation", i, late)
							return
						}
					}
				})
			}
			time.Sleep(50 * time.Millisecond)
			r.restate(cert, registry.CertRevoked, ca.KeyCompromise)
			revoked.Store(time.Now().UnixMicro())
			time.Sleep(300 * time.Millisecond)
			done()
		}
		stop()
		all.Wait()
	})
}

// Two servers publish while certificates are revoked: no number twice, and the
// latest list tells every revocation that is noted as told.
func TestCRLsOfTwoServersRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r := newResponder(t, s)
		var certs []*x509.Certificate
		for n := range 12 {
			certs = append(certs, r.issued(n+1))
		}
		servers := []*workflow.Flow{r.flow, r.another(), r.another()}
		ctx, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for _, f := range servers {
			all.Go(func() {
				for ctx.Err() == nil {
					f.Rested()
					r.advance(400 * time.Millisecond)
					if _, err := f.PublishCRL(ctx); err != nil && ctx.Err() == nil {
						t.Error(err)
					}
				}
			})
		}
		var last int64
		for _, cert := range certs {
			r.restate(cert, registry.CertRevoked, ca.Superseded)
			for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
				listed, l := r.listed(servers[1])
				if l.Number < last {
					t.Fatalf("list %d after %d", l.Number, last)
				}
				last = l.Number
				if _, there := listed[ca.SerialOf(cert.SerialNumber)]; there {
					break
				}
				if time.Now().After(deadline) {
					t.Fatal("a revocation is on no list")
				}
			}
		}
		stop()
		all.Wait()
		listed, _ := r.listed(r.flow)
		for _, cert := range certs {
			if _, there := listed[ca.SerialOf(cert.SerialNumber)]; !there {
				t.Errorf("%x was lost", cert.SerialNumber)
			}
		}
	})
}

// Ended at every step of making a list, the program starts again: the number
// is not used twice, the revocation is told.
func TestCRLCrash(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r := newResponder(t, s)
		machine := time.Now().UTC()
		for n, step := range []string{"CRL number reserved", "CRL signed", "CRL published"} {
			cert := r.issued(n + 1)
			r.advance(2 * time.Second)
			before, l := r.listed(r.flow)
			r.restate(cert, registry.CertRevoked, ca.Superseded)
			died := false
			var one sync.WaitGroup
			r.flow.Rested()
			one.Go(func() {
				_, _ = r.flow.Crash(func(at string) {
					if at == step {
						died = true
						runtime.Goexit()
					}
				}).PublishCRL(context.Background())
			})
			one.Wait()
			if !died {
				t.Fatalf("never got to %q", step)
			}
			again := r.another() // started anew; the lease of the dead is still there
			machine = machine.Add(time.Hour)
			again.OnMachine(func() time.Time { return machine })
			r.advance(2 * time.Second)
			again.Rested()
			r.round(again)
			listed, after := r.listed(again)
			if _, there := listed[ca.SerialOf(cert.SerialNumber)]; !there || len(listed) != len(before)+1 {
				t.Errorf("%s: %v", step, listed)
			}
			want := l.Number + 2
			if step == "CRL published" {
				want = l.Number + 1
			}
			if after.Number != want {
				t.Errorf("%s: list %d follows %d", step, after.Number, l.Number)
			}
		}
	})
}

// The rules' clock goes back by an hour: numbers and times of lists do not, a
// revocation of the future is one of now, and nothing becomes good.
func TestClockSetBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r := newResponder(t, s)
		cert, later := r.issued(1), r.issued(2)
		r.advance(time.Hour)
		r.restate(cert, registry.CertRevoked, ca.KeyCompromise)
		r.round(r.flow)
		_, before := r.listed(r.flow)
		r.advance(-time.Hour)
		r.flow.Rested()
		if got := r.ask(r.flow, cert); got.Status != ocsp.Revoked || got.RevokedAt.After(got.ThisUpdate) {
			t.Errorf("%+v", got)
		}
		r.restate(later, registry.CertRevoked, ca.Superseded)
		r.round(r.flow)
		r.advance(3 * time.Second)
		r.flow.Rested()
		r.round(r.flow)
		listed, after := r.listed(r.flow)
		if len(listed) != 2 || after.Number <= before.Number || after.ThisUpdate.Before(before.ThisUpdate) {
			t.Errorf("%v: list %d of %s follows %d of %s", listed, after.Number, after.ThisUpdate, before.Number, before.ThisUpdate)
		}
		// Where it stays an hour behind, lists go on hourly.
		r.advance(51 * time.Minute)
		r.flow.Rested()
		r.round(r.flow)
		if _, next := r.listed(r.flow); next.Number <= after.Number {
			t.Error("no list for 51 minutes")
		}
	})
}

func TestOCSPSignerIsRenewed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r := newResponder(t, s)
		ctx := context.Background()
		cert := r.issued(1)
		signers := func(f *workflow.Flow, after time.Duration) registry.Serial {
			t.Helper()
			machine := time.Now().UTC().Add(after)
			f.OnMachine(func() time.Time { return machine })
			for more := true; more; {
				var err error
				if more, err = f.KeepSigner(ctx); err != nil {
					t.Fatal(err)
				}
			}
			return ca.SerialOf(r.ask(f, cert).Certificate.SerialNumber)
		}
		first := signers(r.flow, 0)
		if signers(r.flow, 14*24*time.Hour) != first {
			t.Error("renewed before half of its life is over")
		}
		other := r.another()
		if signers(other, 0) != first {
			t.Error("two servers with one key have a delegation each")
		}
		// The next is made in time, and used when it is ripe. The CA reads the
		// machine's real clock, so that the test's clock goes to it and back.
		rows := func() (out []registry.OCSPSigner) {
			r.read(func(tx *store.Tx) (err error) {
				out, err = tx.OCSPSigners(hashOf(t, r.cfg.Answering.Key), time.Now())
				return err
			})
			return out
		}
		if signers(r.flow, 15*24*time.Hour+time.Hour) != first || len(rows()) != 2 {
			t.Errorf("a delegation of this moment is used at once, or none was made: %d", len(rows()))
		}
		if signers(r.flow, 15*24*time.Hour+2*time.Hour) == first {
			t.Error("the old delegation is used although the next is ripe")
		}
		// Without any, nothing is said.
		r.cfg.Answering = &workflow.Answering{Key: r.cfg.Answering.Key, CRLKey: r.cfg.Answering.CRLKey}
		silent, err := workflow.New(r.cfg)
		if err != nil {
			t.Fatal(err)
		}
		request, err := ocsp.CreateRequest(cert, r.issuer.Certificate, nil)
		if err != nil {
			t.Fatal(err)
		}
		var e ocsp.ResponseError
		if _, err := ocsp.ParseResponse(silent.AnswerOCSP(ctx, request).DER, nil); !errors.As(err, &e) || e.Status != ocsp.TryLater {
			t.Errorf("without a delegation: %v", err)
		}
	})
}

// A database that is away is no reason to say "good".
func TestOCSPWithoutTheDatabase(t *testing.T) {
	s := storetest.SQLite(t)
	r := newResponder(t, s)
	cert := r.issued(1)
	if got := r.ask(r.flow, cert); got.Status != ocsp.Good {
		t.Fatal(got.Status)
	}
	r.flow.Unfollowed()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	request, err := ocsp.CreateRequest(cert, r.issuer.Certificate, nil)
	if err != nil {
		t.Fatal(err)
	}
	var e ocsp.ResponseError
	if _, err := ocsp.ParseResponse(r.flow.AnswerOCSP(context.Background(), request).DER, nil); !errors.As(err, &e) || e.Status != ocsp.TryLater {
		t.Errorf("says %v", err)
	}
}

// mute is a key that has stopped signing.
type mute struct {
	crypto.Signer
	stopped atomic.Bool
}

func (m *mute) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if m.stopped.Load() {
		return nil, errors.New("the key is away")
	}
	return m.Signer.Sign(random, digest, opts)
}

// An answer that cannot be signed is an internal error (RFC 6960 §2.3).
func TestOCSPWithoutTheKey(t *testing.T) {
	r := newResponder(t, storetest.SQLite(t))
	cert := r.issued(1)
	key := &mute{Signer: r.cfg.Answering.Key}
	answering := *r.cfg.Answering
	answering.Key = key
	r.cfg.Answering = &answering
	other := r.another()
	if got := r.ask(other, cert); got.Status != ocsp.Good {
		t.Fatal(got.Status)
	}
	key.stopped.Store(true)
	other.Unfollowed()
	request, err := ocsp.CreateRequest(cert, r.issuer.Certificate, nil)
	if err != nil {
		t.Fatal(err)
	}
	var e ocsp.ResponseError
	if _, err := ocsp.ParseResponse(other.AnswerOCSP(context.Background(), request).DER, nil); !errors.As(err, &e) || e.Status != ocsp.InternalError {
		t.Errorf("says %v", err)
	}
}

func TestAnsweringNeedsTheIssuingKey(t *testing.T) {
	r := newResponder(t, storetest.SQLite(t))
	wrong := *r.cfg.Answering
	wrong.CRLKey = wrong.Key
	cfg := r.cfg
	cfg.Answering, cfg.Log = &wrong, slog.New(slog.DiscardHandler)
	if _, err := workflow.New(cfg); err == nil {
		t.Error("lists of a delegate were to be signed")
	}
}
