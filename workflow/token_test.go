package workflow_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

func TestTokenFromKeyToHandOver(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newTokenOffice(t, s)
		app, es := o.approved(1)
		client := newStick("0929441017")
		o.onToken(es[0].ID, client, workflow.TokenDone)
		e, c := o.enrolment(es[0].ID), o.certificate(es[0])
		if e.Status != registry.HandedOver || c.Storage != registry.Rutoken {
			t.Fatalf("%s, %s", e.Status, c.Storage)
		}
		o.opensslVerify(c)
		envelope, cms := o.handover(e.ID)
		opensslCMS(t, o.ca.Issuer(), envelope, cms)
		for _, part := range []string{`"typ":"handover/1"`, `"subject":"certificate/` + string(c.Serial) + ` token/0929441017"`, `"sha256":"` + c.SHA256 + `"`, `"action":"receive"`} {
			if !strings.Contains(string(envelope), part) {
				t.Errorf("the receipt lacks %s: %s", part, envelope)
			}
		}
		// The accountant's goes onto the same token, and the application ends.
		o.onToken(es[1].ID, client, workflow.TokenDone)
		if got := o.application(app.ID).Status; got != registry.Completed {
			t.Errorf("the application is %s", got)
		}
		for _, kind := range []string{"token.key_begun", "enrolment.key_made", "enrolment.issued", "token.written", "token.proven", "enrolment.handed_over"} {
			if n := o.told(e.ID)[kind]; n != 1 {
				t.Errorf("%d entries %s", n, kind)
			}
		}
	})
}

func opensslCMS(t *testing.T, issuer *ca.Issuer, content, cms []byte) {
	t.Helper()
	dir := t.TempDir()
	for name, b := range map[string][]byte{"cms.der": cms, "ca.pem": append(ca.PEM(issuer.Root), ca.PEM(issuer.Certificate)...)} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("openssl", "cms", "-verify", "-inform", "DER", "-in", "cms.der", "-CAfile", "ca.pem", "-purpose", "any", "-out", "content")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("openssl cms: %v\n%s", err, out)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "content")); err != nil || string(got) != string(content) {
		t.Errorf("openssl read %q, %v", got, err)
	}
}

func TestDT14_OldDevicesAreRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newTokenOffice(t, s)
		_, es := o.approved(1)
		for name, c := range map[string]struct {
			change func(*registry.Token)
			key    string
		}{
			"2.0":           {func(*registry.Token) {}, ""},
			"3.0":           {func(t *registry.Token) { t.Hardware, t.Firmware = "60.1", "30.2" }, ""},
			"1.0":           {func(t *registry.Token) { t.Hardware, t.Firmware = "20.3", "18.0" }, "error.token.old"},
			"told as 1.0":   {func(t *registry.Token) { t.Hardware, t.Firmware, t.Release = "", "", "1.0" }, "error.token.old"},
			"told as 2.0":   {func(t *registry.Token) { t.Hardware, t.Firmware, t.Release = "", "", "2.0" }, ""},
			"Lite":          {func(t *registry.Token) { t.Model, t.Release = "Rutoken lite", "" }, "error.token.release_unknown"},
			"another maker": {func(t *registry.Token) { t.Model = "JaCarta" }, "error.token.release_unknown"},
			"full":          {func(t *registry.Token) { t.FreeMemory = 100 }, "error.token.memory"},
			"silent":        {func(t *registry.Token) { t.FreeMemory = -1 }, ""},
			"no RSA":        {func(t *registry.Token) { t.Algorithms = nil }, "error.token.unsupported"},
			"no serial":     {func(t *registry.Token) { t.Serial = " " }, "error.token.serial"},
		} {
			client := newStick(strings.ReplaceAll(name, " ", "-"))
			c.change(&client.Token)
			_, err := o.flow.CheckTokenDevice(o.ctx, o.clerk.Actor, es[0].ID, client.Token, nil)
			if c.key == "" {
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			wants(t, name, err, c.key)
			if _, err := o.flow.BeginTokenKey(o.ctx, o.clerk.Actor, es[0].ID, client.Serial, ""); err == nil {
				t.Errorf("%s: a key was begun", name)
			}
		}
	})
}

