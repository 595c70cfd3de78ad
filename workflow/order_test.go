package workflow_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

var asItWas = workflow.OrderAnswers{}

// A remote order is signed with the current certificate's key, the next key is
// made at that moment, the fee is taken at acceptance, and what is issued is of
// the next key.
func TestDT18_AnOrderFromSigningToTheNextCertificate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		r := o.renewer(1, true)
		id := r.sent()
		app := o.application(id)
		if app.Status != registry.Submitted || app.SubmittedAt == nil || app.Declaration.Channel != registry.Remote || app.CreatedBy != 0 {
			t.Fatalf("the order is %s, sent at %v", app.Status, app.SubmittedAt)
		}
		if app.DueAt == nil || !app.DueAt.Equal(app.SubmittedAt.Add(7*24*time.Hour)) {
			t.Errorf("prepare by %v of what was sent at %v (DT-20, A-09)", app.DueAt, app.SubmittedAt)
		}
		es := o.enrolments(id)
		if len(es) != 1 || es[0].Status != registry.KeyMade || es[0].NextAttemptAt != nil || len(r.keys(id)) != 1 {
			t.Fatalf("the next key is not made: %+v", es)
		}
		o.work()
		if got := o.enrolment(es[0].ID).Status; got != registry.KeyMade {
			t.Fatalf("before the acceptance the enrolment is %s", got)
		}
		// Signing a login still takes the current key.
		if _, err := o.login(app, registry.Head, pin, r.browser, "192.0.2.1"); err != nil {
			t.Fatal(err)
		}
		if err := o.flow.Take(o.ctx, o.clerk.Actor, id); err != nil {
			t.Fatal(err)
		}
		if err := o.flow.Verify(o.ctx, o.clerk.Actor, id, 0); err != nil {
			t.Fatal(err)
		}
		if err := o.decide(o.approver, id, registry.ActApprove, ""); err != nil {
			t.Fatal(err)
		}
		o.work()
		e := o.enrolments(id)[0]
		if e.Status != registry.Issued || e.Fee == 0 {
			t.Fatalf("after the acceptance the enrolment is %s, its fee %d (%s %s)", e.Status, e.Fee, e.Failure, e.Detail)
		}
		next := o.certificate(e)
		if next.PublicKeyHash == r.head.PublicKeyHash || next.PersonalNumber != r.head.PersonalNumber {
			t.Error("the next certificate is not of the next key")
		}
		want := map[string]int{"enrolment.opened": 1, "enrolment.key_made": 1, "enrolment.released": 1, "enrolment.issuing": 1, "enrolment.issued": 1}
		if got := o.told(e.ID); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("the journal tells %v", got)
		}
		wantKey(t, errOf(r.sign(r.head, 0, asItWas, pin)), "error.order.renewed")
	})
}

// An accepted order whose certificate cannot be made is cancelled by an
// approver: the fee comes back, the certificate may be ordered for again.
func TestA11_ACancelledOrderFreesItsCertificate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		r := o.renewer(1, true)
		id := r.ready()
		if err := o.decide(o.approver, id, registry.ActApprove, ""); err != nil {
			t.Fatal(err)
		}
		if err := o.flow.CancelEnrolment(o.ctx, o.approver.Actor, o.enrolments(id)[0].ID, "Ката"); err != nil {
			t.Fatal(err)
		}
		if got := o.application(id).Status; got != registry.Completed || r.order(id).Ending != registry.OrderCancelled || len(r.keys(id)) != 0 {
			t.Errorf("the order is %s (%s), %d keys", got, r.order(id).Ending, len(r.keys(id)))
		}
		r.sent()
	})
}

// Sent at the very end of the certificate is in time, a second later is not;
// the clock is that of the transaction.
func TestDT21_A21_SentASecondBeforeTheEndCounts(t *testing.T) {
	for _, c := range []struct {
		name  string
		after time.Duration
		want  string
	}{
		{"a second before", -time.Second, ""}, {"at the instant", 0, ""}, {"a second after", time.Second, "error.order.late"},
	} {
		t.Run(c.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				o := newIssuingOffice(t, s)
				r := o.renewer(1, true)
				o.at(r.head.NotAfter.Add(c.after))
				id, err := r.sign(r.head, 0, asItWas, pin)
				if c.want != "" {
					wantKey(t, err, c.want)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if app := o.application(id); !app.SubmittedAt.Equal(o.now()) {
					t.Errorf("sent at %v, the clock says %v", app.SubmittedAt, o.now())
				}
			})
		})
	}
}

