package workflow_test

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/ecloud"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/scan"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/internal/token"
	"github.com/tamga-ca/tamga/workflow"
)

// victim says what the program does that is killed: it accepts one order and
// issues what follows, or carries out lists of revocations, and kills itself at
// the n-th step; 0: not by itself.
type victim struct {
	DSN, Vault     string
	Application    registry.ApplicationID
	Operator       registry.OperatorID
	Key, Cert      []byte
	CAURL, Secrets string
	CADir          string
	Bundle         []byte
	Batches        bool
	// Reports are decided on, one after the other, with answers to relying
	// parties under Answers; see revocation_kill_test.go.
	Reports []registry.ReportID
	Answers []byte
	Behind  time.Duration // of the rules' clock
	// FullAfter is after how many revocations the disk is full; 0: never.
	FullAfter int
	Step      int
}

// victimVar names the environment's variable that makes the test program the
// one that is killed.
const victimVar = "TAMGA_TEST_VICTIM"

// die kills this very program, as kill -9 does, and never returns.
func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// runVictim is the whole of the program that is killed.
func runVictim(text string) error {
	var v victim
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return err
	}
	ctx := context.Background()
	s, err := store.Open(ctx, store.Config{DSN: v.DSN})
	if err != nil {
		return err
	}
	f, who, err := v.flow(s)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	step := func(name string) {
		mu.Lock()
		defer mu.Unlock()
		if v.Step--; v.Step == 0 {
			_, _ = fmt.Fprintln(os.Stdout, name)
			die()
		}
	}
	f = f.Crash(step)
	if v.Reports != nil {
		return v.revoke(ctx, s, f, who)
	}
	if v.Batches {
		_, err := f.RunBatches(ctx)
		return err
	}
	if err := v.accept(ctx, s, f, who, step); err != nil {
		return err
	}
	_, err = f.IssueDue(ctx)
	return err
}

func (v *victim) flow(s *store.Store) (*workflow.Flow, *colleague, error) {
	layout := ca.Layout{Dir: v.CADir, Secrets: v.Secrets}
	issuer, err := ca.LoadIssuer(layout.IssuingCertificate(), layout.RootCertificate(), caProfile())
	if err != nil {
		return nil, nil, err
	}
	client, err := ca.NewClient(ca.ClientOptions{URL: v.CAURL, CABundle: v.Bundle, ProvisionerKey: layout.Provisioner(), Issuer: issuer})
	if err != nil {
		return nil, nil, err
	}
	folder, err := scan.OpenFolder(v.Vault, time.Now())
	if err != nil {
		return nil, nil, err
	}
	vault, err := scan.NewVault(folder, "documents.1", []scan.Key{{ID: "documents.1", Bytes: []byte("0123456789abcdef0123456789abcdef")}})
	if err != nil {
		return nil, nil, err
	}
	keys, err := ecloud.NewFileKeys(ecloud.KeyWithID{ID: "ecloud.1", Key: []byte("0123456789abcdef0123456789abcdef")})
	if err != nil {
		return nil, nil, err
	}
	kept, err := ecloud.New(keys, ecloud.Options{KDF: ecloud.KDF{Time: 1, MemoryKiB: 64, Threads: 1}})
	if err != nil {
		return nil, nil, err
	}
	pack := dostek()
	trust := workflow.Trust{Root: issuer.Root, Issuer: issuer.Certificate}
	if trust.HolderPolicy, err = x509.ParseOID(pack.Certificate.HolderPolicy); err != nil {
		return nil, nil, err
	}
	if trust.OperatorPolicy, err = x509.ParseOID(pack.Certificate.OperatorPolicy); err != nil {
		return nil, nil, err
	}
	answering, err := v.answering(layout)
	if err != nil {
		return nil, nil, err
	}
	f, err := workflow.New(workflow.Config{
		Store: s, Pack: pack, Now: func() time.Time { return time.Now().Add(-v.Behind) }, Answering: answering, Log: slog.New(slog.DiscardHandler), BaseURL: "https://ca.example.kg", Trust: trust,
		SourceKey: []byte("0123456789abcdef0123456789abcdef"), Vault: vault, Issuing: &workflow.Issuing{CA: client, Keys: kept},
	})
	if err != nil {
		return nil, nil, err
	}
	who := new(colleague)
	key, err := x509.ParsePKCS8PrivateKey(v.Key)
	if err != nil {
		return nil, nil, err
	}
	who.key = key.(*ecdsa.PrivateKey)
	if who.cert, err = x509.ParseCertificate(v.Cert); err != nil {
		return nil, nil, err
	}
	return f, who, s.Read(context.Background(), func(tx *store.Tx) error {
		op, err := tx.Operator(v.Operator)
		who.Actor = workflow.ByOperator(op)
		return err
	})
}

