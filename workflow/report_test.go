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

// A token is lost: a clerk suspends at once, an approver signs, and everything
// refuses.
func TestUB27_ReportedSuspendedAndRevoked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		app, es, browser := o.issued(1)
		cert := o.certificate(es[0])
		in, err := o.login(app, registry.Head, pin, browser, "192.0.2.1")
		if err != nil {
			t.Fatal(err)
		}
		if err := o.flow.CheckSession(o.ctx, 0, "", in.Certificate.Serial, in.Certificate.OrganisationID); err != nil {
			t.Fatal(err)
		}
		since := o.now().Add(-3 * time.Hour)
		said := called(cert, "device_lost")
		said.Suspend, said.InvalidSince = true, &since
		r := o.report(said)
		if got := o.bySerial(cert.Serial); got.Status != registry.CertSuspended || got.StatusReason != 6 {
			t.Fatalf("suspended at once: %s, reason %d", got.Status, got.StatusReason)
		}
		wantKey(t, o.flow.CheckSession(o.ctx, 0, "", cert.Serial, cert.OrganisationID), "error.certificate.suspended")
		_, err = o.login(app, registry.Head, pin, browser, "192.0.2.1")
		wantKey(t, err, "error.certificate.suspended")
		if r.DueAt != r.ReportedAt.Add(24*time.Hour) || r.SuspendedBy != o.clerk.Operator.ID {
			t.Errorf("the report: %+v", r)
		}

		// A second report of the same certificate is led to the first.
		_, err = o.flow.Report(o.ctx, o.clerk2.Actor, called(cert, "device_lost"))
		wantKey(t, err, "error.report.open")

		if err := o.decideReport(o.approver2, r.ID, registry.ReportRevoke, "device_stolen", ""); err != nil {
			t.Fatal(err)
		}
		got := o.bySerial(cert.Serial)
		if got.Status != registry.CertRevoked || got.StatusReason != 1 || got.InvalidSince == nil || !got.InvalidSince.Equal(since) {
			t.Errorf("revoked: %s, reason %d, suspected since %v", got.Status, got.StatusReason, got.InvalidSince)
		}
		if now := o.reportNow(r.ID); now.Status != registry.ReportRevoked || now.Cause != "device_stolen" || now.ConcludedAt == nil {
			t.Errorf("the report is %s for %s", now.Status, now.Cause)
		}
		_, err = o.login(app, registry.Head, pin, browser, "192.0.2.1")
		wantKey(t, err, "error.certificate.revoked")
		for kind, n := range map[string]int{"report.received": 1, "certificate.suspended": 1, "certificate.revoked": 1, "report.revoked": 1, "key.blocked": 1} {
			if got := o.journalled(workflow.Certificate(cert.Serial), kind); got != n {
				t.Errorf("%s stands %d times in the journal", kind, got)
			}
		}
		for _, kind := range []string{"suspended", "revoked"} {
			if got := o.letters(kind); len(got) != 2 { // the holder and the organisation
				t.Errorf("letters %q went to %v", kind, got)
			}
		}
		// The CA is told, once.
		for range 2 {
			if _, err := o.flow.TellCA(o.ctx); err != nil {
				t.Fatal(err)
			}
		}
		if got := o.journalled(workflow.Certificate(cert.Serial), "ca.told"); got != 1 {
			t.Errorf("the CA was told %d times", got)
		}
		// Revoking is final.
		wantKey(t, o.decideReport(o.approver2, r.ID, registry.ReportLift, "", "x"), "error.report.concluded")
		_, err = o.flow.Report(o.ctx, o.clerk.Actor, called(cert, "device_lost"))
		wantKey(t, err, "error.report.revoked")
	})
}

// Suspension can be lifted; a mistaken report is rejected; both with a reason.
func TestReportLiftedAndRejected(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		app, es, browser := o.issued(1)
		cert := o.certificate(es[0])
		said := called(cert, "device_lost")
		said.Suspend = true
		r := o.report(said)
		wantKind(t, o.decideReport(o.approver, r.ID, registry.ReportLift, "", " "), registry.Invalid)
		wantKind(t, o.decideReport(o.approver, r.ID, registry.ReportReject, "", "табылды"), registry.Conflict)
		if err := o.decideReport(o.approver, r.ID, registry.ReportLift, "", "Токен табылды"); err != nil {
			t.Fatal(err)
		}
		if got := o.bySerial(cert.Serial); got.Status != registry.CertIssued || got.StatusReason != 0 || got.InvalidSince != nil {
			t.Errorf("after lifting: %s, reason %d", got.Status, got.StatusReason)
		}
		if _, err := o.login(app, registry.Head, pin, browser, "192.0.2.1"); err != nil {
			t.Errorf("login after lifting: %v", err)
		}
		if got := o.letters("resumed"); len(got) != 2 {
			t.Errorf("letters went to %v", got)
		}
		r = o.report(called(cert, "device_broken"))
		wantKind(t, o.decideReport(o.approver, r.ID, registry.ReportLift, "", "x"), registry.Conflict)
		if err := o.decideReport(o.approver, r.ID, registry.ReportReject, "", "Башка уюмдун токени"); err != nil {
			t.Fatal(err)
		}
		if got := o.reportNow(r.ID); got.Status != registry.ReportRejected || got.Remark == "" {
			t.Errorf("the report is %s", got.Status)
		}
	})
}

