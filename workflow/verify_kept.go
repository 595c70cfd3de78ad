package workflow

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/token"
)

// VerifyKept verifies a signature that is on file again: over its envelope, by
// a certificate of ours, as that stood at the instant of signing. The
// certificate is returned where it was found, also with an error; an error of
// package registry says why the signature does not hold.
func (f *Flow) VerifyKept(ctx context.Context, envelope, signature []byte, at time.Time) (cert *registry.Certificate, err error) {
	_, err = f.verifier.Verify(ctx, signature, envelope, at, func(ctx context.Context, signer *x509.Certificate) (token.Status, error) {
		var changes []registry.StatusChange
		found := new(registry.Certificate)
		err := f.store.Read(ctx, func(tx *store.Tx) (err error) {
			if found, err = tx.CertificateBySerial(registry.Serial(signer.SerialNumber.Text(16))); err != nil {
				return err
			}
			changes, err = tx.StatusChanges(found.Serial)
			return err
		})
		switch {
		case registry.KindOf(err) == registry.NotFound:
			return token.StatusUnknown, nil
		case err != nil:
			return token.StatusUnknown, fmt.Errorf("reading who signed: %w", err)
		case !bytes.Equal(found.DER, signer.Raw):
			return token.StatusUnknown, nil
		}
		cert = found
		switch found.StateAt(at, changes) {
		case registry.StateRevoked:
			return token.StatusRevoked, nil
		case registry.StateSuspended:
			return token.StatusSuspended, nil
		}
		return token.StatusGood, nil
	})
	return cert, err
}
