package workflow

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// OrderAnswers are what a client says of the requisites on file. What is empty
// is as it was.
type OrderAnswers struct {
	Phone, Email, Street string
	// Changed and Replaced close the remote way: nobody takes new names or
	// passports from a screen.
	Changed  []registry.Requisite
	Replaced []registry.SignatoryRole
}

// OrderPlan is a remote order as it would be sent now, with everything that
// stands against it.
type OrderPlan struct {
	Organisation *registry.Organisation
	// Own is the certificate that the client is logged in with.
	Own *registry.Certificate
	// Declaration is what would be ordered: the requisites on file with the
	// answers.
	Declaration registry.Declaration
	// Certificates are those that are renewed, in the order of the
	// signatories.
	Certificates []*registry.Certificate
	// Offered: the authority renews remotely at all.
	Offered bool
	// Blocking are all the reasons that close the remote way.
	Blocking []registry.BlockingReason
	// Stale are requisites on file that pass no check of today, and answers
	// that are wrong.
	Stale registry.Errors
	// Lacking is a signatory without a certificate to renew; empty: none.
	Lacking registry.SignatoryRole
	// Open is an application that renews one of the certificates already.
	Open *registry.Application
	// Renewed: a certificate of the client's own follows this one.
	Renewed bool

	Quote   registry.Quote
	Balance registry.Tyiyn
	// SignBy is the end of the certificate that ends first.
	SignBy  time.Time
	Content []byte // what would be signed by its hash
}

// Facts are what the rules judge of the plan.
func (p *OrderPlan) Facts() registry.Facts { return registry.FactsOf(&p.Declaration) }

// Eligibility is what the rules say of the remote way.
func (p *OrderPlan) Eligibility() registry.Eligibility {
	return registry.Eligibility{Offered: p.Offered, Blocking: p.Blocking}
}

// Refusal is the first of what stands against the order; nil: nothing does.
func (p *OrderPlan) Refusal() error { return p.refusal() }

// Closed says whether anything at all stands against the order.
func (p *OrderPlan) Closed() bool { return p.refusal() != nil }

// refusal is the first of what stands against the order, as an error.
func (p *OrderPlan) refusal() error {
	switch {
	case p.Open != nil:
		return registry.Refuse(registry.Conflict, "error.order.open", "number", p.Open.Number)
	case p.Renewed:
		return registry.Refuse(registry.Conflict, "error.order.renewed")
	case !p.Offered:
		return registry.Refuse(registry.Conflict, "error.order.not_offered")
	case slices.Contains(p.Blocking, registry.CertificateExpired):
		return registry.Refuse(registry.Conflict, "error.order.late", "date", p.SignBy)
	case len(p.Blocking) > 0:
		return registry.Refuse(registry.Conflict, "error.order.blocked")
	case p.Lacking != "":
		return registry.Refuse(registry.Conflict, "error.order.lacking")
	case len(p.Stale) > 0:
		return p.Stale
	}
	return nil
}

