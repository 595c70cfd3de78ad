package workflow_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/ecloud"
	"github.com/tamga-ca/tamga/internal/mailtest"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/workflow"
)

// issuingOffice is an office with a mail server, kept keys and a CA.
type issuingOffice struct {
	*office
	mail *mailtest.Catcher
	ctx  context.Context
}

func newIssuingOffice(t testing.TB, s *store.Store) *issuingOffice {
	return newIssuingOfficeOf(t, s, dostek())
}

// newUBROffice is one of UBR, whose certificates name the policies that the
// tests' CA was made for.
func newUBROffice(t testing.TB, s *store.Store) *issuingOffice {
	t.Helper()
	pack, err := authorities.Load("ubr")
	if err != nil {
		t.Fatal(err)
	}
	ubr := *pack
	ubr.Certificate.HolderPolicy, ubr.Certificate.OperatorPolicy = dostek().Certificate.HolderPolicy, dostek().Certificate.OperatorPolicy
	return newIssuingOfficeOf(t, s, &ubr)
}

func newIssuingOfficeOf(t testing.TB, s *store.Store, pack *authorities.Pack) *issuingOffice {
	t.Helper()
	o := &issuingOffice{mail: mailtest.New(t), ctx: context.Background()}
	_, client := theCA.start(t)
	keys, err := ecloud.NewFileKeys(ecloud.KeyWithID{ID: "ecloud.1", Key: []byte("0123456789abcdef0123456789abcdef")})
	if err != nil {
		t.Fatal(err)
	}
	vault, err := ecloud.New(keys, ecloud.Options{KDF: ecloud.KDF{Time: 1, MemoryKiB: 64, Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	o.office = newOfficeWith(t, s, func(c *workflow.Config) {
		c.Pack = pack
		c.Issuing = &workflow.Issuing{CA: client, Keys: vault}
		c.Mail = &workflow.Mail{Address: o.mail.Addr(), From: "ca@tamga.example", Security: "none", Render: func(l workflow.Letter) (string, string, error) {
			return l.Kind, fmt.Sprintf("code=%v\n", l.Args["code"]), nil
		}}
	})
	o.pack = pack
	return o
}

// approved is an application of a head and an accountant that was approved.
func (o *issuingOffice) approved(n int) (*registry.Application, []*registry.Enrolment) {
	o.t.Helper()
	id := o.verified(n)
	o.pay(o.application(id).OrganisationID, 1_000_000, fmt.Sprintf("ref-%d", n))
	if err := o.decide(o.approver, id, registry.ActApprove, ""); err != nil {
		o.t.Fatal(err)
	}
	return o.application(id), o.enrolments(id)
}

func (o *issuingOffice) enrolments(id registry.ApplicationID) []*registry.Enrolment {
	o.t.Helper()
	var out []*registry.Enrolment
	o.read(func(tx *store.Tx) (err error) {
		out, err = tx.Enrolments(id)
		return err
	})
	return out
}

func (o *issuingOffice) enrolment(id registry.EnrolmentID) *registry.Enrolment {
	o.t.Helper()
	var e *registry.Enrolment
	o.read(func(tx *store.Tx) (err error) {
		e, err = tx.Enrolment(id)
		return err
	})
	return e
}

// started is an activation whose address is confirmed and whose mailed half has
// arrived.
func (o *issuingOffice) started(id registry.EnrolmentID) (paper, mailed string) {
	o.t.Helper()
	slip, err := o.flow.StartActivation(o.ctx, o.clerk.Actor, id, "")
	if err != nil {
		o.t.Fatal(err)
	}
	if err := o.flow.ConfirmAddress(o.ctx, o.clerk2.Actor, slip.Activation); err != nil {
		o.t.Fatal(err)
	}
	return slip.Code, o.mailedCode("activation", slip.Email)
}

// mailedCode sends what is due and reads the code of the last letter of a kind
// to an address.
func (o *issuingOffice) mailedCode(kind, to string) string {
	o.t.Helper()
	if _, err := o.flow.SendLetters(o.ctx, 100); err != nil {
		o.t.Fatal(err)
	}
	all := o.mail.Messages()
	for i := len(all) - 1; i >= 0; i-- {
		c, err := all[i].Content()
		if err != nil {
			o.t.Fatal(err)
		}
		if c.Subject == kind && mailtest.To(to)(all[i]) {
			return strings.TrimSpace(strings.TrimPrefix(c.Text, "code="))
		}
	}
	o.t.Fatalf("no letter %q to %s", kind, to)
	return ""
}

const pin = "739164"

func (o *issuingOffice) activate(id registry.EnrolmentID, browser string) {
	o.t.Helper()
	paper, mailed := o.started(id)
	if _, err := o.flow.Activate(o.ctx, workflow.ActivationInput{Paper: paper, Mail: mailed, PIN: pin, Browser: browser, Source: paper}); err != nil {
		o.t.Fatal(err)
	}
}

func (o *issuingOffice) work() {
	o.t.Helper()
	if err := o.flow.WorkOnce(o.ctx); err != nil {
		o.t.Fatal(err)
	}
}

// issued has one application's certificates issued, the head's browser known.
func (o *issuingOffice) issued(n int) (app *registry.Application, es []*registry.Enrolment, browser string) {
	o.t.Helper()
	app, es = o.approved(n)
	browser = workflow.NewBrowserToken()
	for i, e := range es {
		mark := browser
		if i > 0 {
			mark = ""
		}
		o.activate(e.ID, mark)
	}
	o.work()
	return app, o.enrolments(app.ID), browser
}

func (o *issuingOffice) certificate(e *registry.Enrolment) *registry.Certificate {
	o.t.Helper()
	var c *registry.Certificate
	o.read(func(tx *store.Tx) (err error) {
		c, err = tx.CertificateOfEnrolment(e.ID)
		return err
	})
	return c
}

func (o *issuingOffice) login(app *registry.Application, role registry.SignatoryRole, pin, browser, source string) (*workflow.Entrance, error) {
	return o.flow.LoginCloud(o.ctx, workflow.CloudLogin{
		INN: app.Declaration.Organisation.INN, Role: role, PIN: pin, Browser: browser, Source: source, Origin: "https://ca.example.kg", Session: "browser",
	})
}

// force puts an enrolment into a status as if it had come there.
func (o *issuingOffice) force(id registry.EnrolmentID, status registry.EnrolmentStatus, csr []byte) {
	o.t.Helper()
	o.write(func(tx *store.Tx) error {
		e, err := tx.LockEnrolment(id)
		if err != nil {
			return err
		}
		from := e.Status
		e.Status, e.CSR, e.Serial, e.Failure, e.NextAttemptAt = status, csr, "1234567890abcdef1234567890abcdef", "", nil
		switch status {
		case registry.AwaitingKey, registry.Cancelled:
			e.CSR, e.Serial = nil, ""
		case registry.Failed:
			e.Failure = "error.ca.refused"
		}
		return tx.MoveEnrolment(e, from, o.now())
	})
}

// opensslVerify runs openssl verify over an issued certificate and its chain.
func (o *issuingOffice) opensslVerify(c *registry.Certificate) {
	o.t.Helper()
	dir := o.t.(*testing.T).TempDir()
	write := func(name string, b []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, b, 0o600); err != nil {
			o.t.Fatal(err)
		}
		return file
	}
	issuer := o.ca.Issuer()
	root, issuing := write("root.pem", ca.PEM(issuer.Root)), write("issuing.pem", ca.PEM(issuer.Certificate))
	leaf := write("leaf.der", c.DER)
	pem := filepath.Join(dir, "leaf.pem")
	for _, args := range [][]string{
		{"x509", "-inform", "DER", "-in", leaf, "-out", pem},
		{"verify", "-x509_strict", "-policy_check", "-CAfile", root, "-untrusted", issuing, pem},
	} {
		if out, err := exec.CommandContext(o.ctx, "openssl", args...).CombinedOutput(); err != nil {
			o.t.Fatalf("openssl %s: %v\n%s", args[0], err, out)
		}
	}
}

// certificatesAtCA are the serials of certificates for a key that step-ca has
// signed.
func certificatesAtCA(t testing.TB, keyHash string) []registry.Serial {
	t.Helper()
	server, _ := theCA.start(t)
	var out []registry.Serial
	if _, err := server.Reconcile(context.Background(), func(s registry.Serial, k string) (bool, error) {
		if k == keyHash {
			out = append(out, s)
		}
		return true, nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// told counts the journal's entries about an enrolment by kind.
func (o *issuingOffice) told(id registry.EnrolmentID) map[string]int {
	o.t.Helper()
	out := map[string]int{}
	o.read(func(tx *store.Tx) error {
		entries, err := tx.JournalAbout(workflow.Enrolment(id), 0, 1000)
		for _, e := range entries {
			out[e.Kind]++
		}
		return err
	})
	return out
}
