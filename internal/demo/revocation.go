package demo

import (
	"context"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/workflow"
)

// reported is a report by phone about every certificate of the story, so long
// ago, for the causes in turn.
func (s *story) reported(ago time.Duration, suspend bool, causes ...string) *story {
	s.at = s.now.Add(-ago)
	return s.then(func(ctx context.Context) error {
		certs, err := s.certificatesOf(ctx)
		if err != nil {
			return err
		}
		for i, cert := range certs {
			in := workflow.ReportInput{
				Serial: cert.Serial, Way: registry.ByPhone, Reporter: cert.HolderName, Cause: causes[i%len(causes)], Suspend: suspend,
				Identified: []registry.Identification{registry.KnowsPassport, registry.CallsFromFile},
			}
			if since := s.time().Add(-15 * time.Hour); in.Cause == "device_stolen" {
				in.InvalidSince = &since
			}
			if in.Cause == "court" {
				in.Way, in.Identified, in.Note = registry.ByAuthority, []registry.Identification{registry.KnownToCA}, "Бишкек шаардык сотунун чечими"
			}
			if _, err := s.flow.Report(ctx, s.clerkOf().actor, in); err != nil {
				return err
			}
		}
		return nil
	})
}

// revoked is an approver's signed decision on each open report of the story.
func (s *story) revoked() *story {
	return s.then(func(ctx context.Context) error {
		certs, err := s.certificatesOf(ctx)
		if err != nil {
			return err
		}
		for _, cert := range certs {
			var r *registry.Report
			if err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
				r, err = tx.OpenReportOf(cert.ID)
				return err
			}); err != nil {
				return err
			}
			if err := s.revoke(ctx, r); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *story) revoke(ctx context.Context, r *registry.Report) error {
	by := s.approver
	in := workflow.ReportDecision{
		ID: r.ID, Version: r.Version, Action: registry.ReportRevoke, Cause: r.Cause, Text: "Чечим: " + r.Number, Origin: s.report.BaseURL, Session: "demo",
	}
	q, err := s.flow.AskReportDecision(ctx, by.actor, in)
	if err != nil {
		return err
	}
	cms, err := s.flow.SignAsOperator(ctx, by.actor, by.pin, by.browser, "127.0.0.1", q.Expected)
	if err != nil {
		return err
	}
	return s.flow.DecideReport(ctx, by.actor, in, q.Challenge, cms)
}

func (s *story) certificatesOf(ctx context.Context) (certs []*registry.Certificate, err error) {
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		es, err := tx.Enrolments(s.id)
		if err != nil {
			return err
		}
		for _, e := range es {
			cert, err := tx.CertificateOfEnrolment(e.ID)
			if err != nil {
				return err
			}
			certs = append(certs, cert)
		}
		return nil
	})
	return certs, err
}
