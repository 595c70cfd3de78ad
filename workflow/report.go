package workflow

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// ReportInput is what somebody says of a certificate that must not be used any
// more.
type ReportInput struct {
	Serial registry.Serial
	Way    registry.ReportWay
	// Reporter is who says it, as written down; Identified is how we know.
	Reporter   string
	Identified []registry.Identification
	Cause      string // a code of the pack's causes
	// ReportedAt is when they said it; zero: now. The clock starts there, not
	// when it is entered.
	ReportedAt time.Time
	// InvalidSince is since when the key is suspected, if known.
	InvalidSince *time.Time
	Note         string
	// Suspend takes the certificate out of use in the same transaction.
	Suspend bool
}

const maxReporter = 200

// Report enters a report that came by phone, in person or from the authority
// itself, by a clerk or an approver: nothing → received. The clock runs from
// the moment of the report. A certificate that was over then is refused;
// one that has ended since is concluded at once, and kept.
func (f *Flow) Report(ctx context.Context, who Actor, in ReportInput) (*registry.Report, error) {
	var r *registry.Report
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.is(registry.Clerk, registry.Approver); err != nil {
			return err
		}
		if err := who.current(tx); err != nil {
			return err
		}
		if least, _ := registry.IdentificationsFor(in.Way); least == 0 {
			return registry.Refuse(registry.Invalid, "error.required").On("way")
		}
		identified, err := registry.CheckIdentified(in.Way, in.Identified)
		if err != nil {
			return err
		}
		in.Identified = identified
		if in.Reporter, err = someReason(in.Reporter, "reporter"); err != nil {
			return err
		}
		if in.Way == registry.ByAuthority {
			if in.Note, err = someReason(in.Note, "note"); err != nil {
				return err
			}
		}
		cert, err := tx.CertificateBySerial(in.Serial)
		if err != nil {
			return err
		}
		if cert, err = tx.LockCertificate(cert.ID); err != nil {
			return err
		}
		r, err = f.receive(tx, who, cert, in, 0)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reporting certificate %s: %w", in.Serial, orBeaten(err))
	}
	return r, nil
}

// receive is what every way of reporting comes to; the certificate is locked.
func (f *Flow) receive(tx *store.Tx, who Actor, cert *registry.Certificate, in ReportInput, app registry.ApplicationID) (*registry.Report, error) {
	cause, err := f.checkReport(cert, &in)
	if err != nil {
		return nil, err
	}
	open, err := tx.OpenReportOf(cert.ID)
	switch {
	case err == nil:
		return nil, registry.Refuse(registry.Conflict, "error.report.open", "number", open.Number)
	case registry.KindOf(err) != registry.NotFound:
		return nil, err
	}
	now := f.now()
	r := registry.Report{
		CertificateID: cert.ID, Status: registry.ReportReceived, Way: in.Way, Cause: cause.Code, Code: cause.RFC5280, Reporter: in.Reporter,
		Identified: in.Identified, Note: in.Note, InvalidSince: in.InvalidSince, ReportedAt: in.ReportedAt, DueAt: f.pack.RevokeBy(in.ReportedAt),
		CreatedAt: now, ApplicationID: app, Version: 1,
	}
	if who.Operator != nil {
		r.CreatedBy = who.Operator.ID
	}
	if r.Number, err = f.nextNumber(tx, "report", "R-"); err != nil {
		return nil, err
	}
	if r.ID, err = tx.AddReport(r); err != nil {
		return nil, err
	}
	details := map[string]any{"number": r.Number, "way": r.Way, "cause": r.Cause, "reported_at": r.ReportedAt, "due_at": r.DueAt, "identified": r.Identified}
	if err := f.record(tx, who, "report.received", details, map[string]string{"reporter": r.Reporter}, aboutReport(&r, cert)...); err != nil {
		return nil, err
	}
	if cert.ValidityAt(now) == registry.Expired {
		return &r, f.endReport(tx, BySystem(), &r, cert)
	}
	if in.Suspend && cert.Status == registry.CertIssued && f.CanSuspend() {
		return &r, f.suspendReported(tx, who, &r, cert)
	}
	return &r, nil
}

// checkReport judges what was said against the certificate and the clock.
func (f *Flow) checkReport(cert *registry.Certificate, in *ReportInput) (cause authorities.RevocationCause, err error) {
	now := f.now()
	cause, known := f.pack.RevocationCause(in.Cause)
	if !known || cause.RFC5280 == int(reasonHold) {
		return cause, registry.Refuse(registry.Invalid, "error.certificate.reason").On("cause")
	}
	if len([]rune(in.Reporter)) > maxReporter {
		return cause, registry.Refuse(registry.Invalid, "error.registry.too_long", "n", maxReporter).On("reporter")
	}
	if in.Note, err = someRemark(in.Note, "note"); err != nil {
		return cause, err
	}
	if in.ReportedAt.IsZero() {
		in.ReportedAt = now
	}
	in.ReportedAt = in.ReportedAt.UTC().Truncate(time.Microsecond)
	switch {
	case in.ReportedAt.After(now):
		return cause, registry.Refuse(registry.Invalid, "error.report.future").On("reported_at")
	case in.ReportedAt.Before(cert.IssuedAt.Truncate(time.Minute)): // people say hours and minutes
		return cause, registry.Refuse(registry.Invalid, "error.report.before_issue", "date", cert.IssuedAt).On("reported_at")
	case in.ReportedAt.After(cert.NotAfter):
		return cause, registry.Refuse(registry.Conflict, "error.report.over", "date", cert.NotAfter)
	case cert.Status == registry.CertRevoked:
		return cause, registry.Refuse(registry.Conflict, "error.report.revoked")
	}
	if !registry.KeyAtRisk(cause.RFC5280) {
		in.InvalidSince = nil
	}
	if since := in.InvalidSince; since != nil {
		at := since.UTC().Truncate(time.Microsecond)
		if at.After(now) {
			return cause, registry.Refuse(registry.Invalid, "error.report.future").On("invalid_since")
		}
		in.InvalidSince = &at
	}
	return cause, nil
}