// Whatever is repeated, nothing is issued twice and nothing moves back.
func TestTokenStepsRepeated(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newTokenOffice(t, s)
		_, es := o.approved(1)
		id, client := es[0].ID, newStick("0929441017")
		if _, err := o.flow.CheckTokenDevice(o.ctx, o.clerk.Actor, id, client.Token, nil); err != nil {
			t.Fatal(err)
		}
		first, err := o.flow.BeginTokenKey(o.ctx, o.clerk.Actor, id, client.Serial, registry.RSA2048)
		if err != nil {
			t.Fatal(err)
		}
		again, err := o.flow.BeginTokenKey(o.ctx, o.clerk2.Actor, id, strings.ToUpper(client.Serial), "")
		if err != nil || again.Marker != first.Marker {
			t.Errorf("begun again: %+v, %v", again, err)
		}
		csr := client.request(t, first.Marker, first.Algorithm)
		for range 2 {
			if err := o.flow.AcceptTokenRequest(o.ctx, o.clerk.Actor, id, first.Marker, "AB:CD", csr); err != nil {
				t.Fatal(err)
			}
		}
		// Another request with the same key is the same key.
		if err := o.flow.AcceptTokenRequest(o.ctx, o.clerk.Actor, id, first.Marker, "abcd", client.request(t, first.Marker, first.Algorithm)); err != nil {
			t.Error(err)
		}
		wants(t, "another key", o.flow.AcceptTokenRequest(o.ctx, o.clerk.Actor, id, first.Marker, "abcd", client.request(t, "other", registry.RSA2048)), "error.enrolment.state")
		if _, err := o.flow.BeginTokenKey(o.ctx, o.clerk.Actor, id, client.Serial, ""); registry.KindOf(err) != registry.Conflict {
			t.Errorf("a key begun after one was made: %v", err)
		}
		o.work()
		o.onlyOnce("repeated", id)
		c := o.certificate(es[0])
		wants(t, "another certificate read back", o.flow.ConfirmWritten(o.ctx, o.clerk.Actor, id, client.Serial, o.clerk.cert.Raw), "error.token.written_differs")
		wants(t, "read back from another token", o.flow.ConfirmWritten(o.ctx, o.clerk.Actor, id, "0000", c.DER), "error.token.another")
		for range 3 {
			if err := o.flow.ConfirmWritten(o.ctx, o.clerk.Actor, id, client.Serial, c.DER); err != nil {
				t.Fatal(err)
			}
		}
		ask := func(action string) *workflow.Question {
			t.Helper()
			q, err := o.flow.AskToken(o.ctx, o.clerk.Actor, workflow.TokenQuestion{EnrolmentID: id, Action: action, Text: "Токен", Origin: origin, Session: session})
			if err != nil {
				t.Fatal(err)
			}
			return q
		}
		if _, err := o.flow.AskToken(o.ctx, o.clerk.Actor, workflow.TokenQuestion{EnrolmentID: id, Action: workflow.Receive, Text: "Токен", Origin: origin, Session: session}); registry.KindOf(err) != registry.Conflict {
			t.Errorf("a receipt before the proof: %v", err)
		}
		q := ask(workflow.Prove)
		cms := client.sign(t, first.Marker, c.DER, q.Expected)
		wants(t, "the proof as a receipt", o.flow.HandOverToken(o.ctx, o.clerk.Actor, id, session, q.Challenge, cms), "error.token.content")
		wants(t, "a proof that was used", o.flow.ProveToken(o.ctx, o.clerk.Actor, id, session, q.Challenge, cms), "error.login.challenge")
		q = ask(workflow.Prove)
		wants(t, "from another browser", o.flow.ProveToken(o.ctx, o.clerk.Actor, id, "another", q.Challenge, client.sign(t, first.Marker, c.DER, q.Expected)), "error.login.challenge")
		q = ask(workflow.Prove)
		wants(t, "by the clerk's own key", o.flow.ProveToken(o.ctx, o.clerk.Actor, id, session, q.Challenge, o.clerk.sign(t, q.Expected)), "error.token.other_certificate")
		q = ask(workflow.Prove)
		if err := o.flow.ProveToken(o.ctx, o.clerk.Actor, id, session, q.Challenge, client.sign(t, first.Marker, c.DER, q.Expected)); err != nil {
			t.Fatal(err)
		}
		q = ask(workflow.Receive)
		if err := o.flow.HandOverToken(o.ctx, o.clerk.Actor, id, session, q.Challenge, client.sign(t, first.Marker, c.DER, q.Expected)); err != nil {
			t.Fatal(err)
		}
		wants(t, "handed over twice", o.flow.HandOverToken(o.ctx, o.clerk.Actor, id, session, q.Challenge, cms), "error.login.challenge")
		if err := o.flow.ConfirmWritten(o.ctx, o.clerk.Actor, id, client.Serial, c.DER); err != nil {
			t.Errorf("read back once more: %v", err)
		}
	})
}