// Whoever entered the report, suspended, or holds the certificate does not
// decide; nobody decides without a signature of their own.
func TestReportFourEyes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		_, es, _ := o.issued(1)
		cert := o.certificate(es[0])
		r, err := o.flow.Report(o.ctx, o.approver.Actor, called(cert, "device_lost"))
		if err != nil {
			t.Fatal(err)
		}
		wantKey(t, o.decideReport(o.approver, r.ID, registry.ReportRevoke, "device_lost", ""), "error.report.four_eyes")
		if err := o.flow.SuspendReported(o.ctx, o.approver2.Actor, r.ID, r.Version); err != nil {
			t.Fatal(err)
		}
		wantKey(t, o.decideReport(o.approver2, r.ID, registry.ReportRevoke, "device_lost", ""), "error.report.four_eyes")
		for _, who := range []*colleague{o.clerk, o.clerk2, o.auditor, o.admin} {
			wantKind(t, o.decideReport(who, r.ID, registry.ReportRevoke, "device_lost", ""), registry.Forbidden)
		}
		for _, who := range []*colleague{o.auditor, o.admin} {
			wantKind(t, o.flow.SuspendReported(o.ctx, who.Actor, r.ID, 0), registry.Forbidden)
			_, err := o.flow.Report(o.ctx, who.Actor, called(o.certificate(es[1]), "device_lost"))
			wantKind(t, err, registry.Forbidden)
		}
		// A third approver's signature counts, and only their own.
		third := o.hire(registry.Approver, 8)
		in := workflow.ReportDecision{
			ID: r.ID, Version: o.reportNow(r.ID).Version, Action: registry.ReportRevoke, Cause: "device_lost", Text: "x", Origin: "https://ca.example.kg", Session: "browser",
		}
		q, err := o.flow.AskReportDecision(o.ctx, third.Actor, in)
		if err != nil {
			t.Fatal(err)
		}
		wantKey(t, o.flow.DecideReport(o.ctx, third.Actor, in, q.Challenge, o.approver.sign(t, q.Expected)), "error.decision.not_your_signature")
		// Signed for one cause, sent for another.
		if q, err = o.flow.AskReportDecision(o.ctx, third.Actor, in); err != nil {
			t.Fatal(err)
		}
		other := in
		other.Cause = "holder_wish"
		wantKind(t, o.flow.DecideReport(o.ctx, third.Actor, other, q.Challenge, third.sign(t, q.Expected)), registry.Conflict)
		if got := o.bySerial(cert.Serial).Status; got != registry.CertSuspended {
			t.Fatalf("the certificate is %s", got)
		}
		if err := o.decideReport(third, r.ID, registry.ReportRevoke, "device_lost", ""); err != nil {
			t.Fatal(err)
		}
	})
}

// A certificate that is over is never revoked; a report that came before the
// end is concluded and kept.
func TestA35_NothingIsRevokedAfterItsEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		_, es, _ := o.issued(1)
		head, accountant := o.certificate(es[0]), o.certificate(es[1])
		early := o.report(called(head, "device_lost"))
		o.advance(head.NotAfter.Sub(o.now()) + time.Minute)
		wantKey(t, o.decideReport(o.approver, early.ID, registry.ReportRevoke, "device_lost", ""), "error.report.over")
		if _, err := o.flow.EndReports(o.ctx); err != nil {
			t.Fatal(err)
		}
		if got := o.reportNow(early.ID); got.Status != registry.ReportOver || got.ConcludedAt == nil {
			t.Errorf("the report is %s", got.Status)
		}
		// Said a minute before the end, entered after it.
		said := called(accountant, "device_lost")
		said.ReportedAt, said.Suspend = accountant.NotAfter.Add(-time.Minute), true
		if late := o.report(said); o.reportNow(late.ID).Status != registry.ReportOver {
			t.Error("a report from before the end is not concluded")
		}
		// Said after the end.
		said.ReportedAt = accountant.NotAfter.Add(time.Second)
		_, err := o.flow.Report(o.ctx, o.clerk.Actor, said)
		wantKey(t, err, "error.report.over")
		for _, c := range []*registry.Certificate{head, accountant} {
			if got := o.bySerial(c.Serial).Status; got != registry.CertIssued {
				t.Errorf("a certificate that is over is %s", got)
			}
			// What was said of the key is true all the same.
			if got := o.journalled(workflow.Certificate(c.Serial), "key.blocked"); got != 1 {
				t.Errorf("a lost key is blocked %d times", got)
			}
		}
	})
}