// receiveMore is receive for a certificate whose report may be open already: what
// is said further goes into that one. A key in danger takes the place of a lesser
// cause; what was worse already stays.
func (f *Flow) receiveMore(tx *store.Tx, who Actor, cert *registry.Certificate, in ReportInput, app registry.ApplicationID) (*registry.Report, error) {
	open, err := tx.OpenReportOf(cert.ID)
	if registry.KindOf(err) == registry.NotFound {
		return f.receive(tx, who, cert, in, app)
	}
	if err != nil {
		return nil, err
	}
	cause, err := f.checkReport(cert, &in)
	if err != nil {
		return nil, err
	}
	r, err := tx.LockReport(open.ID)
	if err != nil {
		return nil, err
	}
	if registry.KeyAtRisk(cause.RFC5280) && !registry.KeyAtRisk(r.Code) {
		details := map[string]any{"number": r.Number, "from": r.Cause, "to": cause.Code}
		r.Cause, r.Code, r.InvalidSince = cause.Code, cause.RFC5280, in.InvalidSince
		if err := tx.SaveReport(r); err != nil {
			return nil, err
		}
		if err := f.record(tx, who, "report.worsened", details, nil, aboutReport(r, cert)...); err != nil {
			return nil, err
		}
	}
	if in.Suspend && cert.Status == registry.CertIssued && f.CanSuspend() {
		return r, f.suspendReported(tx, who, r, cert)
	}
	return r, nil
}

// CanSuspend says whether certificates can be suspended here: the pack allows
// it, and the CRL that is served is not step-ca's, which cannot say so.
func (f *Flow) CanSuspend() bool {
	return f.pack.Certificate.Suspension && (f.answers == nil || f.answers.crl != nil)
}

// aboutReport names what a journal entry about a report concerns.
func aboutReport(r *registry.Report, cert *registry.Certificate) []journal.Subject {
	about := []journal.Subject{Certificate(cert.Serial)}
	if r != nil {
		about = append(about, journal.Subject{Kind: "report", ID: strconv.FormatInt(int64(r.ID), 10)})
	}
	if cert.OrganisationID != 0 {
		about = append(about, Organisation(cert.OrganisationID))
	}
	if r != nil && r.ApplicationID != 0 {
		about = append(about, Application(r.ApplicationID))
	}
	return about
}

// changeReport performs act on a report in one transaction: lock the
// certificate and what hangs on it, then the report; guard; do; guarded UPDATE.
// version is the one the actor saw; 0 accepts any.
func (f *Flow) changeReport(ctx context.Context, who Actor, id registry.ReportID, version int64, act registry.ReportAction, by registry.Actor,
	do func(tx *store.Tx, r *registry.Report, cert *registry.Certificate) error,
) error {
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		r, err := tx.Report(id)
		if err != nil {
			return err
		}
		cert, err := lockWithEnrolment(tx, r.CertificateID)
		if err != nil {
			return err
		}
		if r, err = tx.LockReport(id); err != nil {
			return err
		}
		if version != 0 && r.Version != version {
			return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
		}
		if _, err := registry.MoveReport(r.Status, act, by); err != nil {
			return err
		}
		return do(tx, r, cert)
	})
	if err != nil {
		return fmt.Errorf("%s of report %d: %w", act, id, err)
	}
	return nil
}

// conclude ends a report with the status that the table of moves gives it.
func (f *Flow) conclude(tx *store.Tx, who Actor, r *registry.Report, cert *registry.Certificate, act registry.ReportAction, by registry.Actor, details map[string]any) error {
	to, err := registry.MoveReport(r.Status, act, by)
	if err != nil {
		return err
	}
	now := f.now()
	r.Status, r.ConcludedAt = to, &now
	if err := tx.SaveReport(r); err != nil {
		return err
	}
	if details == nil {
		details = map[string]any{}
	}
	details["number"], details["to"] = r.Number, to
	return f.record(tx, who, "report."+string(to), details, nil, aboutReport(r, cert)...)
}

// concludeOpen concludes the open report of a certificate, if there is one,
// whose certificate was revoked for another reason than a decision on it.
func (f *Flow) concludeOpen(tx *store.Tx, who Actor, cert *registry.Certificate, details map[string]any) error {
	open, err := tx.OpenReportOf(cert.ID)
	if registry.KindOf(err) == registry.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	r, err := tx.LockReport(open.ID)
	if err != nil {
		return err
	}
	return f.conclude(tx, who, r, cert, registry.ReportRevoke, registry.ByApprover, details)
}
