//go:build bench

package main

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
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/scan"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/workflow"
)

const origin = "https://ca.example.kg"

// authority is the CA that everything here is issued by: real, with a database
// of its own that syncs.
type authority struct {
	name   string // of the way it runs
	pack   *authorities.Pack
	layout ca.Layout
	client *ca.Client
	stop   func()
	// address is where it answers, bundle the PEM certificate it is known by.
	address string
	bundle  []byte
}

// founded is an authority with files below dir and keys of a kind, that does not
// run yet.
func founded(dir string, keys ca.KeyType) (*authority, ca.Profile, error) {
	pack, err := authorities.Load("dostek")
	if err != nil {
		return nil, ca.Profile{}, err
	}
	a := &authority{pack: pack, layout: ca.Layout{Dir: filepath.Join(dir, "ca"), Secrets: filepath.Join(dir, "secrets")}}
	profile := ca.ProfileAt("http://ca.example.kg", pack.Certificate.HolderPolicy, pack.Certificate.OperatorPolicy)
	return a, profile, ca.Init(ca.InitOptions{Layout: a.layout, Organisation: "Сыноо", Name: "Сыноо", KeyType: keys, Profile: profile})
}

// newAuthority starts an embedded CA with files below dir. The caller stops it.
func newAuthority(ctx context.Context, dir string, keys ca.KeyType) (*authority, error) {
	a, profile, err := founded(dir, keys)
	if err != nil {
		return nil, err
	}
	server, err := ca.NewEmbedded(a.layout, profile)
	if err != nil {
		return nil, err
	}
	if err := server.Start(ctx); err != nil {
		return nil, err
	}
	a.name, a.stop = "step-ca embedded, "+string(keys), func() { _ = server.Stop() }
	a.address, a.bundle = server.Listening()
	a.client, err = server.Client(0)
	return a, err
}

// certify has the CA sign a certificate for a year from now, as the workflow
// would.
func (a *authority) certify(ctx context.Context, key crypto.Signer, s ca.Subject, profile registry.CertificateProfile) (*x509.Certificate, error) {
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		return nil, err
	}
	request, err := ca.CheckCSR(der)
	if err != nil {
		return nil, err
	}
	subject, err := ca.EncodeSubject(s)
	if err != nil {
		return nil, err
	}
	now := time.Now().UTC()
	intent, err := a.client.Issuer().NewIntent(now, ca.Wanted{NotBefore: now, NotAfter: now.AddDate(1, 0, 0), Subject: subject, Profile: profile, Request: request})
	if err != nil {
		return nil, err
	}
	return a.client.Sign(ctx, intent, der)
}

// office is an installation at work in one database.
type office struct {
	*authority
	name  string // of the database
	dsn   string
	store *store.Store
	flow  *workflow.Flow
	// config is the flow's, for another server; more are its databases.
	config workflow.Config
	more   []*store.Store

	clerk, cashier, approver *colleague
}

// colleague is an operator with a key and a certificate.
type colleague struct {
	workflow.Actor
	key  crypto.Signer
	cert *x509.Certificate
}

// openOffice migrates a database and hires its people. The caller closes it.
func (a *authority) openOffice(ctx context.Context, name, dsn, dir string) (_ *office, err error) {
	o := &office{authority: a, name: name, dsn: dsn}
	if o.store, err = store.Open(ctx, store.Config{DSN: dsn}); err != nil {
		return nil, err
	}
	if err := o.store.Migrate(ctx); err != nil {
		return nil, err
	}
	cfg := workflow.Config{
		Store: o.store, Pack: a.pack, Now: time.Now, Log: slog.New(slog.DiscardHandler), BaseURL: origin,
		SourceKey: make([]byte, 32), Issuing: &workflow.Issuing{CA: a.client},
	}
	if cfg.Answering, err = a.answering(); err != nil {
		return nil, err
	}
	issuer := a.client.Issuer()
	cfg.Trust = workflow.Trust{Root: issuer.Root, Issuer: issuer.Certificate}
	if cfg.Trust.HolderPolicy, err = x509.ParseOID(a.pack.Certificate.HolderPolicy); err != nil {
		return nil, err
	}
	if cfg.Trust.OperatorPolicy, err = x509.ParseOID(a.pack.Certificate.OperatorPolicy); err != nil {
		return nil, err
	}
	if cfg.Vault, err = newVault(dir); err != nil {
		return nil, err
	}
	o.config = cfg
	if o.flow, err = workflow.New(cfg); err != nil {
		return nil, err
	}
	for n, who := range []struct {
		is   **colleague
		role registry.Role
	}{{&o.clerk, registry.Clerk}, {&o.cashier, registry.Clerk}, {&o.approver, registry.Approver}} {
		if *who.is, err = o.hire(ctx, who.role, n+1); err != nil {
			return nil, fmt.Errorf("hiring: %w", err)
		}
	}
	return o, nil
}

