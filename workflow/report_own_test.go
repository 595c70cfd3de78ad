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

// holderOffice has the certificates of a head and an accountant, handed over.
func holderOffice(t *testing.T, s *store.Store) (o *issuingOffice, head, accountant *registry.Certificate, browser string) {
	t.Helper()
	o = newIssuingOffice(t, s)
	app, es, browser := o.issued(1)
	for _, role := range []registry.SignatoryRole{registry.Head, registry.Accountant} {
		if _, err := o.login(app, role, pin, browser, "192.0.2.1"); err != nil {
			t.Fatal(err)
		}
	}
	return o, o.certificate(es[0]), o.certificate(es[1]), browser
}

// revokeOwn signs with the kept key of a certificate's holder.
func (o *issuingOffice) revokeOwn(signer, target *registry.Certificate, cause, browser string) (*registry.Report, error) {
	who := workflow.ByHolder(signer).For(signer.OrganisationID)
	in := workflow.OwnRevocation{Serial: target.Serial, Cause: cause, Text: "Чакыртам", Origin: "https://ca.example.kg", Session: "browser"}
	q, err := o.flow.AskOwnRevocation(o.ctx, who, in)
	if err != nil {
		return nil, err
	}
	holder, err := o.flow.CloudHolder(o.ctx, declaration(1).Organisation.INN, signer.Role)
	if err != nil {
		return nil, err
	}
	cms, _, err := o.flow.SignWithCloudKey(o.ctx, holder, pin, browser, "192.0.2.1", q.Expected)
	if err != nil {
		return nil, err
	}
	return o.flow.RevokeOwn(o.ctx, who, in, q.Challenge, cms)
}

// A holder's own signature revokes at once and for good, without an approver.
func TestUB25_AHoldersOwnRevocationIsFinal(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o, head, accountant, browser := holderOffice(t, s)
		_, err := o.revokeOwn(head, accountant, "compromised", browser)
		wantKey(t, err, "error.report.not_own")
		_, err = o.revokeOwn(head, head, "suspended", browser)
		wantKey(t, err, "error.certificate.reason")
		r, err := o.revokeOwn(head, head, "compromised", browser)
		if err != nil {
			t.Fatal(err)
		}
		if got := o.bySerial(head.Serial); got.Status != registry.CertRevoked || got.StatusReason != 1 {
			t.Errorf("the certificate is %s, reason %d", got.Status, got.StatusReason)
		}
		if got := o.reportNow(r.ID); got.Status != registry.ReportRevoked || got.Way != registry.FromCabinet {
			t.Errorf("the report is %s, %s", got.Status, got.Way)
		}
		o.read(func(tx *store.Tx) error {
			d, err := tx.RevocationDecision(r.ID)
			if err == nil && (d.OperatorID != 0 || d.Serial != head.Serial || len(d.Signature) == 0) {
				t.Errorf("the decision: operator %d, signed with %s", d.OperatorID, d.Serial)
			}
			return err
		})
	})
}

// From the cabinet a holder suspends their own certificate, the head everybody's
// of the organisation; the accountant not the head's; nobody another company's.
func TestUB26_ReportsFromTheCabinet(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o, head, accountant, _ := holderOffice(t, s)
		report := func(by, target *registry.Certificate) (*registry.Report, error) {
			return o.flow.ReportFromCabinet(o.ctx, workflow.ByHolder(by), workflow.ReportInput{Serial: target.Serial, Cause: "device_lost"})
		}
		_, err := report(accountant, head)
		wantKind(t, err, registry.NotFound)
		_, es, _ := o.issued(2)
		_, err = report(head, o.certificate(es[0]))
		wantKind(t, err, registry.NotFound)
		first, err := report(head, accountant)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := report(head, head); err != nil {
			t.Fatal(err)
		}
		for _, c := range []*registry.Certificate{head, accountant} {
			if got := o.bySerial(c.Serial).Status; got != registry.CertSuspended {
				t.Errorf("%s is %s", c.Role, got)
			}
		}
		if again, err := report(head, accountant); err != nil || again.Number != first.Number {
			t.Errorf("reported again: %v, %v after %s", again, err, first.Number)
		}
	})
}

