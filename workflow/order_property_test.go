package workflow_test

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

// life is one client's renewals in any order of events, and what must hold
// after each.
type life struct {
	*renewer
	rt      *rapid.T
	payment int
	leases  int
	// acceptedAt of each order, by the rules' clock.
	acceptedAt map[registry.ApplicationID]time.Time
}

// allowed fails unless err is none, or a refusal that a person may be given.
func (l *life) allowed(what string, err error) bool {
	if err != nil && registry.KindOf(err) == 0 {
		l.rt.Fatalf("%s: %v", what, err)
	}
	return err == nil
}

func (l *life) certificates() (out []*registry.Certificate) {
	l.read(func(tx *store.Tx) (err error) {
		out, err = tx.CertificatesOf(l.app.OrganisationID, 1000)
		return err
	})
	return out
}

// current is the certificate of a role that may be used now, or the last one.
func (l *life) current(role registry.SignatoryRole) *registry.Certificate {
	var last *registry.Certificate
	for _, c := range l.certificates() {
		if c.Role != role {
			continue
		}
		if c.UsableAt(l.now()) {
			return c
		}
		if last == nil {
			last = c
		}
	}
	return last
}

func (l *life) applications() (out []*registry.Application) {
	l.read(func(tx *store.Tx) (err error) {
		out, err = tx.ApplicationsOf(l.app.OrganisationID, 1000)
		return err
	})
	return out
}

// open is the order that is under way, or nil.
func (l *life) open() *registry.Application {
	for _, a := range l.applications() {
		if a.Declaration.Channel == registry.Remote && a.Status.Open() && a.Status != registry.Approved {
			return a
		}
	}
	return nil
}

func (l *life) sign(rt *rapid.T) {
	roles := []registry.SignatoryRole{l.head.Role}
	if l.acc != nil {
		roles = append(roles, l.acc.Role)
	}
	cert := l.current(rapid.SampledFrom(roles).Draw(rt, "who"))
	id := registry.ApplicationID(0)
	if a := l.open(); a != nil && a.Status == registry.Draft && rapid.Bool().Draw(rt, "the one that waits") {
		id = a.ID
	}
	if _, err := l.renewer.sign(cert, id, asItWas, pin); err != nil {
		l.allowed("signing", err)
	}
}

func (l *life) decide(rt *rapid.T, act registry.Action) {
	a := l.open()
	if a == nil {
		return
	}
	by := rapid.SampledFrom([]*colleague{l.approver, l.approver2}).Draw(rt, "by")
	if l.allowed(string(act), l.office.decide(by, a.ID, act, "Себеп")) && act == registry.ActApprove {
		l.acceptedAt[a.ID] = l.now()
	}
}

// issue is the background work; with n it dies at the n-th step.
func (l *life) issue(n int) {
	l.leases++
	later := time.Now().Add(time.Duration(l.leases) * time.Hour)
	l.flow.OnMachine(func() time.Time { return later })
	defer l.flow.OnMachine(func() time.Time { return time.Now().UTC() })
	if n > 0 {
		l.until(n, func(ctx context.Context, f *workflow.Flow) { _, _ = f.IssueDue(ctx) })
		return
	}
	l.work()
}

func (l *life) pass(d time.Duration) {
	l.issue(0) // what was accepted is issued within seconds
	l.advance(d)
	for _, work := range []func(context.Context) (bool, error){l.flow.LapseUnpaid, l.flow.EndUnsigned, l.flow.WakePaid} {
		if _, err := work(l.ctx); err != nil {
			l.rt.Fatal(err)
		}
	}
}

func (l *life) pay2(rt *rapid.T) {
	l.payment++
	_, err := l.flow.TopUp(l.ctx, l.clerk2.Actor, workflow.Payment{
		Organisation: l.app.OrganisationID, Amount: registry.Tyiyn(rapid.IntRange(1, 300_000).Draw(rt, "sum")),
		Reference: fmt.Sprintf("%s-%d", l.app.Number, l.payment), PaidOn: registry.DateOf(l.now(), l.pack.Zone()), Way: registry.CashDesk,
	})
	l.allowed("paying", err)
}

