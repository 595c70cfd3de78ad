//go:build bench

package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/pgtest"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/token"
	"github.com/tamga-ca/tamga/workflow"
)

const issuingTable = "Certificates"

func init() {
	explained[issuingTable] = "Applications of two certificates each, as an office makes them: eight approvals at a time (each decision asked for, signed by the approver with a key outside the server, verified and carried out: fee, journal, enrolments, letter), the holders' requests handed in at once, and meanwhile the program's own background work issues what is due: intents committed, linted, asked for, compared, stored with their journal entries and letters. The time runs from the first approval to the last certificate stored. The PIN-code of an approver whose key is in the E-Cloud is not in it: hashing it is slow on purpose. The peer asks the same step-ca over HTTPS for as many certificates with the same requests, eight at a time like ours, and keeps nothing. Embedded, step-ca runs in our process with its bbolt database; as a process, it is the stock binary with a PostgreSQL database of its own, as in production. The kind of the CA's keys stands behind it. Every database syncs. Keys and requests are made before the clock starts, for both. Processor time is this program's, without limit and without PostgreSQL's and that of a step-ca process: all of them share the cores."
}

// issuing measures approve → issued → stored with a CA whose keys are quick to
// sign with and with one whose keys are slow.
func issuing(ctx context.Context, b *bench) error {
	for _, keys := range []ca.KeyType{ca.P256, ca.RSA3072} {
		if err := b.issuingEmbedded(ctx, keys); err != nil {
			return err
		}
		if b.database != "" && !strings.EqualFold(b.database, "PostgreSQL") {
			continue
		}
		if err := b.issuingApart(ctx, keys); err != nil {
			return err
		}
	}
	return nil
}

// issuingEmbedded measures it on both databases with step-ca in our process.
func (b *bench) issuingEmbedded(ctx context.Context, keys ca.KeyType) error {
	a, err := newAuthority(ctx, filepath.Join(b.dir, "embedded "+string(keys)), keys)
	if err != nil {
		return err
	}
	defer a.stop()
	return b.onEach(ctx, a, func(o *office) error { return b.issuingIn(ctx, o) })
}

// issuingApart measures it in the shape of production: the stock step-ca in a
// process of its own, each with its own database on PostgreSQL.
func (b *bench) issuingApart(ctx context.Context, keys ca.KeyType) error {
	cluster, err := pgtest.StartDurable(ctx)
	if err != nil {
		return err
	}
	defer cluster.Stop()
	a, err := newStockAuthority(ctx, filepath.Join(b.dir, "apart "+string(keys)), cluster, keys)
	if err != nil {
		return err
	}
	defer a.stop()
	db, err := cluster.Create(ctx)
	if err != nil {
		return err
	}
	o, err := a.openOffice(ctx, "PostgreSQL", db.Owner, b.dir)
	if err != nil {
		return err
	}
	defer o.close()
	return b.issuingIn(ctx, o)
}

// issuingIn measures it in one office.
func (b *bench) issuingIn(ctx context.Context, o *office) error {
	bare, err := o.bareClient()
	if err != nil {
		return err
	}
	csrs, err := requests(2 * b.applications)
	if err != nil {
		return err
	}
	var all, peers usages
	for range b.rounds {
		peer, err := measure(len(csrs), "bare", func() error { return b.bareIssuing(ctx, bare, csrs) })
		if err != nil {
			return fmt.Errorf("the bare client: %w", err)
		}
		apps, err := o.verified(ctx, b.applications)
		if err != nil {
			return fmt.Errorf("preparing: %w", err)
		}
		both, err := measure(len(csrs), "ours", func() error { return o.approveAndIssue(ctx, apps, csrs) })
		if err != nil {
			return err
		}
		if err := o.allIssued(ctx, apps); err != nil {
			return err
		}
		all, peers = append(all, both), append(peers, peer)
	}
	where := o.name + ", " + o.authority.name
	f := compare("approve → issued → stored, "+where, "/s", all.rates(), peers.rates())
	f.atLeast = 0.6
	b.measured(issuingTable, f)
	b.measured(issuingTable, compare("processor time of a certificate, "+where, "ms", all.processor(), peers.processor()))
	return nil
}

// onEach runs f in an office on SQLite and on a PostgreSQL that syncs.
func (b *bench) onEach(ctx context.Context, a *authority, f func(*office) error) error {
	cluster, err := pgtest.StartDurable(ctx)
	if err != nil {
		return err
	}
	defer cluster.Stop()
	db, err := cluster.Create(ctx)
	if err != nil {
		return err
	}
	for _, at := range []struct{ name, dsn string }{{"SQLite", filepath.Join(a.layout.Dir, "tamga.db")}, {"PostgreSQL", db.Owner}} {
		if b.database != "" && !strings.EqualFold(b.database, at.name) {
			continue
		}
		o, err := a.openOffice(ctx, at.name, at.dsn, b.dir)
		if err != nil {
			return fmt.Errorf("%s: %w", at.name, err)
		}
		err = f(o)
		o.close()
		if err != nil {
			return fmt.Errorf("%s: %w", at.name, err)
		}
	}
	return nil
}