// While a report is open and its certificate works, its holder can still take it
// out of use, and a key in danger takes the place of a lesser cause. A reissue
// begun twice is one, and its worse reason counts.
func TestUB22_UB24_AWorseCauseSuspendsWhatIsReportedAlready(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o, head, accountant, _ := holderOffice(t, s)
		begin := func(who workflow.Actor, c *registry.Certificate, reason registry.ReissueReason, since *time.Time) (*workflow.Draft, error) {
			return o.flow.StartReissue(o.ctx, who, workflow.ReissueStart{Serial: c.Serial, Reason: reason, Storage: registry.ECloud, Office: "BISHKEK", InvalidSince: since})
		}
		start := func(who workflow.Actor, c *registry.Certificate, reason registry.ReissueReason) (*workflow.Draft, error) {
			return begin(who, c, reason, nil)
		}
		only := func(c *registry.Certificate) (r *registry.Report) {
			o.read(func(tx *store.Tx) error {
				all, err := tx.ReportsOf(c.ID)
				if len(all) != 1 {
					t.Fatalf("%d reports of %s", len(all), c.Serial)
				}
				r = all[0]
				return err
			})
			return r
		}
		worse := func(c *registry.Certificate) {
			t.Helper()
			if got := o.bySerial(c.Serial); got.Status != registry.CertSuspended {
				t.Errorf("the certificate is %s", got.Status)
			}
			if r := only(c); r.Cause != "device_lost" || !registry.KeyAtRisk(r.Code) || r.SuspendedAt == nil {
				t.Errorf("the report: %s, %d, suspended %v", r.Cause, r.Code, r.SuspendedAt)
			}
			for _, event := range []string{"report.worsened", "certificate.suspended"} {
				if n := o.journalled(workflow.Certificate(c.Serial), event); n != 1 {
					t.Errorf("%d entries %s", n, event)
				}
			}
		}
		by := workflow.ByHolder(head)
		if _, err := start(by, head, registry.ReasonDeviceBroken); err != nil {
			t.Fatal(err)
		}
		if got := o.bySerial(head.Serial).Status; got != registry.CertIssued {
			t.Fatalf("a broken device: %s", got)
		}
		_, err := o.flow.ReportFromCabinet(o.ctx, by, workflow.ReportInput{Serial: head.Serial, Cause: "nothing"})
		wantKey(t, err, "error.certificate.reason")
		later := o.now().Add(time.Hour)
		_, err = o.flow.ReportFromCabinet(o.ctx, by, workflow.ReportInput{Serial: head.Serial, Cause: "device_lost", InvalidSince: &later})
		wantKey(t, err, "error.report.future")
		if n := winners(4, func(int) error {
			return errOf(o.flow.ReportFromCabinet(o.ctx, by, workflow.ReportInput{Serial: head.Serial, Cause: "device_lost"}))
		}); n != 4 {
			t.Errorf("%d of 4 were answered", n)
		}
		worse(head)

		numbers := make(chan string, 4)
		if n := winners(4, func(int) error {
			d, err := start(by, accountant, registry.ReasonDeviceBroken)
			if err == nil {
				numbers <- d.Number
			}
			return err
		}); n != 4 {
			t.Errorf("%d of 4 were answered", n)
		}
		first := <-numbers
		for range 3 {
			if again := <-numbers; again != first {
				t.Errorf("two reissues: %s and %s", first, again)
			}
		}
		_, err = begin(by, accountant, registry.ReasonDeviceLost, &later)
		wantKey(t, err, "error.report.future")
		d, err := start(by, accountant, registry.ReasonDeviceLost)
		if err != nil || d.Number != first || d.Link != "" {
			t.Errorf("the second reason: %+v, %v", d, err)
		}
		worse(accountant)
		wantKey(t, errOf(start(o.clerk.Actor, accountant, registry.ReasonDeviceLost)), "error.reissue.open")
	})
}