// Head and accountant each sign and make a key of their own; the order counts
// as sent at the last signature.
func TestDT21_TheOrderIsSentAtTheLastSignature(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		r := o.renewer(1, false)
		id, err := r.sign(r.acc, 0, asItWas, pin)
		if err != nil {
			t.Fatal(err)
		}
		app := o.application(id)
		if app.Status != registry.Draft || app.SubmittedAt != nil {
			t.Fatalf("after one signature the order is %s", app.Status)
		}
		if m := r.order(id).Missing(); len(m) != 1 || m[0].Role != registry.Head {
			t.Errorf("missing: %+v", m)
		}
		o.mailedCode("order_to_sign", r.app.Declaration.Head.Email)
		wantKey(t, errOf(r.sign(r.acc, id, asItWas, pin)), "error.order.signed_already")
		wantKey(t, errOf(r.sign(r.head, 0, asItWas, pin)), "error.order.open")
		other := o.renewer(2, true)
		wantKind(t, errOf(other.sign(other.head, id, asItWas, pin)), registry.NotFound)
		o.advance(time.Hour)
		if _, err := r.sign(r.head, id, asItWas, pin); err != nil {
			t.Fatal(err)
		}
		app = o.application(id)
		if app.Status != registry.Submitted || !app.SubmittedAt.Equal(o.now()) {
			t.Errorf("after the last signature the order is %s, sent at %v", app.Status, app.SubmittedAt)
		}
		if len(r.keys(id)) != 2 {
			t.Errorf("%d next keys", len(r.keys(id)))
		}
		o.mailedCode("order_received", app.Declaration.Organisation.Email)
	})
}

// An order that lacks a signature when one of the certificates has ended comes
// to nothing: its keys are destroyed, nothing is charged.
func TestDT21_AnOrderThatNotAllSignedInTimeEnds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		r := o.renewer(1, false)
		id, err := r.sign(r.head, 0, asItWas, pin)
		if err != nil {
			t.Fatal(err)
		}
		by := r.order(id).SignBy
		o.at(by)
		if _, err := o.flow.EndUnsigned(o.ctx); err != nil {
			t.Fatal(err)
		}
		if got := o.application(id).Status; got != registry.Draft {
			t.Fatalf("at the last instant the order is %s", got)
		}
		o.at(by.Add(time.Second))
		wantKey(t, errOf(r.sign(r.acc, id, asItWas, pin)), "error.order.late")
		for range 2 {
			if _, err := o.flow.EndUnsigned(o.ctx); err != nil {
				t.Fatal(err)
			}
		}
		if got := o.application(id).Status; got != registry.Withdrawn || r.order(id).Ending != registry.OrderUnsigned || len(r.keys(id)) != 0 {
			t.Errorf("afterwards the order is %s (%s), %d keys", got, r.order(id).Ending, len(r.keys(id)))
		}
	})
}

// Two tabs, eight of them, sign at once: one order.
func TestRaceTwoTabsSignOneOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		r := o.renewer(1, true)
		var all sync.WaitGroup
		var mu sync.Mutex
		done := 0
		for range 4 { // a browser has five tries of a PIN-code under way at most
			all.Go(func() {
				_, err := r.sign(r.head, 0, asItWas, pin)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					done++
				} else if registry.KindOf(err) != registry.Conflict {
					t.Error(err)
				}
			})
		}
		all.Wait()
		var orders []*registry.Application
		o.read(func(tx *store.Tx) (err error) {
			orders, err = tx.OrdersOf(r.app.OrganisationID, 10)
			return err
		})
		if done != 1 || len(orders) != 1 || len(r.keys(orders[0].ID)) != 1 {
			t.Errorf("%d signed, %d orders", done, len(orders))
		}
	})
}

