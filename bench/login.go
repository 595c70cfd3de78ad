//go:build bench

package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"path/filepath"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/token"
	"github.com/tamga-ca/tamga/workflow"
)

const loginTable = "Logins"

func init() {
	explained[loginTable] = "Answers to a login's question judged. By the verifier: the CMS parsed, content, attributes, signature, chain, profile and names; the peer only checks a signature of the same kind over as many bytes. Whole: the question stored, taken back, the answer verified, the certificate's status asked, the companies found and the login journalled, in three synced commits; the peer checks the bare signature and writes the same rows in as many commits in bare SQL. How a whole login stands beside the bare signature check alone is told without a limit: no signature check waits for a disk. The holder's own signing is not counted."
}

// holder is somebody with a key and a certificate on file.
type holder struct {
	key  crypto.Signer
	cert *x509.Certificate
}

var kinds = []struct {
	name string
	make func() (crypto.Signer, error)
}{
	{"P-256", func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }},
	{"RSA-2048", func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 2048) }},
}

const holders = 16

func logins(ctx context.Context, b *bench) error {
	a, err := newAuthority(ctx, filepath.Join(b.dir, "login"), ca.P256)
	if err != nil {
		return err
	}
	defer a.stop()
	first := true
	return b.onEach(ctx, a, func(o *office) error {
		for n, kind := range kinds {
			who, err := o.holders(ctx, n, kind.make)
			if err != nil {
				return err
			}
			if first {
				if err := b.verifierAlone(ctx, a, kind.name, who); err != nil {
					return err
				}
			}
			if err := b.wholeLogins(ctx, o, kind.name, who); err != nil {
				return err
			}
		}
		first = false
		return nil
	})
}