// accept decides as the page does.
func (v *victim) accept(ctx context.Context, s *store.Store, f *workflow.Flow, who *colleague, step func(string)) error {
	var app *registry.Application
	if err := s.Read(ctx, func(tx *store.Tx) (err error) {
		app, err = tx.Application(v.Application)
		return err
	}); err != nil {
		return err
	}
	in := workflow.DecisionInput{ID: app.ID, Version: app.Version, Action: registry.ActApprove, Text: "Чечим", Origin: "https://ca.example.kg", Session: "browser"}
	q, err := f.AskDecision(ctx, who.Actor, in)
	if err != nil {
		return err
	}
	step("decision asked")
	cms, err := token.Sign(q.Expected, who.cert, who.key, time.Now())
	if err != nil {
		return err
	}
	if err := f.Decide(ctx, who.Actor, in, q.Challenge, cms); err != nil {
		return err
	}
	step("accepted")
	return nil
}

// kill runs the program against an order and returns at which step it was
// killed; empty: it came to its end. With a delay it is killed from outside,
// wherever it is then.
func (r *renewer) kill(dsn string, id registry.ApplicationID, step int, delay time.Duration) (died string) {
	r.t.Helper()
	return r.killed(victim{DSN: dsn, Application: id, Step: step}, delay)
}

// program is the one that is killed, not started yet.
func (o *office) program(v victim) *exec.Cmd {
	o.t.Helper()
	server, _ := theCA.start(o.t)
	address, bundle := server.Listening()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		o.t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(o.approver.key)
	if err != nil {
		o.t.Fatal(err)
	}
	v.Vault, v.Operator, v.Key, v.Cert = o.t.TempDir(), o.approver.Operator.ID, key, o.approver.cert.Raw
	v.CAURL, v.Bundle, v.CADir, v.Secrets = cmp.Or(v.CAURL, "https://localhost:"+port), bundle, theCA.layout.Dir, theCA.layout.Secrets
	text, err := json.Marshal(v)
	if err != nil {
		o.t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		o.t.Fatal(err)
	}
	cmd := exec.CommandContext(o.t.Context(), self)
	cmd.Env = append(os.Environ(), victimVar+"="+string(text))
	return cmd
}

func (o *issuingOffice) killed(v victim, delay time.Duration) (died string) {
	o.t.Helper()
	cmd := o.program(v)
	var told, problem writer
	cmd.Stdout, cmd.Stderr = &told, &problem
	if err := cmd.Start(); err != nil {
		o.t.Fatal(err)
	}
	if delay > 0 {
		time.AfterFunc(delay, func() { _ = cmd.Process.Kill() })
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL:
		if delay > 0 {
			return "some time"
		}
		return string(told[:max(0, len(told)-1)])
	}
	o.t.Fatalf("the program that should be killed: %v: %s", err, problem)
	return ""
}

type writer []byte

func (w *writer) Write(p []byte) (int, error) {
	*w = append(*w, p...)
	return len(p), nil
}