func (o *office) close() {
	for _, s := range append(o.more, o.store) {
		_ = s.Close()
	}
}

func newVault(dir string) (*scan.Vault, error) {
	dir, err := os.MkdirTemp(dir, "files")
	if err != nil {
		return nil, err
	}
	folder, err := scan.OpenFolder(dir, time.Now())
	if err != nil {
		return nil, err
	}
	return scan.NewVault(folder, "documents.1", []scan.Key{{ID: "documents.1", Bytes: make([]byte, 32)}})
}

func (o *office) hire(ctx context.Context, role registry.Role, n int) (*colleague, error) {
	name := registry.PersonName{Surname: "Иманов", Given: "Тилек", Patronymic: "Нурланович"}
	person := registry.PersonRequisites{
		PersonalNumber: registry.PersonalNumber(fmt.Sprintf("2011119900%04d", n)), NameRu: name, NameKy: name,
		Sex: registry.Male, BirthDate: "1990-11-01", Citizenship: registry.CitizenOfKyrgyzstan,
	}
	id, err := o.flow.AddOperatorAtConsole(ctx, workflow.ByConsole("bench"), workflow.NewOperator{
		Person: person, Role: role, Office: o.pack.HeadOffice, Email: fmt.Sprintf("op%d@tamga.example", n), Language: registry.Kyrgyz,
	})
	if err != nil {
		return nil, err
	}
	c := new(colleague)
	if c.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	c.cert, err = o.certify(ctx, c.key, ca.Subject{
		Organisation: "Сыноо", INN: "00101202010001", CommonName: name.String(), Surname: name.Surname, GivenName: name.Given, PersonalNumber: person.PersonalNumber,
	}, registry.OperatorProfile)
	if err != nil {
		return nil, err
	}
	return c, o.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.AddCertificate(rowOf(c.cert, registry.Certificate{
			Profile: registry.OperatorProfile, OperatorID: id, PersonalNumber: person.PersonalNumber, HolderName: name.String(), Storage: registry.ECloud,
		})); err != nil {
			return err
		}
		op, err := tx.Operator(id)
		c.Actor = workflow.ByOperator(op)
		return err
	})
}

// rowOf fills a certificate's row from the certificate.
func rowOf(cert *x509.Certificate, c registry.Certificate) registry.Certificate {
	fp, pk := sha256.Sum256(cert.Raw), sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	c.Serial, c.NotBefore, c.NotAfter, c.DER = ca.SerialOf(cert.SerialNumber), cert.NotBefore, cert.NotAfter, cert.Raw
	c.SHA256, c.PublicKeyHash, c.IssuedAt = hex.EncodeToString(fp[:]), hex.EncodeToString(pk[:]), cert.NotBefore
	return c
}

// declaration of a fictional company's first issue, for a head and an
// accountant; n tells companies apart.
func declaration(n int) registry.Declaration {
	accountant, trusted := person(n*3+1, "Башкы бухгалтер"), person(n*3+2, "Менеджер")
	return registry.Declaration{
		Operation: registry.FirstIssue, Channel: registry.Office, Storage: registry.ECloud, Office: "BISHKEK", Language: registry.Kyrgyz,
		Organisation: registry.OrganisationRequisites{
			Kind: registry.LegalEntity, INN: registry.INN(fmt.Sprintf("0050320%07d", n)), FormRu: "ОсОО", FormKy: "ЖЧК",
			NameRu: "Ак-Булак Агросервис", NameKy: "Ак-Булак Агросервис", NameLatin: "Ak-Bulak",
			Settlement: registry.Settlement{Code: "BISHKEK", Ru: "г. Бишкек", Ky: "Бишкек ш.", Region: "BISHKEK"}, Phone: "+996312000101", Email: "office@akbulak.example",
		},
		Head: person(n*3, "Директор"), Accountant: &accountant, Trusted: &trusted,
	}
}

func person(n int, position string) registry.PersonRequisites {
	name := registry.PersonName{Surname: "Асанова", Given: "Гүлнара", Patronymic: "Бектуровна"}
	return registry.PersonRequisites{
		PersonalNumber: registry.PersonalNumber(fmt.Sprintf("1140519%07d", n)), NameRu: name, NameKy: name, Latin: "ASANOVA GULNARA",
		Sex: registry.Female, BirthDate: "1981-05-14", Citizenship: registry.CitizenOfKyrgyzstan, PositionRu: position, PositionKy: position,
		Document: registry.IdentityDocument{Type: registry.IDCard, Series: "ID", Number: fmt.Sprintf("%07d", n), Languages: []string{"ky", "ru"}},
		Phone:    "+996312000101", Email: fmt.Sprintf("p%d@akbulak.example", n), Consent: true,
	}
}
