package workflow_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/token"
	"github.com/tamga-ca/tamga/workflow"
)

const origin, session = "https://ca.example.kg", "browser"

// newTokenOffice is an office whose applications ask for a Rutoken.
func newTokenOffice(t testing.TB, s *store.Store) *issuingOffice {
	t.Helper()
	o := newIssuingOffice(t, s)
	o.storage = registry.Rutoken
	return o
}

// stick is a token as the workstation tells of it, with the keys on it: by
// label, as a token would keep them.
type stick struct {
	registry.Token
	mu   sync.Mutex
	keys map[string]crypto.Signer
}

func newStick(serial string) *stick {
	return &stick{
		Token: registry.Token{
			Serial: serial, Label: "Кардар", Model: "Rutoken ECP", Hardware: "54.1", Firmware: "23.2", Algorithms: []string{"RSA-2048"},
			FreeMemory: 60 << 10, TotalMemory: 64 << 10,
		},
		keys: map[string]crypto.Signer{},
	}
}

func newRSA(t testing.TB) crypto.Signer {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// request has the token make a key under a label, once, and a request with it.
func (s *stick) request(t testing.TB, marker string, algorithm registry.KeyAlgorithm) []byte {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys[marker] == nil {
		s.keys[marker] = newRSA(t)
		if algorithm == registry.P256 {
			k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			s.keys[marker] = k
		}
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: marker}}, s.keys[marker])
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func (s *stick) sign(t testing.TB, marker string, certificate, envelope []byte) []byte {
	t.Helper()
	cert, err := x509.ParseCertificate(certificate)
	if err != nil {
		t.Fatal(err)
	}
	cms, err := token.Sign(envelope, cert, s.keys[marker], time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return cms
}

func (o *issuingOffice) desk(id registry.EnrolmentID) *workflow.TokenDesk {
	o.t.Helper()
	var d *workflow.TokenDesk
	o.read(func(tx *store.Tx) (err error) {
		d, err = o.flow.TokenDesk(tx, id)
		return err
	})
	return d
}

// atDesk does what the page does for a token, from wherever the enrolment
// stands, up to the step until; it returns the first refusal.
func (o *issuingOffice) atDesk(ctx context.Context, f *workflow.Flow, who workflow.Actor, id registry.EnrolmentID, s *stick, until workflow.TokenStep) error {
	o.t.Helper()
	if _, err := f.CheckTokenDevice(ctx, who, id, s.Token, nil); err != nil {
		return err
	}
	for {
		d := o.desk(id)
		if d.Step == until || d.Step == workflow.TokenDone || d.Step == workflow.TokenStopped {
			return nil
		}
		if err := o.tokenStep(ctx, f, who, d, s); err != nil {
			return err
		}
	}
}

func (o *issuingOffice) tokenStep(ctx context.Context, f *workflow.Flow, who workflow.Actor, d *workflow.TokenDesk, s *stick) error {
	id := d.Enrolment.ID
	if err := ctx.Err(); err != nil {
		return err
	}
	switch d.Step {
	case workflow.TokenDevice, workflow.TokenKey:
		k, err := f.BeginTokenKey(ctx, who, id, s.Serial, "")
		if err != nil {
			return err
		}
		return f.AcceptTokenRequest(ctx, who, id, k.Marker, "ab:cd", s.request(o.t, k.Marker, k.Algorithm))
	case workflow.TokenIssue:
		_, err := f.IssueDue(ctx)
		return err
	case workflow.TokenWrite:
		return f.ConfirmWritten(ctx, who, id, s.Serial, d.Certificate.DER)
	}
	action, answer := workflow.Prove, f.ProveToken
	if d.Step == workflow.TokenReceive {
		action, answer = workflow.Receive, f.HandOverToken
	}
	q, err := f.AskToken(ctx, who, workflow.TokenQuestion{EnrolmentID: id, Action: action, Text: "Токенди алдым", Origin: origin, Session: session})
	if err != nil {
		return err
	}
	return answer(ctx, who, id, session, q.Challenge, s.sign(o.t, d.Key.Marker, d.Certificate.DER, q.Expected))
}

// onToken has a certificate come as far as a step.
func (o *issuingOffice) onToken(id registry.EnrolmentID, s *stick, until workflow.TokenStep) {
	o.t.Helper()
	if err := o.atDesk(o.ctx, o.flow, o.clerk.Actor, id, s, until); err != nil {
		o.t.Fatal(err)
	}
	if got := o.desk(id).Step; got != until {
		o.t.Fatalf("the enrolment is at %s, not %s", got, until)
	}
}

func (o *issuingOffice) handover(id registry.EnrolmentID) (envelope, cms []byte) {
	o.t.Helper()
	o.read(func(tx *store.Tx) error {
		h, err := tx.Handover(id)
		if err != nil {
			return err
		}
		envelope, cms = h.Envelope, h.Signature
		return nil
	})
	return envelope, cms
}

func hash64(n int) string { return hex.EncodeToString(fmt.Appendf(nil, "%032d", n)) }

func wants(t *testing.T, what string, err error, key string) {
	t.Helper()
	var e *registry.Error
	if !errors.As(err, &e) || e.Key != key {
		t.Errorf("%s: %v, want %s", what, err, key)
	}
}

func (o *issuingOffice) certificateBySerial(serial registry.Serial) *registry.Certificate {
	o.t.Helper()
	var c *registry.Certificate
	o.read(func(tx *store.Tx) (err error) {
		c, err = tx.CertificateBySerial(serial)
		return err
	})
	return c
}
