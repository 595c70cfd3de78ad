package demo

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/workflow"
)

// story is one application on its way; each method adds a step some time after
// the last.
type story struct {
	*demo
	n    int
	decl registry.Declaration
	at   time.Time // of the next step
	id   registry.ApplicationID
}

// pace is how long a step of a story takes.
const pace = 40 * time.Minute

// draft begins a story with a draft, in the morning of a business day: 0 is
// the last one before today.
func (d *demo) draft(n int, storage registry.Storage, daysBack int) *story {
	s := &story{demo: d, n: n, decl: d.declaration(n, storage), at: d.morning(daysBack).Add(time.Duration(5+2*n) * time.Minute)}
	return s.then(func(ctx context.Context) error {
		draft, err := d.flow.NewDraft(ctx, d.clerk.actor, s.decl, nil)
		if err != nil {
			return err
		}
		s.id = draft.ID
		d.report.Applications = append(d.report.Applications, Application{Number: draft.Number, Storage: storage, Link: d.report.BaseURL + "/track/" + draft.Link})
		return nil
	})
}

// morning is nine o'clock of the business day so many before the last one.
func (d *demo) morning(daysBack int) time.Time {
	calendar := d.pack.Calendar()
	day := registry.DateOf(d.now, d.pack.Zone()).AddDays(-1)
	for {
		if calendar.IsBusinessDay(day) {
			if daysBack == 0 {
				return day.Start(d.pack.Zone()).Add(9 * time.Hour)
			}
			daysBack--
		}
		day = day.AddDays(-1)
	}
}

// tell begins a story with an application that was handed in.
func (d *demo) tell(n int, storage registry.Storage, daysBack int) *story {
	s := d.draft(n, storage, daysBack)
	return s.then(func(ctx context.Context) error { return d.flow.Submit(ctx, d.clerk.actor, s.id, 0) })
}

func (s *story) then(do func(ctx context.Context) error) *story {
	s.steps = append(s.steps, step{s.at, func(ctx context.Context) error {
		if err := do(ctx); err != nil {
			return fmt.Errorf("client %d: %w", s.n, err)
		}
		return nil
	}})
	s.at = s.at.Add(pace)
	return s
}

func (s *story) take() *story {
	return s.then(func(ctx context.Context) error { return s.flow.Take(ctx, s.clerkOf().actor, s.id) })
}

// clerkOf is the clerk who works on this client's files.
func (s *story) clerkOf() *employee {
	if s.n%3 == 2 {
		return s.clerk2
	}
	return s.clerk
}

// receive hands in the first n papers that are missing; 0 means all.
func (s *story) receive(n int) *story {
	return s.then(func(ctx context.Context) error {
		return s.eachDocument(ctx, n, registry.DocMissing, func(doc *registry.Document) error { return s.handIn(ctx, doc) })
	})
}

func (s *story) handIn(ctx context.Context, doc *registry.Document) error {
	who := s.clerkOf().actor
	if !doc.Form.Scanned() {
		return s.flow.MarkReceived(ctx, who, doc.ID, 0)
	}
	org := s.decl.Organisation
	pdf, err := scan(doc.Label.In(registry.Kyrgyz), []string{
		org.FullName(registry.Kyrgyz), "ИНН " + string(org.INN), s.decl.Head.Name(registry.Kyrgyz).String(), org.Settlement.Ky,
	}, "ТАМГА", s.time())
	if err != nil {
		return err
	}
	_, err = s.flow.AddFile(ctx, who, doc.ID, fmt.Sprintf("%s-%d.pdf", doc.Code, s.n), bytes.NewReader(pdf))
	return err
}

// accept hands in and accepts the first n papers; 0 means all.
func (s *story) accept(n int) *story {
	return s.receive(n).then(func(ctx context.Context) error {
		return s.eachDocument(ctx, n, registry.DocReceived, func(doc *registry.Document) error {
			a := workflow.Acceptance{OriginalSeen: true, ValidUntil: ""}
			for _, c := range doc.Checks {
				a.Checks = append(a.Checks, c.Code)
				if c.Code == registry.CheckInDate {
					a.ValidUntil = registry.DateOf(s.now.AddDate(0, 0, 15), s.pack.Zone()).Display()
				}
			}
			return s.flow.AcceptDocument(ctx, s.clerkOf().actor, doc.ID, 0, a)
		})
	})
}

