package workflow_test

import (
	"sync"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

// drain takes an organisation's balance back, as undoing its first payment
// would.
func (r *renewer) drain() {
	r.t.Helper()
	r.write(func(tx *store.Tx) error {
		balance, err := tx.LockBalance(r.app.OrganisationID, r.now())
		if err != nil || balance == 0 {
			return err
		}
		_, entries, err := tx.Statement(r.app.OrganisationID, r.now().AddDate(-10, 0, 0), r.now().AddDate(10, 0, 0), 0, 100)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.Kind == registry.EntryTopUp {
				_, err := tx.AddAccountEntry(registry.Entry{
					OrganisationID: r.app.OrganisationID, Kind: registry.EntryCorrection, Amount: -balance, Corrects: e.ID, Note: "test", CreatedAt: r.now(),
				})
				return err
			}
		}
		return nil
	})
}

func (r *renewer) hold(id registry.ApplicationID) (h *registry.OrderHold) {
	r.t.Helper()
	r.read(func(tx *store.Tx) (err error) {
		h, err = tx.OrderHold(id)
		return err
	})
	return h
}

func (r *renewer) fee(id registry.ApplicationID) (sum registry.Tyiyn) {
	r.t.Helper()
	app := r.application(id)
	r.read(func(tx *store.Tx) error {
		q, err := r.flow.Quote(tx, app, r.now())
		sum = q.Total
		return err
	})
	return sum
}

// sentLetters are the kinds of the letters that wait to be sent.
func (o *office) sentLetters() map[string]int {
	out := map[string]int{}
	for _, l := range o.letters() {
		out[l.Kind]++
	}
	return out
}

// TestDT22_A11 walks an order through too small a balance: its acceptance is
// refused, it stays in time, the client is told what is missing, and a later
// payment puts it on top.
func TestDT22_A11_TooSmallABalanceKeepsTheOrderInTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		r, other := o.renewer(1, true), o.renewer(2, true)
		otherID := other.sent()
		o.advance(time.Hour)
		r.drain()
		id := r.ready()
		sent := o.application(id).SubmittedAt
		fee := r.fee(id)
		app := o.application(id)
		if app.Status != registry.Verified || app.Queue == nil || app.Queue.Rank != registry.OrderUnpaid {
			t.Fatalf("the order is %s, its place %+v", app.Status, app.Queue)
		}
		if h := r.hold(id); h == nil || h.Missing != fee || h.LapseAt.Sub(h.HeldAt) != 30*24*time.Hour {
			t.Fatalf("the order waits: %+v, the fee is %d", h, fee)
		}
		if n := o.sentLetters()["not_enough_money"]; n != 1 {
			t.Errorf("%d letters tell what is missing", n)
		}
		wantKey(t, o.decide(o.approver, id, registry.ActApprove, ""), "error.balance.insufficient")
		if n := o.sentLetters()["not_enough_money"]; n != 1 {
			t.Errorf("after the refused acceptance %d letters tell what is missing", n)
		}
		o.pay(r.app.OrganisationID, 100, "a little")
		if h := r.hold(id); h == nil || h.Missing != fee-100 || o.application(id).Queue.Rank != registry.OrderUnpaid {
			t.Errorf("after a payment that is too small: %+v, %+v", h, o.application(id).Queue)
		}
		o.pay(r.app.OrganisationID, fee, "enough")
		app = o.application(id)
		if r.hold(id) != nil || app.Queue == nil || app.Queue.Rank != registry.OrderPaid {
			t.Fatalf("after the payment: %+v, %+v", r.hold(id), app.Queue)
		}
		if !app.SubmittedAt.Equal(*sent) || app.Status != registry.Verified {
			t.Errorf("sent at %s, it was %s; %s", app.SubmittedAt, sent, app.Status)
		}
		list := o.queue(store.QueueFilter{})
		if len(list) != 2 || list[0].ID != id || list[1].ID != otherID {
			t.Errorf("the queue is %+v", list)
		}
		before := o.balance(app.OrganisationID)
		if err := o.decide(o.approver, id, registry.ActApprove, ""); err != nil {
			t.Fatal(err)
		}
		if got := before - o.balance(app.OrganisationID); got != fee {
			t.Errorf("%d was taken, not %d", got, fee)
		}
		if app := o.application(id); app.Queue != nil || o.sentLetters()["order_accepted"] != 1 {
			t.Errorf("accepted, and its place is %+v, %v", app.Queue, o.sentLetters())
		}
	})
}