// holders have certificates of the real CA on file.
func (o *office) holders(ctx context.Context, kind int, makeKey func() (crypto.Signer, error)) ([]holder, error) {
	out := make([]holder, holders)
	for i := range out {
		key, err := makeKey()
		if err != nil {
			return nil, err
		}
		made++
		d := declaration(made)
		person := d.Head
		name := person.Name(registry.Russian)
		cert, err := o.certify(ctx, key, ca.Subject{
			Organisation: d.Organisation.FullName(registry.Russian), INN: d.Organisation.INN, CommonName: name.String(), Surname: name.Surname,
			GivenName: name.Given, PersonalNumber: person.PersonalNumber, Title: person.PositionRu,
		}, registry.HolderProfile)
		if err != nil {
			return nil, err
		}
		out[i] = holder{key, cert}
		err = o.store.Write(ctx, func(tx *store.Tx) error {
			org, err := tx.SaveOrganisation(d.Organisation, time.Now())
			if err != nil {
				return err
			}
			_, err = tx.AddCertificate(rowOf(cert, registry.Certificate{
				Profile: registry.HolderProfile, OrganisationID: org, PersonalNumber: person.PersonalNumber, HolderName: name.String(),
				Role: registry.Head, Storage: registry.ECloud,
			}))
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// question is what a page would have signed.
func question(i int) ([]byte, error) {
	row, _, err := token.NewChallenge(token.Envelope{Type: token.Login, Origin: origin}, fmt.Sprint("browser", i), time.Now())
	return row.Expected, err
}

// bareChecks checks n signatures of the holders, and nothing else.
func bareChecks(n int, who []holder) (float64, error) {
	expected, err := question(0)
	if err != nil {
		return 0, err
	}
	sum := sha256.Sum256(expected)
	signatures := make([][]byte, len(who))
	for i, h := range who {
		if signatures[i], err = h.key.Sign(rand.Reader, sum[:], crypto.SHA256); err != nil {
			return 0, err
		}
	}
	return rate(n, func(i int) error {
		h := who[i%len(who)]
		return h.cert.CheckSignature(algorithmOf(h), expected, signatures[i%len(who)])
	})
}

func algorithmOf(h holder) x509.SignatureAlgorithm {
	if _, ok := h.key.(*rsa.PrivateKey); ok {
		return x509.SHA256WithRSA
	}
	return x509.ECDSAWithSHA256
}

// verifierAlone measures package token.
func (b *bench) verifierAlone(ctx context.Context, a *authority, kind string, who []holder) error {
	holderPolicy, err := x509.ParseOID(a.pack.Certificate.HolderPolicy)
	if err != nil {
		return err
	}
	operatorPolicy, err := x509.ParseOID(a.pack.Certificate.OperatorPolicy)
	if err != nil {
		return err
	}
	issuer := a.client.Issuer()
	v, err := token.NewVerifier([]*x509.Certificate{issuer.Root}, []*x509.Certificate{issuer.Certificate}, holderPolicy, operatorPolicy)
	if err != nil {
		return err
	}
	expected, answers := make([][]byte, len(who)), make([][]byte, len(who))
	for i, h := range who {
		if expected[i], err = question(i); err != nil {
			return err
		}
		if answers[i], err = token.Sign(expected[i], h.cert, h.key, time.Now()); err != nil {
			return err
		}
	}
	good := func(context.Context, *x509.Certificate) (token.Status, error) { return token.StatusGood, nil }
	var ours, peer []float64
	n := b.logins * 5
	for range b.rounds {
		p, err := bareChecks(n, who)
		if err != nil {
			return err
		}
		r, err := rate(n, func(i int) error {
			_, err := v.Verify(ctx, answers[i%len(who)], expected[i%len(who)], time.Now(), good)
			return err
		})
		if err != nil {
			return err
		}
		ours, peer = append(ours, r), append(peer, p)
	}
	f := compare("answers verified, "+kind, "/s", ours, peer)
	f.atLeast = 0.5
	b.measured(loginTable, f)
	return nil
}

// wholeLogins measures the workflow's logins from the question to the journal.
func (b *bench) wholeLogins(ctx context.Context, o *office, kind string, who []holder) error {
	rows, err := openRows(ctx, o)
	if err != nil {
		return err
	}
	defer rows.close()
	var ours, peer, bare []float64
	for range b.rounds {
		checks, err := bareChecks(b.logins, who)
		if err != nil {
			return err
		}
		written, err := rows.rate(ctx, b.logins)
		if err != nil {
			return fmt.Errorf("bare rows: %w", err)
		}
		r, err := o.logins(ctx, b.logins, who)
		if err != nil {
			return err
		}
		ours, bare = append(ours, r), append(bare, checks)
		peer = append(peer, 1/(1/checks+1/written))
	}
	f := compare(fmt.Sprintf("whole, %s, %s", kind, o.name), "/s", ours, peer)
	f.atLeast = 0.5
	b.measured(loginTable, f)
	b.measured(loginTable, compare(fmt.Sprintf("whole, beside the signature check alone, %s, %s", kind, o.name), "/s", ours, bare))
	return nil
}

// logins a second; what the holders do in between is not counted.
func (o *office) logins(ctx context.Context, n int, who []holder) (float64, error) {
	questions := make([]*workflow.Question, n)
	answers := make([][]byte, n)
	began := time.Now()
	err := forEach(n, func(i int) (err error) {
		questions[i], err = o.flow.AskLogin(ctx, origin, "browser")
		return err
	})
	if err != nil {
		return 0, err
	}
	spent := time.Since(began)
	if err := forEach(n, func(i int) (err error) {
		h := who[i%len(who)]
		answers[i], err = token.Sign(questions[i].Expected, h.cert, h.key, time.Now())
		return err
	}); err != nil {
		return 0, err
	}
	began = time.Now()
	err = forEach(n, func(i int) error {
		in, err := o.flow.Login(ctx, questions[i].Challenge, "browser", answers[i], "192.0.2.1")
		if err == nil && len(in.Companies) != 1 {
			err = fmt.Errorf("a holder of one company sees %d", len(in.Companies))
		}
		return err
	})
	return float64(n) / (spent + time.Since(began)).Seconds(), err
}