// The order is withdrawn, or sent: never both, and its key lives if and only
// if the order does.
func TestRaceTheLastSignatureAndTheWithdrawal(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		for n := 1; n <= 4; n++ {
			r := o.renewer(n, false)
			id, err := r.sign(r.head, 0, asItWas, pin)
			if err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			all.Go(func() { _, _ = r.sign(r.acc, id, asItWas, pin) })
			all.Go(func() { _ = o.flow.Withdraw(o.ctx, workflow.ByHolder(r.head), id, 0) })
			all.Wait()
			app, keys := o.application(id), len(r.keys(id))
			if app.Status == registry.Withdrawn && keys != 0 || app.Status == registry.Submitted && keys != 2 {
				t.Errorf("the order is %s with %d keys", app.Status, keys)
			}
			if app.Status != registry.Withdrawn && app.Status != registry.Submitted {
				t.Errorf("the order is %s", app.Status)
			}
		}
	})
}

// Refusal, withdrawal and lapse destroy the keys that wait; then another order
// of the same certificate may be sent. Nothing is charged.
func TestWhatEndsAnOrderDestroysItsKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		r := o.renewer(1, true)
		balance := func() (b registry.Tyiyn) {
			o.read(func(tx *store.Tx) (err error) {
				b, err = tx.Balance(r.app.OrganisationID)
				return err
			})
			return b
		}
		before := balance()
		for _, c := range []struct {
			ending registry.OrderEnding
			status registry.ApplicationStatus
			end    func(registry.ApplicationID) error
		}{
			{registry.OrderWithdrawn, registry.Withdrawn, func(id registry.ApplicationID) error {
				return o.flow.Withdraw(o.ctx, workflow.ByHolder(r.head), id, 0)
			}},
			{registry.OrderRefused, registry.Refused, func(id registry.ApplicationID) error {
				return o.decide(o.approver, id, registry.ActRefuse, "Дал келбейт")
			}},
		} {
			id := r.sent()
			if len(r.keys(id)) != 1 {
				t.Fatalf("%s: no key", c.ending)
			}
			if err := c.end(id); err != nil {
				t.Fatal(err)
			}
			if got := o.application(id); got.Status != c.status || r.order(id).Ending != c.ending || len(r.keys(id)) != 0 || got.DueAt != nil {
				t.Errorf("%s: the order is %s (%s), %d keys", c.ending, got.Status, r.order(id).Ending, len(r.keys(id)))
			}
			for _, e := range o.enrolments(id) {
				if e.Status != registry.Cancelled {
					t.Errorf("%s: the enrolment is %s", c.ending, e.Status)
				}
			}
		}
		if balance() != before {
			t.Errorf("the balance went from %d to %d", before, balance())
		}
		id := r.sent()
		if err := o.flow.Withdraw(o.ctx, workflow.ByHolder(r.head).For(o.organisation(9)), id, 0); registry.KindOf(err) != registry.NotFound {
			t.Errorf("another organisation withdraws: %v", err)
		}
	})
}

// Changing the PIN-code takes the keys that wait with it.
func TestChangingThePINCodeRewrapsWaitingKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		r := o.renewer(1, true)
		id := r.ready()
		const other = "846213"
		k := r.keys(id)[0]
		if err := o.flow.ChangePIN(o.ctx, workflow.ByHolder(r.head), k.Holder, workflow.PINChange{Old: pin, New: other, Browser: r.browser, Source: "192.0.2.1"}); err != nil {
			t.Fatal(err)
		}
		if got := r.keys(id)[0]; got.Version != k.Version+1 {
			t.Errorf("the waiting key is at version %d", got.Version)
		}
		if err := o.decide(o.approver, id, registry.ActApprove, ""); err != nil {
			t.Fatal(err)
		}
		o.work()
		next := o.certificate(o.enrolments(id)[0])
		at := next.NotBefore
		if at.Before(r.head.NotAfter) {
			at = r.head.NotAfter
		}
		o.at(at.Add(time.Second))
		wantKind(t, errOf(o.login(r.app, registry.Head, pin, r.browser, "192.0.2.1")), registry.Unauthenticated)
		in, err := o.login(r.app, registry.Head, other, r.browser, "192.0.2.1")
		if err != nil {
			t.Fatal(err)
		}
		if in.Certificate.Serial != next.Serial {
			t.Error("over the instant the old certificate logs in")
		}
	})
}

