package workflow

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// NewBatch is what an approver chooses to revoke at once.
type NewBatch struct {
	Choice       registry.BatchChoice
	Criteria     registry.BatchCriteria
	Cause        string // a code of the pack's causes
	InvalidSince *time.Time
	Remark       string
	// Confirm is how many certificates the approver has seen will be revoked;
	// another number is refused.
	Confirm int
}

// CheckBatch judges the criteria of a choice.
func CheckBatch(choice registry.BatchChoice, k registry.BatchCriteria) error {
	refuse := func(field string) error { return registry.Refuse(registry.Invalid, "error.required").On(field) }
	switch choice {
	case registry.ChosenByOrganisation:
		if k.INN == "" {
			return refuse("inn")
		}
	case registry.ChosenByTokenModel:
		if k.Model == "" {
			return refuse("model")
		}
	case registry.ChosenByKey:
		if raw, err := hex.DecodeString(k.Key); err != nil || len(raw) != 32 {
			return registry.Refuse(registry.Invalid, "error.batch.key").On("key")
		}
	case registry.ChosenByIncident:
		switch {
		case k.From == nil:
			return refuse("from")
		case k.To == nil:
			return refuse("to")
		case k.To.Before(*k.From):
			return registry.Refuse(registry.Invalid, "error.batch.period").On("to")
		}
	default:
		return refuse("choice")
	}
	return nil
}

// ProposeBatch fixes the list of certificates to revoke at once: nothing →
// proposed, by an approver. Nothing changes until another one has signed it.
func (f *Flow) ProposeBatch(ctx context.Context, who Actor, in NewBatch) (*registry.Batch, error) {
	if err := who.is(registry.Approver); err != nil {
		return nil, err
	}
	if err := CheckBatch(in.Choice, in.Criteria); err != nil {
		return nil, err
	}
	cause, known := f.pack.RevocationCause(in.Cause)
	if !known || !ca.Reason(cause.RFC5280).Known() {
		return nil, registry.Refuse(registry.Invalid, "error.certificate.reason").On("cause")
	}
	if in.Choice == registry.ChosenByKey && !registry.KeyAtRisk(cause.RFC5280) {
		return nil, registry.Refuse(registry.Invalid, "error.batch.key_cause").On("cause")
	}
	remark, err := someReason(in.Remark, "remark")
	if err != nil {
		return nil, err
	}
	b := &registry.Batch{Choice: in.Choice, Criteria: in.Criteria, Cause: cause.Code, Code: cause.RFC5280, Remark: remark, ProposedBy: who.Operator.ID}
	if registry.KeyAtRisk(cause.RFC5280) && in.InvalidSince != nil {
		since := in.InvalidSince.UTC().Truncate(time.Microsecond)
		if since.After(f.now()) {
			return nil, registry.Refuse(registry.Invalid, "error.report.future").On("since")
		}
		b.InvalidSince = &since
	}
	err = f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		if b.Number, err = f.nextNumber(tx, "batch", "B-"); err != nil {
			return err
		}
		b.ProposedAt = f.now()
		if err := tx.AddBatch(b, b.ProposedAt); err != nil {
			return err
		}
		if b.Total != in.Confirm {
			return registry.Refuse(registry.Conflict, "error.batch.confirm", "n", b.Total).On("confirm")
		}
		args := map[string]any{"number": b.Number, "n": b.Total, "name": who.Operator.Person.Name(registry.Russian).Short()}
		if err := f.postToRole(tx, letterBatchProposed, registry.Approver, "batch/"+b.Number, args); err != nil {
			return err
		}
		return f.record(tx, who, "batch.proposed", map[string]any{
			"number": b.Number, "choice": b.Choice, "criteria": b.Criteria, "cause": b.Cause, "total": b.Total, "list_sha256": b.ListSHA256,
		}, nil, aboutBatch(b))
	})
	if err != nil {
		return nil, fmt.Errorf("proposing a batch of revocations: %w", err)
	}
	return b, nil
}

// aboutBatch names a batch as a journal subject.
func aboutBatch(b *registry.Batch) journal.Subject {
	return journal.Subject{Kind: "batch", ID: b.Number}
}
