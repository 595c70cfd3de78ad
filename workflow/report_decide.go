package workflow

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/token"
)

// ReportDecision is what an approver wants to do with a report.
type ReportDecision struct {
	ID      registry.ReportID
	Version int64 // the one the approver saw
	Action  registry.ReportAction
	// Cause is the one to revoke for, a code of the pack's; it may differ from
	// the reporter's. Only for revoking.
	Cause string
	// Waiting is what becomes of the holder's certificate that is not usable
	// yet, if there is one. Only for revoking.
	Waiting registry.WaitingChoice
	Remark  string // why it is rejected or lifted
	// Text is what the approver reads before signing, in their language.
	Text    string
	Origin  string
	Session string
}

// AskReportDecision prepares a decision for its signature; what would refuse
// the decision refuses it here already.
func (f *Flow) AskReportDecision(ctx context.Context, who Actor, in ReportDecision) (*Question, error) {
	q := new(Question)
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		r, err := tx.Report(in.ID)
		if err != nil {
			return err
		}
		cert, err := tx.Certificate(r.CertificateID)
		if err != nil {
			return err
		}
		_, basis, err := f.mayDecideReport(tx, who, r, cert, &in)
		if err != nil {
			return err
		}
		q.Challenge, q.Expected, err = f.ask(tx, token.Envelope{
			Type: token.Decision, Origin: in.Origin, Subject: "report/" + r.Number, Version: r.Version,
			Hash: basis, Action: string(in.Action), Time: f.now(), Text: in.Text,
		}, in.Session)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("preparing a decision on report %d: %w", in.ID, err)
	}
	return q, nil
}

// DecideReport carries out an approver's signed decision on a report: received
// → revoked (and the certificate is, for good), → rejected, → lifted. The
// signature must be the approver's own, over the question asked; somebody else
// entered the report, suspended the certificate and holds it (four eyes).
func (f *Flow) DecideReport(ctx context.Context, who Actor, in ReportDecision, challenge string, cms []byte) error {
	expected, signed, err := f.takeDecision(ctx, who, challenge, in.Session, cms)
	if err != nil {
		return err
	}
	return f.changeReport(ctx, who, in.ID, in.Version, in.Action, who.as(), func(tx *store.Tx, r *registry.Report, cert *registry.Certificate) error {
		waiting, basis, err := f.mayDecideReport(tx, who, r, cert, &in)
		if err != nil {
			return err
		}
		if !signedFor(expected, basis, registry.Action(in.Action)) {
			return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
		}
		decision := registry.RevocationDecision{
			ReportID: r.ID, Action: in.Action, OperatorID: who.Operator.ID, Envelope: expected, Signature: cms, Serial: signed.Serial, CreatedAt: f.now(),
		}
		if err := tx.AddRevocationDecision(decision); err != nil {
			return err
		}
		r.Remark = in.Remark
		details := map[string]any{"certificate": signed.Serial, "envelope_sha256": fmt.Sprintf("%x", sha256.Sum256(expected))}
		if in.Action == registry.ReportRevoke {
			cause, _ := f.pack.RevocationCause(in.Cause)
			r.Cause, r.Code = cause.Code, cause.RFC5280
		}
		if err := f.carryOutReport(tx, who, r, cert, in.Action, who.as(), details); err != nil || in.Waiting != registry.WaitingRevoke {
			return err
		}
		return f.revokeWaiting(tx, who, r, cert, waiting, who.as(), decision)
	})
}

// carryOutReport is what a decision does, an approver's and a holder's alike.
func (f *Flow) carryOutReport(tx *store.Tx, who Actor, r *registry.Report, cert *registry.Certificate, act registry.ReportAction, by registry.Actor, details map[string]any) error {
	switch act {
	case registry.ReportRevoke:
		if err := f.revokeReported(tx, who, r, cert, map[string]any{}); err != nil {
			return err
		}
		if err := f.cancelHandover(tx, who, cert); err != nil {
			return err
		}
	case registry.ReportLift:
		if err := f.setStatus(tx, who, cert, statusChange{to: registry.CertIssued, reason: reasonNone, report: r}); err != nil {
			return err
		}
	}
	return f.conclude(tx, who, r, cert, act, by, details)
}

