package demo

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/workflow"
)

// payFee tops the organisation's account up by exactly the fee.
func (s *story) payFee() *story {
	return s.then(func(ctx context.Context) error {
		app, err := s.application(ctx)
		if err != nil {
			return err
		}
		var quote registry.Quote
		if err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
			quote, err = s.flow.Quote(tx, app, s.time())
			return err
		}); err != nil || quote.Total == 0 {
			return err
		}
		s.paid++
		clerk := s.clerk2
		if s.clerkOf() == clerk {
			clerk = s.clerk
		}
		_, err = s.flow.TopUp(ctx, clerk.actor, workflow.Payment{
			Organisation: app.OrganisationID, Amount: quote.Total, Reference: fmt.Sprintf("ПП-%04d", 100+s.paid),
			PaidOn: registry.DateOf(s.time(), s.pack.Zone()), Way: registry.BankTransfer,
		})
		return err
	})
}

// order has the head send a remote renewal order, where the authority has that
// way.
func (s *story) order() *story {
	if !slices.Contains(s.pack.Remote.Operations, registry.Renewal) {
		return s
	}
	s.at = s.at.AddDate(0, 0, 4)
	return s.then(func(ctx context.Context) error {
		var cert *registry.Certificate
		err := s.store.Read(ctx, func(tx *store.Tx) error {
			es, err := tx.Enrolments(s.id)
			if err != nil {
				return err
			}
			cert, err = tx.CertificateOfEnrolment(es[0].ID)
			return err
		})
		if err != nil {
			return err
		}
		who := workflow.ByHolder(cert)
		plan, err := s.flow.PlanOrder(ctx, who, workflow.OrderAnswers{})
		if err != nil {
			return err
		}
		_, err = s.flow.SignOrder(ctx, who, workflow.OrderSigning{
			Seen: sha256.Sum256(plan.Content), Text: "Сертификатты алыстан жаңыртууга буйрутма берем: " + plan.Organisation.FullName(registry.Kyrgyz),
			Language: registry.Kyrgyz, Origin: s.report.BaseURL, PIN: pinOf(s.decl.Head, s.decl.Organisation.INN),
			Browser: workflow.NewBrowserToken(), Source: "127.0.0.1",
		})
		for i := range s.report.People { // nothing waits any more
			if s.report.People[i].Identifier == string(s.decl.Organisation.INN) {
				s.report.People[i].Ends = nil
			}
		}
		return err
	})
}