// A PIN-code is changed and an order signed at once: afterwards one PIN-code
// opens both keys.
func TestRaceThePINCodeAndTheOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		const other = "846213"
		for n := 1; n <= 4; n++ {
			r := o.renewer(n, true)
			holder := string(r.head.PersonalNumber) + "@" + string(r.app.Declaration.Organisation.INN) + "/" + string(r.head.Role)
			var all sync.WaitGroup
			var changed, signed error
			all.Go(func() {
				changed = o.flow.ChangePIN(o.ctx, workflow.ByHolder(r.head), holder, workflow.PINChange{Old: pin, New: other, Browser: r.browser, Source: "192.0.2.1"})
			})
			all.Go(func() { _, signed = r.sign(r.head, 0, asItWas, pin) })
			all.Wait()
			for _, err := range []error{changed, signed} {
				if err != nil && registry.KindOf(err) == 0 {
					t.Error(err)
				}
			}
			if signed != nil {
				continue
			}
			now := pin
			if changed == nil {
				now = other
			}
			third := "975318"
			if err := o.flow.ChangePIN(o.ctx, workflow.ByHolder(r.head), holder, workflow.PINChange{Old: now, New: third, Browser: r.browser, Source: "192.0.2.1"}); err != nil {
				t.Fatal(err)
			}
			var orders []*registry.Application
			o.read(func(tx *store.Tx) (err error) {
				orders, err = tx.OrdersOf(r.app.OrganisationID, 1)
				return err
			})
			want := 2
			if changed == nil {
				want = 3
			}
			if got := r.keys(orders[0].ID)[0].Version; changed == nil && got != want && got != want-1 || changed != nil && got != want {
				t.Errorf("the waiting key is at version %d", got)
			}
		}
	})
}

// All the reasons at once (DT-24…28, A-01… ), and what does not block.
func TestDT24_DT28_EveryReasonAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		r := o.renewer(1, false)
		plan := func(a workflow.OrderAnswers) *workflow.OrderPlan {
			t.Helper()
			p, err := o.flow.PlanOrder(o.ctx, workflow.ByHolder(r.acc), a)
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		for _, q := range registry.Requisites {
			p := plan(workflow.OrderAnswers{Changed: []registry.Requisite{q}})
			want := []registry.BlockingReason{registry.RequisiteChanged(q)}
			if q == registry.StreetAddress {
				want = nil
			}
			if !slices.Equal(p.Blocking, want) {
				t.Errorf("%s changed: %v", q, p.Blocking)
			}
			_, err := r.sign(r.acc, 0, workflow.OrderAnswers{Changed: []registry.Requisite{q}}, pin)
			if q == registry.StreetAddress {
				if err != nil {
					t.Error(err)
				}
			} else {
				wantKey(t, err, "error.order.blocked")
			}
		}
	})
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		r := o.renewer(1, false)
		p, err := o.flow.PlanOrder(o.ctx, workflow.ByHolder(r.head), workflow.OrderAnswers{
			Changed: registry.Requisites[:], Replaced: []registry.SignatoryRole{registry.Accountant}, Phone: "+996312000177", Email: "new@akbulak.example", Street: "Жаңы 1",
		})
		if err != nil {
			t.Fatal(err)
		}
		want := []registry.BlockingReason{
			"REQUISITE_CHANGED:ORG_NAME", "REQUISITE_CHANGED:ORG_INN", "REQUISITE_CHANGED:ORG_SETTLEMENT",
			"REQUISITE_CHANGED:OWNER_FULL_NAME", "REQUISITE_CHANGED:OWNER_POSITION", "REQUISITE_CHANGED:OWNER_PASSPORT",
		}
		if !slices.Equal(p.Blocking, want) {
			t.Errorf("%v", p.Blocking)
		}
		// Phone, e-mail and street do not block, and are ordered.
		a := workflow.OrderAnswers{Phone: "+996312000177", Email: "new@akbulak.example", Street: "Жаңы 1"}
		id, err := r.sign(r.head, 0, a, pin)
		if err != nil {
			t.Fatal(err)
		}
		org := o.application(id).Declaration.Organisation
		if org.Phone != a.Phone || org.Email != a.Email || org.Street != a.Street {
			t.Errorf("ordered: %+v", org)
		}
		wantKey(t, errOf(r.sign(r.acc, 0, workflow.OrderAnswers{Phone: "12"}, pin)), "error.order.open")
	})
}