// A holder signs twice at once, while an approver lifts: one outcome, one
// decision.
func TestOwnRevocationRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o, head, _, browser := holderOffice(t, s)
		if n := winners(4, func(int) error {
			_, err := o.revokeOwn(head, head, "compromised", browser)
			return err
		}); n != 1 {
			t.Errorf("%d revocations went through", n)
		}
		if got := o.journalled(workflow.Certificate(head.Serial), "certificate.revoked"); got != 1 {
			t.Errorf("revoked %d times", got)
		}
	})
}

// Whoever says that requisites changed says which, and is asked for the proof
// besides the list of a first issue (UB-15, UB-29).
func TestUB21_ChangedRequisitesAreNamedAndProven(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newUBROffice(t, s)
		cert := o.onFile(1, 1)
		start := func(changed ...registry.Requisite) (*workflow.Draft, error) {
			return o.flow.StartReissue(o.ctx, o.clerk.Actor, workflow.ReissueStart{
				Serial: cert.Serial, Reason: registry.ReasonRequisitesChanged, Storage: registry.Rutoken, Office: o.flow.Pack().HeadOffice, Changed: changed,
			})
		}
		_, err := start()
		wantKey(t, err, "error.reissue.what_changed")
		d, err := start(registry.OwnerPassport)
		if err != nil {
			t.Fatal(err)
		}
		extra := o.application(d.ID).Declaration.Extra
		if len(extra) != 1 || extra[0].Title == "" || extra[0].Reason == "" || extra[0].Code != "UB-EXTRA-1" {
			t.Errorf("what is demanded: %+v", extra)
		}
	})
}

// A reissue for a reason of UB-21…25 is a report, and a lost token is out of
// use at once; after the end nothing is revoked (UB-20).
func TestUB20_UB21_UB24_AReissueIsAReport(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o, head, accountant, _ := holderOffice(t, s)
		start := func(who workflow.Actor, c *registry.Certificate, reason registry.ReissueReason) (*workflow.Draft, error) {
			return o.flow.StartReissue(o.ctx, who, workflow.ReissueStart{
				Serial: c.Serial, Reason: reason, Storage: registry.ECloud, Office: "BISHKEK", Changed: []registry.Requisite{registry.OwnerPassport},
			})
		}
		_, err := start(o.clerk.Actor, head, registry.ReasonExpired)
		wantKind(t, err, registry.Invalid)
		_, err = start(o.approver.Actor, head, registry.ReasonDeviceLost)
		wantKind(t, err, registry.Forbidden)
		_, err = start(workflow.ByHolder(accountant), head, registry.ReasonDeviceLost)
		wantKind(t, err, registry.NotFound)

		// A holder's start is the report.
		d, err := start(workflow.ByHolder(head), head, registry.ReasonDeviceLost)
		if err != nil {
			t.Fatal(err)
		}
		app := o.application(d.ID)
		if app.Status != registry.Draft || app.CreatedBy != 0 || app.Declaration.Head.PersonalNumber != head.PersonalNumber || app.Declaration.Predecessor.Serial != head.Serial {
			t.Errorf("the draft: %s by %d, of %s", app.Status, app.CreatedBy, app.Declaration.Head.PersonalNumber)
		}
		if got := o.bySerial(head.Serial).Status; got != registry.CertSuspended {
			t.Errorf("a lost token's certificate is %s", got)
		}
		var r *registry.Report
		o.read(func(tx *store.Tx) error {
			all, err := tx.ReportsOf(head.ID)
			r = all[0]
			return err
		})
		if r.ApplicationID != d.ID || r.Way != registry.ByReissue || r.DueAt.Sub(r.ReportedAt) != 24*time.Hour {
			t.Errorf("the report: %s, %v", r.Way, r.DueAt.Sub(r.ReportedAt))
		}

		// A clerk's becomes one when it is handed in.
		d, err = start(o.clerk.Actor, accountant, registry.ReasonRequisitesChanged)
		if err != nil {
			t.Fatal(err)
		}
		hasReport := func(c *registry.Certificate) bool {
			found := false
			o.read(func(tx *store.Tx) error {
				all, err := tx.ReportsOf(c.ID)
				found = len(all) > 0
				return err
			})
			return found
		}
		if hasReport(accountant) {
			t.Error("a draft is a report")
		}
		decl := o.application(d.ID).Declaration
		trusted := person(13, "Менеджер")
		decl.Trusted = &trusted
		decl.Head.Consent, decl.Accountant.Consent = true, true
		o.write(func(tx *store.Tx) error {
			a, err := tx.LockApplication(d.ID)
			if err != nil {
				return err
			}
			return tx.SaveDeclaration(a, &decl, nil, o.now())
		})
		if err := o.flow.Submit(o.ctx, o.clerk.Actor, d.ID, 0); err != nil {
			t.Fatal(err)
		}
		if !hasReport(accountant) || o.bySerial(accountant.Serial).Status != registry.CertIssued {
			t.Error("changed requisites: the old one is reported, and works until it is decided")
		}

		// After the end: a reissue, and nothing to revoke.
		_, es, _ := o.issued(2)
		old := o.certificate(es[0])
		o.advance(old.NotAfter.Sub(o.now()) + time.Hour)
		if _, err := start(workflow.ByHolder(old), old, registry.ReasonDeviceLost); err != nil {
			t.Fatal(err)
		}
		if hasReport(old) {
			t.Error("an expired certificate is reported")
		}
	})
}

