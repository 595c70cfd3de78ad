package workflow

import (
	"context"
	"fmt"
	"slices"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// Suspend takes a certificate out of use until it is clarified: issued →
// suspended, by any clerk or approver, or at the console. Its sessions end with
// the next request.
func (f *Flow) Suspend(ctx context.Context, who Actor, serial registry.Serial) error {
	return f.setCertificateStatus(ctx, who, serial, registry.CertSuspended, reasonHold, registry.Clerk, registry.Approver)
}

// LiftSuspension puts a suspended certificate back into use: suspended →
// issued, by an approver or at the console.
func (f *Flow) LiftSuspension(ctx context.Context, who Actor, serial registry.Serial) error {
	return f.setCertificateStatus(ctx, who, serial, registry.CertIssued, 0, registry.Approver)
}

// Revoke ends a certificate for good: issued or suspended → revoked, by an
// approver or at the console, with the reason of RFC 5280 §5.3.1. One that is
// over is never revoked. The CA is told by background work.
func (f *Flow) Revoke(ctx context.Context, who Actor, serial registry.Serial, reason ca.Reason) error {
	if !reason.Known() || reason == reasonHold {
		return registry.Refuse(registry.Invalid, "error.certificate.reason")
	}
	return f.setCertificateStatus(ctx, who, serial, registry.CertRevoked, reason, registry.Approver)
}

const reasonHold ca.Reason = 6 // certificateHold

func (f *Flow) setCertificateStatus(ctx context.Context, who Actor, serial registry.Serial, to registry.CertificateStatus, reason ca.Reason, roles ...registry.Role) error {
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if who.kind != journal.ActorConsole {
			if err := who.is(roles...); err != nil {
				return err
			}
			if err := who.current(tx); err != nil {
				return err
			}
		}
		cert, err := tx.CertificateBySerial(serial)
		if err != nil {
			return err
		}
		if cert, err = tx.LockCertificate(cert.ID); err != nil {
			return err
		}
		if !slices.Contains(registry.CertificateMoves[cert.Status], to) || cert.ValidityAt(f.now()) == registry.Expired {
			return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
		}
		if err := tx.SetCertificateStatus(cert.ID, cert.Status, to, int(reason), f.now()); err != nil {
			return err
		}
		return f.record(tx, who, "certificate."+string(to), map[string]any{"from": cert.Status, "reason": int(reason)}, nil, Certificate(serial))
	})
	if err != nil {
		return fmt.Errorf("making certificate %s %s: %w", serial, to, err)
	}
	return nil
}

// tellCA tells the CA of revocations that it does not know of; once each, and
// again where it is unknown whether it heard.
func (f *Flow) tellCA(ctx context.Context) (more bool, err error) {
	if f.ca == nil {
		return false, nil
	}
	var untold []*registry.Certificate
	if err := f.store.Read(ctx, func(tx *store.Tx) (err error) {
		untold, err = tx.RevokedUntold(revokeBatch)
		return err
	}); err != nil {
		return false, err
	}
	for _, c := range untold {
		if err := f.ca.Revoke(ctx, c.Serial, ca.Reason(c.StatusReason)); err != nil {
			return false, fmt.Errorf("telling the CA of the revocation of %s: %w", c.Serial, err)
		}
		if err := f.store.Write(ctx, func(tx *store.Tx) error { return tx.CATold(c.ID) }); err != nil {
			return false, err
		}
	}
	return len(untold) == revokeBatch, nil
}

const revokeBatch = 50
