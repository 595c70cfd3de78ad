package workflow_test

import (
	"context"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

// making has a head whose renewal is accepted and whose next certificate is not
// made yet. asked says that the CA was asked, and nobody heard its answer.
func making(t *testing.T, s *store.Store, asked bool) (r *renewer, e *registry.Enrolment) {
	t.Helper()
	o := newIssuingOffice(t, s)
	r = o.renewer(1, true)
	if _, err := o.login(r.app, registry.Head, pin, r.browser, "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	id := r.ready()
	if err := o.decide(o.approver, id, registry.ActApprove, ""); err != nil {
		t.Fatal(err)
	}
	if asked {
		if step := o.until(3, func(ctx context.Context, f *workflow.Flow) { _, _ = f.IssueDue(ctx) }); step != "asked the CA" {
			t.Fatalf("died after %q", step)
		}
	}
	return r, o.enrolments(id)[0]
}

// Between the acceptance and the making the old certificate is revoked: whoever
// does says what becomes of the new one. It is made and usable at once, or never
// made: its key is destroyed, the fee returned, a serial that the CA may have
// signed under revoked there.
func TestA10_RevokingTheOldOneAsksAboutTheOneThatIsBeingMade(t *testing.T) {
	for name, c := range map[string]struct {
		holder, asked bool
		choice        registry.WaitingChoice
	}{
		"approver keeps":             {false, false, registry.WaitingKeep},
		"approver revokes":           {false, false, registry.WaitingRevoke},
		"approver revokes, CA asked": {false, true, registry.WaitingRevoke},
		"holder revokes":             {true, false, registry.WaitingRevoke},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				r, e := making(t, s, c.asked)
				fee, before := r.application(e.ApplicationID).Fee, r.balance(r.app.OrganisationID)
				revoke := func(choice registry.WaitingChoice) error { return r.revokeBeside(r.head, "compromised", choice) }
				if !c.holder {
					id := r.report(called(r.head, "compromised")).ID
					revoke = func(choice registry.WaitingChoice) error {
						return r.decideBeside(r.approver2, id, "compromised", choice)
					}
				}
				wantKey(t, revoke(""), "error.report.waiting")
				if err := revoke(c.choice); err != nil {
					t.Fatal(err)
				}
				// The leases of the dead are over.
				r.flow.OnMachine(func() time.Time { return time.Now().Add(time.Hour) })
				r.work()
				now := r.enrolment(e.ID)
				if c.choice == registry.WaitingKeep {
					next := r.certificate(now)
					if now.Status != registry.Issued || !next.UsableAt(r.now()) || r.balance(r.app.OrganisationID) != before {
						t.Errorf("kept: %s, from %s", now.Status, next.NotBefore)
					}
					return
				}
				if now.Status != registry.Cancelled || len(r.keys(e.ApplicationID)) != 0 || r.order(e.ApplicationID).Ending != registry.OrderCancelled {
					t.Errorf("given up: %s, %d keys, %q", now.Status, len(r.keys(e.ApplicationID)), r.order(e.ApplicationID).Ending)
				}
				if got := r.balance(r.app.OrganisationID) - before; got != fee || fee == 0 {
					t.Errorf("%d of %d came back", got, fee)
				}
				if got := r.application(e.ApplicationID).Status; got != registry.Completed {
					t.Errorf("the order is %s", got)
				}
				r.read(func(tx *store.Tx) error {
					intents, err := tx.IntentsOf(e.ID)
					if (len(intents) == 1) != c.asked {
						t.Errorf("%d intents", len(intents))
					}
					for _, i := range intents {
						if i.Status != registry.IntentAbandoned || !i.RevokePushed {
							t.Errorf("its intent is %s, the CA told: %v", i.Status, i.RevokePushed)
						}
					}
					return err
				})
			})
		})
	}
}

// While one worker makes the certificate an approver gives it up: one of the two
// is first, and the certificate, if there is one, waits no longer than the choice
// allows.
func TestMakingRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r, e := making(t, s, false)
		id := r.report(called(r.head, "compromised")).ID
		gaveUp := make(chan bool, 1)
		winners(2, func(i int) error {
			if i == 0 {
				_, err := r.flow.IssueDue(r.ctx)
				return err
			}
			err := r.decideBeside(r.approver2, id, "compromised", registry.WaitingRevoke)
			gaveUp <- err == nil
			if err != nil && registry.KindOf(err) != registry.Conflict {
				t.Error(err)
			}
			return err
		})
		r.work()
		now, gone := r.enrolment(e.ID), <-gaveUp
		if gone != (now.Status == registry.Cancelled) || !gone && now.Status != registry.Issued {
			t.Errorf("given up: %v, and the enrolment is %s", gone, now.Status)
		}
		if got := r.bySerial(r.head.Serial).Status; gone != (got == registry.CertRevoked) {
			t.Errorf("given up: %v, and the old one is %s", gone, got)
		}
	})
}
