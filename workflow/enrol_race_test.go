package workflow_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

// atOnce does the same thing six times at once and returns how often it was
// done; the others must have been refused.
func atOnce(t *testing.T, what string, do func(i int) error) (done int) {
	t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex
	for i := range 6 {
		all.Go(func() {
			err := do(i)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				done++
			} else if registry.KindOf(err) == 0 {
				t.Errorf("%s: %v", what, err)
			}
		})
	}
	all.Wait()
	return done
}

func TestEveryEnrolmentTransitionRaced(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		app, es := o.approved(1)
		once := func(what string, do func(i int) error) {
			t.Helper()
			if n := atOnce(t, what, do); n != 1 {
				t.Errorf("%s: done %d times", what, n)
			}
		}
		// Several clerks press at once: one pair of codes is live, and one
		// letter leaves for it.
		atOnce(t, "start", func(int) error { return errOf(o.flow.StartActivation(o.ctx, o.clerk.Actor, es[0].ID, "")) })
		var live *store.Activation
		o.read(func(tx *store.Tx) (err error) {
			live, err = tx.LiveActivation(es[0].ID)
			return err
		})
		once("confirm", func(int) error { return o.flow.ConfirmAddress(o.ctx, o.clerk2.Actor, live.ID) })
		if n := o.told(es[0].ID)["activation.address_confirmed"]; n != 1 {
			t.Errorf("confirmed %d times in the journal", n)
		}

		o.force(es[1].ID, registry.Failed, []byte{1})
		once("retry", func(int) error { return o.flow.RetryEnrolment(o.ctx, o.approver.Actor, es[1].ID) })
		before := o.balance(app.OrganisationID)
		once("cancel", func(int) error { return o.flow.CancelEnrolment(o.ctx, o.approver.Actor, es[1].ID, "Себеп") })
		if got := o.balance(app.OrganisationID) - before; got != es[1].Fee {
			t.Errorf("%d came back of %d", got, es[1].Fee)
		}

		browser := workflow.NewBrowserToken()
		o.activate(es[0].ID, browser)
		o.work()
		// The holder logs in from several windows: handed over once.
		if n := atOnce(t, "first login", func(i int) error {
			return errOf(o.flow.LoginCloud(o.ctx, workflow.CloudLogin{
				INN: app.Declaration.Organisation.INN, Role: registry.Head, PIN: pin, Browser: browser,
				Source: fmt.Sprint("192.0.2.", i), Origin: "https://ca.example.kg", Session: fmt.Sprint("window ", i),
			}))
		}); n == 0 {
			t.Error("nobody logged in")
		}
		if n := o.told(es[0].ID)["enrolment.handed_over"]; n != 1 {
			t.Errorf("handed over %d times", n)
		}
		if got := o.application(app.ID).Status; got != registry.Completed {
			t.Errorf("the application is %s", got)
		}

		holder, err := o.flow.CloudHolder(o.ctx, app.Declaration.Organisation.INN, registry.Head)
		if err != nil {
			t.Fatal(err)
		}
		who := workflow.ByHolder(o.certificate(es[0]))
		o.advance(49 * time.Hour)
		if n := atOnce(t, "PIN-code", func(i int) error {
			return o.flow.ChangePIN(o.ctx, who, holder, workflow.PINChange{Old: pin, New: fmt.Sprint(40285, i), Browser: browser, Source: "192.0.2.1"})
		}); n > 1 {
			t.Errorf("the PIN-code was changed %d times from the same one", n)
		}
		code, err := o.flow.UnlockInOffice(o.ctx, o.clerk.Actor, o.certificate(es[0]).ID)
		if err != nil {
			t.Fatal(err)
		}
		once("unlock", func(i int) error {
			return o.flow.Unlock(o.ctx, holder, code, workflow.NewBrowserToken(), fmt.Sprint("198.51.100.", i))
		})
	})
}

// TestWorkGoesOnWhenTheCAIsBack runs the background work as serve does.
func TestWorkGoesOnWhenTheCAIsBack(t *testing.T) {
	o := newIssuingOffice(t, storetest.SQLite(t))
	_, es := o.approved(1)
	server, _ := theCA.start(t)
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Start(context.Background()) })
	paper, mailed := o.started(es[0].ID)
	ctx, stop := context.WithCancel(o.ctx)
	var working sync.WaitGroup
	working.Go(func() { o.flow.Work(ctx) })
	defer working.Wait()
	defer stop()
	if _, err := o.flow.Activate(ctx, workflow.ActivationInput{Paper: paper, Mail: mailed, PIN: pin, Source: "192.0.2.1"}); err != nil {
		t.Fatal(err)
	}
	await := func(what string, is func() bool) {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); !is(); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("no end of waiting until %s: %+v", what, o.enrolment(es[0].ID))
			}
		}
	}
	await("it is put off", func() bool { return o.enrolment(es[0].ID).Failure == "error.ca.unavailable" })
	await("the CA is called ill", func() bool { _, err := o.flow.CAHealth(); return err != nil })
	if err := server.Start(ctx); err != nil {
		t.Fatal(err)
	}
	await("it is issued", func() bool { return o.enrolment(es[0].ID).Status == registry.Issued })
	o.onlyOnce("the CA was away", es[0].ID)
}
