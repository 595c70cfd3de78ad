package workflow_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	zx509 "github.com/zmap/zcrypto/x509"
	"github.com/zmap/zlint/v3"
	"github.com/zmap/zlint/v3/lint"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

func TestHeadAndAccountantEachReceiveTheirCertificate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		app, es, browser := o.issued(1)
		if len(es) != 2 {
			t.Fatalf("%d enrolments", len(es))
		}
		for i, e := range es {
			if e.Status != registry.Issued {
				t.Fatalf("enrolment %d is %s (%s %s)", i, e.Status, e.Failure, e.Detail)
			}
			c := o.certificate(e)
			o.opensslVerify(c)
			zlintPasses(t, c.DER)
			want := app.Declaration.Signatories()[i]
			if c.Role != want.Role || c.PersonalNumber != want.Person.PersonalNumber || c.OrganisationID != app.OrganisationID {
				t.Errorf("certificate %d is of %s %s", i, c.Role, c.PersonalNumber)
			}
			if !c.NotAfter.Equal(c.NotBefore.AddDate(1, 0, 0)) {
				t.Errorf("not one year: %s … %s", c.NotBefore, c.NotAfter)
			}
			if got := certificatesAtCA(t, c.PublicKeyHash); len(got) != 1 || got[0] != c.Serial {
				t.Errorf("at the CA: %v, want %s", got, c.Serial)
			}
		}
		if _, err := o.login(app, registry.Head, pin, browser, "192.0.2.1"); err != nil {
			t.Fatal(err)
		}
		if got := o.application(app.ID).Status; got != registry.Approved {
			t.Errorf("after one login the application is %s", got)
		}
		if _, err := o.login(app, registry.Accountant, pin, workflow.NewBrowserToken(), "192.0.2.2"); err != nil {
			t.Fatal(err)
		}
		if got := o.application(app.ID).Status; got != registry.Completed {
			t.Errorf("after both logins the application is %s", got)
		}
		for _, e := range o.enrolments(app.ID) {
			if e.Status != registry.HandedOver {
				t.Errorf("enrolment is %s", e.Status)
			}
			want := map[string]int{
				"enrolment.opened": 1, "activation.started": 1, "activation.address_confirmed": 1,
				"enrolment.key_made": 1, "enrolment.issuing": 1, "enrolment.issued": 1, "enrolment.handed_over": 1,
			}
			if got := o.told(e.ID); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("the journal tells %v", got)
			}
		}
		o.mailedCode("issued", app.Declaration.Head.Email)
	})
}

// zlintPasses holds the lints that judge e-signature certificates by rules
// made for others apart, as package ca does.
func zlintPasses(t *testing.T, der []byte) {
	t.Helper()
	known, err := lint.GlobalRegistry().Filter(lint.FilterOptions{ExcludeNames: []string{
		"e_qcstatem_qctype_web", "e_qcstatem_mandatory_etsi_statems", "e_exactly_one_smime_policy",
	}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := zx509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range zlint.LintCertificateEx(c, known).Results {
		if r.Status >= lint.Error {
			t.Errorf("zlint: %s", name)
		}
	}
}

// TestKilledAtEveryStep ends the program after each commit and each call to
// the CA in turn, starts it again, and finds nothing lost and nothing doubled.
func TestKilledAtEveryStep(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		died := map[string]bool{}
		for n := 1; ; n++ {
			app, es := o.approved(n)
			e := es[0]
			paper, mailed := o.started(e.ID)
			step := o.until(n, func(ctx context.Context, f *workflow.Flow) {
				_, err := f.Activate(ctx, workflow.ActivationInput{Paper: paper, Mail: mailed, PIN: pin, Source: fmt.Sprint("192.0.2.", n)})
				if err != nil {
					t.Error(err)
				}
				_, _ = f.IssueDue(ctx)
			})
			// Started again, once the leases of the dead are over.
			later := time.Now().Add(time.Duration(n) * time.Hour)
			o.flow.OnMachine(func() time.Time { return later })
			if err := o.flow.Recover(o.ctx); err != nil {
				t.Fatal(err)
			}
			o.work()
			o.flow.OnMachine(func() time.Time { return time.Now().UTC() })
			o.onlyOnce(step, e.ID)
			if got := o.enrolments(app.ID)[1].Status; got != registry.AwaitingKey {
				t.Errorf("%s: the accountant's enrolment is %s", step, got)
			}
			if step == "" {
				break
			}
			died[step] = true
		}
		for _, step := range []string{"key made", "leased", "intent committed", "asked the CA", "certificate stored"} {
			if !died[step] {
				t.Errorf("the program never died after %q", step)
			}
		}
	})
}

