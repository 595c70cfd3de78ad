package workflow_test

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/workflow"
)

// renewer is a client with certificates to renew.
type renewer struct {
	*issuingOffice
	app  *registry.Application // that the certificates were issued on
	head *registry.Certificate
	acc  *registry.Certificate // nil: the head acts as accountant
	// browser is known to the head.
	browser string
}

// renewer has certificates issued to a head and an accountant, or to a head
// alone.
func (o *issuingOffice) renewer(n int, alone bool) *renewer {
	o.t.Helper()
	d := declaration(n)
	if alone {
		d.HeadActsAsAccountant, d.Accountant = true, nil
	}
	return o.renewerOf(n, d)
}

func (o *issuingOffice) renewerOf(n int, d registry.Declaration) *renewer {
	o.t.Helper()
	draft, err := o.flow.NewDraft(o.ctx, o.clerk.Actor, d, nil)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, err := range []error{o.flow.Submit(o.ctx, o.clerk.Actor, draft.ID, 0), o.flow.Take(o.ctx, o.clerk.Actor, draft.ID)} {
		if err != nil {
			o.t.Fatal(err)
		}
	}
	o.settle(draft.ID)
	if err := o.flow.Verify(o.ctx, o.clerk.Actor, draft.ID, 0); err != nil {
		o.t.Fatal(err)
	}
	o.pay(o.application(draft.ID).OrganisationID, 1_000_000, fmt.Sprintf("first-%d", n))
	if err := o.decide(o.approver, draft.ID, registry.ActApprove, ""); err != nil {
		o.t.Fatal(err)
	}
	r := &renewer{issuingOffice: o, app: o.application(draft.ID), browser: workflow.NewBrowserToken()}
	for _, e := range o.enrolments(draft.ID) {
		o.activate(e.ID, r.browser)
	}
	o.work()
	o.catchUp()
	for i, e := range o.enrolments(draft.ID) {
		if e.Status != registry.Issued {
			o.t.Fatalf("enrolment is %s (%s %s)", e.Status, e.Failure, e.Detail)
		}
		if i == 0 {
			r.head = o.certificate(e)
		} else {
			r.acc = o.certificate(e)
		}
	}
	return r
}

// sign gives one signature to an order: a new one, or the one that waits.
func (r *renewer) sign(cert *registry.Certificate, id registry.ApplicationID, a workflow.OrderAnswers, pin string) (registry.ApplicationID, error) {
	r.t.Helper()
	in := workflow.OrderSigning{
		Application: id, Answers: a, Text: "Жаңыртууга буйрутма берем", Language: registry.Kyrgyz, Origin: "https://ca.example.kg", PIN: pin,
		Browser: r.browser, Source: "192.0.2.7",
	}
	who := workflow.ByHolder(cert)
	if id == 0 {
		p, err := r.flow.PlanOrder(r.ctx, who, a)
		if err != nil {
			return 0, err
		}
		in.Seen = sha256.Sum256(p.Content)
	} else {
		r.read(func(tx *store.Tx) error {
			order, err := tx.Order(id)
			in.Seen = sha256.Sum256(order.Content)
			return err
		})
	}
	return r.flow.SignOrder(r.ctx, who, in)
}

// sent is an order that everybody has signed.
func (r *renewer) sent() registry.ApplicationID {
	r.t.Helper()
	id, err := r.sign(r.head, 0, workflow.OrderAnswers{}, pin)
	if err == nil && r.acc != nil {
		_, err = r.sign(r.acc, id, workflow.OrderAnswers{}, pin)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return id
}

// ready is an order that waits for an approver.
func (r *renewer) ready() registry.ApplicationID {
	r.t.Helper()
	id := r.sent()
	for _, err := range []error{r.flow.Take(r.ctx, r.clerk.Actor, id), r.flow.Verify(r.ctx, r.clerk.Actor, id, 0)} {
		if err != nil {
			r.t.Fatal(err)
		}
	}
	return id
}

func (r *renewer) order(id registry.ApplicationID) (out *registry.Order) {
	r.t.Helper()
	r.read(func(tx *store.Tx) (err error) {
		out, err = tx.Order(id)
		return err
	})
	return out
}

// keys are the keys of an order's enrolments that are not destroyed.
func (r *renewer) keys(id registry.ApplicationID) (out []*store.CloudKey) {
	r.t.Helper()
	for _, e := range r.enrolments(id) {
		r.read(func(tx *store.Tx) error {
			k, err := tx.CloudKeyOfEnrolment(e.ID)
			if k != nil {
				out = append(out, k)
			}
			return err
		})
	}
	return out
}

// at sets the clock.
func (o *office) at(t time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.clock = t
}
