package workflow_test

import (
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

// renewed has a head whose renewed certificate begins when the old one ends.
func renewed(t *testing.T, s *store.Store) (r *renewer, next *registry.Certificate) {
	t.Helper()
	return renewedIn(t, newIssuingOffice(t, s))
}

func renewedIn(t *testing.T, o *issuingOffice) (r *renewer, next *registry.Certificate) {
	t.Helper()
	plain := o.flow
	o.flow = plain.Backdated(o.now().Add(-time.Hour).Truncate(time.Second), o.now().Add(36*time.Hour).Truncate(time.Second))
	r = o.renewer(1, true)
	o.flow = plain
	if _, err := o.login(r.app, registry.Head, pin, r.browser, "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	id := r.ready()
	if err := o.decide(o.approver, id, registry.ActApprove, ""); err != nil {
		t.Fatal(err)
	}
	o.work()
	return r, o.certificate(o.enrolments(id)[0])
}

// decideBeside is decideReport with what becomes of the one that waits.
func (o *issuingOffice) decideBeside(by *colleague, id registry.ReportID, cause string, choice registry.WaitingChoice) error {
	in := workflow.ReportDecision{
		ID: id, Version: o.reportNow(id).Version, Action: registry.ReportRevoke, Cause: cause, Waiting: choice,
		Text: "Чечим", Origin: "https://ca.example.kg", Session: "browser",
	}
	q, err := o.flow.AskReportDecision(o.ctx, by.Actor, in)
	if err != nil {
		return err
	}
	return o.flow.DecideReport(o.ctx, by.Actor, in, q.Challenge, by.sign(o.t, q.Expected))
}

// revokeBeside is a holder's own revocation with what becomes of the one that
// waits.
func (r *renewer) revokeBeside(target *registry.Certificate, cause string, choice registry.WaitingChoice) error {
	who := workflow.ByHolder(r.head).For(r.head.OrganisationID)
	in := workflow.OwnRevocation{Serial: target.Serial, Cause: cause, Waiting: choice, Text: "Чакыртам", Origin: "https://ca.example.kg", Session: "browser"}
	q, err := r.flow.AskOwnRevocation(r.ctx, who, in)
	if err != nil {
		return err
	}
	holder, err := r.flow.CloudHolder(r.ctx, declaration(1).Organisation.INN, r.head.Role)
	if err != nil {
		return err
	}
	cms, _, err := r.flow.SignWithCloudKey(r.ctx, holder, pin, r.browser, "192.0.2.1", q.Expected)
	if err != nil {
		return err
	}
	_, err = r.flow.RevokeOwn(r.ctx, who, in, q.Challenge, cms)
	return err
}

// Whoever revokes the old certificate while the new one waits for its term says
// what becomes of both: an approver on a report, and the holder alike.
func TestA10_RevokingTheOldOneAsksAboutTheOneThatWaits(t *testing.T) {
	for name, c := range map[string]struct {
		holder bool
		cause  string
		choice registry.WaitingChoice
		next   registry.CertificateStatus
	}{
		"approver keeps":   {false, "device_lost", registry.WaitingKeep, registry.CertIssued},
		"approver revokes": {false, "compromised", registry.WaitingRevoke, registry.CertRevoked},
		"holder keeps":     {true, "compromised", registry.WaitingKeep, registry.CertIssued},
		"holder revokes":   {true, "requisites", registry.WaitingRevoke, registry.CertRevoked},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				r, next := renewed(t, s)
				revoke := func(choice registry.WaitingChoice) error { return r.revokeBeside(r.head, c.cause, choice) }
				if !c.holder {
					id := r.report(called(r.head, c.cause)).ID
					revoke = func(choice registry.WaitingChoice) error { return r.decideBeside(r.approver2, id, c.cause, choice) }
				}
				for _, unsaid := range []registry.WaitingChoice{"", "both"} {
					wantKey(t, revoke(unsaid), "error.report.waiting")
				}
				if got := r.bySerial(r.head.Serial).Status; got != registry.CertIssued {
					t.Errorf("without a choice the old one is %s", got)
				}
				if err := revoke(c.choice); err != nil {
					t.Fatal(err)
				}
				if got := r.bySerial(r.head.Serial).Status; got != registry.CertRevoked {
					t.Errorf("the old one is %s", got)
				}
				got := r.bySerial(next.Serial)
				if got.Status != c.next {
					t.Errorf("the new one is %s", got.Status)
				}
				r.proven(t, got, c.next)
				r.at(next.NotBefore)
				if usable := got.UsableAt(r.now()); usable != (c.next == registry.CertIssued) {
					t.Errorf("when its term begins the new one is usable: %v", usable)
				}
			})
		})
	}
}

// proven looks for the report and the signature behind a revoked certificate.
func (r *renewer) proven(t *testing.T, c *registry.Certificate, status registry.CertificateStatus) {
	t.Helper()
	r.read(func(tx *store.Tx) error {
		reports, err := tx.ReportsOf(c.ID)
		if err != nil || (len(reports) == 1) != (status == registry.CertRevoked) {
			t.Errorf("%d reports of the new one, %v", len(reports), err)
		}
		for _, report := range reports {
			d, err := tx.RevocationDecision(report.ID)
			if err != nil || len(d.Signature) == 0 || report.Status != registry.ReportRevoked || report.Code != c.StatusReason {
				t.Errorf("report %s is %s for %d: %v", report.Number, report.Status, report.Code, err)
			}
		}
		e, err := tx.Enrolment(c.EnrolmentID)
		if err != nil || (e.Status == registry.Cancelled) != (status == registry.CertRevoked) {
			t.Errorf("its enrolment is %s, %v", e.Status, err)
		}
		return nil
	})
}

// One that is not usable yet is revoked like any other; nothing is asked about
// the old one, which stays and may be renewed again.
func TestA10_TheOneThatWaitsIsRevokedAlone(t *testing.T) {
	for _, holder := range []bool{false, true} {
		storetest.Each(t, func(t *testing.T, s *store.Store) {
			r, next := renewed(t, s)
			var err error
			if holder {
				err = r.revokeBeside(next, "compromised", "")
			} else {
				err = r.decideBeside(r.approver2, r.report(called(next, "compromised")).ID, "compromised", "")
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := r.bySerial(next.Serial).Status; got != registry.CertRevoked {
				t.Errorf("the new one is %s", got)
			}
			if got := r.bySerial(r.head.Serial); got.Status != registry.CertIssued || !got.UsableAt(r.now()) {
				t.Errorf("the old one is %s", got.Status)
			}
			r.sent()
		})
	}
}

// Two approvers say different things of the one that waits: one decision
// stands, whole.
func TestWaitingRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r, next := renewed(t, s)
		id := r.report(called(r.head, "device_lost")).ID
		choices := []registry.WaitingChoice{registry.WaitingKeep, registry.WaitingRevoke}
		won := make([]bool, 4)
		if n := winners(4, func(i int) error {
			err := r.decideBeside([]*colleague{r.approver, r.approver2}[i%2], id, "device_lost", choices[i%2])
			won[i] = err == nil
			return err
		}); n != 1 {
			t.Fatalf("%d decisions went through", n)
		}
		want := registry.CertIssued
		if won[1] || won[3] {
			want = registry.CertRevoked
		}
		if got := r.bySerial(next.Serial).Status; got != want {
			t.Errorf("the new one is %s, want %s", got, want)
		}
	})
}
