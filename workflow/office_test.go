package workflow_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/scan"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/token"
	"github.com/tamga-ca/tamga/workflow"
)

func TestMain(m *testing.M) {
	log.SetOutput(io.Discard) // step-ca announces its address
	if text := os.Getenv(victimVar); text != "" {
		if err := runVictim(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	theCA.stop()
	os.Exit(code)
}

// theCA is one real, embedded step-ca for all tests of the package.
var theCA sharedCA

type sharedCA struct {
	once   sync.Once
	dir    string
	err    error
	server *ca.Embedded
	client *ca.Client
	layout ca.Layout
}

func (s *sharedCA) start(t testing.TB) (*ca.Embedded, *ca.Client) {
	t.Helper()
	s.once.Do(func() {
		if s.dir, s.err = os.MkdirTemp("", "tamga-ca"); s.err != nil {
			return
		}
		s.layout = ca.Layout{Dir: filepath.Join(s.dir, "ca"), Secrets: filepath.Join(s.dir, "secrets")}
		profile := caProfile()
		if s.err = ca.Init(ca.InitOptions{Layout: s.layout, Organisation: "Сыноо", Name: "Сыноо", Profile: profile, ValidFrom: time.Now().AddDate(-3, 0, 0)}); s.err != nil {
			return
		}
		if s.server, s.err = ca.NewEmbedded(s.layout, profile); s.err != nil {
			return
		}
		if s.err = s.server.Start(context.Background()); s.err != nil {
			return
		}
		s.client, s.err = s.server.Client(0)
	})
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s.server, s.client
}

func (s *sharedCA) stop() {
	if s.server != nil {
		_ = s.server.Stop()
	}
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
}

func dostek() *authorities.Pack {
	p, err := authorities.Load("dostek")
	if err != nil {
		panic(err)
	}
	return p
}

func caProfile() ca.Profile {
	p := dostek()
	return ca.ProfileAt("http://ca.example.kg", p.Certificate.HolderPolicy, p.Certificate.OperatorPolicy)
}

// office is an installation at work: people with keys, a pack, a clock that
// tests set, a real CA.
type office struct {
	t     testing.TB
	store *store.Store
	flow  *workflow.Flow
	cfg   workflow.Config
	pack  *authorities.Pack
	ca    *ca.Client
	// storage that applications ask for; empty: the E-Cloud.
	storage registry.Storage

	mu    sync.Mutex
	clock time.Time

	clerk, clerk2, approver, approver2, auditor, admin, admin2 *colleague
}

// colleague is an operator with a key and an operator's certificate.
type colleague struct {
	workflow.Actor
	key  crypto.Signer
	cert *x509.Certificate
}

// newOffice sets up an installation of Dos Tek in a migrated database.
func newOffice(t testing.TB, s *store.Store) *office { return newOfficeWith(t, s, nil) }

// newOfficeWith is newOffice with a change of the configuration.
func newOfficeWith(t testing.TB, s *store.Store, configure func(*workflow.Config)) *office {
	t.Helper()
	server, client := theCA.start(t)
	o := &office{t: t, store: s, pack: dostek(), ca: client, clock: time.Now().UTC().Truncate(time.Microsecond)}
	issuer := server.Issuer()
	cfg := workflow.Config{
		Store: s, Pack: o.pack, Now: o.now, Log: slog.New(slog.DiscardHandler), BaseURL: "https://ca.example.kg",
		Trust:     workflow.Trust{Root: issuer.Root, Issuer: issuer.Certificate, HolderPolicy: oid(t, o.pack.Certificate.HolderPolicy), OperatorPolicy: oid(t, o.pack.Certificate.OperatorPolicy)},
		SourceKey: []byte("0123456789abcdef0123456789abcdef"), Vault: newVault(t),
	}
	if configure != nil {
		configure(&cfg)
	}
	o.cfg = cfg
	o.flow = o.again()
	o.admin = o.hire(registry.Administrator, 1)
	o.admin2 = o.hire(registry.Administrator, 2)
	o.clerk = o.hire(registry.Clerk, 3)
	o.clerk2 = o.hire(registry.Clerk, 4)
	o.approver = o.hire(registry.Approver, 5)
	o.approver2 = o.hire(registry.Approver, 6)
	o.auditor = o.hire(registry.Auditor, 7)
	return o
}

// again is the program started again.
func (o *office) again() *workflow.Flow {
	o.t.Helper()
	f, err := workflow.New(o.cfg)
	if err != nil {
		o.t.Fatal(err)
	}
	return f
}

// newVault keeps scans in a temporary folder.
func newVault(t testing.TB) *scan.Vault {
	t.Helper()
	folder, err := scan.OpenFolder(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = folder.Close() })
	v, err := scan.NewVault(folder, "documents.1", []scan.Key{{ID: "documents.1", Bytes: []byte("0123456789abcdef0123456789abcdef")}})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func oid(t testing.TB, s string) x509.OID {
	t.Helper()
	o, err := x509.ParseOID(s)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *office) now() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.clock
}

func (o *office) advance(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.clock = o.clock.Add(d)
}

// catchUp brings the clock to the machine's, by which the CA issues.
func (o *office) catchUp() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if now := time.Now().UTC().Truncate(time.Microsecond); now.After(o.clock) {
		o.clock = now
	}
}

