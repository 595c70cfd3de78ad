package workflow

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/token"
)

// UndeliveredDecision ends an enrolment whose certificate is issued and was not
// handed over: the certificate is revoked.
type UndeliveredDecision struct {
	ID registry.EnrolmentID
	// Again begins the enrolment once more, on another token and for no other
	// fee; otherwise it is cancelled.
	Again  bool
	Cause  string // a code of the pack's causes
	Reason string
	// Text is what is read before signing, in the signer's language.
	Text    string
	Origin  string
	Session string
}

// AskUndelivered prepares the decision for its signature; what would refuse the
// decision refuses it here already.
func (f *Flow) AskUndelivered(ctx context.Context, who Actor, in UndeliveredDecision) (*Question, error) {
	q := new(Question)
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		u, err := f.mayEndUndelivered(tx, who, &in)
		if err != nil {
			return err
		}
		q.Challenge, q.Expected, err = f.ask(tx, token.Envelope{
			Type: token.Decision, Origin: in.Origin, Subject: "certificate/" + string(u.cert.Serial), Version: u.e.Version,
			Hash: u.basis, Action: string(registry.ReportRevoke), Time: f.now(), Text: in.Text,
		}, in.Session)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("preparing the end of enrolment %d: %w", in.ID, err)
	}
	return q, nil
}

// EndUndelivered carries the signed decision out: the enrolment goes from issued
// to cancelled, or to awaiting key, and its certificate is revoked on a report of
// the authority's own. By an approver, or by an administrator for an operator's;
// a report that is open already must be somebody else's, and so must the
// certificate.
func (f *Flow) EndUndelivered(ctx context.Context, who Actor, in UndeliveredDecision, challenge string, cms []byte) error {
	expected, signed, err := f.takeDecision(ctx, who, challenge, in.Session, cms)
	if err != nil {
		return err
	}
	err = f.store.Write(ctx, func(tx *store.Tx) error {
		u, err := f.mayEndUndelivered(tx, who, &in)
		if err != nil {
			return err
		}
		if !signedFor(expected, u.basis, registry.Action(registry.ReportRevoke)) {
			return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
		}
		r, err := f.reportOrNew(tx, who, u.cert, ReportInput{
			Serial: u.cert.Serial, Way: registry.ByAuthority, Reporter: who.Operator.Person.Name(f.pack.Certificate.NameLanguage).String(),
			Identified: []registry.Identification{registry.KnownToCA}, Cause: in.Cause, Note: in.Reason,
		})
		if err != nil {
			return err
		}
		cause, _ := f.pack.RevocationCause(in.Cause)
		r.Cause, r.Code = cause.Code, cause.RFC5280
		if err := tx.AddRevocationDecision(registry.RevocationDecision{
			ReportID: r.ID, Action: registry.ReportRevoke, OperatorID: who.Operator.ID, Envelope: expected, Signature: cms, Serial: signed.Serial, CreatedAt: f.now(),
		}); err != nil {
			return err
		}
		if err := f.revokeReported(tx, who, r, u.cert, map[string]any{"handed_over": false}); err != nil {
			return err
		}
		details := map[string]any{"certificate": signed.Serial, "envelope_sha256": fmt.Sprintf("%x", sha256.Sum256(expected))}
		if err := f.conclude(tx, who, r, u.cert, registry.ReportRevoke, registry.ByApprover, details); err != nil {
			return err
		}
		return f.endIssued(tx, who, u.e, in)
	})
	if err != nil {
		return fmt.Errorf("ending enrolment %d: %w", in.ID, err)
	}
	return nil
}

// endIssued moves the enrolment whose certificate was just revoked.
func (f *Flow) endIssued(tx *store.Tx, who Actor, e *registry.Enrolment, in UndeliveredDecision) error {
	personal := map[string]string{"reason": in.Reason}
	if !in.Again {
		return f.endEnrolment(tx, who, e, nil, personal)
	}
	if err := f.dropTokenKey(tx, who, e, "enrolment begun again"); err != nil {
		return err
	}
	return f.awaitKey(tx, who, e, personal)
}

// undelivered is what a decision is about, locked.
type undelivered struct {
	e     *registry.Enrolment
	cert  *registry.Certificate
	basis [sha256.Size]byte // hash of everything that is decided on
}

// mayEndUndelivered is the guard of the decision.
func (f *Flow) mayEndUndelivered(tx *store.Tx, who Actor, in *UndeliveredDecision) (u undelivered, err error) {
	if u.e, err = f.lockToEnd(tx, who, in.ID); err != nil {
		return u, err
	}
	if in.Reason, err = someReason(in.Reason, "reason"); err != nil {
		return u, err
	}
	to := registry.Cancelled
	if in.Again {
		to = registry.AwaitingKey
	}
	key, err := tx.TokenKeyOfEnrolment(in.ID)
	if err != nil {
		return u, err
	}
	if u.e.Status != registry.Issued || in.Again && key == nil {
		return u, registry.Refuse(registry.Conflict, "error.enrolment.state", "from", string(u.e.Status), "to", string(to))
	}
	if u.cert, err = tx.CertificateOfEnrolment(in.ID); err != nil {
		return u, err
	}
	if u.cert, err = tx.LockCertificate(u.cert.ID); err != nil {
		return u, err
	}
	if cause, known := f.pack.RevocationCause(in.Cause); !known || cause.RFC5280 == int(reasonHold) || !ca.Reason(cause.RFC5280).Known() {
		return u, registry.Refuse(registry.Invalid, "error.certificate.reason").On("cause")
	}
	if err := f.othersMayRevoke(tx, who, u.cert); err != nil {
		return u, err
	}
	b, err := json.Marshal(struct {
		Enrolment     registry.EnrolmentID
		Version       int64
		Serial        registry.Serial
		SHA256        string
		Status        registry.CertificateStatus
		Again         bool
		Cause, Reason string
	}{u.e.ID, u.e.Version, u.cert.Serial, u.cert.SHA256, u.cert.Status, in.Again, in.Cause, in.Reason})
	u.basis = sha256.Sum256(b)
	return u, err
}

// othersMayRevoke refuses those who hold the certificate, or entered the report
// about it that is open, and one that cannot be revoked any more.
func (f *Flow) othersMayRevoke(tx *store.Tx, who Actor, cert *registry.Certificate) error {
	switch {
	case cert.Status == registry.CertRevoked:
		return registry.Refuse(registry.Conflict, "error.report.revoked")
	case cert.ValidityAt(f.now()) == registry.Expired:
		return registry.Refuse(registry.Conflict, "error.report.over", "date", cert.NotAfter)
	}
	open, err := tx.OpenReportOf(cert.ID)
	if registry.KindOf(err) == registry.NotFound {
		open, err = new(registry.Report), nil
	}
	if err != nil {
		return err
	}
	return f.ReportFourEyes(tx, who, open, cert)
}
