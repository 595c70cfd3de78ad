package workflow_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

func wantKey(t testing.TB, err error, key string) {
	t.Helper()
	var e *registry.Error
	if !errors.As(err, &e) || e.Key != key {
		t.Errorf("got %v, want %s", err, key)
	}
}

func TestTheAddressIsConfirmedByAnotherOperator(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		_, es := o.approved(1)
		id := es[0].ID
		wantKey(t, errOf(o.flow.StartActivation(o.ctx, o.clerk.Actor, id, "not an address")), "error.email.invalid")
		first, err := o.flow.StartActivation(o.ctx, o.clerk.Actor, id, "")
		if err != nil {
			t.Fatal(err)
		}
		wantKey(t, o.flow.ConfirmAddress(o.ctx, o.clerk.Actor, first.Activation), "error.ecloud.same_operator")
		wantKind(t, o.flow.ConfirmAddress(o.ctx, o.auditor.Actor, first.Activation), registry.Forbidden)
		wantKind(t, o.flow.ConfirmAddress(o.ctx, o.admin.Actor, first.Activation), registry.Forbidden)
		if err := o.flow.ConfirmAddress(o.ctx, o.clerk2.Actor, first.Activation); err != nil {
			t.Fatal(err)
		}
		mailed := o.mailedCode("activation", first.Email)

		// Another address begins anew: the codes are worthless, the address is
		// confirmed again.
		second, err := o.flow.StartActivation(o.ctx, o.clerk.Actor, id, "other@akbulak.example")
		if err != nil {
			t.Fatal(err)
		}
		_, err = o.flow.Activate(o.ctx, workflow.ActivationInput{Paper: first.Code, Mail: mailed, PIN: pin, Source: "192.0.2.1"})
		wantKey(t, err, "error.ecloud.code")
		_, err = o.flow.Activate(o.ctx, workflow.ActivationInput{Paper: second.Code, Mail: mailed, PIN: pin, Source: "192.0.2.2"})
		wantKey(t, err, "error.ecloud.address")
		if err := o.flow.RefuseAddress(o.ctx, o.clerk2.Actor, second.Activation); err != nil {
			t.Fatal(err)
		}
		wantKind(t, o.flow.ConfirmAddress(o.ctx, o.clerk2.Actor, second.Activation), registry.Conflict)
		o.activate(id, "")
	})
}

func errOf[T any](_ T, err error) error { return err }

func TestActivationCodes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		_, es := o.approved(1)
		id := es[0].ID
		paper, mailed := o.started(id)
		in := func(source string) workflow.ActivationInput {
			return workflow.ActivationInput{Paper: paper, Mail: mailed, PIN: pin, Source: source}
		}
		try := func(in workflow.ActivationInput) error { return errOf(o.flow.Activate(o.ctx, in)) }

		mistyped := in("192.0.2.1")
		mistyped.Mail = "AAAA-AAAB"
		for range 10 {
			wantKey(t, try(mistyped), "error.ecloud.code_typed") // costs nothing
		}
		easy := in("192.0.2.1")
		for _, p := range []string{"123456", "111111", "12", ""} {
			easy.PIN = p
			if err := try(easy); err == nil || registry.KindOf(err) != registry.Invalid {
				t.Errorf("PIN-code %q: %v", p, err) // costs nothing either
			}
		}
		// Five wrong mailed halves burn the pair, from wherever they come.
		other := o.wrongCode(mailed)
		for i := range 5 {
			wrong := in(fmt.Sprint("192.0.2.", 10+i))
			wrong.Mail = other
			wantKey(t, try(wrong), "error.ecloud.code")
		}
		wantKey(t, try(in("192.0.2.20")), "error.ecloud.code_burnt")

		paper, mailed = o.started(id)
		o.advance(73 * time.Hour)
		wantKey(t, try(in("192.0.2.21")), "error.ecloud.code_expired")

		// A source that guesses has to wait.
		guess := in("192.0.2.99")
		guess.Paper = o.wrongPaper()
		wantKey(t, try(guess), "error.ecloud.code")
		wantKey(t, try(guess), "error.throttled")

		paper, mailed = o.started(id)
		var all sync.WaitGroup
		var mu sync.Mutex
		done := 0
		for i := range 8 {
			all.Go(func() {
				if err := try(in(fmt.Sprint("192.0.3.", i))); err == nil {
					mu.Lock()
					done++
					mu.Unlock()
				} else if registry.KindOf(err) == 0 {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if done != 1 {
			t.Errorf("activated %d times", done)
		}
		if got := o.enrolment(id); got.Status != registry.KeyMade || len(got.CSR) == 0 {
			t.Errorf("the enrolment is %s", got.Status)
		}
		wantKey(t, try(in("192.0.2.30")), "error.ecloud.code")
	})
}

// wrongCode is a well-formed code that is not this one.
func (o *issuingOffice) wrongCode(not string) string {
	_, es := o.approved(77)
	_, other := o.started(es[0].ID)
	if other == not {
		o.t.Fatal("two codes are the same")
	}
	return other
}

// wrongPaper is a well-formed paper half that is worth nothing.
func (o *issuingOffice) wrongPaper() string {
	_, es := o.approved(78)
	slip, err := o.flow.StartActivation(o.ctx, o.clerk.Actor, es[0].ID, "")
	if err != nil {
		o.t.Fatal(err)
	}
	if _, err := o.flow.StartActivation(o.ctx, o.clerk.Actor, es[0].ID, ""); err != nil {
		o.t.Fatal(err)
	}
	return slip.Code
}

func TestNoCodeStandsInTheDatabase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tamga.db")
	o := newIssuingOffice(t, storetest.Open(t, file))
	_, es := o.approved(1)
	paper, mailed := o.started(es[0].ID)
	files, err := filepath.Glob(file + "*")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range []string{paper, mailed, strings.ReplaceAll(paper, "-", ""), strings.ReplaceAll(mailed, "-", "")} {
			if bytes.Contains(b, []byte(code)) {
				t.Errorf("%s has the code %s", filepath.Base(name), code)
			}
		}
	}
}