// A key that is not in the E-Cloud, a certificate that was revoked or has
// ended, one of two: all are told.
func TestDT17_DT18_StorageAndStatusCloseTheRemoteWay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		r := o.renewer(1, false)
		o.revokeFor(r.acc, "compromised")
		o.at(r.head.NotAfter.Add(time.Second))
		p, err := o.flow.PlanOrder(o.ctx, workflow.ByHolder(r.head), asItWas)
		if err != nil {
			t.Fatal(err)
		}
		if want := []registry.BlockingReason{registry.CertificateExpired, registry.CertificateRevoked}; !slices.Equal(p.Blocking, want) {
			t.Errorf("%v", p.Blocking)
		}
	})
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newTokenOffice(t, s)
		app, es := o.approved(1)
		o.onToken(es[0].ID, newStick("0912345678"), workflow.TokenDone)
		r := &renewer{issuingOffice: o, app: app, head: o.certificate(o.enrolment(es[0].ID))}
		p, err := o.flow.PlanOrder(o.ctx, workflow.ByHolder(r.head), workflow.OrderAnswers{Changed: []registry.Requisite{registry.OwnerPassport}})
		if err != nil {
			t.Fatal(err)
		}
		// With what the client says has changed: both at once.
		if want := []registry.BlockingReason{registry.StorageNotECloud, registry.RequisiteChanged(registry.OwnerPassport)}; !slices.Equal(p.Blocking, want) {
			t.Errorf("%v", p.Blocking)
		}
		wantKey(t, errOf(r.sign(r.head, 0, asItWas, pin)), "error.order.blocked")
	})
}

// What is on file of the organisation now is compared with what the
// certificate was issued on.
func TestDT24_WhatChangedOnFileSinceBlocks(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		r := o.renewer(1, true)
		o.write(func(tx *store.Tx) error {
			org := r.app.Declaration.Organisation
			org.NameRu, org.NameKy = "Башка аталыш", "Башка аталыш"
			_, err := tx.SaveOrganisation(org, o.now())
			return err
		})
		p, err := o.flow.PlanOrder(o.ctx, workflow.ByHolder(r.head), asItWas)
		if err != nil {
			t.Fatal(err)
		}
		if want := []registry.BlockingReason{"REQUISITE_CHANGED:ORG_NAME"}; !slices.Equal(p.Blocking, want) {
			t.Errorf("%v", p.Blocking)
		}
	})
}

// A clerk makes no remote order by hand, and edits none.
func TestNobodySignsAnOrderForTheClient(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		r := o.renewer(1, true)
		d := r.app.Declaration
		d.Operation, d.Channel = registry.Renewal, registry.Remote
		wantKey(t, errOf(o.flow.NewDraft(o.ctx, o.clerk.Actor, d, nil)), "error.order.by_hand")
		id := r.sent()
		if err := o.flow.Take(o.ctx, o.clerk.Actor, id); err != nil {
			t.Fatal(err)
		}
		wantKey(t, o.flow.Edit(o.ctx, o.clerk.Actor, id, 0, d, nil), "error.order.by_hand")
		d.Channel = registry.Office
		wantKind(t, o.flow.Edit(o.ctx, o.clerk.Actor, id, 0, d, nil), registry.Forbidden)
		wantKind(t, o.flow.AskDocuments(o.ctx, o.clerk.Actor, id, 0, "Эмне үчүн"), registry.Forbidden)
		wantKind(t, o.flow.Withdraw(o.ctx, o.clerk.Actor, id, 0), registry.Forbidden)
		wantKind(t, o.flow.CancelEnrolment(o.ctx, o.approver.Actor, o.enrolments(id)[0].ID, "Себеби"), registry.Conflict)
	})
}

// Every status × action × actor: what the table of an order's moves does not
// name is refused.
func TestOrderMovesTable(t *testing.T) {
	actors := []registry.Actor{registry.ByClerk, registry.ByApprover, registry.ByApplicant, registry.BySystem, registry.Actor(registry.Auditor), registry.Actor(registry.Administrator), ""}
	for _, status := range registry.ApplicationStatuses {
		for _, act := range registry.Actions {
			for _, by := range actors {
				app := &registry.Application{Status: status, Declaration: registry.Declaration{Channel: registry.Remote}}
				to, err := app.Move(act, by)
				allowed := false
				for _, m := range registry.OrderMoves {
					if m.Action == act && slices.Contains(m.From, status) && slices.Contains(m.By, by) {
						allowed = true
						if want := m.To; want != "" && to != want {
							t.Errorf("%s of %s by %s leads to %s", act, status, by, to)
						}
					}
				}
				if allowed != (err == nil) {
					t.Errorf("%s of %s by %s: %v", act, status, by, err)
				}
				if err != nil && registry.KindOf(err) != registry.Forbidden && registry.KindOf(err) != registry.Conflict {
					t.Errorf("%s of %s by %s: %v", act, status, by, err)
				}
			}
		}
	}
}