func (o *office) write(f func(*store.Tx) error) {
	o.t.Helper()
	if err := o.store.Write(context.Background(), f); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) read(f func(*store.Tx) error) {
	o.t.Helper()
	if err := o.store.Read(context.Background(), f); err != nil {
		o.t.Fatal(err)
	}
}

// hire makes an operator with a certificate from the real CA. n tells people
// apart.
func (o *office) hire(role registry.Role, n int) *colleague {
	o.t.Helper()
	ctx := context.Background()
	person := employee(n)
	id, err := o.flow.AddOperatorAtConsole(ctx, workflow.ByConsole("test"), workflow.NewOperator{
		Person: person, Role: role, Office: o.pack.HeadOffice, Email: fmt.Sprintf("op%d@tamga.example", n), Language: registry.Kyrgyz,
	})
	if err != nil {
		o.t.Fatal(err)
	}
	c := new(colleague)
	if c.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		o.t.Fatal(err)
	}
	c.cert = o.certify(c.key, ca.Subject{
		Organisation: "Сыноо", INN: "00101202010001", CommonName: person.NameRu.String(), Surname: person.NameRu.Surname, GivenName: person.NameRu.Given,
		PersonalNumber: person.PersonalNumber,
	}, registry.OperatorProfile)
	o.write(func(tx *store.Tx) error {
		if _, err := tx.AddCertificate(rowOf(c.cert, registry.Certificate{
			Profile: registry.OperatorProfile, OperatorID: id, PersonalNumber: person.PersonalNumber, HolderName: person.NameRu.String(), Storage: registry.ECloud,
		})); err != nil {
			return err
		}
		op, err := tx.Operator(id)
		c.Actor = workflow.ByOperator(op)
		return err
	})
	return c
}

// certify has the real CA issue a certificate for a year from now.
func (o *office) certify(key crypto.Signer, s ca.Subject, profile registry.CertificateProfile) *x509.Certificate {
	o.t.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		o.t.Fatal(err)
	}
	req, err := ca.CheckCSR(der)
	if err != nil {
		o.t.Fatal(err)
	}
	subject, err := ca.EncodeSubject(s)
	if err != nil {
		o.t.Fatal(err)
	}
	now := time.Now().UTC()
	intent, err := o.ca.Issuer().NewIntent(now, ca.Wanted{NotBefore: now, NotAfter: now.AddDate(1, 0, 0), Subject: subject, Profile: profile, Request: req})
	if err != nil {
		o.t.Fatal(err)
	}
	cert, err := o.ca.Sign(context.Background(), intent, der)
	if err != nil {
		o.t.Fatal(err)
	}
	o.catchUp()
	return cert
}

// rowOf fills a certificate's row from the certificate.
func rowOf(cert *x509.Certificate, c registry.Certificate) registry.Certificate {
	fp, pk := sha256.Sum256(cert.Raw), sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	c.Serial, c.NotBefore, c.NotAfter, c.DER = ca.SerialOf(cert.SerialNumber), cert.NotBefore, cert.NotAfter, cert.Raw
	c.SHA256, c.PublicKeyHash, c.IssuedAt = hex.EncodeToString(fp[:]), hex.EncodeToString(pk[:]), cert.NotBefore
	return c
}