// holds is what is true of money, orders and chains at any moment.
func (l *life) holds(rt *rapid.T) {
	statuses, live := map[registry.ApplicationID]*registry.Application{}, map[registry.CertificateID]registry.ApplicationID{}
	for _, a := range l.applications() {
		statuses[a.ID] = a
		if a.Declaration.Channel != registry.Remote || !a.Status.Open() {
			continue
		}
		for _, s := range l.order(a.ID).Signatories {
			if other := live[s.CertificateID]; other != 0 {
				rt.Fatalf("orders %d and %d of one certificate are open", other, a.ID)
			}
			live[s.CertificateID] = a.ID
		}
	}
	var entries []registry.Entry
	l.read(func(tx *store.Tx) (err error) {
		_, entries, err = tx.Statement(l.app.OrganisationID, l.now().AddDate(-20, 0, 0), l.now().AddDate(20, 0, 0), 0, 10_000)
		return err
	})
	sum, charged := registry.Tyiyn(0), map[registry.ApplicationID]registry.Tyiyn{}
	for _, e := range entries {
		if sum += e.Amount; sum < 0 || e.Balance != sum {
			rt.Fatalf("after entry %d the balance is %d, the entries make %d", e.ID, e.Balance, sum)
		}
		if e.Kind == registry.EntryCharge {
			if charged[e.ApplicationID] != 0 {
				rt.Fatalf("application %d was charged twice", e.ApplicationID)
			}
			charged[e.ApplicationID] = -e.Amount
		}
	}
	if b := l.balance(l.app.OrganisationID); b != sum {
		rt.Fatalf("the balance is %d, the entries make %d", b, sum)
	}
	for id, a := range statuses {
		accepted := a.Status == registry.Approved || a.Status == registry.Completed
		if accepted != (charged[id] != 0) || charged[id] != a.Fee {
			rt.Fatalf("application %d is %s, its fee %d, charged %d", id, a.Status, a.Fee, charged[id])
		}
	}
	l.chains(rt)
}

// chains looks at each signatory's certificates in turn.
func (l *life) chains(rt *rapid.T) {
	byRole := map[registry.SignatoryRole][]*registry.Certificate{}
	for _, c := range l.certificates() {
		byRole[c.Role] = append(byRole[c.Role], c)
	}
	for role, chain := range byRole {
		slices.SortFunc(chain, func(a, b *registry.Certificate) int { return a.NotBefore.Compare(b.NotBefore) })
		for i := 1; i < len(chain); i++ {
			before, c := chain[i-1], chain[i]
			e := l.enrolment(c.EnrolmentID)
			accepted, ok := l.acceptedAt[e.ApplicationID]
			switch {
			case !ok:
				rt.Fatalf("certificate %s of the %s was made of an order that nobody accepted", c.Serial, role)
			case c.NotBefore.Before(before.NotAfter):
				rt.Fatalf("of the %s: one ends at %s, the next begins at %s", role, before.NotAfter, c.NotBefore)
			case !accepted.After(before.NotAfter) && !c.NotBefore.Equal(before.NotAfter):
				rt.Fatalf("of the %s: accepted at %s, one ends at %s, and the next begins only at %s", role, accepted, before.NotAfter, c.NotBefore)
			case !c.NotAfter.Equal(registry.NextYear(c.NotBefore, l.pack.Zone())):
				rt.Fatalf("of the %s: no whole year from %s to %s", role, c.NotBefore, c.NotAfter)
			}
		}
	}
}

// For any sequence of orders, payments, acceptances, refusals, withdrawals and
// crashes money is conserved, nobody is charged twice or for nothing, at most
// one order of a certificate is open, and the certificates of a signatory follow
// each other.
func TestOrdersInAnyOrderOfEvents(t *testing.T) {
	few := flag.Lookup("rapid.checks")
	if few.Value.String() == few.DefValue {
		if err := flag.Set("rapid.checks", "6"); err != nil {
			t.Fatal(err)
		}
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		begun, n := o.now(), 0
		rapid.Check(t, func(rt *rapid.T) {
			n++
			o.at(begun)
			o.catchUp()
			l := &life{renewer: o.renewer(n, rapid.Bool().Draw(rt, "the head alone")), rt: rt, acceptedAt: map[registry.ApplicationID]time.Time{}}
			if rapid.Bool().Draw(rt, "poor") {
				l.drain()
			}
			if rapid.Bool().Draw(rt, "near the end") {
				l.at(l.head.NotAfter.Add(-48 * time.Hour))
			}
			rt.Repeat(map[string]func(*rapid.T){
				"":           l.holds,
				"sign":       l.sign,
				"sign again": l.sign,
				"take and verify": func(rt *rapid.T) {
					if a := l.open(); a != nil {
						l.allowed("taking", l.flow.Take(l.ctx, l.clerk.Actor, a.ID))
						l.allowed("verifying", l.flow.Verify(l.ctx, l.clerk.Actor, a.ID, 0))
					}
				},
				"accept": func(rt *rapid.T) {
					l.decide(rt, registry.ActApprove)
					l.issue(rapid.IntRange(0, 5).Draw(rt, "dies at step"))
					l.issue(0)
				},
				"refuse":    func(rt *rapid.T) { l.decide(rt, registry.ActRefuse) },
				"send back": func(rt *rapid.T) { l.decide(rt, registry.ActSendBack) },
				"withdraw": func(rt *rapid.T) {
					if a := l.open(); a != nil && rapid.IntRange(0, 3).Draw(rt, "really") == 0 {
						l.allowed("withdrawing", l.flow.Withdraw(l.ctx, workflow.ByHolder(l.current(l.head.Role)), a.ID, 0))
					}
				},
				"pay":        l.pay2,
				"days pass":  func(rt *rapid.T) { l.pass(time.Duration(rapid.IntRange(1, 72).Draw(rt, "hours")) * time.Hour) },
				"weeks pass": func(rt *rapid.T) { l.pass(time.Duration(rapid.IntRange(7, 40).Draw(rt, "days")) * 24 * time.Hour) },
			})
		})
	})
}