// queue is the whole of it, as a clerk sees it.
func (o *office) queue(f store.QueueFilter) []store.QueueItem {
	o.t.Helper()
	var out []store.QueueItem
	f.Limit = 1000
	o.read(func(tx *store.Tx) error {
		page, err := tx.Queue(f)
		if err == nil {
			out = page.Items
		}
		return err
	})
	return out
}

// Money that goes away between the verification and the acceptance has the
// approver's refusal tell the client.
func TestA11_TheApproverFindsTheBalanceTooSmall(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		r := o.renewer(1, true)
		id := r.ready()
		if r.hold(id) != nil {
			t.Fatal("the order waits though the money is there")
		}
		r.drain()
		wantKey(t, o.decide(o.approver, id, registry.ActApprove, ""), "error.balance.insufficient")
		if r.hold(id) == nil || o.application(id).Queue.Rank != registry.OrderUnpaid || o.sentLetters()["not_enough_money"] != 1 {
			t.Errorf("the order waits: %+v, letters %v", r.hold(id), o.sentLetters())
		}
		if err := o.decide(o.approver, id, registry.ActSendBack, "Кайра карагыла"); err != nil {
			t.Fatal(err)
		}
		if app := o.application(id); r.hold(id) != nil || app.Status != registry.InReview || app.Queue.Rank != registry.OrderTurn {
			t.Errorf("sent back: %s, %+v, %+v", app.Status, app.Queue, r.hold(id))
		}
		if err := o.flow.Verify(o.ctx, o.clerk.Actor, id, 0); err != nil {
			t.Fatal(err)
		}
		if err := o.decide(o.approver, id, registry.ActRefuse, "Жетишпейт"); err != nil {
			t.Fatal(err)
		}
		if app := o.application(id); r.hold(id) != nil || app.Queue != nil || o.balance(app.OrganisationID) != 0 || o.sentLetters()["order_refused"] != 1 {
			t.Errorf("refused: %+v, %+v, letters %v", app.Queue, r.hold(id), o.sentLetters())
		}
	})
}

func TestUnpaidOrdersLapseAfterAMessage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		r := o.renewer(1, true)
		r.drain()
		id := r.ready()
		for day := range 31 {
			for range 2 {
				if _, err := o.flow.LapseUnpaid(o.ctx); err != nil {
					t.Fatal(err)
				}
			}
			warned, want := o.sentLetters()["order_lapsing"], 0
			if day >= 23 {
				want = 1
			}
			if warned != want {
				t.Fatalf("after %d days %d messages", day, warned)
			}
			if app := o.application(id); day < 30 && app.Status != registry.Verified {
				t.Fatalf("after %d days the order is %s", day, app.Status)
			}
			o.advance(24 * time.Hour)
		}
		app := o.application(id)
		if app.Status != registry.Withdrawn || r.order(id).Ending != registry.OrderLapsed || r.hold(id) != nil || len(r.keys(id)) != 0 || o.sentLetters()["order_lapsed"] != 1 {
			t.Errorf("after 30 days the order is %s (%s), waits %+v, %d keys, letters %v", app.Status, r.order(id).Ending, r.hold(id), len(r.keys(id)), o.sentLetters())
		}
		r.sent() // may be ordered again
	})
}

func TestTakeNextRaced(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		want := map[registry.ApplicationID]bool{}
		for n := 1; n <= 3; n++ {
			want[o.renewer(n, true).sent()] = true
		}
		var mu sync.Mutex
		taken := map[registry.ApplicationID]int{}
		who := []*colleague{o.clerk, o.clerk2}
		done := atOnce(t, "taking the next", func(i int) error {
			app, err := o.flow.TakeNext(o.ctx, who[i%2].Actor)
			if err == nil {
				mu.Lock()
				taken[app.ID]++
				mu.Unlock()
			}
			return err
		})
		if done != 3 || len(taken) != 3 {
			t.Errorf("%d were taken, as %v", done, taken)
		}
		for id := range want {
			if taken[id] != 1 || o.application(id).Status != registry.InReview || o.application(id).Assignee == 0 {
				t.Errorf("order %d was taken %d times and is %s", id, taken[id], o.application(id).Status)
			}
		}
		wantKey(t, errOf(o.flow.TakeNext(o.ctx, o.clerk.Actor)), "error.queue.empty")
		wantKind(t, errOf(o.flow.TakeNext(o.ctx, o.approver.Actor)), registry.Forbidden)
	})
}