// sign answers a question as a token would.
func (c *colleague) sign(t testing.TB, expected []byte) []byte {
	t.Helper()
	cms, err := token.Sign(expected, c.cert, c.key, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return cms
}

// employee is a fictional operator.
func employee(n int) registry.PersonRequisites {
	name := registry.PersonName{Surname: fmt.Sprintf("Иманов%c", 'а'+rune(n)), Given: "Тилек", Patronymic: "Нурланович"}
	return registry.PersonRequisites{
		PersonalNumber: registry.PersonalNumber(fmt.Sprintf("2011119900%04d", n)), NameRu: name, NameKy: name,
		Sex: registry.Male, BirthDate: "1990-11-01", Citizenship: registry.CitizenOfKyrgyzstan,
	}
}

// person is a fictional signatory; n tells people apart.
func person(n int, position string) registry.PersonRequisites {
	name := registry.PersonName{Surname: "Асанова", Given: "Гүлнара", Patronymic: "Бектуровна"}
	return registry.PersonRequisites{
		PersonalNumber: registry.PersonalNumber(fmt.Sprintf("11405198%06d", n)), NameRu: name, NameKy: name, Latin: "ASANOVA GULNARA",
		Sex: registry.Female, BirthDate: "1981-05-14", Citizenship: registry.CitizenOfKyrgyzstan, PositionRu: position, PositionKy: position,
		Document: registry.IdentityDocument{Type: registry.IDCard, Series: "ID", Number: fmt.Sprintf("%07d", n), Languages: []string{"ky", "ru"}},
		Phone:    "+996312000101", Email: fmt.Sprintf("p%d@akbulak.example", n), Consent: true,
	}
}

// declaration is a valid first issue of an organisation; n tells
// organisations apart.
func declaration(n int) registry.Declaration {
	accountant, trusted := person(n*10+2, "Башкы бухгалтер"), person(n*10+3, "Менеджер")
	return registry.Declaration{
		Operation: registry.FirstIssue, Channel: registry.Office, Storage: registry.ECloud, Office: "BISHKEK", Language: registry.Kyrgyz,
		Organisation: registry.OrganisationRequisites{
			Kind: registry.LegalEntity, INN: registry.INN(fmt.Sprintf("005032017%05d", 10000+n)), FormRu: "ОсОО", FormKy: "ЖЧК",
			NameRu: "Ак-Булак Агросервис", NameKy: "Ак-Булак Агросервис", NameLatin: "Ak-Bulak",
			Settlement: registry.Settlement{Code: "BISHKEK", Ru: "г. Бишкек", Ky: "Бишкек ш.", Region: "BISHKEK"}, Phone: "+996312000101", Email: "office@akbulak.example",
		},
		Head: person(n*10+1, "Директор"), Accountant: &accountant, Trusted: &trusted,
	}
}

// organisation puts one on file.
func (o *office) organisation(n int) registry.OrganisationID {
	o.t.Helper()
	var id registry.OrganisationID
	o.write(func(tx *store.Tx) (err error) {
		id, err = tx.SaveOrganisation(declaration(n).Organisation, o.now())
		return err
	})
	return id
}

// submitted is an application that was handed in.
func (o *office) submitted(n int) registry.ApplicationID {
	o.t.Helper()
	ctx := context.Background()
	declared := declaration(n)
	if o.storage != "" {
		declared.Storage = o.storage
	}
	d, err := o.flow.NewDraft(ctx, o.clerk.Actor, declared, nil)
	if err != nil {
		o.t.Fatal(err)
	}
	if err := o.flow.Submit(ctx, o.clerk.Actor, d.ID, 0); err != nil {
		o.t.Fatal(err)
	}
	return d.ID
}

// settle accepts every required document of an application as a clerk would
// have, straight in the database: how documents are judged is tested apart.
func (o *office) settle(id registry.ApplicationID) {
	o.t.Helper()
	o.write(func(tx *store.Tx) error {
		docs, err := tx.Documents(id)
		if err != nil {
			return err
		}
		for _, d := range docs {
			d.Status = registry.DocAccepted
			if err := tx.JudgeDocument(d, o.now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// verified is an application that waits for an approver.
func (o *office) verified(n int) registry.ApplicationID {
	o.t.Helper()
	ctx := context.Background()
	id := o.submitted(n)
	if err := o.flow.Take(ctx, o.clerk.Actor, id); err != nil {
		o.t.Fatal(err)
	}
	o.settle(id)
	if err := o.flow.Verify(ctx, o.clerk.Actor, id, 0); err != nil {
		o.t.Fatal(err)
	}
	return id
}

// application reads one.
func (o *office) application(id registry.ApplicationID) *registry.Application {
	o.t.Helper()
	var app *registry.Application
	o.read(func(tx *store.Tx) (err error) {
		app, err = tx.Application(id)
		return err
	})
	return app
}

// pay tops up, by the second clerk, who touches no file.
func (o *office) pay(org registry.OrganisationID, sum registry.Tyiyn, reference string) {
	o.t.Helper()
	pending, err := o.flow.TopUp(context.Background(), o.clerk2.Actor, workflow.Payment{
		Organisation: org, Amount: sum, Reference: reference, PaidOn: registry.DateOf(o.now(), o.pack.Zone()), Way: registry.BankTransfer,
	})
	if err != nil || pending {
		o.t.Fatalf("paying %d: pending %v, %v", sum, pending, err)
	}
}

// decide performs a signed decision.
func (o *office) decide(by *colleague, id registry.ApplicationID, act registry.Action, remark string) error {
	return o.decideOn(by, id, o.application(id).Version, act, remark)
}

// decideOn decides on the version of an application that the approver saw.
func (o *office) decideOn(by *colleague, id registry.ApplicationID, seen int64, act registry.Action, remark string) error {
	ctx := context.Background()
	in := workflow.DecisionInput{
		ID: id, Version: seen, Action: act, Remark: remark, Text: "Чечим", Origin: "https://ca.example.kg", Session: "browser",
	}
	q, err := o.flow.AskDecision(ctx, by.Actor, in)
	if err != nil {
		return err
	}
	return o.flow.Decide(ctx, by.Actor, in, q.Challenge, by.sign(o.t, q.Expected))
}

// wantKind fails unless err is a refusal of a kind.
func wantKind(t testing.TB, err error, kind registry.Kind) {
	t.Helper()
	if registry.KindOf(err) != kind {
		t.Errorf("got %v, want a refusal of kind %d", err, kind)
	}
}