// PlanOrder says what a logged-in holder could order for their organisation
// now, and all that stands against it. It changes nothing.
func (f *Flow) PlanOrder(ctx context.Context, who Actor, a OrderAnswers) (p *OrderPlan, err error) {
	err = f.store.Read(ctx, func(tx *store.Tx) error {
		p, err = f.planOrder(tx, who, a)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("planning a renewal order: %w", err)
	}
	return p, nil
}

func (f *Flow) planOrder(tx *store.Tx, who Actor, a OrderAnswers) (*OrderPlan, error) {
	p := new(OrderPlan)
	if err := f.planOwn(tx, who, p); err != nil {
		return nil, err
	}
	base, err := f.lastDeclaration(tx, p.Own)
	if err != nil {
		return nil, err
	}
	p.Declaration = f.orderDeclaration(base, p, a)
	if err := f.planCertificates(tx, p); err != nil {
		return nil, err
	}
	if err := f.planChanges(tx, p, a); err != nil {
		return nil, err
	}
	if err := f.planOpen(tx, p); err != nil {
		return nil, err
	}
	now := f.now()
	el := f.pack.RemoteEligibility(p.Facts(), now)
	p.Offered, p.Blocking = el.Offered, el.Blocking
	p.Stale = f.judge(&p.Declaration)
	if p.Balance, err = tx.Balance(p.Organisation.ID); err != nil {
		return nil, err
	}
	if p.Quote, err = f.planQuote(tx, p, now); err != nil {
		return nil, err
	}
	p.Content, err = f.orderContent(p).Bytes()
	return p, err
}

// planOwn finds the client's own certificate, as it is on file now, and the
// organisation that it was ordered by.
func (f *Flow) planOwn(tx *store.Tx, who Actor, p *OrderPlan) (err error) {
	if who.Certificate == nil || who.Certificate.Profile != registry.HolderProfile {
		return registry.Refuse(registry.Forbidden, "error.forbidden")
	}
	if p.Own, err = tx.Certificate(who.Certificate.ID); err != nil {
		return err
	}
	if p.Own.OrganisationID != who.organisation {
		return registry.Refuse(registry.Conflict, "error.order.other_organisation")
	}
	p.Organisation, err = tx.Organisation(p.Own.OrganisationID)
	return err
}

// lastDeclaration is what the newest certificates of an organisation were
// issued on: the requisites on file with the people.
func (f *Flow) lastDeclaration(tx *store.Tx, own *registry.Certificate) (*registry.Declaration, error) {
	const looked = 50
	apps, err := tx.ApplicationsOf(own.OrganisationID, looked)
	if err != nil {
		return nil, err
	}
	for _, app := range apps {
		if app.Status != registry.Approved && app.Status != registry.Completed {
			continue
		}
		made, err := tx.Enrolments(app.ID)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(made, func(e *registry.Enrolment) bool {
			return e.Status == registry.Issued || e.Status == registry.HandedOver
		}) {
			return &app.Declaration, nil
		}
	}
	return f.declarationOf(tx, own)
}

// declarationOf is what a certificate was issued on.
func (f *Flow) declarationOf(tx *store.Tx, c *registry.Certificate) (*registry.Declaration, error) {
	app, err := tx.ApplicationOf(c)
	if err != nil {
		return nil, fmt.Errorf("finding what certificate %s was issued on: %w", c.Serial, err)
	}
	if app == nil {
		return nil, registry.Refuse(registry.Conflict, "error.order.lacking")
	}
	return &app.Declaration, nil
}

// orderDeclaration is a remote renewal of what is on file with the answers that
// do not close the way.
func (f *Flow) orderDeclaration(base *registry.Declaration, p *OrderPlan, a OrderAnswers) registry.Declaration {
	d := *base
	if d.Alone = ""; f.pack.Remote.EachAlone {
		d.Alone = p.Own.Role
	}
	d.Operation, d.Channel, d.Office, d.Reason = registry.Renewal, registry.Remote, "", ""
	d.Trusted, d.Extra, d.Changed, d.Replaced, d.Predecessor = nil, nil, nil, nil, nil
	d.Organisation = p.Organisation.OrganisationRequisites
	set := func(dst *string, typed string) {
		if typed != "" {
			*dst = typed
		}
	}
	set(&d.Organisation.Phone, a.Phone)
	set(&d.Organisation.Email, a.Email)
	set(&d.Organisation.Street, a.Street)
	return d
}

// planCertificates finds for each signatory the certificate that is renewed:
// of those that are not revoked the one that ends last.
func (f *Flow) planCertificates(tx *store.Tx, p *OrderPlan) error {
	const looked = 200
	all, err := tx.CertificatesOf(p.Organisation.ID, looked)
	if err != nil {
		return err
	}
	d := &p.Declaration
	d.Storage = registry.ECloud
	if len(d.Signatories()) == 0 { // the role of the one it is for is gone
		p.Lacking = d.Alone
	}
	for _, s := range d.Signatories() {
		mine := slices.DeleteFunc(slices.Clone(all), func(c *registry.Certificate) bool {
			return c.Profile != registry.HolderProfile || c.PersonalNumber != s.Person.PersonalNumber || c.Role != s.Role
		})
		if len(mine) == 0 {
			p.Lacking = s.Role
			continue
		}
		best := slices.MaxFunc(mine, func(a, b *registry.Certificate) int {
			if ra, rb := a.Status == registry.CertRevoked, b.Status == registry.CertRevoked; ra != rb {
				if ra {
					return -1
				}
				return 1
			}
			return a.NotAfter.Compare(b.NotAfter)
		})
		p.Certificates = append(p.Certificates, best)
		if best.Storage != registry.ECloud {
			d.Storage = best.Storage
		}
		p.Renewed = p.Renewed || best.PersonalNumber == p.Own.PersonalNumber && best.ID != p.Own.ID && best.Status != registry.CertRevoked
	}
	if !slices.ContainsFunc(p.Certificates, func(c *registry.Certificate) bool { return c.PersonalNumber == p.Own.PersonalNumber }) {
		// The people changed since: this one signs no more.
		p.Certificates = append(p.Certificates, p.Own)
	}
	first := slices.MinFunc(p.Certificates, func(a, b *registry.Certificate) int {
		return cmp.Or(a.NotAfter.Compare(b.NotAfter), cmp.Compare(a.ID, b.ID))
	})
	p.SignBy = first.NotAfter
	d.Predecessor = &registry.Predecessor{
		Serial: first.Serial, NotBefore: first.NotBefore, NotAfter: first.NotAfter,
		Revoked: slices.ContainsFunc(p.Certificates, func(c *registry.Certificate) bool { return c.Status == registry.CertRevoked }),
	}
	return nil
}

// planChanges compares what each certificate was issued on with what is on file
// now, and adds what the client says.
func (f *Flow) planChanges(tx *store.Tx, p *OrderPlan, a OrderAnswers) error {
	d := &p.Declaration
	changed, replaced := slices.Clone(a.Changed), slices.Clone(a.Replaced)
	for _, c := range p.Certificates {
		before, err := f.declarationOf(tx, c)
		if err != nil {
			return err
		}
		changed = append(changed, f.pack.Changes(before, d)...)
		if c == p.Own {
			replaced = append(replaced, registry.Replacements(before, d)...)
		}
	}
	for _, r := range registry.Requisites {
		if slices.Contains(changed, r) {
			d.Changed = append(d.Changed, r)
		}
	}
	for _, r := range [...]registry.SignatoryRole{registry.Head, registry.Accountant} {
		if slices.Contains(replaced, r) {
			d.Replaced = append(d.Replaced, r)
		}
	}
	return nil
}

// planOpen finds an application, remote or in the office, that renews one of
// the certificates already.
func (f *Flow) planOpen(tx *store.Tx, p *OrderPlan) error {
	for _, c := range p.Certificates {
		app, err := tx.LiveOrder(c.ID)
		if err == nil {
			if app.Status == registry.Completed {
				p.Renewed = true
			} else {
				p.Open = app
			}
		} else if registry.KindOf(err) != registry.NotFound {
			return err
		}
	}
	const looked = 50
	apps, err := tx.ApplicationsOf(p.Organisation.ID, looked)
	if err != nil || p.Open != nil {
		return err
	}
	for _, app := range apps {
		before := app.Declaration.Predecessor
		if !app.Status.Open() || app.Status == registry.Draft || before == nil {
			continue
		}
		if slices.ContainsFunc(p.Certificates, func(c *registry.Certificate) bool { return c.Serial == before.Serial }) {
			p.Open = app
		}
	}
	return nil
}

// planQuote is what the order costs at the prices of the day; nothing where
// there is no such way.
func (f *Flow) planQuote(tx *store.Tx, p *OrderPlan, now time.Time) (registry.Quote, error) {
	list, ok, err := f.PricesAt(tx, now)
	if err != nil || !ok {
		return registry.Quote{}, err
	}
	q, err := list.Quote(p.Facts())
	if registry.KindOf(err) == registry.Invalid {
		return registry.Quote{}, nil
	}
	return q, err
}

func (f *Flow) orderContent(p *OrderPlan) registry.OrderContent {
	c := registry.OrderContent{Declaration: p.Declaration, Fee: p.Quote.Total, Pack: f.pack.Hash()}
	for _, cert := range p.Certificates {
		c.Renews = append(c.Renews, registry.OrderRenews{Role: cert.Role, Serial: cert.Serial, NotAfter: cert.NotAfter, SHA256: cert.SHA256})
	}
	return c
}

// sum is the SHA-256 that the signatures name.
func (p *OrderPlan) sum() [sha256.Size]byte { return sha256.Sum256(p.Content) }
