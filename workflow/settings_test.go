package workflow_test

import (
	"slices"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

// officeOf issues certificates by Dos Tek's rules with one of them set.
func officeOf(t *testing.T, s *store.Store, set func(*authorities.Pack)) *issuingOffice {
	t.Helper()
	p := dostek()
	set(p)
	return newIssuingOfficeOf(t, s, p)
}

func TestA02_ANewStreetThatCloses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := officeOf(t, s, func(p *authorities.Pack) { p.Remote.Blocking = append(p.Remote.Blocking, registry.StreetAddress) })
		d := declaration(1)
		d.Organisation.Street = "Чүй пр., 1"
		r := o.renewerOf(1, d)
		plan, err := o.flow.PlanOrder(o.ctx, workflow.ByHolder(r.head), workflow.OrderAnswers{Street: "Манас пр., 7"})
		if err != nil || !slices.Equal(plan.Blocking, []registry.BlockingReason{"REQUISITE_CHANGED:STREET_ADDRESS"}) {
			t.Errorf("blocking %v, %v", plan.Blocking, err)
		}
		_, err = r.sign(r.head, 0, workflow.OrderAnswers{Street: "Манас пр., 7"}, pin)
		wantKey(t, err, "error.order.blocked")
		for street, want := range map[string]bool{"Чүй пр., 1": false, "Манас пр., 7": true} {
			asked := r.codes(r.inOffice(func(d *registry.Declaration) { d.Organisation.Street = street }))
			if slices.Contains(asked, "DT-CHANGE-PROOF") != want {
				t.Errorf("%s: asked %v", street, asked)
			}
		}
	})
}

func TestA03_ANewNumberOfTheSameSeries(t *testing.T) {
	for _, seriesOnly := range []bool{false, true} {
		storetest.Each(t, func(t *testing.T, s *store.Store) {
			o := officeOf(t, s, func(p *authorities.Pack) { p.Remote.SeriesOnly = seriesOnly })
			r := o.renewer(1, false)
			asked := func(change func(*registry.Declaration)) bool {
				return slices.Contains(r.codes(r.inOffice(change)), "DT-CHANGE-PROOF")
			}
			if asked(func(d *registry.Declaration) { d.Head.Document.Number = "7654321" }) == seriesOnly {
				t.Errorf("series only %t: the proof of a new number", seriesOnly)
			}
			if !asked(func(d *registry.Declaration) { d.Head.Document.Series = "AN" }) {
				t.Errorf("series only %t: no proof of a new series", seriesOnly)
			}
		})
	}
}

func TestA09_AnOrderIsDueByThePacksHours(t *testing.T) {
	for _, hours := range []int{168, 72, 0} {
		storetest.Each(t, func(t *testing.T, s *store.Store) {
			o := officeOf(t, s, func(p *authorities.Pack) { p.Times.PrepareHours = hours })
			app := o.application(o.renewer(1, true).sent())
			want := app.SubmittedAt.Add(time.Duration(hours) * time.Hour)
			if hours == 0 { // none: it does not lie unseen
				want = o.pack.Calendar().EndOfBusinessDay(*app.SubmittedAt, 1)
			}
			if !app.DueAt.Equal(want) {
				t.Errorf("%d hours: sent %s, due %s", hours, app.SubmittedAt, app.DueAt)
			}
		})
	}
}

func TestA11_WhatComesBackOfACancelledFee(t *testing.T) {
	for _, percent := range []int{100, 50, 0} {
		storetest.Each(t, func(t *testing.T, s *store.Store) {
			o := officeOf(t, s, func(p *authorities.Pack) { p.Money.RefundPercent = percent })
			app, es := o.approved(1)
			before := o.balance(app.OrganisationID)
			if err := o.flow.CancelEnrolment(o.ctx, o.approver.Actor, es[1].ID, "Ката"); err != nil {
				t.Fatal(err)
			}
			if got, want := o.balance(app.OrganisationID)-before, es[1].Fee*registry.Tyiyn(percent)/100; got != want {
				t.Errorf("%d per cent: %d came back of %d", percent, got, es[1].Fee)
			}
		})
	}
}

func TestA12_NothingOnFileStandsInWhereThePackSaysNo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		first := o.submitted(1)
		earlier := o.documents(first)["DT-REG-CERT"].ID
		if _, err := o.upload(o.clerk.Actor, earlier, 1); err != nil {
			t.Fatal(err)
		}
		o.settle(first)
		o.put(first, registry.Completed)
		now := o.documents(o.submitted(1))["DT-REG-CERT"].ID
		for _, may := range []bool{false, true} {
			o.pack.Documents.LinkOnFile = may
			if found, err := o.flow.Linkable(t.Context(), now); err != nil || (len(found) == 1) != may {
				t.Errorf("the pack says %t: %d papers, %v", may, len(found), err)
			}
			if err := o.flow.LinkDocument(t.Context(), o.clerk.Actor, now, 0, earlier); (err == nil) != may || !may && registry.KindOf(err) != registry.Conflict {
				t.Errorf("the pack says %t: %v", may, err)
			}
		}
	})
}