func TestTokenKeyRules(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newTokenOffice(t, s)
		_, es := o.approved(1)
		client := newStick("0929441017")
		o.onToken(es[0].ID, client, workflow.TokenWrite)
		begun := func(algorithm registry.KeyAlgorithm) *registry.TokenKey {
			t.Helper()
			k, err := o.flow.BeginTokenKey(o.ctx, o.clerk.Actor, es[1].ID, client.Serial, algorithm)
			if err != nil {
				t.Fatal(err)
			}
			return k
		}
		k := begun("")
		accept := func(csr []byte) error {
			return o.flow.AcceptTokenRequest(o.ctx, o.clerk.Actor, es[1].ID, k.Marker, "abcd", csr)
		}
		used := o.desk(es[0].ID).Key.Marker
		wants(t, "the head's key", accept(client.request(t, used, registry.RSA2048)), "error.token.key_used")
		wants(t, "a curve where RSA was begun", accept(client.request(t, "curve", registry.P256)), "error.token.key_kind")
		wants(t, "no request", accept([]byte("x")), "error.ca.csr_malformed")
		wants(t, "an id that is none", o.flow.AcceptTokenRequest(o.ctx, o.clerk.Actor, es[1].ID, k.Marker, "xyz", client.request(t, k.Marker, k.Algorithm)), "error.bad_request")
		wants(t, "another label", o.flow.AcceptTokenRequest(o.ctx, o.clerk.Actor, es[1].ID, "other", "abcd", client.request(t, k.Marker, k.Algorithm)), "error.changed_meanwhile")
		if _, err := o.flow.BeginTokenKey(o.ctx, o.clerk.Actor, es[1].ID, client.Serial, registry.P256); err == nil {
			t.Error("a token of 2.0 is asked for a curve")
		}
		// A newer token does curves where the authority prefers RSA all the same.
		newer := newStick("60a1")
		newer.Hardware, newer.Firmware, newer.Algorithms = "60.1", "30.2", []string{"P-256", "RSA-2048"}
		if _, err := o.flow.CheckTokenDevice(o.ctx, o.clerk.Actor, es[1].ID, newer.Token, nil); err != nil {
			t.Fatal(err)
		}
		other, err := o.flow.BeginTokenKey(o.ctx, o.clerk.Actor, es[1].ID, newer.Serial, "")
		if err != nil || other.Algorithm != registry.RSA2048 {
			t.Fatalf("%+v, %v", other, err)
		}
		other, err = o.flow.BeginTokenKey(o.ctx, o.clerk.Actor, es[1].ID, newer.Serial, registry.P256)
		if err != nil || other.Algorithm != registry.P256 {
			t.Fatalf("%+v, %v", other, err)
		}
		if err := o.flow.AcceptTokenRequest(o.ctx, o.clerk.Actor, es[1].ID, other.Marker, "abcd", newer.request(t, other.Marker, other.Algorithm)); err != nil {
			t.Fatal(err)
		}
		// What was begun on the first token is named there, and removed.
		d, err := o.flow.CheckTokenDevice(o.ctx, o.clerk.Actor, es[0].ID, client.Token, nil)
		if err != nil || !slices.Equal(d.Remove.Markers, []string{k.Marker}) {
			t.Fatalf("to be removed: %+v, %v", d.Remove, err)
		}
		if err := o.flow.NoteRemoved(o.ctx, o.clerk.Actor, es[0].ID, client.Serial, []string{k.Marker, used}); err != nil {
			t.Fatal(err)
		}
		if d, err = o.flow.CheckTokenDevice(o.ctx, o.clerk.Actor, es[0].ID, client.Token, nil); err != nil || len(d.Remove.Markers) > 0 || d.Key.Marker != used {
			t.Errorf("after removing: %+v, %v", d.Remove, err)
		}
	})
}

