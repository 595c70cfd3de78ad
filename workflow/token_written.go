package workflow

import (
	"bytes"
	"context"
	"fmt"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// ConfirmWritten takes the certificate as it was read back from the token,
// which has to be the issued one to the byte: the key goes from made to written,
// by a clerk (an administrator for an operator's). Repeated it changes nothing.
func (f *Flow) ConfirmWritten(ctx context.Context, who Actor, id registry.EnrolmentID, serial string, readBack []byte) error {
	err := f.write(ctx, "written", func(tx *store.Tx) error {
		e, _, err := f.atDesk(tx, who, id)
		if err != nil {
			return err
		}
		if serial, err = registry.TokenSerial(serial); err != nil {
			return err
		}
		key, err := f.liveKey(tx, e, serial)
		if err != nil {
			return err
		}
		if e.Status != registry.Issued && e.Status != registry.HandedOver {
			return registry.MoveEnrolment(e.Status, registry.HandedOver)
		}
		cert, err := tx.CertificateOfEnrolment(id)
		if err != nil {
			return err
		}
		if !bytes.Equal(cert.DER, readBack) {
			return registry.Refuse(registry.Conflict, "error.token.written_differs")
		}
		if key.Status != registry.KeyRequested {
			return nil // it was written before
		}
		now := f.now()
		key.CertificateID, key.WrittenAt = cert.ID, &now
		if err := f.moveTokenKey(tx, key, registry.KeyWritten); err != nil {
			return err
		}
		return f.record(tx, who, "token.written", map[string]any{"token": key.Serial, "sha256": cert.SHA256}, nil, aboutEnrolment(e)...)
	})
	if err != nil {
		return fmt.Errorf("confirming the certificate of enrolment %d on its token: %w", id, err)
	}
	return nil
}
