package workflow

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/token"
)

// MayReport says whether somebody who logged in with a certificate may report
// another from the cabinet: their own ones, and the head those of everybody who
// signs for the organisation.
func MayReport(own, cert *registry.Certificate) bool {
	if own == nil || cert.Profile != registry.HolderProfile {
		return false
	}
	if own.PersonalNumber == cert.PersonalNumber {
		return true
	}
	head := own.Role == registry.Head || own.Role == registry.HeadAsAccountant
	return head && own.OrganisationID == cert.OrganisationID
}

// ReportFromCabinet enters a holder's report and takes the certificate out of
// use at once: nothing → received, issued → suspended. It can be lifted by an
// approver; to end it for good a holder signs (RevokeOwn), or an approver. Where
// a report is open already, what is said goes into that one.
func (f *Flow) ReportFromCabinet(ctx context.Context, who Actor, in ReportInput) (*registry.Report, error) {
	var r *registry.Report
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		cert, err := f.ownCertificate(tx, who, in.Serial)
		if err != nil {
			return err
		}
		in.Way, in.Reporter, in.Suspend, in.ReportedAt = registry.FromCabinet, who.Certificate.HolderName, true, time.Time{}
		in.Identified = []registry.Identification{registry.HasCertificate}
		r, err = f.receiveMore(tx, who, cert, in, 0)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reporting certificate %s from the cabinet: %w", in.Serial, orBeaten(err))
	}
	return r, nil
}

// ownCertificate locks a certificate that a holder may report; to others it
// does not exist.
func (f *Flow) ownCertificate(tx *store.Tx, who Actor, serial registry.Serial) (*registry.Certificate, error) {
	cert, err := tx.CertificateBySerial(serial)
	if err != nil {
		return nil, err
	}
	if !MayReport(who.Certificate, cert) {
		return nil, registry.Refuse(registry.NotFound, "error.not_found")
	}
	return lockWithEnrolment(tx, cert.ID)
}

// OwnRevocation is what a holder signs to revoke their certificate for good.
type OwnRevocation struct {
	Serial       registry.Serial
	Cause        string // a code of the pack's causes
	InvalidSince *time.Time
	// Waiting is what becomes of the holder's certificate that is not usable
	// yet, if there is one.
	Waiting registry.WaitingChoice
	// Text is what the holder reads before signing, in their language.
	Text    string
	Origin  string
	Session string
}

// AskOwnRevocation prepares a holder's revocation for its signature; what would
// refuse it refuses it here already.
func (f *Flow) AskOwnRevocation(ctx context.Context, who Actor, in OwnRevocation) (*Question, error) {
	q := new(Question)
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		cert, _, basis, err := f.mayRevokeOwn(tx, who, &in)
		if err != nil {
			return err
		}
		q.Challenge, q.Expected, err = f.ask(tx, token.Envelope{
			Type: token.Revocation, Origin: in.Origin, Subject: "certificate/" + string(cert.Serial), Version: 1,
			Hash: basis, Action: string(registry.ReportRevoke), Time: f.now(), Text: in.Text,
		}, in.Session)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("preparing the revocation of %s by its holder: %w", in.Serial, err)
	}
	return q, nil
}

