package workflow

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/token"
)

// BatchDecision is the second approver's decision on a batch.
type BatchDecision struct {
	ID      registry.BatchID
	Version int64
	// Text is what the approver reads before signing, in their language.
	Text    string
	Origin  string
	Session string
}

const actRevokeAll registry.Action = "revoke_all"

// AskBatchDecision prepares the signature of a batch.
func (f *Flow) AskBatchDecision(ctx context.Context, who Actor, in BatchDecision) (*Question, error) {
	q := new(Question)
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		b, basis, err := f.mayDecideBatch(tx, who, in)
		if err != nil {
			return err
		}
		q.Challenge, q.Expected, err = f.ask(tx, token.Envelope{
			Type: token.Decision, Origin: in.Origin, Subject: "batch/" + b.Number, Version: b.Version,
			Hash: basis, Action: string(actRevokeAll), Time: f.now(), Text: in.Text,
		}, in.Session)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("preparing the decision on batch %d: %w", in.ID, err)
	}
	return q, nil
}

// SignBatch has a batch carried out: proposed → running, by an approver who did
// not propose it, with a signature over the exact list.
func (f *Flow) SignBatch(ctx context.Context, who Actor, in BatchDecision, challenge string, cms []byte) error {
	expected, signed, err := f.takeDecision(ctx, who, challenge, in.Session, cms)
	if err != nil {
		return err
	}
	err = f.store.Write(ctx, func(tx *store.Tx) error {
		b, basis, err := f.mayDecideBatch(tx, who, in)
		if err != nil {
			return err
		}
		if !signedFor(expected, basis, actRevokeAll) {
			return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
		}
		if err := tx.DecideBatch(b, registry.BatchRunning, store.BatchDecision{By: who.Operator.ID, Envelope: expected, Signature: cms, Serial: signed.Serial, At: f.now()}); err != nil {
			return err
		}
		return f.record(tx, who, "batch.signed", map[string]any{
			"number": b.Number, "total": b.Total, "list_sha256": b.ListSHA256, "certificate": signed.Serial, "envelope_sha256": fmt.Sprintf("%x", sha256.Sum256(expected)),
		}, nil, aboutBatch(b))
	})
	if err != nil {
		return fmt.Errorf("deciding on batch %d: %w", in.ID, err)
	}
	return nil
}

// RejectBatch drops a proposed batch: proposed → rejected, by any approver.
func (f *Flow) RejectBatch(ctx context.Context, who Actor, id registry.BatchID, version int64) error {
	if err := who.is(registry.Approver); err != nil {
		return err
	}
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		b, err := tx.LockBatch(id)
		if err != nil {
			return err
		}
		if b.Version != version || !slices.Contains(registry.BatchMoves[b.Status], registry.BatchRejected) {
			return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
		}
		if err := tx.DecideBatch(b, registry.BatchRejected, store.BatchDecision{By: who.Operator.ID, At: f.now()}); err != nil {
			return err
		}
		return f.record(tx, who, "batch.rejected", map[string]any{"number": b.Number}, nil, aboutBatch(b))
	})
	if err != nil {
		return fmt.Errorf("rejecting batch %d: %w", id, err)
	}
	return nil
}

// mayDecideBatch is the guard of the decision, with the hash of what is decided
// on.
func (f *Flow) mayDecideBatch(tx *store.Tx, who Actor, in BatchDecision) (*registry.Batch, [sha256.Size]byte, error) {
	var basis [sha256.Size]byte
	if err := who.is(registry.Approver); err != nil {
		return nil, basis, err
	}
	if err := who.current(tx); err != nil {
		return nil, basis, err
	}
	b, err := tx.LockBatch(in.ID)
	if err != nil {
		return nil, basis, err
	}
	if b.Version != in.Version || !slices.Contains(registry.BatchMoves[b.Status], registry.BatchRunning) {
		return nil, basis, registry.Refuse(registry.Conflict, "error.changed_meanwhile")
	}
	if err := f.BatchFourEyes(tx, who, b); err != nil {
		return nil, basis, err
	}
	if err := tx.CheckBatchList(b); err != nil {
		return nil, basis, err
	}
	raw, err := batchProposal(b)
	return b, sha256.Sum256(raw), err
}

// batchProposal is what is decided on: the JSON of a batch as it was proposed,
// whatever became of it since.
func batchProposal(b *registry.Batch) ([]byte, error) {
	was := *b
	was.Status, was.Version = registry.BatchProposed, 1
	was.DecidedBy, was.DecidedAt, was.Serial, was.FinishedAt = 0, nil, "", nil
	return json.Marshal(was)
}

// BatchFourEyes says why an operator may not sign a batch: they proposed it, or
// hold one of its certificates. nil: they may.
func (f *Flow) BatchFourEyes(tx *store.Tx, who Actor, b *registry.Batch) error {
	if who.Operator == nil {
		return registry.Refuse(registry.Forbidden, "error.forbidden")
	}
	me := who.Operator.Person.PersonalNumber
	author, err := tx.Operator(b.ProposedBy)
	if err != nil {
		return err
	}
	if author.Person.PersonalNumber == me {
		return registry.Refuse(registry.Forbidden, "error.batch.four_eyes")
	}
	own, err := tx.BatchHoldsPerson(b.ID, me)
	if err == nil && own {
		err = registry.Refuse(registry.Forbidden, "error.report.own_certificate")
	}
	return err
}
