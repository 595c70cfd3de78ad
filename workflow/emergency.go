package workflow

import (
	"context"
	"fmt"

	"github.com/tamga-ca/tamga/internal/ecloud"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// ErrEmergencyCode means a code that is wrong, replaced by a later paper, or of
// an enrolment that has no certificate. It does not tell which.
var ErrEmergencyCode = registry.Refuse(registry.Invalid, "error.emergency.code").On("code")

// GiveEmergencyCode makes the code that stands on the paper which the holder of
// an enrolment takes home: by a clerk, or by an administrator for an operator's.
// It is stored hashed and cannot be shown again; a later one replaces it.
func (f *Flow) GiveEmergencyCode(ctx context.Context, who Actor, id registry.EnrolmentID) (code string, err error) {
	code, hash, err := f.newEmergencyCode(ctx)
	if err != nil {
		return "", err
	}
	err = f.store.Write(ctx, func(tx *store.Tx) error {
		e, err := lockEnrolment(tx, id)
		if err != nil {
			return err
		}
		s, err := f.subjectOf(tx, e)
		if err != nil {
			return err
		}
		if err := who.mayStart(tx, s.profile()); err != nil {
			return err
		}
		if e.Status != registry.HandedOver && e.Status != registry.Issued {
			return registry.Refuse(registry.Conflict, "error.enrolment.state", "from", string(e.Status), "to", string(registry.HandedOver))
		}
		return f.keepEmergencyCode(tx, who, e, hash)
	})
	if err != nil {
		return "", fmt.Errorf("giving an emergency code for enrolment %d: %w", id, err)
	}
	return code, nil
}

func (f *Flow) newEmergencyCode(ctx context.Context) (code string, hash ecloud.CodeHash, err error) {
	if err := f.canKeep(); err != nil {
		return "", hash, err
	}
	code = ecloud.NewCode(ecloud.EmergencyCode)
	hash, err = f.keys.HashCode(ctx, ecloud.EmergencyCode, code)
	return code, hash, err
}

func (f *Flow) keepEmergencyCode(tx *store.Tx, who Actor, e *registry.Enrolment, hash ecloud.CodeHash) error {
	if err := tx.AddEmergencyCode(e.ID, store.KeyedHash(hash), who.Operator.ID, f.now()); err != nil {
		return err
	}
	return f.record(tx, who, "emergency.code_given", nil, nil, aboutEnrolment(e)...)
}

// EmergencyCode finds the certificate whose holder's paper carries a code. A
// mistyped code costs nothing; a wrong one is counted against its source.
func (f *Flow) EmergencyCode(ctx context.Context, code, source string) (*registry.Certificate, error) {
	if err := f.canKeep(); err != nil {
		return nil, err
	}
	hashes, err := f.keys.HashesOfCode(ctx, ecloud.EmergencyCode, code)
	if err != nil {
		return nil, onField(err, "code")
	}
	tries, err := f.codeTries(ctx, "source", source)
	if err != nil {
		return nil, err
	}
	if err := f.store.Write(ctx, func(tx *store.Tx) error { return f.tell(tx, ecloud.Try, tries) }); err != nil {
		return nil, fmt.Errorf("trying an emergency code: %w", err)
	}
	raw := make([][]byte, len(hashes))
	for i, h := range hashes {
		raw[i] = h.Hash
	}
	var cert *registry.Certificate
	err = f.store.Read(ctx, func(tx *store.Tx) error {
		id, err := tx.EnrolmentOfEmergencyCode(raw)
		if err != nil {
			return err
		}
		cert, err = tx.CertificateOfEnrolment(id)
		return err
	})
	if registry.KindOf(err) == registry.NotFound {
		return nil, ErrEmergencyCode
	}
	if err != nil {
		return nil, fmt.Errorf("trying an emergency code: %w", err)
	}
	return cert, f.settle(ctx, ecloud.Success, tries)
}
