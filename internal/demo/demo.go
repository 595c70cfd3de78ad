package demo

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/mailtest"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/workflow"
)

// Config is what Fill works with: an installation that is migrated and has no
// operators, its mail going to Mailbox, its CA running.
type Config struct {
	// Workflow configures the Flow; its clock is replaced.
	Workflow workflow.Config
	Mailbox  *mailtest.Catcher
	// Now is the instant that the data lead up to.
	Now time.Time
	// EndsIn is how long the certificates still live that are to be renewed,
	// by the machine's clock.
	EndsIn time.Duration
}

type demo struct {
	pack  *authorities.Pack
	store *store.Store
	flow  *workflow.Flow
	mail  *mailtest.Catcher
	now   time.Time
	// endsIn is Config's.
	endsIn time.Duration

	mu    sync.Mutex
	clock time.Time

	clerk, clerk2, approver, approver2, auditor, admin, admin2 *employee

	steps  []step
	report Report
	paid   int
}

// employee is an operator who can sign.
type employee struct {
	actor   workflow.Actor
	pin     string
	browser string
}

// step is something that happens at an instant; Fill does them in the order of
// time, so that the journal reads like a real one.
type step struct {
	at time.Time
	do func(ctx context.Context) error
}

// Fill makes the demo's data.
func Fill(ctx context.Context, cfg Config) (*Report, error) {
	d := &demo{pack: cfg.Workflow.Pack, store: cfg.Workflow.Store, mail: cfg.Mailbox, now: cfg.Now.UTC().Truncate(time.Second), endsIn: cfg.EndsIn}
	cfg.Workflow.Now = d.time
	var err error
	if d.flow, err = workflow.New(cfg.Workflow); err != nil {
		return nil, err
	}
	d.report.BaseURL = cfg.Workflow.BaseURL
	if err := d.hire(ctx); err != nil {
		return nil, fmt.Errorf("hiring the demo's people: %w", err)
	}
	d.stories()
	slices.SortStableFunc(d.steps, func(a, b step) int { return a.at.Compare(b.at) })
	for _, s := range d.steps {
		d.set(s.at)
		if err := s.do(ctx); err != nil {
			return nil, fmt.Errorf("filling the demo: %w", err)
		}
	}
	d.set(d.now)
	if err := d.publish(ctx); err != nil {
		return nil, err
	}
	if err := d.askForData(ctx); err != nil {
		return nil, err
	}
	if cfg.Workflow.Seal != nil {
		if err := d.drawSample(ctx); err != nil {
			return nil, err
		}
	}
	return &d.report, d.certificates(ctx)
}

func (d *demo) time() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.clock
}

func (d *demo) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.clock = t
}

// hired is when the operators began: always in an earlier quarter, 31 December
// included.
func (d *demo) hired() time.Time { return d.now.AddDate(0, -3, -1) }

// hire makes the operators, each with a kept key and a certificate that began
// in an earlier quarter.
func (d *demo) hire(ctx context.Context) error {
	began := d.hired()
	d.set(began)
	offices := []registry.OfficeCode{d.pack.HeadOffice, d.pack.Offices[len(d.pack.Offices)-1].Code}
	for i, p := range []struct {
		role registry.Role
		to   **employee
		pin  string
	}{
		{registry.Administrator, &d.admin, "593746"}, {registry.Administrator, &d.admin2, "482916"},
		{registry.Clerk, &d.clerk, "271846"}, {registry.Clerk, &d.clerk2, "739182"},
		{registry.Approver, &d.approver, "864209"}, {registry.Approver, &d.approver2, "305718"},
		{registry.Auditor, &d.auditor, "617394"},
	} {
		person := someone(200+i, employeePosition)
		id, err := d.flow.AddOperatorAtConsole(ctx, workflow.ByConsole("demo"), workflow.NewOperator{
			Person: person, Role: p.role, Office: offices[i%2], Email: fmt.Sprintf("employee%d@demo.example", i+1), Language: registry.Kyrgyz,
		})
		if err != nil {
			return err
		}
		enrolment, err := d.flow.OpenOperatorEnrolment(ctx, workflow.ByConsole("demo"), id)
		if err != nil {
			return err
		}
		paper, mailed, err := d.flow.ConsoleActivation(ctx, workflow.ByConsole("demo"), enrolment)
		if err != nil {
			return err
		}
		e := &employee{pin: p.pin, browser: workflow.NewBrowserToken()}
		if _, err := d.flow.Activate(ctx, workflow.ActivationInput{Paper: paper, Mail: mailed, PIN: e.pin, Browser: e.browser, Source: "127.0.0.1"}); err != nil {
			return err
		}
		op, err := d.operator(ctx, id)
		if err != nil {
			return err
		}
		e.actor, *p.to = workflow.ByOperator(op), e
		d.report.People = append(d.report.People, Person{
			Name: person.NameKy.String(), Role: string(p.role), Login: "ecloud", Identifier: string(person.PersonalNumber), Choice: "OPERATOR", PINCode: e.pin, Certificate: valid,
		})
	}
	return d.flow.Backdated(began, began.AddDate(1, 0, 0)).WorkOnce(ctx)
}

func (d *demo) operator(ctx context.Context, id registry.OperatorID) (op *registry.Operator, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) (err error) {
		op, err = tx.Operator(id)
		return err
	})
	return op, err
}

// mailedCode is the second half of an activation as it stands in a letter.
var mailedCode = regexp.MustCompile(`\b[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}\b`)

// codeFor reads the letter that brought the second half of an activation.
func (d *demo) codeFor(ctx context.Context, address string) (code string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	_, err = d.mail.Wait(ctx, func(m mailtest.Message) bool {
		if !mailtest.To(address)(m) {
			return false
		}
		content, err := m.Content()
		if err != nil {
			return false
		}
		code = mailedCode.FindString(content.Text)
		return code != ""
	})
	if err != nil {
		return "", fmt.Errorf("waiting for the letter with the code: %w", err)
	}
	return code, nil
}