// until runs do and ends it at the n-th step, as if the program had died; it
// returns the step's name, empty if there was none so late.
func (o *issuingOffice) until(n int, do func(context.Context, *workflow.Flow)) (died string) {
	ctx, cancel := context.WithCancel(o.ctx)
	defer cancel()
	var mu sync.Mutex
	f := o.flow.Crash(func(step string) {
		mu.Lock()
		n--
		now := n == 0
		if now {
			died = step
			cancel()
		}
		mu.Unlock()
		if now {
			runtime.Goexit()
		}
	})
	var all sync.WaitGroup
	all.Go(func() { do(ctx, f) })
	all.Wait()
	return died
}

// onlyOnce checks that an enrolment led to one certificate, here and at the CA.
func (o *issuingOffice) onlyOnce(step string, id registry.EnrolmentID) {
	o.t.Helper()
	e := o.enrolment(id)
	if e.Status != registry.Issued {
		o.t.Fatalf("killed after %q: the enrolment is %s (%s %s)", step, e.Status, e.Failure, e.Detail)
	}
	c := o.certificate(e)
	var intents []*registry.Intent
	o.read(func(tx *store.Tx) (err error) {
		intents, err = tx.IntentsOf(id)
		return err
	})
	if len(intents) != 1 || intents[0].Status != registry.IntentDone || intents[0].Serial != c.Serial {
		o.t.Errorf("killed after %q: intents %+v", step, intents)
	}
	if got := certificatesAtCA(o.t, c.PublicKeyHash); len(got) != 1 || got[0] != c.Serial {
		o.t.Errorf("killed after %q: at the CA %v, here %s", step, got, c.Serial)
	}
	want := map[string]int{"enrolment.key_made": 1, "enrolment.issuing": 1, "enrolment.issued": 1}
	got := o.told(id)
	for kind, n := range want {
		if got[kind] != n {
			o.t.Errorf("killed after %q: %d entries %s", step, got[kind], kind)
		}
	}
}

func TestRaceOfTwoWorkersIssuesEachOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		var es []*registry.Enrolment
		for n := 1; n <= 3; n++ {
			_, some := o.approved(n)
			es = append(es, some...)
		}
		for _, e := range es {
			o.activate(e.ID, "")
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for range 5 {
					if _, err := o.flow.IssueDue(o.ctx); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		for _, e := range es {
			o.onlyOnce("nothing", e.ID)
		}
	})
}

// TestALostLeaseDoesNotDouble lets a second worker take an enrolment whose
// first worker is only slow.
func TestALostLeaseDoesNotDouble(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		_, es := o.approved(1)
		o.activate(es[0].ID, "")
		second := o.flow.Crash(func(string) {})
		second.OnMachine(func() time.Time { return time.Now().Add(10 * time.Minute) })
		once := sync.OnceFunc(func() {
			if n, err := second.IssueDue(o.ctx); n != 1 || err != nil {
				t.Errorf("the second worker: %d, %v", n, err)
			}
		})
		first := o.flow.Crash(func(step string) {
			if step == "asked the CA" {
				once()
			}
		})
		if _, err := first.IssueDue(o.ctx); err != nil {
			t.Fatal(err)
		}
		o.onlyOnce("a lost lease", es[0].ID)
	})
}

func TestTheCAIsDownAndComesBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		_, es := o.approved(1)
		o.activate(es[0].ID, "")
		server, _ := theCA.start(t)
		if err := server.Stop(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = server.Start(o.ctx) })
		at := time.Now()
		o.flow.OnMachine(func() time.Time { return at })
		for i := range 12 {
			if _, err := o.flow.IssueDue(o.ctx); err != nil {
				t.Fatal(err)
			}
			e := o.enrolment(es[0].ID)
			if e.Status != registry.Issuing || e.Failure != "error.ca.unavailable" || e.NextAttemptAt == nil {
				t.Fatalf("try %d: %s, %q, next %v", i, e.Status, e.Failure, e.NextAttemptAt)
			}
			if wait := e.NextAttemptAt.Sub(at); wait > 30*time.Second || wait <= 0 {
				t.Fatalf("try %d: waits %s", i, wait)
			}
			at = at.Add(31 * time.Second)
		}
		if _, err := o.flow.CAHealth(); err == nil {
			t.Error("the CA is called healthy")
		}
		if err := server.Start(o.ctx); err != nil {
			t.Fatal(err)
		}
		o.work()
		o.onlyOnce("the CA was down", es[0].ID)
		if _, err := o.flow.CAHealth(); err != nil {
			t.Errorf("the CA is called ill: %v", err)
		}
	})
}