func TestAStrangerCannotLockAHolderOut(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		app, _, browser := o.issued(1)
		const wrong = "918273"

		// The stranger: each wrong try doubles the wait; an unknown holder
		// looks the same.
		nobody := *app
		nobody.Declaration.Organisation.INN = "00000000000000"
		for _, target := range []*registry.Application{app, &nobody} {
			wantKey(t, errOf(o.login(target, registry.Head, wrong, "", "198.51.100.1")), "error.ecloud.login")
			wantKey(t, errOf(o.login(target, registry.Head, wrong, "", "198.51.100.2")), "error.throttled")
			o.advance(31 * time.Second)
			wantKey(t, errOf(o.login(target, registry.Head, wrong, "", "198.51.100.3")), "error.ecloud.login")
			o.advance(31 * time.Second)
			wantKey(t, errOf(o.login(target, registry.Head, pin, "", "198.51.100.4")), "error.throttled")
			for range 20 {
				_, _ = o.login(target, registry.Head, wrong, workflow.NewBrowserToken(), "198.51.100.5")
				o.advance(3 * time.Hour)
			}
		}
		// The holder notices nothing.
		if _, err := o.login(app, registry.Head, pin, browser, "192.0.2.1"); err != nil {
			t.Fatal(err)
		}

		// The holder's own browser locks itself, and only itself.
		for range 5 {
			wantKey(t, errOf(o.login(app, registry.Head, wrong, browser, "192.0.2.1")), "error.ecloud.login")
		}
		wantKey(t, errOf(o.login(app, registry.Head, pin, browser, "192.0.2.1")), "error.ecloud.locked_browser")
		if n := o.told(o.enrolments(app.ID)[0].ID)["ecloud.locked"]; n != 1 {
			t.Errorf("the journal tells %d times that it locked", n)
		}
		o.advance(48 * time.Hour)
		wantKey(t, errOf(o.login(app, registry.Head, pin, browser, "192.0.2.1")), "error.ecloud.locked_browser")
		if _, err := o.login(app, registry.Head, pin, workflow.NewBrowserToken(), "192.0.2.1"); err != nil {
			t.Errorf("another browser, left alone for two days: %v", err)
		}

		// The mailed code unlocks it; the PIN-code is asked all the same.
		holder, err := o.flow.CloudHolder(o.ctx, app.Declaration.Organisation.INN, registry.Head)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.flow.RequestUnlock(o.ctx, "nobody", "192.0.2.7"); err != nil {
			t.Fatal(err)
		}
		if err := o.flow.RequestUnlock(o.ctx, holder, "192.0.2.8"); err != nil {
			t.Fatal(err)
		}
		code := o.mailedCode("unlock", app.Declaration.Head.Email)
		before := len(o.mail.Messages())
		if err := o.flow.RequestUnlock(o.ctx, holder, "192.0.2.9"); err != nil {
			t.Fatal(err)
		}
		if _, err := o.flow.SendLetters(o.ctx, 10); err != nil || len(o.mail.Messages()) != before {
			t.Errorf("a second code was sent while one is live: %v", err)
		}
		wantKey(t, o.flow.Unlock(o.ctx, "nobody", code, browser, "192.0.2.10"), "error.ecloud.code")
		if err := o.flow.Unlock(o.ctx, holder, code, browser, "192.0.2.11"); err != nil {
			t.Fatal(err)
		}
		wantKey(t, o.flow.Unlock(o.ctx, holder, code, browser, "192.0.2.12"), "error.ecloud.code")
		wantKey(t, errOf(o.login(app, registry.Head, wrong, browser, "192.0.2.1")), "error.ecloud.login")
		if _, err := o.login(app, registry.Head, pin, browser, "192.0.2.1"); err != nil {
			t.Error(err)
		}
	})
}