// Payments that come at once wake the order once.
func TestPaymentsRaced(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		r := o.renewer(1, true)
		r.drain()
		id := r.ready()
		fee := r.fee(id)
		var all sync.WaitGroup
		for i := range 6 {
			all.Go(func() {
				if _, err := o.flow.TopUp(o.ctx, o.clerk2.Actor, workflow.Payment{
					Organisation: r.app.OrganisationID, Amount: fee/6 + 1, Reference: string(rune('a' + i)), PaidOn: registry.DateOf(o.now(), o.pack.Zone()), Way: registry.CashDesk,
				}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for more := true; more; {
			var err error
			if more, err = o.flow.WakePaid(o.ctx); err != nil {
				t.Fatal(err)
			}
		}
		if app := o.application(id); app.Queue.Rank != registry.OrderPaid || r.hold(id) != nil {
			t.Fatalf("the order's place is %+v, it waits %+v", app.Queue, r.hold(id))
		}
		n := 0
		o.read(func(tx *store.Tx) error {
			entries, err := tx.JournalAbout(workflow.Application(id), 0, 1000)
			for _, e := range entries {
				if e.Kind == "application.paid" {
					n++
				}
			}
			return err
		})
		if n != 1 {
			t.Errorf("the journal tells of the money %d times", n)
		}
		// Accepted by two approvers at once: charged once.
		before := o.balance(r.app.OrganisationID)
		who := []*colleague{o.approver, o.approver2}
		if done := atOnce(t, "accepting", func(i int) error { return o.decide(who[i%2], id, registry.ActApprove, "") }); done != 1 {
			t.Errorf("accepted %d times", done)
		}
		if got := before - o.balance(r.app.OrganisationID); got != fee {
			t.Errorf("%d was taken, not %d", got, fee)
		}
	})
}

// TestA10 walks over the instant at which one certificate ends and the next
// begins, both made by the real step-ca.
func TestDT23_A10_OverTheInstant(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		begun := o.now().Add(-time.Hour).Truncate(time.Second)
		end := o.now().Add(36 * time.Hour).Truncate(time.Second)
		plain := o.flow
		o.flow = plain.Backdated(begun, end)
		r := o.renewer(1, false)
		o.flow = plain
		if !r.head.NotAfter.Equal(end) {
			t.Fatalf("the old one ends at %s, not %s", r.head.NotAfter, end)
		}
		id := r.ready()
		if err := o.decide(o.approver, id, registry.ActApprove, ""); err != nil {
			t.Fatal(err)
		}
		o.work()
		var next []*registry.Certificate
		for _, e := range o.enrolments(id) {
			if e.Status != registry.Issued {
				t.Fatalf("the enrolment is %s (%s %s)", e.Status, e.Failure, e.Detail)
			}
			c := o.certificate(e)
			next = append(next, c)
			if !c.NotBefore.Equal(end) || !c.NotAfter.Equal(registry.NextYear(end, o.pack.Zone())) {
				t.Errorf("the next one runs from %s to %s", c.NotBefore, c.NotAfter)
			}
		}
		in := func() registry.Serial {
			t.Helper()
			e, err := o.login(r.app, registry.Head, pin, r.browser, "192.0.2.1")
			if err != nil {
				t.Fatalf("at %s: %v", o.now(), err)
			}
			return e.Certificate.Serial
		}
		for _, step := range []struct {
			at   time.Time
			want *registry.Certificate
		}{
			{o.now(), r.head}, {end.Add(-time.Second), r.head}, {end.Add(-time.Microsecond), r.head},
			{end, next[0]}, {end.Add(time.Microsecond), next[0]}, {end.Add(time.Second), next[0]},
		} {
			o.at(step.at)
			for _, c := range []*registry.Certificate{r.head, next[0]} {
				if usable := c.UsableAt(step.at); step.want == c != usable && !step.at.Equal(end) {
					t.Errorf("at %s certificate %s: usable %v", step.at, c.Serial, usable)
				}
			}
			if got := in(); got != step.want.Serial {
				t.Errorf("at %s the login is with %s, want %s", step.at, got, step.want.Serial)
			}
			for _, c := range []*registry.Certificate{r.head, next[0]} {
				err := o.flow.CheckSession(o.ctx, 0, "", c.Serial, c.OrganisationID)
				if usable := c.UsableAt(step.at); usable != (err == nil) {
					t.Errorf("at %s a session of %s: %v", step.at, c.Serial, err)
				}
			}
		}
		if got := o.application(id).Status; got != registry.Approved { // the accountant has not logged in
			t.Errorf("the order is %s", got)
		}
	})
}