func TestAnIntentIsGivenUpAfterAnHour(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		_, es := o.approved(1)
		o.activate(es[0].ID, "")
		// The CA signs, and the program dies before it hears.
		if step := o.until(3, func(ctx context.Context, f *workflow.Flow) { _, _ = f.IssueDue(ctx) }); step != "asked the CA" {
			t.Fatalf("died after %q", step)
		}
		old := o.enrolment(es[0].ID).Serial
		o.advance(61 * time.Minute)
		o.flow.OnMachine(func() time.Time { return time.Now().Add(time.Hour) })
		o.work()
		e := o.enrolment(es[0].ID)
		if e.Status != registry.Issued || e.Serial == old {
			t.Fatalf("%s with serial %s, before %s", e.Status, e.Serial, old)
		}
		o.read(func(tx *store.Tx) error {
			i, err := tx.Intent(old)
			if err != nil {
				return err
			}
			if i.Status != registry.IntentAbandoned || !i.RevokePushed {
				t.Errorf("the old intent is %s, pushed %v", i.Status, i.RevokePushed)
			}
			fresh, err := tx.Intent(e.Serial)
			if err == nil && fresh.NotBefore.Before(o.now().Add(-time.Minute)) {
				t.Errorf("the fresh intent is backdated: %s", fresh.NotBefore)
			}
			return err
		})
		// Known to the CA: to revoke it again is the same success.
		if err := o.ca.Revoke(o.ctx, old, ca.CessationOfOperation); err != nil {
			t.Error(err)
		}
		if more, err := o.flow.PushAbandoned(o.ctx); more || err != nil {
			t.Errorf("something is left to push: %v %v", more, err)
		}
	})
}

func TestWhatLintRefusesFailsAndCanBeRetriedOrCancelled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		app, es := o.approved(1)
		org := app.OrganisationID
		for _, e := range es {
			o.activate(e.ID, "")
		}
		// A validity beyond the issuing certificate's is what our own rules
		// refuse for good.
		nb := o.ca.Issuer().Certificate.NotAfter.AddDate(0, -1, 0)
		if _, err := o.flow.Backdated(nb, nb.AddDate(1, 0, 0)).IssueDue(o.ctx); err != nil {
			t.Fatal(err)
		}
		for _, e := range es {
			if got := o.enrolment(e.ID); got.Status != registry.Failed || got.Failure != "error.ca.beyond_issuer" {
				t.Fatalf("%s: %q", got.Status, got.Failure)
			}
		}
		wantKind(t, o.flow.RetryEnrolment(o.ctx, o.clerk.Actor, es[0].ID), registry.Forbidden)
		if err := o.flow.RetryEnrolment(o.ctx, o.approver.Actor, es[0].ID); err != nil {
			t.Fatal(err)
		}
		o.work()
		if got := o.enrolment(es[0].ID); got.Status != registry.Issued {
			t.Fatalf("retried: %s %s", got.Status, got.Failure)
		}
		before := o.balance(org)
		wantKind(t, o.flow.CancelEnrolment(o.ctx, o.approver.Actor, es[1].ID, ""), registry.Invalid)
		if err := o.flow.CancelEnrolment(o.ctx, o.approver.Actor, es[1].ID, "Каталган"); err != nil {
			t.Fatal(err)
		}
		wantKind(t, o.flow.CancelEnrolment(o.ctx, o.approver.Actor, es[1].ID, "Каталган"), registry.Conflict)
		if got := o.balance(org) - before; got != es[1].Fee || got == 0 {
			t.Errorf("%d came back of %d", got, es[1].Fee)
		}
		o.read(func(tx *store.Tx) error {
			key, err := tx.CloudKeyOfEnrolment(es[1].ID)
			if key != nil {
				t.Error("the cancelled enrolment's key is still kept")
			}
			return err
		})
		if _, err := o.login(app, registry.Head, pin, "", "192.0.2.9"); err != nil {
			t.Fatal(err)
		}
		if got := o.application(app.ID).Status; got != registry.Completed {
			t.Errorf("the application is %s", got)
		}
	})
}

func (o *issuingOffice) balance(id registry.OrganisationID) (sum registry.Tyiyn) {
	o.t.Helper()
	o.read(func(tx *store.Tx) (err error) {
		sum, err = tx.Balance(id)
		return err
	})
	return sum
}

func TestReconcileTellsOfWhatNobodyAskedFor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		_, es, _ := o.issued(1)
		ours := o.certificate(es[0])
		server, _ := theCA.start(t)
		find := func() (mine bool, theirs int) {
			strays, err := o.flow.Reconcile(o.ctx, workflow.ByConsole("test"), server.Reconcile)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range strays {
				mine = mine || x.Serial == ours.Serial
				if x.Serial == ca.SerialOf(o.clerk.cert.SerialNumber) {
					theirs++
				}
			}
			return mine, theirs
		}
		for range 2 {
			if mine, theirs := find(); mine || theirs != 1 {
				t.Errorf("ours among the strays: %v; the one made behind our back found %d times", mine, theirs)
			}
		}
		o.read(func(tx *store.Tx) error {
			entries, err := tx.JournalAbout(workflow.Certificate(ca.SerialOf(o.clerk.cert.SerialNumber)), 0, 100)
			n := 0
			for _, e := range entries {
				if e.Kind == "ca.stray" {
					n++
				}
			}
			if n != 1 {
				t.Errorf("told %d times", n)
			}
			return err
		})
	})
}
