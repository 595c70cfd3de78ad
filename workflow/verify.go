package workflow

import (
	"bytes"
	"context"
	"crypto/x509"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/token"
)

// Trust is what signatures are verified against.
type Trust struct {
	Root   *x509.Certificate
	Issuer *x509.Certificate
	// HolderPolicy and OperatorPolicy are the pack's policy OIDs.
	HolderPolicy   x509.OID
	OperatorPolicy x509.OID
}

// ask makes a question for one browser session and stores it; the answer is a
// signature over exactly its bytes.
func (f *Flow) ask(tx *store.Tx, e token.Envelope, session string) (challenge string, expected []byte, err error) {
	row, challenge, err := token.NewChallenge(e, session, f.now())
	if err != nil {
		return "", nil, err
	}
	err = tx.AddChallenge(store.Challenge{
		Hash: row.Hash[:], Session: row.Session[:], Type: string(row.Type), Expected: row.Expected, CreatedAt: row.CreatedAt, ExpiresAt: row.ExpiresAt,
	})
	return challenge, row.Expected, err
}

// take removes a question and returns the bytes that were to be signed. It
// commits by itself: whatever is wrong with the answer, the question is spent.
func (f *Flow) take(ctx context.Context, typ token.Type, challenge, session string) ([]byte, error) {
	hash, err := token.ChallengeHash(challenge)
	if err != nil {
		return nil, err
	}
	sess := token.SessionHash(session)
	var row *store.Challenge
	err = f.store.WriteOne(ctx, func(tx *store.Tx) (err error) {
		row, err = tx.TakeChallenge(hash[:], sess[:])
		return err
	})
	if registry.KindOf(err) == registry.NotFound {
		return nil, token.ErrChallenge
	}
	if err != nil {
		return nil, err
	}
	c := token.Challenge{Type: token.Type(row.Type), Expected: row.Expected, CreatedAt: row.CreatedAt, ExpiresAt: row.ExpiresAt}
	copy(c.Hash[:], row.Hash)
	copy(c.Session[:], row.Session)
	if err := c.Check(typ, session, f.now()); err != nil {
		return nil, err
	}
	return c.Expected, nil
}

// takeDecision takes the question about a decision and returns what was signed,
// if the signature over it is the operator's own, with the certificate on file.
func (f *Flow) takeDecision(ctx context.Context, who Actor, challenge, session string, cms []byte) ([]byte, *registry.Certificate, error) {
	expected, err := f.take(ctx, token.Decision, challenge, session)
	if err != nil {
		return nil, nil, err
	}
	signer, cert, err := f.verify(ctx, cms, expected)
	if err != nil {
		return nil, nil, err
	}
	if who.Operator == nil || cert.OperatorID != who.Operator.ID || signer.Profile != registry.OperatorProfile {
		return nil, nil, registry.Refuse(registry.Forbidden, "error.decision.not_your_signature")
	}
	return expected, cert, nil
}

// verify judges a signature over expected and returns who signed, with the
// certificate on file. A certificate that is not on file to the byte is not
// ours, whoever signed it.
func (f *Flow) verify(ctx context.Context, cms, expected []byte) (*token.Signer, *registry.Certificate, error) {
	return f.verifyAt(ctx, cms, expected, f.now())
}

// verifyAt is verify with the validity judged at an instant.
func (f *Flow) verifyAt(ctx context.Context, cms, expected []byte, at time.Time) (*token.Signer, *registry.Certificate, error) {
	var onFile *registry.Certificate
	signer, err := f.verifier.Verify(ctx, cms, expected, at, f.statusOf(&onFile))
	if err != nil {
		return nil, nil, err
	}
	return signer, onFile, nil
}

// statusOf asks our register for a certificate's status and leaves what it
// found in onFile.
func (f *Flow) statusOf(onFile **registry.Certificate) token.StatusFunc {
	return func(ctx context.Context, cert *x509.Certificate) (token.Status, error) {
		var found *registry.Certificate
		err := f.store.ReadOne(ctx, func(tx *store.Tx) (err error) {
			found, err = tx.CertificateBySerial(registry.Serial(cert.SerialNumber.Text(16)))
			return err
		})
		if registry.KindOf(err) == registry.NotFound {
			return token.StatusUnknown, nil
		}
		if err != nil {
			return token.StatusUnknown, err
		}
		if !bytes.Equal(found.DER, cert.Raw) {
			return token.StatusUnknown, nil
		}
		*onFile = found
		switch found.Status {
		case registry.CertIssued:
			return token.StatusGood, nil
		case registry.CertSuspended:
			return token.StatusSuspended, nil
		}
		return token.StatusRevoked, nil
	}
}