// reject hands in the next paper, which is rejected.
func (s *story) reject(reason string) *story {
	return s.receive(1).then(func(ctx context.Context) error {
		return s.eachDocument(ctx, 1, registry.DocReceived, func(doc *registry.Document) error {
			return s.flow.RejectDocument(ctx, s.clerkOf().actor, doc.ID, 0, reason)
		})
	})
}

func (s *story) ask(remark string) *story {
	return s.then(func(ctx context.Context) error { return s.flow.AskDocuments(ctx, s.clerkOf().actor, s.id, 0, remark) })
}

// verify takes the file through review.
func (s *story) verify() *story {
	return s.take().accept(0).then(func(ctx context.Context) error { return s.flow.Verify(ctx, s.clerkOf().actor, s.id, 0) })
}

// pay tops the organisation's account up.
func (s *story) pay() *story {
	return s.then(func(ctx context.Context) error {
		app, err := s.application(ctx)
		if err != nil {
			return err
		}
		s.paid++
		clerk := s.clerk2
		if s.clerkOf() == clerk {
			clerk = s.clerk
		}
		_, err = s.flow.TopUp(ctx, clerk.actor, workflow.Payment{
			Organisation: app.OrganisationID, Amount: 500000 + registry.Tyiyn(s.n)*25000, Reference: fmt.Sprintf("ПП-%04d", 100+s.paid),
			PaidOn: registry.DateOf(s.time(), s.pack.Zone()), Way: registry.BankTransfer,
		})
		return err
	})
}

func (s *story) approve() *story { return s.pay().decide(registry.ActApprove, "") }

func (s *story) refuse(remark string) *story { return s.decide(registry.ActRefuse, remark) }

func (s *story) sendBack(remark string) *story { return s.decide(registry.ActSendBack, remark) }

// decide is an approver's decision, signed with their kept key.
func (s *story) decide(act registry.Action, remark string) *story {
	return s.then(func(ctx context.Context) error {
		app, err := s.application(ctx)
		if err != nil {
			return err
		}
		by := s.approver
		if s.n%2 == 1 {
			by = s.approver2
		}
		in := workflow.DecisionInput{
			ID: s.id, Version: app.Version, Action: act, Remark: remark, Text: "Чечим: " + app.Number, Origin: s.report.BaseURL, Session: "demo",
		}
		q, err := s.flow.AskDecision(ctx, by.actor, in)
		if err != nil {
			return err
		}
		cms, err := s.flow.SignAsOperator(ctx, by.actor, by.pin, by.browser, "127.0.0.1", q.Expected)
		if err != nil {
			return err
		}
		return s.flow.Decide(ctx, by.actor, in, q.Challenge, cms)
	})
}

func (s *story) withdraw() *story {
	return s.then(func(ctx context.Context) error { return s.flow.Withdraw(ctx, workflow.ByApplicant(s.id), s.id, 0) })
}

func (s *story) application(ctx context.Context) (app *registry.Application, err error) {
	err = s.store.Read(ctx, func(tx *store.Tx) (err error) {
		app, err = tx.Application(s.id)
		return err
	})
	return app, err
}

// eachDocument does something to the first n required documents in a state; 0
// means all of them.
func (s *story) eachDocument(ctx context.Context, n int, in registry.DocumentStatus, do func(*registry.Document) error) error {
	var docs []*registry.Document
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		docs, err = tx.Documents(s.id)
		return err
	})
	if err != nil {
		return err
	}
	done := 0
	for _, doc := range docs {
		if !doc.Required || doc.Status != in || n > 0 && done == n {
			continue
		}
		done++
		if err := do(doc); err != nil {
			return fmt.Errorf("document %s: %w", doc.Code, err)
		}
	}
	return nil
}