// The code of the paper suspends at once, for whoever has it; a wrong one tells
// nothing and costs a wait; an approver lifts what it did.
func TestTheEmergencyCodeSuspendsWithoutALogin(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o, head, _, _ := holderOffice(t, s)
		code, err := o.flow.GiveEmergencyCode(o.ctx, o.clerk.Actor, head.EnrolmentID)
		if err != nil {
			t.Fatal(err)
		}
		older, err := o.flow.GiveEmergencyCode(o.ctx, o.clerk.Actor, head.EnrolmentID)
		if err != nil {
			t.Fatal(err)
		}
		code, older = older, code
		_, _, err = o.flow.SuspendByEmergencyCode(o.ctx, "AAAA-AAAA-AAAB", "device_lost", "192.0.2.7")
		wantKey(t, err, "error.ecloud.code_typed")
		_, _, err = o.flow.SuspendByEmergencyCode(o.ctx, older, "device_lost", "192.0.2.7")
		wantKey(t, err, "error.emergency.code")
		_, _, err = o.flow.SuspendByEmergencyCode(o.ctx, older, "device_lost", "192.0.2.7")
		wantKey(t, err, "error.throttled")
		var mu sync.Mutex
		var r *registry.Report
		if n := winners(3, func(i int) error {
			got, cert, err := o.flow.SuspendByEmergencyCode(o.ctx, code, "device_stolen", "192.0.2.8")
			if err == nil {
				mu.Lock()
				r = got
				mu.Unlock()
				if cert.Status != registry.CertSuspended {
					t.Errorf("try %d: %s", i, cert.Status)
				}
			}
			return err
		}); n == 0 {
			t.Fatal("the code does nothing")
		}
		if got := o.journalled(workflow.Certificate(head.Serial), "certificate.suspended"); got != 1 {
			t.Errorf("suspended %d times", got)
		}
		if r.Way != registry.ByEmergencyCode || r.CreatedBy != 0 {
			t.Errorf("the report: %s by %d", r.Way, r.CreatedBy)
		}
		if err := o.decideReport(o.approver, r.ID, registry.ReportLift, "", "Токен табылды"); err != nil {
			t.Fatal(err)
		}
		if got := o.bySerial(head.Serial).Status; got != registry.CertIssued {
			t.Errorf("after lifting: %s", got)
		}
	})
}