func TestA14_AFileIsDueByThePacksDays(t *testing.T) {
	for _, days := range []int{0, 1, 3} {
		storetest.Each(t, func(t *testing.T, s *store.Store) {
			o := newOffice(t, s)
			o.pack.Times.IssueBusinessDays = days
			app := o.application(o.verified(1))
			if want := o.pack.Calendar().EndOfBusinessDay(*app.VerifiedAt, max(days, 1)); !app.DueAt.Equal(want) {
				t.Errorf("%d business days: verified %s, due %s, want %s", days, app.VerifiedAt, app.DueAt, want)
			}
		})
	}
}

func TestA31_AYearInTheOfficeThatBeginsAtOnce(t *testing.T) {
	for _, anchored := range []bool{true, false} {
		storetest.Each(t, func(t *testing.T, s *store.Store) {
			o := officeOf(t, s, func(p *authorities.Pack) { p.Certificate.AnchorOffice = anchored })
			r := o.renewer(1, true)
			before := o.now()
			from := o.certificate(r.renewed(r.inOffice(nil))[0]).NotBefore
			if atOnce := !from.Before(before.Truncate(time.Second)) && !from.After(o.now().Add(time.Minute)); atOnce == anchored || anchored && !from.Equal(r.head.NotAfter) {
				t.Errorf("anchored %t: begins %s, now it is %s, the old one ends %s", anchored, from, o.now(), r.head.NotAfter)
			}
		})
	}
}

// What closes the way of one owner closes it for both where an order is for all,
// and for nobody else where each orders alone.
func TestA33_OneOwnersTroubleAndTheOthersOrder(t *testing.T) {
	for _, alone := range []bool{false, true} {
		storetest.Each(t, func(t *testing.T, s *store.Store) {
			o := officeOf(t, s, func(p *authorities.Pack) { p.Remote.EachAlone = alone })
			r := o.renewer(1, false)
			o.revokeFor(r.acc, "compromised")
			for _, c := range []struct {
				who    *registry.Certificate
				closed bool
			}{{r.head, !alone}, {r.acc, true}} {
				plan, err := o.flow.PlanOrder(o.ctx, workflow.ByHolder(c.who), asItWas)
				if err != nil {
					t.Fatal(err)
				}
				if closed := slices.Contains(plan.Blocking, registry.CertificateRevoked); closed != c.closed {
					t.Errorf("alone %t: the %s's way is closed: %t (%v)", alone, c.who.Role, closed, plan.Blocking)
				}
			}
		})
	}
}

// Where each orders alone, two owners do so side by side: each signs, pays for
// and receives their own certificate, and what the office renews later is for
// both again.
func TestA33_EachOwnerOrdersAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := officeOf(t, s, func(p *authorities.Pack) { p.Remote.EachAlone = true })
		r := o.renewer(1, false)
		var orders []registry.ApplicationID
		for _, mine := range []*registry.Certificate{r.head, r.acc} {
			id, err := r.sign(mine, 0, asItWas, pin)
			if err != nil {
				t.Fatal(err)
			}
			if app := o.application(id); app.Status == registry.Draft {
				t.Fatalf("the %s's order waits for somebody else", mine.Role)
			}
			orders = append(orders, id)
		}
		for i, mine := range []*registry.Certificate{r.head, r.acc} {
			id := orders[i]
			for _, err := range []error{o.flow.Take(o.ctx, o.clerk.Actor, id), o.flow.Verify(o.ctx, o.clerk.Actor, id, 0)} {
				if err != nil {
					t.Fatal(err)
				}
			}
			org := o.application(id).OrganisationID
			before, fee := o.balance(org), r.fee(id)
			if err := o.decide(o.approver, id, registry.ActApprove, ""); err != nil {
				t.Fatal(err)
			}
			o.work()
			es := o.enrolments(id)
			if len(es) != 1 || es[0].Status != registry.Issued || es[0].Fee != fee || before-o.balance(org) != fee {
				t.Fatalf("the %s's order has %d enrolments; paid %d of %d", mine.Role, len(es), before-o.balance(org), fee)
			}
			if next := o.certificate(es[0]); next.PersonalNumber != mine.PersonalNumber || next.Role != mine.Role || !next.NotBefore.Equal(mine.NotAfter) {
				t.Errorf("the %s's next is the %s's, from %s", mine.Role, next.Role, next.NotBefore)
			}
		}
		wantKey(t, errOf(r.sign(r.acc, 0, asItWas, pin)), "error.order.renewed")
	})
}

// An owner whose role is gone has nothing to renew alone.
func TestA33_AnOwnerWithoutARole(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := officeOf(t, s, func(p *authorities.Pack) { p.Remote.EachAlone = true })
		r := o.renewer(1, false)
		r.renewed(r.inOffice(func(d *registry.Declaration) { d.HeadActsAsAccountant, d.Accountant = true, nil }))
		plan, err := o.flow.PlanOrder(o.ctx, workflow.ByHolder(r.acc), asItWas)
		if err != nil {
			t.Fatal(err)
		}
		wantKey(t, plan.Refusal(), "error.order.lacking")
	})
}
