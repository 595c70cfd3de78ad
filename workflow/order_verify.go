package workflow

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"fmt"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/token"
)

// OrderProof is one signature of an order, verified again.
type OrderProof struct {
	registry.OrderSignature
	Certificate *registry.Certificate // that signed
	Text        string                // what the signer read
	// Fault is why the signature does not hold; nil: it does.
	Fault error
}

// VerifyOrder verifies the signatures of an order again: each over its own
// envelope, with the certificate that is renewed, as it stood when it was
// given, and naming the content that is stored.
func (f *Flow) VerifyOrder(ctx context.Context, id registry.ApplicationID) (proofs []OrderProof, err error) {
	var order *registry.Order
	err = f.store.Read(ctx, func(tx *store.Tx) error {
		order, proofs, err = orderProofs(tx, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("verifying order %d: %w", id, err)
	}
	for i := range proofs {
		proofs[i].Fault = f.verifyProof(ctx, order, &proofs[i])
	}
	return proofs, nil
}

// Chain is the authority's root and issuing certificate in PEM, what signatures
// are verified against.
func (f *Flow) Chain() []byte { return append(ca.PEM(f.trust.Root), ca.PEM(f.trust.Issuer)...) }

// orderProofs reads the signatures of an order with their certificates, not
// yet verified.
func orderProofs(tx *store.Tx, id registry.ApplicationID) (order *registry.Order, proofs []OrderProof, err error) {
	if order, err = tx.Order(id); err != nil {
		return nil, nil, err
	}
	signatures, err := tx.OrderSignatures(id)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range signatures {
		p := OrderProof{OrderSignature: s}
		if p.Certificate, err = tx.Certificate(s.CertificateID); err != nil {
			return nil, nil, err
		}
		proofs = append(proofs, p)
	}
	return order, proofs, nil
}

func (f *Flow) verifyProof(ctx context.Context, order *registry.Order, p *OrderProof) error {
	var e struct {
		Typ, SHA256, Subject, Text string
	}
	if err := json.Unmarshal(p.Envelope, &e); err != nil {
		return token.ErrContent
	}
	p.Text = e.Text
	sum := sha256.Sum256(order.Content)
	if token.Type(e.Typ) != token.RenewalOrder || e.SHA256 != fmt.Sprintf("%x", sum) || e.Subject != "certificate/"+string(p.Certificate.Serial) {
		return token.ErrContent
	}
	_, err := f.verifier.Verify(ctx, p.Signature, p.Envelope, p.CreatedAt, func(_ context.Context, cert *x509.Certificate) (token.Status, error) {
		c := p.Certificate
		switch {
		case !bytes.Equal(c.DER, cert.Raw):
			return token.StatusUnknown, nil
		case c.Status == registry.CertIssued || c.StatusAt != nil && c.StatusAt.After(p.CreatedAt):
			return token.StatusGood, nil
		case c.Status == registry.CertSuspended:
			return token.StatusSuspended, nil
		}
		return token.StatusRevoked, nil
	})
	return err
}