func TestUnlockInTheOffice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		app, es, browser := o.issued(1)
		for range 5 {
			_, _ = o.login(app, registry.Head, "918273", browser, "192.0.2.1")
		}
		c := o.certificate(es[0])
		for _, who := range []workflow.Actor{o.approver.Actor, o.auditor.Actor, o.admin.Actor, workflow.Anonymous()} {
			wantKind(t, errOf(o.flow.UnlockInOffice(o.ctx, who, c.ID)), registry.Forbidden)
		}
		code, err := o.flow.UnlockInOffice(o.ctx, o.clerk.Actor, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		holder, err := o.flow.CloudHolder(o.ctx, app.Declaration.Organisation.INN, registry.Head)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.flow.Unlock(o.ctx, holder, code, browser, "192.0.2.3"); err != nil {
			t.Fatal(err)
		}
		if _, err := o.login(app, registry.Head, pin, browser, "192.0.2.1"); err != nil {
			t.Error(err)
		}
	})
}

func TestChangePIN(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		app, es, browser := o.issued(1)
		holder, err := o.flow.CloudHolder(o.ctx, app.Declaration.Organisation.INN, registry.Head)
		if err != nil {
			t.Fatal(err)
		}
		who := workflow.ByHolder(o.certificate(es[0]))
		change := func(old, fresh string) error {
			return o.flow.ChangePIN(o.ctx, who, holder, workflow.PINChange{Old: old, New: fresh, Browser: browser, Source: "192.0.2.1"})
		}
		wantKey(t, change(pin, "123456"), "error.ecloud.pin_easy")
		wantKey(t, change(pin, pin), "error.ecloud.pin_same")
		wantKey(t, change("918273", "402857"), "error.ecloud.login")
		if err := change(pin, "402857"); err != nil {
			t.Fatal(err)
		}
		wantKey(t, errOf(o.login(app, registry.Head, pin, browser, "192.0.2.1")), "error.ecloud.login")
		if _, err := o.login(app, registry.Head, "402857", browser, "192.0.2.1"); err != nil {
			t.Error(err)
		}
		o.mailedCode("pin_changed", app.Declaration.Head.Email)
	})
}

func TestKeysOutliveTheirCertificateByAMonth(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		app, _, browser := o.issued(1)
		o.advance(366 * 24 * time.Hour)
		wantKey(t, errOf(o.login(app, registry.Head, pin, browser, "192.0.2.1")), "error.certificate.expired")
		if _, err := o.flow.DestroyOldKeys(o.ctx); err != nil {
			t.Fatal(err)
		}
		wantKey(t, errOf(o.login(app, registry.Head, pin, browser, "192.0.2.1")), "error.certificate.expired")
		o.advance(31 * 24 * time.Hour)
		if _, err := o.flow.DestroyOldKeys(o.ctx); err != nil {
			t.Fatal(err)
		}
		wantKey(t, errOf(o.login(app, registry.Head, pin, browser, "192.0.2.1")), "error.ecloud.login")
	})
}

func TestOperatorsGetTheirCertificatesAtTheConsole(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		ctx, console := o.ctx, workflow.ByConsole("root")
		person := employee(40)
		id, err := o.flow.AddOperatorAtConsole(ctx, console, workflow.NewOperator{Person: person, Role: registry.Administrator, Office: o.pack.HeadOffice, Email: "first@tamga.example"})
		if err != nil {
			t.Fatal(err)
		}
		wantKind(t, errOf(o.flow.OpenOperatorEnrolment(ctx, o.clerk.Actor, id)), registry.Forbidden)
		e, err := o.flow.OpenOperatorEnrolment(ctx, console, id)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := o.flow.OpenOperatorEnrolment(ctx, o.admin.Actor, id); err != nil || again != e {
			t.Errorf("a second enrolment: %d, %v", again, err)
		}
		_, _, err = o.flow.ConsoleActivation(ctx, o.admin.Actor, e)
		wantKind(t, err, registry.Forbidden)
		paper, mailed, err := o.flow.ConsoleActivation(ctx, console, e)
		if err != nil {
			t.Fatal(err)
		}
		browser := workflow.NewBrowserToken()
		if _, err := o.flow.Activate(ctx, workflow.ActivationInput{Paper: paper, Mail: mailed, PIN: pin, Browser: browser, Source: "127.0.0.1"}); err != nil {
			t.Fatal(err)
		}
		o.work()
		in, err := o.flow.LoginCloud(ctx, workflow.CloudLogin{Operator: person.PersonalNumber, PIN: pin, Browser: browser, Source: "127.0.0.1", Origin: "https://ca.example.kg", Session: "s"})
		if err != nil {
			t.Fatal(err)
		}
		if in.Operator == nil || in.Operator.ID != id {
			t.Errorf("logged in as %+v", in)
		}
		if got := o.enrolment(e).Status; got != registry.HandedOver {
			t.Errorf("the enrolment is %s", got)
		}
		o.opensslVerify(in.Certificate)

		// A further one, among administrators: start, confirm, mail.
		e, err = o.flow.OpenOperatorEnrolment(ctx, o.admin.Actor, id)
		if err != nil {
			t.Fatal(err)
		}
		wantKind(t, errOf(o.flow.StartActivation(ctx, o.clerk.Actor, e, "")), registry.Forbidden)
		slip, err := o.flow.StartActivation(ctx, o.admin.Actor, e, "")
		if err != nil {
			t.Fatal(err)
		}
		wantKind(t, o.flow.ConfirmAddress(ctx, o.clerk.Actor, slip.Activation), registry.Forbidden)
		if err := o.flow.ConfirmAddress(ctx, o.admin2.Actor, slip.Activation); err != nil {
			t.Fatal(err)
		}
		o.mailedCode("activation", "first@tamga.example")
	})
}