// Accepted after the end, because the money came late: nothing is backdated,
// and it is a full year all the same.
func TestDT21_A11_AcceptedAfterTheEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		end := o.now().Add(-time.Minute).Truncate(time.Second)
		plain := o.flow
		o.flow = plain.Backdated(end.Add(-time.Hour), end.Add(time.Hour))
		r := o.renewer(1, true)
		o.flow = plain
		r.drain()
		id := r.ready()
		end = r.head.NotAfter
		// The machine's clock, by which the CA issues, is behind the rules'.
		o.at(end.Add(3 * time.Hour))
		wantKey(t, o.decide(o.approver, id, registry.ActApprove, ""), "error.balance.insufficient")
		o.pay(r.app.OrganisationID, r.fee(id), "late")
		if app := o.application(id); app.Queue.Rank != registry.OrderPaid {
			t.Errorf("its place is %+v", app.Queue)
		}
		o.decideAtTheDesk(id)
		o.work()
		e := o.enrolments(id)[0]
		if e.Status != registry.Issued {
			t.Fatalf("the enrolment is %s (%s %s)", e.Status, e.Failure, e.Detail)
		}
		c := o.certificate(e)
		if c.NotBefore.Before(end.Add(3*time.Hour)) || !c.NotAfter.Equal(registry.NextYear(c.NotBefore, o.pack.Zone())) {
			t.Errorf("the next one runs from %s to %s; the old one ended at %s", c.NotBefore, c.NotAfter, end)
		}
	})
}

func (o *office) decideAtTheDesk(id registry.ApplicationID) {
	o.t.Helper()
	if err := o.decide(o.approver, id, registry.ActApprove, ""); err != nil {
		o.t.Fatal(err)
	}
}

// What was signed with a certificate that is revoked since is not accepted, nor,
// until somebody has decided, with one that is suspended.
func TestAnOrderOfARevokedCertificateIsNotAccepted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		r := o.renewer(1, true)
		id := r.ready()
		said := called(r.head, "device_lost")
		said.Suspend = true
		report, before := o.report(said), o.balance(r.app.OrganisationID)
		wantKey(t, o.decide(o.approver, id, registry.ActApprove, ""), "error.order.old_suspended")
		if app := o.application(id); app.Status != registry.Verified || o.balance(r.app.OrganisationID) != before {
			t.Errorf("the order is %s", app.Status)
		}
		if err := o.decideReport(o.approver2, report.ID, registry.ReportLift, "", "Табылды"); err != nil {
			t.Fatal(err)
		}
		o.putRevoked(r.head)
		wantKey(t, o.decide(o.approver, id, registry.ActApprove, ""), "error.order.old_revoked")
		if err := o.decide(o.approver, id, registry.ActRefuse, "Сертификат чакыртылган"); err != nil {
			t.Error(err)
		}
	})
}

// The queue is in the order of the instant promised and of the first end; what
// waits for money is last.
func TestA09_TheOrderOfTheQueue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		plain := o.flow
		ends := func(n int, left time.Duration) *renewer {
			o.flow = plain.Backdated(o.now().Add(-time.Hour).Truncate(time.Second), o.now().Add(left).Truncate(time.Second))
			defer func() { o.flow = plain }()
			return o.renewer(n, true)
		}
		far, soon, poor := ends(1, 20*24*time.Hour), ends(2, 2*24*time.Hour), ends(3, 24*time.Hour)
		farID := far.sent()
		o.advance(time.Minute)
		soonID := soon.sent()
		poor.drain()
		poorID := poor.ready()
		list := o.queue(store.QueueFilter{})
		if len(list) != 3 || list[0].ID != soonID || list[1].ID != farID || list[2].ID != poorID {
			t.Fatalf("the queue is %+v", list)
		}
		if !list[0].EndsAt.Equal(soon.head.NotAfter) || list[0].DueAt == nil || list[2].Missing != poor.fee(poorID) {
			t.Errorf("the rows are %+v", list)
		}
		var n *store.QueueCounts
		count := func() {
			o.read(func(tx *store.Tx) (err error) {
				n, err = tx.QueueCounts(o.clerk.Operator.ID, o.now())
				return err
			})
		}
		count()
		if n.All != 3 || n.Late != 0 || n.Unpaid != 1 || n.Mine != 1 || n.Nobody != 2 {
			t.Errorf("counted: %+v", n)
		}
		o.advance(7*24*time.Hour + time.Second)
		count()
		if n.Late != 2 {
			t.Errorf("a week later %d are late", n.Late)
		}
		if late := o.queue(store.QueueFilter{Late: true, Now: o.now()}); len(late) != 2 {
			t.Errorf("late are %+v", late)
		}
		if mine := o.queue(store.QueueFilter{Assignee: o.clerk.Operator.ID}); len(mine) != 1 || mine[0].ID != poorID {
			t.Errorf("the clerk's are %+v", mine)
		}
	})
}
