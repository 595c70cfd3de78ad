//go:build bench

package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"math/big"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/token"
	"github.com/tamga-ca/tamga/workflow"
)

const crlTable = "Revocation lists"

func init() {
	explained[crlTable] = "A whole list: the number reserved, every revoked certificate read from the database, the list encoded, signed and stored. The peer is the standard library's x509.CreateRevocationList over entries that are in memory already. Memory is the heap's growth at its peak, above what is there before (the peer's entries are not counted). From an approver's pressing \"revoke\" (the decision signed and carried out, in the program as it runs by default) until OCSP and the list, both asked of a second server on the same database, say so; beside it until OCSP says so."
}

func lists(ctx context.Context, b *bench) error {
	a, err := newAuthority(ctx, filepath.Join(b.dir, "crl"), ca.P256)
	if err != nil {
		return err
	}
	defer a.stop()
	return b.onEach(ctx, a, func(o *office) error {
		if err := b.untilKnown(ctx, o); err != nil {
			return err
		}
		return b.longList(ctx, o)
	})
}

// untilKnown measures from the decision to the world's knowing.
func (b *bench) untilKnown(ctx context.Context, o *office) error {
	second, err := o.authority.openSecond(ctx, o)
	if err != nil {
		return err
	}
	working, stop := context.WithCancel(ctx)
	worked := make(chan struct{}, 2)
	for _, f := range []*workflow.Flow{o.flow, second} {
		go func() { f.Work(working); worked <- struct{}{} }()
	}
	defer func() { stop(); <-worked; <-worked }()
	var both, first []float64
	for len(both) < b.revocations {
		who, err := o.holders(ctx, 0, func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) })
		if err != nil {
			return err
		}
		for _, h := range who[:min(len(who), b.revocations-len(both))] {
			said, listed, err := o.revoke(ctx, second, h.cert)
			if err != nil {
				return err
			}
			first, both = append(first, said), append(both, listed)
		}
	}
	f := compare("pressing \"revoke\" → OCSP and CRL say so, "+o.name, "ms", []float64{median(both)}, []float64{median(first)})
	slices.Sort(both)
	f.p99, f.within = both[(len(both)*99+99)/100-1], 5000
	b.measured(crlTable, f)
	return nil
}

// openSecond is another server on the office's database.
func (a *authority) openSecond(ctx context.Context, o *office) (*workflow.Flow, error) {
	cfg := o.config
	if store.IsPostgres(o.dsn) {
		s, err := store.Open(ctx, store.Config{DSN: o.dsn})
		if err != nil {
			return nil, err
		}
		o.more = append(o.more, s)
		cfg.Store = s
	}
	return workflow.New(cfg)
}

// revoke has a report decided, and returns after how many milliseconds a server
// says so by OCSP, and by OCSP and its list.
func (o *office) revoke(ctx context.Context, at *workflow.Flow, cert *x509.Certificate) (said, listed float64, err error) {
	report, err := o.flow.Report(ctx, o.clerk.Actor, workflow.ReportInput{
		Serial: ca.SerialOf(cert.SerialNumber), Way: registry.ByPhone, Reporter: "Ээси", Cause: "device_lost",
		Identified: []registry.Identification{registry.KnowsPassport, registry.CallsFromFile},
	})
	if err != nil {
		return 0, 0, err
	}
	request, err := ocsp.CreateRequest(cert, o.client.Issuer().Certificate, nil)
	if err != nil {
		return 0, 0, err
	}
	in := workflow.ReportDecision{
		ID: report.ID, Version: report.Version, Action: registry.ReportRevoke, Cause: report.Cause, Text: "Чечим", Origin: origin, Session: "browser",
	}
	began := time.Now()
	q, err := o.flow.AskReportDecision(ctx, o.approver.Actor, in)
	if err != nil {
		return 0, 0, err
	}
	cms, err := token.Sign(q.Expected, o.approver.cert, o.approver.key, time.Now())
	if err != nil {
		return 0, 0, err
	}
	if err := o.flow.DecideReport(ctx, o.approver.Actor, in, q.Challenge, cms); err != nil {
		return 0, 0, err
	}
	passed := func() float64 { return float64(time.Since(began).Microseconds()) / 1000 }
	for ; said == 0 || listed == 0; time.Sleep(2 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			return 0, 0, fmt.Errorf("a revocation is not known after a minute")
		}
		if said == 0 {
			answer, err := ocsp.ParseResponseForCert(at.AnswerOCSP(ctx, request).DER, cert, o.client.Issuer().Certificate)
			if err == nil && answer.Status == ocsp.Revoked {
				said = passed()
			}
		}
		if listed == 0 {
			list, err := at.CRL(ctx)
			if registry.KindOf(err) == registry.NotFound {
				continue
			}
			if err != nil {
				return 0, 0, err
			}
			facts, err := o.client.Issuer().ReadCRL(list.DER)
			if err != nil {
				return 0, 0, err
			}
			if facts.Lists(ca.SerialOf(cert.SerialNumber)) {
				listed = passed()
			}
		}
	}
	return said, max(said, listed), nil
}