// The clerk's own token is often in the same computer.
func TestTokensOfEmployeesAreNotForClients(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newTokenOffice(t, s)
		id, err := o.flow.OpenOperatorEnrolment(o.ctx, o.admin.Actor, o.clerk.Operator.ID)
		if err != nil {
			t.Fatal(err)
		}
		own := newStick("0111222333")
		if err := o.atDesk(o.ctx, o.flow, o.admin.Actor, id, own, workflow.TokenDone); err != nil {
			t.Fatal(err)
		}
		var c *registry.Certificate
		o.read(func(tx *store.Tx) (err error) {
			c, err = tx.CertificateOfEnrolment(id)
			return err
		})
		if c.Profile != registry.OperatorProfile || c.Storage != registry.Rutoken || c.OperatorID != o.clerk.Operator.ID {
			t.Errorf("%+v", c)
		}
		_, es := o.approved(1)
		_, err = o.flow.CheckTokenDevice(o.ctx, o.clerk.Actor, es[0].ID, own.Token, nil)
		wants(t, "the clerk's own token", err, "error.token.operators")
		stranger := newStick("0444555666") // it carries the same certificate, the register does not know
		_, err = o.flow.CheckTokenDevice(o.ctx, o.clerk.Actor, es[0].ID, stranger.Token, [][]byte{c.DER, []byte("rubbish")})
		wants(t, "a token with an employee's certificate", err, "error.token.operators")
		if got := o.desk(es[0].ID).Operators; !slices.Equal(got, []string{own.Serial}) {
			t.Errorf("employees' tokens: %v", got)
		}
		// Nobody makes their own.
		mine, err := o.flow.OpenOperatorEnrolment(o.ctx, o.admin2.Actor, o.admin.Operator.ID)
		if err != nil {
			t.Fatal(err)
		}
		_, err = o.flow.CheckTokenDevice(o.ctx, o.admin.Actor, mine, newStick("77").Token, nil)
		wants(t, "one's own", err, "error.token.own")
	})
}

// Every step at every status by every role.
func TestTokenStepsByStatusAndRole(t *testing.T) {
	o := newTokenOffice(t, storetest.SQLite(t))
	client := newStick("0929441017")
	steps := map[string]func(workflow.Actor, registry.EnrolmentID) error{
		"key": func(a workflow.Actor, id registry.EnrolmentID) error {
			return errOf(o.flow.BeginTokenKey(o.ctx, a, id, client.Serial, ""))
		},
		"request": func(a workflow.Actor, id registry.EnrolmentID) error {
			return o.flow.AcceptTokenRequest(o.ctx, a, id, "none", "abcd", client.request(t, "none", registry.RSA2048))
		},
		"written": func(a workflow.Actor, id registry.EnrolmentID) error {
			return o.flow.ConfirmWritten(o.ctx, a, id, client.Serial, []byte{1})
		},
		"prove": func(a workflow.Actor, id registry.EnrolmentID) error {
			return errOf(o.flow.AskToken(o.ctx, a, workflow.TokenQuestion{EnrolmentID: id, Action: workflow.Prove, Text: "x", Origin: origin, Session: session}))
		},
		"receive": func(a workflow.Actor, id registry.EnrolmentID) error {
			return errOf(o.flow.AskToken(o.ctx, a, workflow.TokenQuestion{EnrolmentID: id, Action: workflow.Receive, Text: "x", Origin: origin, Session: session}))
		},
		"restart": func(a workflow.Actor, id registry.EnrolmentID) error {
			return errOf(o.flow.AskUndelivered(o.ctx, a, undelivered(id, true, "Токен сынды")))
		},
	}
	allowed := map[string]map[registry.EnrolmentStatus]bool{
		"key":     {registry.AwaitingKey: true},
		"written": {}, "prove": {}, "receive": {}, "request": {}, "restart": {},
	}
	roles := map[registry.Role]workflow.Actor{
		registry.Clerk: o.clerk.Actor, registry.Approver: o.approver.Actor, registry.Auditor: o.auditor.Actor, registry.Administrator: o.admin.Actor,
	}
	for i, status := range registry.EnrolmentStatuses {
		_, es := o.approved(i + 1)
		id := es[0].ID
		if _, err := o.flow.CheckTokenDevice(o.ctx, o.clerk.Actor, id, client.Token, nil); err != nil {
			t.Fatal(err)
		}
		o.force(id, status, client.request(t, "none", registry.RSA2048))
		for name, do := range steps {
			for role, who := range roles {
				err := do(who, id)
				own := role == registry.Clerk || name == "restart" && role == registry.Approver
				if name == "restart" && role == registry.Clerk {
					own = false
				}
				switch {
				case !own && registry.KindOf(err) != registry.Forbidden:
					t.Errorf("%s at %s by %s: %v", name, status, role, err)
				case own && allowed[name][status] && err != nil:
					t.Errorf("%s at %s by %s: %v", name, status, role, err)
				case own && !allowed[name][status] && registry.KindOf(err) != registry.Conflict && registry.KindOf(err) != registry.NotFound && registry.KindOf(err) != registry.Invalid:
					t.Errorf("%s at %s by %s: %v", name, status, role, err)
				}
			}
		}
	}
}

func TestTokenRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newTokenOffice(t, s)
		_, es := o.approved(1)
		id, client := es[0].ID, newStick("0929441017")
		if _, err := o.flow.CheckTokenDevice(o.ctx, o.clerk.Actor, id, client.Token, nil); err != nil {
			t.Fatal(err)
		}
		markers := make([]string, 6)
		atOnce(t, "begin", func(i int) error {
			k, err := o.flow.BeginTokenKey(o.ctx, o.clerk.Actor, id, client.Serial, "")
			if err == nil {
				markers[i] = k.Marker
			}
			return err
		})
		if len(slices.Compact(slices.Sorted(slices.Values(markers)))) != 1 {
			t.Errorf("several keys were begun: %v", markers)
		}
		// Six browsers made six keys; one request is taken.
		requests := make([][]byte, 6)
		for i := range requests {
			requests[i] = (&stick{Token: client.Token, keys: map[string]crypto.Signer{}}).request(t, markers[0], registry.RSA2048)
		}
		if n := atOnce(t, "request", func(i int) error {
			return o.flow.AcceptTokenRequest(o.ctx, o.clerk.Actor, id, markers[0], "abcd", requests[i])
		}); n != 1 {
			t.Errorf("%d requests were taken", n)
		}
		o.work()
		o.onlyOnce("raced", id)
		c := o.certificate(es[0])
		atOnce(t, "written", func(int) error { return o.flow.ConfirmWritten(o.ctx, o.clerk.Actor, id, client.Serial, c.DER) })
		if n := o.told(id)["token.written"]; n != 1 {
			t.Errorf("written %d times", n)
		}

		// The proof and the receipt, with a key the test holds.
		held := newStick("0555")
		o.onToken(es[1].ID, held, workflow.TokenProve)
		for _, step := range []struct {
			kind   string
			action string
			answer func(context.Context, workflow.Actor, registry.EnrolmentID, string, string, []byte) error
		}{{"token.proven", workflow.Prove, o.flow.ProveToken}, {"enrolment.handed_over", workflow.Receive, o.flow.HandOverToken}} {
			d := o.desk(es[1].ID)
			n := atOnce(t, step.action, func(int) error {
				q, err := o.flow.AskToken(o.ctx, o.clerk.Actor, workflow.TokenQuestion{EnrolmentID: es[1].ID, Action: step.action, Text: "x", Origin: origin, Session: session})
				if err != nil {
					return err
				}
				return step.answer(o.ctx, o.clerk.Actor, es[1].ID, session, q.Challenge, held.sign(t, d.Key.Marker, d.Certificate.DER, q.Expected))
			})
			if n != 1 || o.told(es[1].ID)[step.kind] != 1 {
				t.Errorf("%s: done %d times", step.kind, n)
			}
		}
		before := o.balance(o.application(es[0].ApplicationID).OrganisationID)
		if n := atOnce(t, "cancel or begin again", func(i int) error {
			if i%2 == 0 {
				return o.flow.CancelEnrolment(o.ctx, o.approver.Actor, id, "Токен жоголду")
			}
			return o.endUndelivered(o.approver, id, i%4 == 1, "Токен жоголду")
		}); n < 1 || n > 2 { // begun again, it may still be cancelled
			t.Errorf("ended %d times", n)
		}
		if got := o.balance(o.application(es[0].ApplicationID).OrganisationID) - before; got != 0 && got != es[0].Fee {
			t.Errorf("%d came back of %d", got, es[0].Fee)
		}
		if c := o.certificateBySerial(c.Serial); c.Status != registry.CertRevoked {
			t.Errorf("the certificate is %s", c.Status)
		}
	})
}

