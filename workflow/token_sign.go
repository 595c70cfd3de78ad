package workflow

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/token"
)

// What a token signs at the desk, as actions of handover/1.
const (
	// Prove shows that the token signs with the new key.
	Prove = "prove"
	// Receive is the holder's receipt for certificate and carrier.
	Receive = "receive"
)

// TokenQuestion is what a token at the desk is to sign.
type TokenQuestion struct {
	EnrolmentID registry.EnrolmentID
	Action      string // Prove or Receive
	// Text is what the holder reads before signing.
	Text string
	// Origin of the page, and the browser session that the question is bound
	// to.
	Origin  string
	Session string
}

// AskToken makes the handover/1 that the token of an enrolment signs: to prove
// that it does, once the certificate is written, or as the holder's receipt,
// once that is proven. By a clerk (an administrator for an operator's).
func (f *Flow) AskToken(ctx context.Context, who Actor, in TokenQuestion) (*Question, error) {
	q := new(Question)
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		e, _, err := f.atDesk(tx, who, in.EnrolmentID)
		if err != nil {
			return err
		}
		key, cert, err := f.toSign(tx, e, in.Action)
		if err != nil {
			return err
		}
		q.Challenge, q.Expected, err = f.ask(tx, token.Envelope{
			Type: token.Handover, Origin: in.Origin, Subject: handoverSubject(cert, key), Version: 1,
			Hash: sha256.Sum256(cert.DER), Action: in.Action, Time: f.now(), Text: in.Text,
		}, in.Session)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("asking the token of enrolment %d: %w", in.EnrolmentID, err)
	}
	return q, nil
}

// handoverSubject names the certificate and the token that carries it.
func handoverSubject(cert *registry.Certificate, key *registry.TokenKey) string {
	return "certificate/" + string(cert.Serial) + " token/" + key.Serial
}

// toSign is the key and the certificate of an enrolment that is ready for an
// action.
func (f *Flow) toSign(tx *store.Tx, e *registry.Enrolment, action string) (*registry.TokenKey, *registry.Certificate, error) {
	want := map[string]registry.TokenKeyStatus{Prove: registry.KeyWritten, Receive: registry.KeyProven}[action]
	key, err := tx.TokenKeyOfEnrolment(e.ID)
	if err != nil {
		return nil, nil, err
	}
	if e.Status != registry.Issued || key == nil || want == "" || key.Status != want {
		return nil, nil, registry.Refuse(registry.Conflict, "error.changed_meanwhile")
	}
	cert, err := tx.CertificateOfEnrolment(e.ID)
	return key, cert, err
}

// signed judges the answer to AskToken: signed with the certificate of the
// enrolment itself, over the question that was asked. A certificate that begins
// later is judged at its beginning; it is handed over before.
func (f *Flow) signed(ctx context.Context, id registry.EnrolmentID, action, session, challenge string, cms []byte) (expected []byte, cert *registry.Certificate, err error) {
	if expected, err = f.take(ctx, token.Handover, challenge, session); err != nil {
		return nil, nil, err
	}
	var mine *registry.Certificate
	if err := f.store.Read(ctx, func(tx *store.Tx) (err error) {
		mine, err = tx.CertificateOfEnrolment(id)
		return err
	}); err != nil {
		return nil, nil, err
	}
	at := f.now()
	if at.Before(mine.NotBefore) {
		at = mine.NotBefore
	}
	_, cert, err = f.verifyAt(ctx, cms, expected, at)
	if err != nil {
		return nil, nil, err
	}
	if cert.ID != mine.ID {
		return nil, nil, registry.Refuse(registry.Conflict, "error.token.other_certificate")
	}
	var asked struct{ SHA256, Action string }
	if json.Unmarshal(expected, &asked) != nil || asked.Action != action || asked.SHA256 != cert.SHA256 {
		return nil, nil, token.ErrContent
	}
	return expected, cert, nil
}

// ProveToken takes the signature that a token made with a key whose certificate
// is written: the key goes from written to proven, by a clerk (an administrator
// for an operator's).
func (f *Flow) ProveToken(ctx context.Context, who Actor, id registry.EnrolmentID, session, challenge string, cms []byte) error {
	expected, _, err := f.signed(ctx, id, Prove, session, challenge, cms)
	if err != nil {
		return fmt.Errorf("judging the signature of enrolment %d's token: %w", id, err)
	}
	err = f.write(ctx, "proven", func(tx *store.Tx) error {
		e, _, err := f.atDesk(tx, who, id)
		if err != nil {
			return err
		}
		key, _, err := f.toSign(tx, e, Prove)
		if err != nil {
			return err
		}
		now := f.now()
		key.ProvenAt = &now
		if err := f.moveTokenKey(tx, key, registry.KeyProven); err != nil {
			return err
		}
		details := map[string]any{"token": key.Serial, "envelope_sha256": fmt.Sprintf("%x", sha256.Sum256(expected))}
		return f.record(tx, who, "token.proven", details, nil, aboutEnrolment(e)...)
	})
	if err != nil {
		return fmt.Errorf("noting the proof of enrolment %d's token: %w", id, err)
	}
	return nil
}

// HandOverToken takes the holder's receipt, signed with the new key: issued →
// handed over, by the clerk at whose desk the holder sits (an administrator for
// an operator's). The signed envelope is kept as evidence.
func (f *Flow) HandOverToken(ctx context.Context, who Actor, id registry.EnrolmentID, session, challenge string, cms []byte) error {
	expected, cert, err := f.signed(ctx, id, Receive, session, challenge, cms)
	if err != nil {
		return fmt.Errorf("judging the receipt of enrolment %d: %w", id, err)
	}
	err = f.write(ctx, "handed over", func(tx *store.Tx) error {
		e, _, err := f.atDesk(tx, who, id)
		if err != nil {
			return err
		}
		key, _, err := f.toSign(tx, e, Receive)
		if err != nil {
			return err
		}
		details := map[string]any{"token": key.Serial, "envelope_sha256": fmt.Sprintf("%x", sha256.Sum256(expected))}
		h := store.Handover{EnrolmentID: id, CertificateID: cert.ID, Envelope: expected, Signature: cms, CreatedAt: f.now()}
		return f.handOver(tx, who, h, details)
	})
	if err != nil {
		return fmt.Errorf("handing over the token of enrolment %d: %w", id, err)
	}
	return nil
}
