package workflow_test

import (
	"slices"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

// inOffice is a renewal in the office of what a renewer has.
func (r *renewer) inOffice(change func(*registry.Declaration)) registry.ApplicationID {
	r.t.Helper()
	d := r.app.Declaration
	d.Operation, d.Office = registry.Renewal, "BISHKEK"
	d.Predecessor = &registry.Predecessor{Serial: r.head.Serial}
	if change != nil {
		change(&d)
	}
	draft, err := r.flow.NewDraft(r.ctx, r.clerk.Actor, d, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return draft.ID
}

// renewed takes a renewal in the office to its certificates.
func (r *renewer) renewed(id registry.ApplicationID) []*registry.Enrolment {
	r.t.Helper()
	for _, err := range []error{r.flow.Submit(r.ctx, r.clerk.Actor, id, 0), r.flow.Take(r.ctx, r.clerk.Actor, id)} {
		if err != nil {
			r.t.Fatal(err)
		}
	}
	r.settle(id)
	if err := r.flow.Verify(r.ctx, r.clerk.Actor, id, 0); err != nil {
		r.t.Fatal(err)
	}
	if err := r.decide(r.approver, id, registry.ActApprove, ""); err != nil {
		r.t.Fatal(err)
	}
	for _, e := range r.enrolments(id) {
		r.activate(e.ID, "")
	}
	r.work()
	return r.enrolments(id)
}

func (r *renewer) codes(id registry.ApplicationID) (out []string) {
	r.t.Helper()
	for code, d := range r.documents(id) {
		if d.Required {
			out = append(out, code)
		}
	}
	slices.Sort(out)
	return out
}

// What differs from the certificate that is renewed is found by itself, and its
// proof asked for; a replaced signatory's papers are the proof.
func TestDT10_DT29_A08_WhatDiffersIsAskedToBeProven(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		r := o.renewer(1, false)
		base := []string{"DT-ACC-ID", "DT-HEAD-ID", "DT-POA-M2A", "DT-REG-CERT", "DT-TRUSTEE-ID"}
		with := func(more ...string) []string {
			out := append(slices.Clone(base), more...)
			slices.Sort(out)
			return out
		}
		for _, c := range []struct {
			name   string
			change func(*registry.Declaration)
			want   []string
		}{
			{"nothing", nil, base},
			{"DT-25 another town", func(d *registry.Declaration) {
				d.Organisation.Settlement = registry.Settlement{Code: "TOKMOK", Ru: "г. Токмок", Ky: "Токмок ш."}
			}, with("DT-CHANGE-PROOF")},
			{"A-02 another street", func(d *registry.Declaration) { d.Organisation.Street = "Жаңы, 7" }, base},
			{"DT-28 another passport", func(d *registry.Declaration) { d.Head.Document.Number = "7654321" }, with("DT-CHANGE-PROOF")},
			{"DT-10 another head", func(d *registry.Declaration) { d.Head = person(99, "Директор") }, with("DT-DISMISS-APPOINT")},
			{"DT-15 DT-16 in Osh", func(d *registry.Declaration) { d.Office = "OSH" }, with("DT-FIRST-REG-FULL", "DT-SEAL")},
			{"DT-15 A-20 in Manas", func(d *registry.Declaration) { d.Office = "JALAL_ABAD" }, with("DT-FIRST-REG-FULL", "DT-SEAL")},
			{"DT-14 onto a RuToken", func(d *registry.Declaration) { d.Storage = registry.Rutoken }, with("DT-RUTOKEN2")},
		} {
			t.Run(c.name, func(t *testing.T) {
				if got := r.codes(r.inOffice(c.change)); !slices.Equal(got, c.want) {
					t.Errorf("asked: %v\nwant   %v", got, c.want)
				}
			})
		}
	})
}

// The next year begins when the person's own certificate ends; somebody
// who comes in the place of another does not wait for the other's end.
func TestA08_A31_EachYearFollowsThePersonsOwn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		r := o.renewer(1, false)
		id := r.inOffice(func(d *registry.Declaration) { d.Head = person(99, "Директор") })
		before := o.now()
		es := r.renewed(id)
		head, accountant := o.certificate(es[0]), o.certificate(es[1])
		if head.NotBefore.Before(before.Truncate(time.Second)) || head.NotBefore.After(o.now().Add(time.Minute)) {
			t.Errorf("the new head's begins %s, now it is %s", head.NotBefore, o.now())
		}
		if !accountant.NotBefore.Equal(r.acc.NotAfter) {
			t.Errorf("the accountant's begins %s, the old one ends %s", accountant.NotBefore, r.acc.NotAfter)
		}
	})
}

// What an online order renews is not renewed in the office besides, nor the
// other way round.
func TestAnOrderAndTheOfficeDoNotRenewTheSame(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		r := o.renewer(1, true)
		r.sent()
		wantKey(t, o.flow.Submit(o.ctx, o.clerk.Actor, r.inOffice(nil), 0), "error.order.open")
		other := o.renewer(2, true)
		if err := o.flow.Submit(o.ctx, o.clerk.Actor, other.inOffice(nil), 0); err != nil {
			t.Fatal(err)
		}
		wantKey(t, errOf(other.sign(other.head, 0, workflow.OrderAnswers{}, pin)), "error.order.open")
	})
}

// At UBR the year runs from manufacture, whatever the old one's end (A-32,
// UB-19): there is no renewal; only an ended certificate is reissued for its end (UB-20).
func TestUB19_UB20_A32_TheYearRunsFromManufacture(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newUBROffice(t, s)
		d := declaration(1)
		d.Trusted = nil
		r := o.renewerOf(1, d)
		p, err := o.flow.PlanOrder(o.ctx, workflow.ByHolder(r.acc), workflow.OrderAnswers{})
		if err != nil || p.Offered || len(p.Blocking) > 0 {
			t.Errorf("%v %+v", err, p)
		}
		ended := func(d *registry.Declaration) { d.Operation, d.Reason = registry.Reissue, registry.ReasonExpired }
		wantKey(t, o.flow.Submit(o.ctx, o.clerk.Actor, r.inOffice(ended), 0), "error.reissue.not_expired")
		broken := func(d *registry.Declaration) { d.Operation, d.Reason = registry.Reissue, registry.ReasonDeviceBroken }
		c := o.certificate(r.renewed(r.inOffice(broken))[0])
		if !c.NotBefore.Before(r.head.NotAfter) || !c.NotAfter.Equal(registry.NextYear(c.NotBefore, o.pack.Zone())) {
			t.Errorf("%s … %s, the old one ends %s", c.NotBefore, c.NotAfter, r.head.NotAfter)
		}
	})
}
