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
	"time"

	"github.com/tamga-ca/tamga/internal/pgtest"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/token"
	"github.com/tamga-ca/tamga/workflow"
)

const issuingTable = "Certificates"

func init() {
	explained[issuingTable] = "Applications of two certificates each: the decision asked for, signed by the approver and carried out (fee, journal), the requests handed in; meanwhile the intents committed and linted, the certificates signed, compared and stored with their journal entries, by the program's own background work. The peer asks the same step-ca (embedded, its bbolt database synced) for as many certificates with the same requests, eight at a time like ours, and keeps nothing. Our databases sync every commit. Keys and requests are made before the clock starts, for both. The part without the approval is told without a limit of its own, and so is the processor time (without PostgreSQL's): step-ca, its client and our program share the two cores, so the ratio of the rates cannot be better than both cores' time allows."
}

// issuing measures approve → issued → stored on both databases.
func issuing(ctx context.Context, b *bench) error {
	a, err := newAuthority(ctx, filepath.Join(b.dir, "issuing"))
	if err != nil {
		return err
	}
	defer a.stop()
	return b.onEach(ctx, a, func(o *office) error {
		bare, err := a.bareClient()
		if err != nil {
			return err
		}
		csrs, err := requests(2 * b.applications)
		if err != nil {
			return err
		}
		var ours, waiting, peer, cpu, cpuPeer []float64
		for range b.rounds {
			used := processorTime()
			p, err := b.bareIssuing(ctx, bare, csrs)
			if err != nil {
				return fmt.Errorf("the bare client: %w", err)
			}
			cpuPeer = append(cpuPeer, (processorTime()-used)/float64(len(csrs)))
			apps, err := o.verified(ctx, b.applications)
			if err != nil {
				return fmt.Errorf("preparing: %w", err)
			}
			used = processorTime()
			r, err := o.issue(ctx, apps, csrs)
			if err != nil {
				return err
			}
			cpu = append(cpu, (processorTime()-used)/float64(len(csrs)))
			peer, ours = append(peer, p), append(ours, r)
			if apps, err = o.verified(ctx, b.applications); err != nil {
				return fmt.Errorf("preparing: %w", err)
			}
			if r, err = o.issueWaiting(ctx, apps, csrs); err != nil {
				return err
			}
			waiting = append(waiting, r)
		}
		f := compare("approve → issued → stored, "+o.name, "/s", ours, peer)
		f.atLeast = 0.6
		b.measured(issuingTable, f)
		b.measured(issuingTable, compare("of it: issued → stored, "+o.name, "/s", waiting, peer))
		b.measured(issuingTable, compare("processor time of a certificate from the approval on, "+o.name, "ms", cpu, cpuPeer))
		return nil
	})
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

// bareIssuing is the peer's certificates a second.
func (b *bench) bareIssuing(ctx context.Context, bare *bareClient, csrs [][]byte) (float64, error) {
	d := declaration(0)
	subject, err := subjectOf(d, d.Signatories()[0])
	if err != nil {
		return 0, err
	}
	return rate(len(csrs), func(i int) error {
		_, err := bare.sign(ctx, subject, csrs[i])
		return err
	})
}

// made counts the companies of this run.
var made int

// verified prepares applications that wait for an approver, with money on
// their accounts.
func (o *office) verified(ctx context.Context, n int) ([]registry.ApplicationID, error) {
	first := made
	made += n
	out := make([]registry.ApplicationID, n)
	return out, forEach(n, func(i int) error {
		d, err := o.flow.NewDraft(ctx, o.clerk.Actor, declaration(first+i+1), nil)
		if err != nil {
			return err
		}
		out[i] = d.ID
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
		return err
	})
}

// approve is everything the program does for an approver's decision.
func (o *office) approve(ctx context.Context, id registry.ApplicationID) error {
	var app *registry.Application
	err := o.store.Read(ctx, func(tx *store.Tx) (err error) {
		app, err = tx.Application(id)
		return err
	})
	if err != nil {
		return err
	}
	in := workflow.DecisionInput{ID: id, Version: app.Version, Action: registry.ActApprove, Text: "Чечим", Origin: origin, Session: "browser"}
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

// issue approves applications, hands in their requests as the holders' keys
// would, and works meanwhile until all certificates are stored; it returns how
// many a second.
func (o *office) issue(ctx context.Context, apps []registry.ApplicationID, csrs [][]byte) (float64, error) {
	began := time.Now()
	approved := make(chan error, 1)
	go func() {
		approved <- forEach(len(apps), func(i int) error {
			if err := o.approve(ctx, apps[i]); err != nil {
				return fmt.Errorf("approving: %w", err)
			}
			return o.handIn(ctx, apps[i], csrs[2*i:2*i+2])
		})
	}()
	for last := false; !last; {
		select {
		case err := <-approved:
			if err != nil {
				return 0, err
			}
			last = true
		case <-time.After(2 * time.Millisecond):
		}
		if err := o.flow.WorkOnce(ctx); err != nil {
			return 0, err
		}
	}
	rate := float64(len(csrs)) / time.Since(began).Seconds()
	return rate, o.allIssued(ctx, apps)
}

// issueWaiting works on requests that all wait already, as after a CA was away.
func (o *office) issueWaiting(ctx context.Context, apps []registry.ApplicationID, csrs [][]byte) (float64, error) {
	if err := forEach(len(apps), func(i int) error {
		if err := o.approve(ctx, apps[i]); err != nil {
			return fmt.Errorf("approving: %w", err)
		}
		return o.handIn(ctx, apps[i], csrs[2*i:2*i+2])
	}); err != nil {
		return 0, err
	}
	began := time.Now()
	if err := o.flow.WorkOnce(ctx); err != nil {
		return 0, err
	}
	rate := float64(len(csrs)) / time.Since(began).Seconds()
	return rate, o.allIssued(ctx, apps)
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

func (o *office) allIssued(ctx context.Context, apps []registry.ApplicationID) error {
	return o.store.Read(ctx, func(tx *store.Tx) error {
		for _, id := range apps {
			es, err := tx.Enrolments(id)
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