// revokeReported revokes a certificate for what its report says; details go into
// the journal.
func (f *Flow) revokeReported(tx *store.Tx, who Actor, r *registry.Report, cert *registry.Certificate, details map[string]any) error {
	details["cause"] = r.Cause
	change := statusChange{to: registry.CertRevoked, reason: ca.Reason(r.Code), report: r, details: details}
	if registry.KeyAtRisk(r.Code) {
		change.since = r.InvalidSince
	}
	return f.setStatus(tx, who, cert, change)
}

// mayDecideReport is the guard of a decision. It returns the hash of
// everything that is decided on.
func (f *Flow) mayDecideReport(tx *store.Tx, who Actor, r *registry.Report, cert *registry.Certificate, in *ReportDecision) (waiting Awaited, basis [sha256.Size]byte, err error) {
	switch in.Action {
	case registry.ReportRevoke, registry.ReportReject, registry.ReportLift:
	default:
		return waiting, basis, registry.Refuse(registry.Invalid, "error.decision.action")
	}
	if _, err := registry.MoveReport(r.Status, in.Action, who.as()); err != nil {
		return waiting, basis, err
	}
	if r.Version != in.Version {
		return waiting, basis, registry.Refuse(registry.Conflict, "error.changed_meanwhile")
	}
	if err := f.ReportFourEyes(tx, who, r, cert); err != nil {
		return waiting, basis, err
	}
	if cert.ValidityAt(f.now()) == registry.Expired {
		return waiting, basis, registry.Refuse(registry.Conflict, "error.report.over", "date", cert.NotAfter)
	}
	switch suspended := cert.Status == registry.CertSuspended; {
	case in.Action == registry.ReportRevoke:
		if cause, known := f.pack.RevocationCause(in.Cause); !known || !ca.Reason(cause.RFC5280).Known() {
			return waiting, basis, registry.Refuse(registry.Invalid, "error.certificate.reason").On("cause")
		}
		if waiting, err = f.askWaiting(tx, cert, &in.Waiting); err != nil {
			return waiting, basis, err
		}
	case in.Action == registry.ReportLift && !suspended, in.Action == registry.ReportReject && suspended:
		return waiting, basis, registry.Refuse(registry.Conflict, "error.changed_meanwhile")
	default:
		in.Waiting = ""
		if in.Remark, err = someReason(in.Remark, "remark"); err != nil {
			return waiting, basis, err
		}
	}
	basis, err = reportBasis(r, cert, waiting, in)
	return waiting, basis, err
}

// reportBasis hashes what is decided on: SHA-256 of the JSON of the report as
// it was entered, the certificate and its status, the action and its
// reasons, what waits beside the certificate and what becomes of that.
func reportBasis(r *registry.Report, cert *registry.Certificate, waiting Awaited, in *ReportDecision) (sum [sha256.Size]byte, err error) {
	b, err := json.Marshal(struct {
		Number            string
		Version           int64
		Serial            registry.Serial
		Status            registry.CertificateStatus
		Way               registry.ReportWay
		Reporter          string
		Identified        []registry.Identification
		Note, Reported    string
		ReportedAt, DueAt time.Time
		InvalidSince      *time.Time
		Action            registry.ReportAction
		Cause, Remark     string
		Waiting           []string
		Choice            registry.WaitingChoice
	}{
		r.Number, r.Version, cert.Serial, cert.Status, r.Way, r.Reporter, r.Identified, r.Note, r.Cause, r.ReportedAt, r.DueAt, r.InvalidSince,
		in.Action, in.Cause, in.Remark, waiting.names(), in.Waiting,
	})
	return sha256.Sum256(b), err
}

// ReportFourEyes says why an operator may not decide on a report: they entered
// it, suspended the certificate, or hold it. nil: they may.
func (f *Flow) ReportFourEyes(tx *store.Tx, who Actor, r *registry.Report, cert *registry.Certificate) error {
	if who.Operator == nil {
		return registry.Refuse(registry.Forbidden, "error.forbidden")
	}
	me := who.Operator.Person.PersonalNumber
	if cert.PersonalNumber == me {
		return registry.Refuse(registry.Forbidden, "error.report.own_certificate")
	}
	for _, id := range []registry.OperatorID{r.CreatedBy, r.SuspendedBy} {
		if id == 0 {
			continue
		}
		o, err := tx.Operator(id)
		if err != nil {
			return err
		}
		if o.Person.PersonalNumber == me {
			return registry.Refuse(registry.Forbidden, "error.report.four_eyes")
		}
	}
	return nil
}