// The program dies after each commit; started again, it goes on from there.
func TestTokenKilledAtEveryStep(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newTokenOffice(t, s)
		died := map[string]bool{}
		for n := 1; ; n++ {
			_, es := o.approved(n)
			id, client := es[0].ID, newStick("09"+hash64(n)[60:])
			step := o.until(n, func(ctx context.Context, f *workflow.Flow) {
				_ = o.atDesk(ctx, f, o.clerk.Actor, id, client, workflow.TokenDone)
			})
			later := time.Now().Add(time.Duration(n) * time.Hour)
			o.flow.OnMachine(func() time.Time { return later })
			if err := o.flow.Recover(o.ctx); err != nil {
				t.Fatal(err)
			}
			o.onToken(id, client, workflow.TokenDone)
			o.flow.OnMachine(func() time.Time { return time.Now().UTC() })
			c := o.certificate(es[0])
			if got := certificatesAtCA(t, c.PublicKeyHash); len(got) != 1 || got[0] != c.Serial {
				t.Errorf("killed after %q: at the CA %v, here %s", step, got, c.Serial)
			}
			if len(client.keys) != 1 {
				t.Errorf("killed after %q: %d keys on the token", step, len(client.keys))
			}
			told := o.told(id)
			for _, kind := range []string{"token.key_begun", "enrolment.key_made", "enrolment.issued", "token.written", "token.proven", "enrolment.handed_over"} {
				if told[kind] != 1 {
					t.Errorf("killed after %q: %d entries %s", step, told[kind], kind)
				}
			}
			if step == "" {
				break
			}
			died[step] = true
		}
		for _, step := range []string{"key begun", "key made", "leased", "intent committed", "asked the CA", "certificate stored", "written", "proven", "handed over"} {
			if !died[step] {
				t.Errorf("the program never died after %q", step)
			}
		}
	})
}

// ADR 0007: what was issued and never handed over can be cancelled, or begun
// again on another token.
func TestIssuedAndNeverHandedOver(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newTokenOffice(t, s)
		app, es := o.approved(1)
		client := newStick("0929441017")
		o.onToken(es[0].ID, client, workflow.TokenReceive)
		lost := o.certificate(es[0])
		wants(t, "no reason", o.endUndelivered(o.approver, es[0].ID, true, " "), "error.reason.required")
		before := o.balance(app.OrganisationID)
		if err := o.endUndelivered(o.approver, es[0].ID, true, "Токен сынды"); err != nil {
			t.Fatal(err)
		}
		if c := o.certificateBySerial(lost.Serial); c.Status != registry.CertRevoked || c.StatusReason != int(ca.Superseded) {
			t.Errorf("what was issued first is %s for %d", c.Status, c.StatusReason)
		}
		o.signedFor(t, lost)
		if got := o.balance(app.OrganisationID); got != before {
			t.Errorf("%d came back", got-before)
		}
		other := newStick("0333")
		o.onToken(es[0].ID, other, workflow.TokenDone)
		if c := o.certificate(es[0]); c.Serial == lost.Serial || c.PublicKeyHash == lost.PublicKeyHash {
			t.Error("the same certificate again")
		}
		// The broken token turns up again: what is on it is named.
		d, err := o.flow.CheckTokenDevice(o.ctx, o.clerk.Actor, es[1].ID, client.Token, [][]byte{lost.DER})
		if err != nil || len(d.Remove.Markers) != 1 || !slices.Equal(d.Remove.Certificates, []string{lost.SHA256}) {
			t.Errorf("to be removed: %+v, %v", d.Remove, err)
		}
		o.onToken(es[1].ID, other, workflow.TokenProve)
		before = o.balance(app.OrganisationID)
		if err := o.endUndelivered(o.approver, es[1].ID, false, "Кардар келген жок"); err != nil {
			t.Fatal(err)
		}
		if got := o.balance(app.OrganisationID) - before; got != es[1].Fee {
			t.Errorf("%d came back of %d", got, es[1].Fee)
		}
		if got := o.application(app.ID).Status; got != registry.Completed {
			t.Errorf("the application is %s", got)
		}
		wants(t, "handed over, begun again", o.endUndelivered(o.approver, es[0].ID, true, "x"), "error.enrolment.state")
	})
}