// RevokeOwn carries out a holder's own signed revocation, which is final: the
// report is received and concluded in one transaction, and the certificate is
// revoked, with what waits beside it if the holder says so. A report that is
// open already is concluded with it. The signature
// is made with a certificate of the same person.
func (f *Flow) RevokeOwn(ctx context.Context, who Actor, in OwnRevocation, challenge string, cms []byte) (*registry.Report, error) {
	expected, err := f.take(ctx, token.Revocation, challenge, in.Session)
	if err != nil {
		return nil, err
	}
	signer, signed, err := f.verify(ctx, cms, expected)
	if err != nil {
		return nil, err
	}
	if who.Certificate == nil || signer.Profile != registry.HolderProfile || signed.PersonalNumber != who.Certificate.PersonalNumber {
		return nil, registry.Refuse(registry.Forbidden, "error.decision.not_your_signature")
	}
	var r *registry.Report
	err = f.store.Write(ctx, func(tx *store.Tx) error {
		cert, waiting, basis, err := f.mayRevokeOwn(tx, who, &in)
		if err != nil {
			return err
		}
		if cert.PersonalNumber != signed.PersonalNumber || !signedFor(expected, basis, registry.Action(registry.ReportRevoke)) {
			return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
		}
		if r, err = f.reportOrNew(tx, who, cert, ReportInput{
			Serial: cert.Serial, Way: registry.FromCabinet, Reporter: who.Certificate.HolderName, Cause: in.Cause, InvalidSince: in.InvalidSince,
			Identified: []registry.Identification{registry.HasCertificate},
		}); err != nil {
			return err
		}
		cause, _ := f.pack.RevocationCause(in.Cause)
		r.Cause, r.Code, r.InvalidSince = cause.Code, cause.RFC5280, in.InvalidSince
		decision := registry.RevocationDecision{
			ReportID: r.ID, Action: registry.ReportRevoke, Envelope: expected, Signature: cms, Serial: signed.Serial, CreatedAt: f.now(),
		}
		if err := tx.AddRevocationDecision(decision); err != nil {
			return err
		}
		details := map[string]any{"certificate": signed.Serial, "envelope_sha256": fmt.Sprintf("%x", sha256.Sum256(expected))}
		if err := f.carryOutReport(tx, who, r, cert, registry.ReportRevoke, registry.ByHolder, details); err != nil || in.Waiting != registry.WaitingRevoke {
			return err
		}
		return f.revokeWaiting(tx, who, r, cert, waiting, registry.ByHolder, decision)
	})
	if err != nil {
		return nil, fmt.Errorf("revoking %s by its holder: %w", in.Serial, orBeaten(err))
	}
	return r, nil
}

// mayRevokeOwn is the guard of a holder's own revocation, with the hash of what
// is signed.
func (f *Flow) mayRevokeOwn(tx *store.Tx, who Actor, in *OwnRevocation) (cert *registry.Certificate, waiting Awaited, basis [sha256.Size]byte, err error) {
	if cert, err = f.ownCertificate(tx, who, in.Serial); err != nil {
		return nil, waiting, basis, err
	}
	if cert.PersonalNumber != who.Certificate.PersonalNumber {
		return nil, waiting, basis, registry.Refuse(registry.Forbidden, "error.report.not_own")
	}
	cause, known := f.pack.RevocationCause(in.Cause)
	switch {
	case !known || cause.RFC5280 == int(reasonHold):
		return nil, waiting, basis, registry.Refuse(registry.Invalid, "error.certificate.reason").On("cause")
	case cert.Status == registry.CertRevoked:
		return nil, waiting, basis, registry.Refuse(registry.Conflict, "error.report.revoked")
	case cert.ValidityAt(f.now()) == registry.Expired:
		return nil, waiting, basis, registry.Refuse(registry.Conflict, "error.report.over", "date", cert.NotAfter)
	case in.InvalidSince != nil && in.InvalidSince.After(f.now()):
		return nil, waiting, basis, registry.Refuse(registry.Invalid, "error.report.future").On("invalid_since")
	}
	if !registry.KeyAtRisk(cause.RFC5280) {
		in.InvalidSince = nil
	}
	if waiting, err = f.askWaiting(tx, cert, &in.Waiting); err != nil {
		return nil, waiting, basis, err
	}
	b, err := json.Marshal(struct {
		Serial       registry.Serial
		SHA256       string
		Status       registry.CertificateStatus
		Cause        string
		InvalidSince *time.Time
		Waiting      []string
		Choice       registry.WaitingChoice
	}{cert.Serial, cert.SHA256, cert.Status, in.Cause, in.InvalidSince, waiting.names(), in.Waiting})
	return cert, waiting, sha256.Sum256(b), err
}