// TestEveryEnrolmentMove tries every action on every status by every role.
func TestEveryEnrolmentMove(t *testing.T) {
	o := newIssuingOffice(t, storetest.SQLite(t))
	_, es := o.approved(1)
	o.activate(es[0].ID, "")
	csr := o.enrolment(es[0].ID).CSR
	id := es[1].ID // has no kept key
	actions := []struct {
		name string
		by   registry.Role
		from []registry.EnrolmentStatus
		to   registry.EnrolmentStatus
		do   func(workflow.Actor) error
	}{
		{"start", registry.Clerk, []registry.EnrolmentStatus{registry.AwaitingKey}, registry.AwaitingKey, func(a workflow.Actor) error {
			return errOf(o.flow.StartActivation(o.ctx, a, id, ""))
		}},
		{"retry", registry.Approver, []registry.EnrolmentStatus{registry.Failed}, registry.AwaitingKey, func(a workflow.Actor) error {
			return o.flow.RetryEnrolment(o.ctx, a, id)
		}},
		{"cancel", registry.Approver, []registry.EnrolmentStatus{registry.AwaitingKey, registry.KeyMade, registry.Failed}, registry.Cancelled, func(a workflow.Actor) error {
			return o.flow.CancelEnrolment(o.ctx, a, id, "Себеп")
		}},
	}
	actors := map[string]workflow.Actor{
		"clerk": o.clerk.Actor, "approver": o.approver.Actor, "auditor": o.auditor.Actor, "administrator": o.admin.Actor,
		"nobody": workflow.Anonymous(), "applicant": workflow.ByApplicant(es[0].ApplicationID),
	}
	for _, a := range actions {
		for _, status := range registry.EnrolmentStatuses {
			for role, who := range actors {
				// The fee of a cancelled enrolment comes back once only.
				if a.to == registry.Cancelled && slices.Contains(a.from, status) && role == string(a.by) && status != registry.Failed {
					continue
				}
				// An issued one has a certificate to revoke: TestIssuedAndNeverHandedOver.
				if a.to == registry.Cancelled && status == registry.Issued && role == string(a.by) {
					continue
				}
				o.force(id, status, csr)
				err := a.do(who)
				got := o.enrolment(id).Status
				switch {
				case role != string(a.by):
					if registry.KindOf(err) != registry.Forbidden && registry.KindOf(err) != registry.Conflict {
						t.Errorf("%s of %s by %s: %v", a.name, status, role, err)
					}
					if got != status {
						t.Errorf("%s of %s by %s moved it to %s", a.name, status, role, got)
					}
				case slices.Contains(a.from, status):
					if err != nil || got != a.to {
						t.Errorf("%s of %s by %s: %s, %v", a.name, status, role, got, err)
					}
				default:
					if registry.KindOf(err) != registry.Conflict || got != status {
						t.Errorf("%s of %s by %s: %s, %v", a.name, status, role, got, err)
					}
				}
			}
		}
	}
}

// TestThePackSaysHowManyWrongPINCodesLock: fewer or more than five.
func TestThePackSaysHowManyWrongPINCodesLock(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		o.pack.Login.PINCodeTries = 3
		app, _, browser := o.issued(1)
		for range 3 {
			wantKey(t, errOf(o.login(app, registry.Head, "918273", browser, "192.0.2.1")), "error.ecloud.login")
		}
		wantKey(t, errOf(o.login(app, registry.Head, pin, browser, "192.0.2.1")), "error.ecloud.locked_browser")
	})
}