// The same for a key in the E-Cloud whose holder never logged in.
func TestCloudIssuedAndNeverHandedOver(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		app, es, _ := o.issued(1)
		before, c := o.balance(app.OrganisationID), o.certificate(es[0])
		wants(t, "without a signature", o.flow.CancelEnrolment(o.ctx, o.approver.Actor, es[0].ID, "Кардар кирген жок"), "error.enrolment.sign")
		if err := o.endUndelivered(o.approver, es[0].ID, false, "Кардар кирген жок"); err != nil {
			t.Fatal(err)
		}
		o.signedFor(t, c)
		if got := o.certificateBySerial(c.Serial).Status; got != registry.CertRevoked {
			t.Errorf("the certificate is %s", got)
		}
		if got := o.balance(app.OrganisationID) - before; got != es[0].Fee {
			t.Errorf("%d came back of %d", got, es[0].Fee)
		}
		if _, err := o.login(app, registry.Head, pin, "", "192.0.2.1"); err == nil {
			t.Error("logged in with a destroyed key")
		}
		wants(t, "begun again", o.endUndelivered(o.approver, es[1].ID, true, "x"), "error.enrolment.state")
	})
}

func TestEmergencyCodes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newTokenOffice(t, s)
		_, es := o.approved(1)
		if _, err := o.flow.GiveEmergencyCode(o.ctx, o.clerk.Actor, es[0].ID); registry.KindOf(err) != registry.Conflict {
			t.Errorf("before there is a certificate: %v", err)
		}
		o.onToken(es[0].ID, newStick("0929441017"), workflow.TokenDone)
		give := func() string {
			t.Helper()
			code, err := o.flow.GiveEmergencyCode(o.ctx, o.clerk.Actor, es[0].ID)
			if err != nil {
				t.Fatal(err)
			}
			return code
		}
		first := give()
		if c, err := o.flow.EmergencyCode(o.ctx, strings.ToLower(first), "192.0.2.1"); err != nil || c.Serial != o.certificate(es[0]).Serial {
			t.Fatalf("%+v, %v", c, err)
		}
		second := give()
		if _, err := o.flow.EmergencyCode(o.ctx, second, "192.0.2.1"); err != nil {
			t.Error(err)
		}
		wants(t, "a code that was replaced", errOf(o.flow.EmergencyCode(o.ctx, first, "192.0.2.2")), "error.emergency.code")
		wants(t, "mistyped", errOf(o.flow.EmergencyCode(o.ctx, "2222-2222-2223", "192.0.2.2")), "error.ecloud.code_typed")
		for range 20 {
			if err := errOf(o.flow.EmergencyCode(o.ctx, first, "192.0.2.3")); registry.KindOf(err) == registry.Throttled {
				return
			}
		}
		t.Error("codes can be guessed for ever")
	})
}

func TestRequestsOfEverySize(t *testing.T) {
	o := newTokenOffice(t, storetest.SQLite(t))
	_, es := o.approved(1)
	client := newStick("1")
	if _, err := o.flow.CheckTokenDevice(o.ctx, o.clerk.Actor, es[0].ID, client.Token, make([][]byte, 65)); registry.KindOf(err) != registry.Invalid {
		t.Errorf("too many certificates: %v", err)
	}
	k, err := o.flow.BeginTokenKey(o.ctx, o.clerk.Actor, es[0].ID, client.Serial, "")
	wants(t, "a token nobody looked at", err, "error.token.not_looked_at")
	if k != nil {
		t.Error("a key was begun")
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{DNSNames: []string{"a"}}, newRSA(t))
	if err != nil {
		t.Fatal(err)
	}
	wants(t, "an alternative name", o.flow.AcceptTokenRequest(o.ctx, o.clerk.Actor, es[0].ID, "m", "ab", der), "error.ca.csr_content")
}