// requests makes keys and their requests.
func requests(n int) ([][]byte, error) {
	out := make([][]byte, n)
	return out, forEach(n, func(i int) error {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return err
		}
		out[i], err = x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
		return err
	})
}

// bareIssuing asks for a certificate for each request.
func (b *bench) bareIssuing(ctx context.Context, bare *bareClient, csrs [][]byte) error {
	d := declaration(0)
	subject, err := subjectOf(d, d.Signatories()[0])
	if err != nil {
		return err
	}
	return forEach(len(csrs), func(i int) error {
		_, err := bare.sign(ctx, subject, csrs[i])
		return err
	})
}

// made counts the companies of this run.
var made int

// verified prepares applications that wait for an approver, with money on
// their accounts.
func (o *office) verified(ctx context.Context, n int) ([]*registry.Application, error) {
	first := made
	made += n
	out := make([]*registry.Application, n)
	return out, forEach(n, func(i int) error {
		d, err := o.flow.NewDraft(ctx, o.clerk.Actor, declaration(first+i+1), nil)
		if err != nil {
			return err
		}
		if err := o.flow.Submit(ctx, o.clerk.Actor, d.ID, 0); err != nil {
			return err
		}
		if err := o.flow.Take(ctx, o.clerk.Actor, d.ID); err != nil {
			return err
		}
		var app *registry.Application
		if err := o.store.Write(ctx, func(tx *store.Tx) error {
			docs, err := tx.Documents(d.ID)
			if err != nil {
				return err
			}
			for _, doc := range docs {
				doc.Status = registry.DocAccepted
				if err := tx.JudgeDocument(doc, time.Now()); err != nil {
					return err
				}
			}
			app, err = tx.Application(d.ID)
			return err
		}); err != nil {
			return err
		}
		if err := o.flow.Verify(ctx, o.clerk.Actor, d.ID, 0); err != nil {
			return err
		}
		_, err = o.flow.TopUp(ctx, o.cashier.Actor, workflow.Payment{
			Organisation: app.OrganisationID, Amount: 1_000_000, Reference: "ref-" + app.Number,
			PaidOn: registry.DateOf(time.Now(), o.pack.Zone()), Way: registry.BankTransfer,
		})
		if err != nil {
			return err
		}
		return o.store.Read(ctx, func(tx *store.Tx) (err error) {
			out[i], err = tx.Application(d.ID)
			return err
		})
	})
}

// approve is everything the program does for an approver's decision on the
// application they see.
func (o *office) approve(ctx context.Context, app *registry.Application) error {
	in := workflow.DecisionInput{ID: app.ID, Version: app.Version, Action: registry.ActApprove, Text: "Чечим", Origin: origin, Session: "browser"}
	q, err := o.flow.AskDecision(ctx, o.approver.Actor, in)
	if err != nil {
		return err
	}
	cms, err := token.Sign(q.Expected, o.approver.cert, o.approver.key, time.Now())
	if err != nil {
		return err
	}
	return o.flow.Decide(ctx, o.approver.Actor, in, q.Challenge, cms)
}

// approveAndIssue approves the applications and hands in two requests for each,
// while the background work issues what is due, and returns when all is stored.
func (o *office) approveAndIssue(ctx context.Context, apps []*registry.Application, csrs [][]byte) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	approved := make(chan struct{})
	worked := make(chan error, 1)
	go func() {
		for {
			last := false
			select {
			case <-approved:
				last = true
			case <-time.After(10 * time.Millisecond):
			}
			if err := o.flow.WorkOnce(ctx); err != nil || last {
				worked <- err
				return
			}
		}
	}()
	err := forEach(len(apps), func(i int) error {
		if err := o.approve(ctx, apps[i]); err != nil {
			return fmt.Errorf("approving: %w", err)
		}
		return o.handIn(ctx, apps[i].ID, csrs[2*i:2*i+2])
	})
	if err != nil {
		stop()
	}
	close(approved)
	return errors.Join(err, <-worked)
}

// handIn gives each enrolment of an application its request.
func (o *office) handIn(ctx context.Context, id registry.ApplicationID, csrs [][]byte) error {
	return o.store.Write(ctx, func(tx *store.Tx) error {
		es, err := tx.Enrolments(id)
		if err != nil {
			return err
		}
		for i, e := range es {
			now := time.Now().UTC()
			e.Status, e.CSR, e.NextAttemptAt = registry.KeyMade, csrs[i], &now
			if err := tx.MoveEnrolment(e, registry.AwaitingKey, now); err != nil {
				return err
			}
		}
		return nil
	})
}

func (o *office) allIssued(ctx context.Context, apps []*registry.Application) error {
	return o.store.Read(ctx, func(tx *store.Tx) error {
		for _, app := range apps {
			es, err := tx.Enrolments(app.ID)
			if err != nil {
				return err
			}
			if len(es) != 2 {
				return errors.New("an application has not two enrolments")
			}
			for _, e := range es {
				if _, err := tx.CertificateOfEnrolment(e.ID); err != nil || e.Status != registry.Issued {
					return fmt.Errorf("enrolment %d is %s (%s %s): %w", e.ID, e.Status, e.Failure, e.Detail, err)
				}
			}
		}
		return nil
	})
}