// A wrong PIN-code makes nothing, and is counted.
func TestAWrongPINCodeSignsNoOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		r := o.renewer(1, true)
		for range 5 {
			wantKind(t, errOf(r.sign(r.head, 0, asItWas, "000001")), registry.Unauthenticated)
		}
		if _, err := r.sign(r.head, 0, asItWas, pin); err == nil {
			t.Error("five wrong tries do not lock the browser")
		}
		var orders []*registry.Application
		o.read(func(tx *store.Tx) (err error) {
			orders, err = tx.OrdersOf(r.app.OrganisationID, 10)
			return err
		})
		if len(orders) != 0 {
			t.Errorf("%d orders", len(orders))
		}
	})
}

// What is stored is evidence: openssl agrees, and a changed byte is found.
func TestTheSignedOrderIsEvidence(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		r := o.renewer(1, false)
		id := r.sent()
		proofs, err := o.flow.VerifyOrder(o.ctx, id)
		if err != nil || len(proofs) != 2 {
			t.Fatal(len(proofs), err)
		}
		dir := t.TempDir()
		issuer := o.ca.Issuer()
		chain := filepath.Join(dir, "chain.pem")
		if err := os.WriteFile(chain, append(ca.PEM(issuer.Root), ca.PEM(issuer.Certificate)...), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, p := range proofs {
			if p.Fault != nil || p.Text != "Жаңыртууга буйрутма берем" {
				t.Errorf("%s: %v, %q", p.Role, p.Fault, p.Text)
			}
			var e struct{ Typ, Subject, Action, SHA256 string }
			if err := json.Unmarshal(p.Envelope, &e); err != nil || e.Typ != "renewal-order/1" || e.Action != "renew" || e.SHA256 != r.order(id).ContentSHA256 {
				t.Errorf("%v, %+v", err, e)
			}
			file := filepath.Join(dir, string(p.Role)+".p7s")
			if err := os.WriteFile(file, p.Signature, 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.CommandContext(o.ctx, "openssl", "cms", "-verify", "-inform", "DER", "-in", file, "-CAfile", chain, "-purpose", "any").Output()
			if err != nil || !bytes.Equal(out, p.Envelope) {
				var exit *exec.ExitError
				if errors.As(err, &exit) {
					t.Errorf("openssl: %s", exit.Stderr)
				}
				t.Errorf("openssl: %v, %d bytes", err, len(out))
			}
		}
		c, err := workflow.ReadOrder(r.order(id))
		if err != nil || len(c.Renews) != 2 || c.Renews[0].Serial != r.head.Serial || c.Format != registry.OrderFormat || !strings.HasPrefix(string(c.Declaration.Operation), "RENEWAL") {
			t.Errorf("%v: %+v", err, c)
		}
	})
}

// The program ends after a signature is committed: the order is whole.
func TestCrashAfterASignature(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		r := o.renewer(1, true)
		step := o.until(1, func(_ context.Context, f *workflow.Flow) {
			whole := o.flow
			o.flow = f
			defer func() { o.flow = whole }()
			_, _ = r.sign(r.head, 0, asItWas, pin)
		})
		if step != "order signed" {
			t.Fatalf("died at %q", step)
		}
		var orders []*registry.Application
		o.read(func(tx *store.Tx) (err error) {
			orders, err = tx.OrdersOf(r.app.OrganisationID, 10)
			return err
		})
		if len(orders) != 1 || orders[0].Status != registry.Submitted || len(r.keys(orders[0].ID)) != 1 {
			t.Fatalf("%d orders", len(orders))
		}
		wantKey(t, errOf(r.sign(r.head, 0, asItWas, pin)), "error.order.open")
	})
}