// TestKilledOrder kills -9 the program that accepts an order and issues its
// certificate after each step in turn, and at moments of no step, and starts it
// again: nothing is lost, nothing doubled. TAMGA_KILLS names a file that the
// kills are counted in.
func TestKilledOrder(t *testing.T) {
	storetest.EachDSN(t, func(t *testing.T, s *store.Store, dsn string) {
		o := newIssuingOffice(t, s)
		died := map[string]bool{}
		const byChance = 3
		steps, chance := true, 0
		for n := 1; steps || chance < byChance; n++ {
			o.catchUp()
			r := o.renewer(n, true)
			id := r.ready()
			var step string
			if steps {
				step = r.kill(dsn, id, n, 0)
				steps = step != ""
			} else {
				chance++
				step = r.kill(dsn, id, 0, time.Duration(20+rand.IntN(250))*time.Millisecond)
			}
			died[step] = true
			r.startAgain(n, id, step)
			countKill(t, "a renewal", step)
		}
		for _, step := range []string{"decision asked", "accepted", "leased", "intent committed", "asked the CA", "certificate stored"} {
			if !died[step] {
				t.Errorf("the program never died after %q", step)
			}
		}
	})
}

// startAgain does what people and the program do after a crash, and looks for
// what was lost or doubled.
func (r *renewer) startAgain(n int, id registry.ApplicationID, step string) {
	r.t.Helper()
	if err := r.flow.Recover(r.ctx); err != nil {
		r.t.Fatal(err)
	}
	r.catchUp()
	before := r.application(id)
	if before.Status == registry.Verified { // the approver decides again
		if err := r.decide(r.approver, id, registry.ActApprove, ""); err != nil {
			r.t.Fatalf("killed after %q: %v", step, err)
		}
	}
	later := time.Now().Add(time.Duration(n) * time.Hour) // the leases of the dead are over
	r.flow.OnMachine(func() time.Time { return later })
	for waited := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		r.work()
		// PostgreSQL may not have noticed yet that who holds a row is dead.
		if es := r.enrolments(id); len(es) > 0 && es[0].Status == registry.Issued || time.Since(waited) > 10*time.Second {
			break
		}
	}
	r.flow.OnMachine(func() time.Time { return time.Now().UTC() })
	app := r.application(id)
	if app.Status != registry.Approved || app.Queue != nil {
		r.t.Errorf("killed after %q: the order is %s, its place %+v", step, app.Status, app.Queue)
	}
	es := r.enrolments(id)
	if len(es) != 1 {
		r.t.Fatalf("killed after %q: %d enrolments", step, len(es))
	}
	r.onlyOnce(step, es[0].ID)
	if c := r.certificate(es[0]); !c.NotBefore.Equal(r.head.NotAfter) {
		r.t.Errorf("killed after %q: the old one ends at %s, the next begins at %s", step, r.head.NotAfter, c.NotBefore)
	}
	charges, sum := 0, registry.Tyiyn(0)
	r.read(func(tx *store.Tx) error {
		_, entries, err := tx.Statement(app.OrganisationID, r.now().AddDate(-1, 0, 0), r.now().AddDate(1, 0, 0), 0, 1000)
		for _, e := range entries {
			sum += e.Amount
			if e.Kind == registry.EntryCharge && e.ApplicationID == id {
				charges++
			}
		}
		return err
	})
	if charges != 1 || sum != r.balance(app.OrganisationID) {
		r.t.Errorf("killed after %q: charged %d times, the entries make %d, the balance is %d", step, charges, sum, r.balance(app.OrganisationID))
	}
	accepted := 0
	r.read(func(tx *store.Tx) error {
		entries, err := tx.JournalAbout(workflow.Application(id), 0, 1000)
		for _, e := range entries {
			if e.Kind == "application.approve" {
				accepted++
			}
		}
		return err
	})
	if accepted != 1 {
		r.t.Errorf("killed after %q: the journal tells of %d acceptances", step, accepted)
	}
}

// countKill adds a kill to the file that make soak counts, if there is one.
func countKill(t testing.TB, who, step string) {
	t.Helper()
	name := os.Getenv("TAMGA_KILLS")
	if name == "" || step == "" {
		return
	}
	word := "whole"
	if t.Failed() {
		word = "FAULT"
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(f, "%s after %s: %s\n", word, who, step); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