// longList measures a list of very many.
func (b *bench) longList(ctx context.Context, o *office) error {
	if err := o.fillRevoked(ctx, b.revoked); err != nil {
		return fmt.Errorf("filling: %w", err)
	}
	key, err := o.layout.IssuingSigner()
	if err != nil {
		return err
	}
	now := time.Now().UTC().Truncate(time.Second)
	theirs := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: now, NextUpdate: now.Add(24 * time.Hour)}
	for i := range b.revoked {
		serial := new(big.Int).SetBit(big.NewInt(int64(i+1)), 126, 1)
		theirs.RevokedCertificateEntries = append(theirs.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: serial, RevocationTime: now, ReasonCode: 4})
	}
	var ours, peer, memory, memoryPeer []float64
	for range max(1, b.rounds-1) {
		took, grew, err := peaked(func() error {
			_, err := x509.CreateRevocationList(rand.Reader, theirs, o.client.Issuer().Certificate, key)
			return err
		})
		if err != nil {
			return err
		}
		peer, memoryPeer = append(peer, took), append(memoryPeer, grew)
		if took, grew, err = peaked(func() error { return o.flow.MakeCRL(ctx) }); err != nil {
			return err
		}
		ours, memory = append(ours, took), append(memory, grew)
	}
	list, err := o.flow.CRL(ctx)
	if err != nil {
		return err
	}
	if list.Entries < b.revoked {
		return fmt.Errorf("the list has %d entries", list.Entries)
	}
	f := compare(fmt.Sprintf("a list of %d, time, %s", b.revoked, o.name), "s", ours, peer)
	f.atMost = 3
	b.measured(crlTable, f)
	f = compare(fmt.Sprintf("a list of %d, memory, %s", b.revoked, o.name), "MB", memory, memoryPeer)
	f.atMost = 1
	b.measured(crlTable, f)
	return nil
}

// peaked runs something and returns its seconds, and by how many megabytes the
// heap grew at most.
func peaked(do func() error) (seconds, megabytes float64, err error) {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before := m.HeapAlloc
	done, highest := make(chan struct{}), make(chan uint64)
	go func() {
		var m runtime.MemStats
		var high uint64
		for {
			runtime.ReadMemStats(&m)
			high = max(high, m.HeapAlloc)
			select {
			case <-done:
				highest <- high
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	began := time.Now()
	err = do()
	seconds = time.Since(began).Seconds()
	close(done)
	return seconds, float64(max(<-highest, before)-before) / 1e6, err
}

// fillRevoked puts n revoked certificates on file, straight.
func (o *office) fillRevoked(ctx context.Context, n int) error {
	person := declaration(0).Head
	from, hex, wide, blob := "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)", "printf('4%%031x', i)", "printf('%%064x', i)", "x'30'"
	series := "n"
	if store.IsPostgres(o.dsn) {
		from, hex, wide, blob = "", "'4' || lpad(to_hex(i), 31, '0')", "lpad(to_hex(i), 64, '0')", "'\\x30'::bytea"
		series = "generate_series(1, %d) AS n(i)"
	}
	org, err := o.anyOrganisation(ctx)
	if err != nil {
		return err
	}
	query := fmt.Sprintf(from+` INSERT INTO certificates (serial, profile, organisation_id, personal_number, holder_name, role, storage, not_before, not_after, der, sha256, public_key_hash, status, status_reason, status_at, ca_told, issued_at)
		SELECT `+hex+`, 'holder', `+fmt.Sprint(org)+`, '`+string(person.PersonalNumber)+`', 'Ээси', 'HEAD', 'ECLOUD', ?, ?, `+blob+`, `+wide+`, `+wide+`, 'revoked', 4, ?, TRUE, ? FROM `+series, n)
	r, err := openRows(ctx, o)
	if err != nil {
		return err
	}
	defer r.close()
	now := time.Now().UTC().Truncate(time.Second)
	_, err = r.db.ExecContext(ctx, r.sql(query), now.AddDate(0, -6, 0), now.AddDate(0, 6, 0), now, now.AddDate(0, -6, 0))
	return err
}

func (o *office) anyOrganisation(ctx context.Context) (id registry.OrganisationID, err error) {
	err = o.store.Write(ctx, func(tx *store.Tx) error {
		id, err = tx.SaveOrganisation(declaration(0).Organisation, time.Now())
		return err
	})
	return id, err
}