func TestReportsAreJudged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		_, es, _ := o.issued(1)
		cert := o.certificate(es[0])
		future := o.now().Add(time.Minute)
		for key, change := range map[string]func(*workflow.ReportInput){
			"error.report.identified":   func(in *workflow.ReportInput) { in.Identified = in.Identified[:1] },
			"error.reason.required":     func(in *workflow.ReportInput) { in.Reporter = "  " },
			"error.certificate.reason":  func(in *workflow.ReportInput) { in.Cause = "suspended" },
			"error.report.future":       func(in *workflow.ReportInput) { in.ReportedAt = future },
			"error.report.before_issue": func(in *workflow.ReportInput) { in.ReportedAt = cert.IssuedAt.Add(-time.Hour) },
			"error.required":            func(in *workflow.ReportInput) { in.Way = registry.FromCabinet },
			"error.not_found":           func(in *workflow.ReportInput) { in.Serial = "1234" },
		} {
			in := called(cert, "device_lost")
			change(&in)
			_, err := o.flow.Report(o.ctx, o.clerk.Actor, in)
			wantKey(t, err, key)
		}
		in := called(cert, "device_lost")
		in.InvalidSince = &future
		_, err := o.flow.Report(o.ctx, o.clerk.Actor, in)
		wantKey(t, err, "error.report.future")
		// From the authority itself: with a reason on record.
		in = called(cert, "court")
		in.Way, in.Identified = registry.ByAuthority, []registry.Identification{registry.KnownToCA}
		_, err = o.flow.Report(o.ctx, o.clerk.Actor, in)
		wantKey(t, err, "error.reason.required")
		in.Note = "Бишкек шаардык сотунун чечими"
		if r := o.report(in); r.Code != 9 {
			t.Errorf("the code is %d", r.Code)
		}
	})
}

// Clerks enter one certificate's report at once: one is kept.
func TestReportRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		_, es, _ := o.issued(1)
		cert := o.certificate(es[0])
		in := called(cert, "device_lost")
		in.Suspend = true
		if n := winners(6, func(i int) error {
			_, err := o.flow.Report(o.ctx, []*colleague{o.clerk, o.clerk2}[i%2].Actor, in)
			return err
		}); n != 1 {
			t.Errorf("%d reports went through", n)
		}
		if got := o.journalled(workflow.Certificate(cert.Serial), "certificate.suspended"); got != 1 {
			t.Errorf("suspended %d times", got)
		}
	})
}

// Two approvers decide differently at once: one decision, one outcome.
func TestReportDecisionRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		_, es, _ := o.issued(1)
		cert := o.certificate(es[0])
		in := called(cert, "device_lost")
		in.Suspend = true
		r := o.report(in)
		acts := []registry.ReportAction{registry.ReportRevoke, registry.ReportLift}
		if n := winners(6, func(i int) error {
			return o.decideReport([]*colleague{o.approver, o.approver2}[i%2], r.ID, acts[i%2], "device_lost", "табылды")
		}); n != 1 {
			t.Errorf("%d decisions went through", n)
		}
		status, report := o.bySerial(cert.Serial).Status, o.reportNow(r.ID).Status
		if (status == registry.CertRevoked) != (report == registry.ReportRevoked) || status == registry.CertSuspended || report == registry.ReportReceived {
			t.Errorf("the certificate is %s, the report %s", status, report)
		}
	})
}

// winners does something n times at once and returns how often it succeeded.
func winners(n int, do func(i int) error) (won int) {
	var all sync.WaitGroup
	done := make(chan bool, n)
	for i := range n {
		all.Go(func() { done <- do(i) == nil })
	}
	all.Wait()
	close(done)
	for ok := range done {
		if ok {
			won++
		}
	}
	return won
}

// The clock is told of at 50, 75 and 100 per cent, once each, by whichever
// program comes first, and over restarts.
func TestA13_EscalatesOnceAtEachShareRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		_, es, _ := o.issued(1)
		r := o.report(called(o.certificate(es[0]), "device_lost"))
		round := func() {
			t.Helper()
			if n := winners(4, func(int) error {
				_, err := o.flow.Escalate(o.ctx)
				return err
			}); n != 4 {
				t.Error("escalating failed")
			}
		}
		for i, step := range []time.Duration{0, 12 * time.Hour, 6 * time.Hour, 6 * time.Hour, 24 * time.Hour} {
			o.advance(step)
			round()
			round()
			want := min(i, 3)
			if got := o.journalled(workflow.Certificate(o.certificate(es[0]).Serial), "report.escalated"); got != want {
				t.Errorf("after step %d: told %d times, want %d", i, got, want)
			}
			if got := len(o.letters("revocation_due")); got != want*4 { // two clerks, two approvers
				t.Errorf("after step %d: %d letters, want %d", i, got, want*4)
			}
		}
		if got := o.reportNow(r.ID); got.Escalated != 100 || got.Status != registry.ReportReceived {
			t.Errorf("told of %d %%, %s", got.Escalated, got.Status)
		}
		// A program that was down from the beginning tells once, of the latest.
		second := o.report(called(o.certificate(es[1]), "device_lost"))
		o.advance(19 * time.Hour)
		round()
		if got := o.reportNow(second.ID).Escalated; got != 75 {
			t.Errorf("told of %d %%", got)
		}
	})
}
