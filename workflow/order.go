package workflow

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/ecloud"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/token"
)

// OrderSigning is what a signatory of a remote order gives.
type OrderSigning struct {
	// Application is the order that waits for this signature; 0: a new one.
	Application registry.ApplicationID
	// Answers of a new order.
	Answers OrderAnswers
	// Seen is the SHA-256 of the content that the person was shown.
	Seen [sha256.Size]byte
	// Text is what the person read, in Language.
	Text     string
	Language registry.Language
	Origin   string
	PIN      string
	Browser  string // the browser's mark
	Source   string // the client's address
}

// orderTask is a signature that may be given now.
type orderTask struct {
	app     *registry.Application // nil: the first signature
	plan    *OrderPlan
	content []byte
	cert    *registry.Certificate // that signs, and is renewed
}

// orderKey is what a right PIN-code made: the signature with the current key,
// and the next key, wrapped under the same PIN-code.
type orderKey struct {
	current  *store.CloudKey
	envelope []byte
	cms      []byte
	next     ecloud.Wrapped
	csr      []byte
}

// SignOrder gives one signatory's signature to a remote renewal order: nothing
// → draft, and with the last signature draft → submitted, by the holders of the
// certificates that are renewed. The signature is made with the current key,
// and the next key with it, under the same PIN-code. The order counts as sent
// at the last signature, by the rules' clock inside that transaction, which
// must not be later than the end of the certificate that ends first (DT-21,
// At most one order of a certificate is open.
func (f *Flow) SignOrder(ctx context.Context, who Actor, in OrderSigning) (registry.ApplicationID, error) {
	id, err := f.signOrder(ctx, who, in)
	if errors.Is(err, store.ErrUnique) {
		err = registry.Refuse(registry.Conflict, "error.order.open_now")
	}
	if err != nil {
		return 0, fmt.Errorf("signing a renewal order: %w", err)
	}
	return id, nil
}

func (f *Flow) signOrder(ctx context.Context, who Actor, in OrderSigning) (id registry.ApplicationID, err error) {
	if err := f.canKeep(); err != nil {
		return 0, err
	}
	var task *orderTask
	var holder string
	err = f.store.Read(ctx, func(tx *store.Tx) error {
		if task, err = f.orderTask(tx, who, in); err != nil {
			return err
		}
		key, err := tx.CloudKeyOfEnrolment(task.cert.EnrolmentID)
		if err == nil && key == nil {
			err = registry.Refuse(registry.Conflict, "error.ecloud.not_ready")
		}
		if err == nil {
			holder = key.Holder
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	made, err := f.makeOrderKey(ctx, holder, task, in)
	if err != nil {
		return 0, err
	}
	if _, cert, err := f.verify(ctx, made.cms, made.envelope); err != nil || cert.ID != task.cert.ID {
		return 0, errors.Join(err, registry.Refuse(registry.Conflict, "error.changed_meanwhile"))
	}
	err = f.write(ctx, "order signed", func(tx *store.Tx) error {
		if in.Application != 0 {
			if _, err := tx.LockApplication(in.Application); err != nil {
				return err
			}
		}
		if task, err = f.orderTask(tx, who, in); err != nil {
			return err
		}
		id, err = f.keepOrderSignature(tx, who, task, in, made)
		return err
	})
	return id, err
}

// orderTask is the guard of a signature: what it is given to, if it may be
// given now.
func (f *Flow) orderTask(tx *store.Tx, who Actor, in OrderSigning) (*orderTask, error) {
	t := new(orderTask)
	var err error
	if in.Application == 0 {
		t.plan, err = f.planOrder(tx, who, in.Answers)
		if err != nil {
			return nil, err
		}
		if err := t.plan.refusal(); err != nil {
			return nil, err
		}
		t.content, t.cert = t.plan.Content, t.plan.Own
	} else if err = f.waitingTask(tx, who, in.Application, t); err != nil {
		return nil, err
	}
	if sha256.Sum256(t.content) != in.Seen {
		return nil, registry.Refuse(registry.Conflict, "error.changed_meanwhile")
	}
	return t, nil
}

// waitingTask judges a signature to an order that others have signed: its
// certificates must still be as they were.
func (f *Flow) waitingTask(tx *store.Tx, who Actor, id registry.ApplicationID, t *orderTask) (err error) {
	if t.app, err = tx.Application(id); err != nil {
		return err
	}
	if err := who.owns(t.app); err != nil {
		return err
	}
	if _, err := t.app.Move(registry.ActSubmit, who.as()); err != nil {
		return err
	}
	order, err := tx.Order(id)
	if err != nil {
		return err
	}
	if who.Certificate == nil || order.Of(who.Certificate.ID) == nil {
		return registry.Refuse(registry.Forbidden, "error.order.not_signatory")
	}
	if order.Of(who.Certificate.ID).SignedAt != nil {
		return registry.Refuse(registry.Conflict, "error.order.signed_already")
	}
	facts := registry.FactsOf(&t.app.Declaration)
	for _, s := range order.Signatories {
		c, err := tx.Certificate(s.CertificateID)
		if err != nil {
			return err
		}
		if c.Status == registry.CertRevoked {
			facts.Predecessor.Revoked = true
		}
		if s.CertificateID == who.Certificate.ID {
			t.cert = c
		}
	}
	el := f.pack.RemoteEligibility(facts, f.now())
	t.content = order.Content
	return (&OrderPlan{Offered: el.Offered, Blocking: el.Blocking, SignBy: order.SignBy}).refusal()
}

// makeOrderKey opens the current key with the PIN-code, signs the order with it
// and makes the next key.
func (f *Flow) makeOrderKey(ctx context.Context, holder string, t *orderTask, in OrderSigning) (*orderKey, error) {
	challenge := make([]byte, 32)
	_, _ = rand.Read(challenge) // never fails (crypto/rand)
	version := int64(1)
	if t.app != nil {
		version = t.app.Version
	}
	made := new(orderKey)
	var err error
	made.envelope, err = token.Envelope{
		Type: token.RenewalOrder, Origin: in.Origin, Subject: "certificate/" + string(t.cert.Serial), Version: version,
		Hash: sha256.Sum256(t.content), Action: "renew", Time: f.now(), Text: in.Text,
	}.Bytes(base64.RawURLEncoding.EncodeToString(challenge))
	if err != nil {
		return nil, err
	}
	err = f.openCloudKey(ctx, holder, in.PIN, in.Browser, in.Source, func(k *CloudKey) (err error) {
		if k.Certificate.ID != t.cert.ID {
			return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
		}
		made.current = k.row
		if made.cms, err = k.Sign(made.envelope); err != nil {
			return err
		}
		made.next, made.csr, err = f.keys.Create(ctx, k.row.Holder, ecloud.P256, in.PIN)
		return err
	})
	if err != nil {
		return nil, err
	}
	_, err = ca.CheckCSR(made.csr)
	return made, err
}

// keepOrderSignature stores a signature and the next key, and sends the order
// if it was the last one.
func (f *Flow) keepOrderSignature(tx *store.Tx, who Actor, t *orderTask, in OrderSigning, made *orderKey) (registry.ApplicationID, error) {
	// A PIN-code that was changed meanwhile would leave the next key under the
	// old one: both lock this row.
	current, err := tx.LockCloudKey(made.current.ID)
	if err != nil {
		return 0, err
	}
	if current.Version != made.current.Version {
		return 0, registry.Refuse(registry.Conflict, "error.changed_meanwhile")
	}
	if t.app == nil {
		if t.app, err = f.beginOrder(tx, who, t, in.Language); err != nil {
			return 0, err
		}
	}
	e, err := f.enrolWithOrder(tx, who, t, current, made)
	if err != nil {
		return 0, err
	}
	now := f.now()
	if err := tx.SignOrder(registry.OrderSignature{
		ApplicationID: t.app.ID, Role: t.cert.Role, CertificateID: t.cert.ID, Envelope: made.envelope, Signature: made.cms, CreatedAt: now,
	}, e); err != nil {
		return 0, err
	}
	sum := sha256.Sum256(made.envelope)
	details := map[string]any{"role": t.cert.Role, "envelope_sha256": hex.EncodeToString(sum[:])}
	if err := f.record(tx, who, "order.signed", details, nil, Application(t.app.ID), Certificate(t.cert.Serial)); err != nil {
		return 0, err
	}
	order, err := tx.Order(t.app.ID)
	if err != nil {
		return 0, err
	}
	if missing := order.Missing(); len(missing) > 0 {
		return t.app.ID, f.askToSign(tx, t.app, order, missing)
	}
	return t.app.ID, f.sendOrder(tx, who, t.app, order)
}

// beginOrder stores a new order as a draft that waits for its signatures.
func (f *Flow) beginOrder(tx *store.Tx, who Actor, t *orderTask, lang registry.Language) (*registry.Application, error) {
	p, now := t.plan, f.now()
	d := p.Declaration
	number, err := f.nextNumber(tx, "application", "")
	if err != nil {
		return nil, err
	}
	id, err := tx.AddApplication(store.NewApplication{Number: number, LinkHash: LinkHash(newLink()), Declaration: d, Now: now})
	if err != nil {
		return nil, err
	}
	app, err := tx.LockApplication(id)
	if err != nil {
		return nil, err
	}
	app.OrganisationID = p.Organisation.ID
	if err := tx.MoveApplication(app, registry.Draft, now); err != nil {
		return nil, err
	}
	if err := tx.SetSignatories(id, d.Signatories()); err != nil {
		return nil, err
	}
	sum := p.sum()
	order := &registry.Order{ApplicationID: id, Content: p.Content, ContentSHA256: hex.EncodeToString(sum[:]), SignBy: p.SignBy}
	about := []registry.Serial{}
	for _, c := range p.Certificates {
		order.Signatories = append(order.Signatories, registry.OrderSignatory{Role: c.Role, PersonalNumber: c.PersonalNumber, CertificateID: c.ID})
		about = append(about, c.Serial)
	}
	if err := tx.AddOrder(order); err != nil {
		return nil, err
	}
	return app, f.record(tx, who, "order.begun", map[string]any{"number": number, "content_sha256": order.ContentSHA256, "renews": about}, nil, Application(id))
}

// enrolWithOrder opens the enrolment of a signatory, with the next key made.
// It is issued when the order is accepted, not before.
func (f *Flow) enrolWithOrder(tx *store.Tx, who Actor, t *orderTask, current *store.CloudKey, made *orderKey) (registry.EnrolmentID, error) {
	people, err := tx.Signatories(t.app.ID)
	if err != nil {
		return 0, err
	}
	i := slices.IndexFunc(people, func(s registry.Signatory) bool { return s.Role == t.cert.Role })
	if i < 0 {
		return 0, fmt.Errorf("order %s has no signatory %s", t.app.Number, t.cert.Role)
	}
	now := f.now()
	id, err := tx.AddEnrolment(registry.Enrolment{ApplicationID: t.app.ID, SignatoryID: people[i].ID}, now)
	if err != nil {
		return 0, err
	}
	details := map[string]any{"role": t.cert.Role, "storage": registry.ECloud}
	if err := f.record(tx, who, "enrolment.opened", details, nil, Enrolment(id), Application(t.app.ID)); err != nil {
		return 0, err
	}
	key := cloudRow(made.next)
	key.INN, key.Role, key.EnrolmentID, key.Email, key.Language = current.INN, current.Role, id, current.Email, current.Language
	key.CreatedAt, key.PINChangedAt = now, now
	if _, err := tx.AddCloudKey(key); err != nil {
		return 0, err
	}
	e, err := tx.LockEnrolment(id)
	if err != nil {
		return 0, err
	}
	e.CSR = made.csr
	return id, f.moveEnrolment(tx, who, e, registry.KeyMade, map[string]any{"key": made.next.KeyID, "algorithm": made.next.Algorithm})
}

// sendOrder hands in an order that everybody has signed: draft → submitted.
// This is the instant at which it counts as sent (DT-21); the seven days run
// from it (DT-20, A-09).
func (f *Flow) sendOrder(tx *store.Tx, who Actor, app *registry.Application, order *registry.Order) error {
	return f.apply(tx, who, app, registry.ActSubmit, func(c *change) error {
		if c.now.After(order.SignBy) {
			return registry.Refuse(registry.Conflict, "error.order.late", "date", order.SignBy)
		}
		if err := f.recordConsents(c); err != nil {
			return err
		}
		c.app.SubmittedAt = &c.now
		c.app.PackHash = f.pack.Hash()
		c.app.Assignee, c.app.AssignedAt = 0, nil
		f.runClock(c.app, c.now)
		f.enqueue(c, order)
		c.details["content_sha256"] = order.ContentSHA256
		return f.acknowledge(c)
	})
}

// acknowledge writes to the organisation that the order has arrived.
func (f *Flow) acknowledge(c *change) error {
	d := c.app.Declaration
	quote, err := f.Quote(c.tx, c.app, c.now)
	if err != nil {
		return err
	}
	balance, err := c.tx.Balance(c.app.OrganisationID)
	if err != nil {
		return err
	}
	return f.post(c.tx, letterOrderReceived, d.Organisation.Email, d.Language, "order/"+c.app.Number, map[string]any{
		"number": c.app.Number, "org": d.Organisation.FullName(d.Language), "submitted_at": c.now, "prepare_by": c.app.DueAt,
		"fee": quote.Total, "balance": balance,
	})
}

// askToSign writes to those whose signatures an order waits for, at the address
// that was confirmed for their current key.
func (f *Flow) askToSign(tx *store.Tx, app *registry.Application, order *registry.Order, missing []registry.OrderSignatory) error {
	for _, s := range missing {
		c, err := tx.Certificate(s.CertificateID)
		if err != nil {
			return err
		}
		key, err := tx.CloudKeyOfEnrolment(c.EnrolmentID)
		if err != nil || key == nil {
			return err
		}
		if err := f.post(tx, letterOrderToSign, key.Email, key.Language, fmt.Sprintf("order/%s/%s", app.Number, s.Role), map[string]any{
			"number": app.Number, "name": c.HolderName, "org": app.Declaration.Organisation.FullName(key.Language), "sign_by": order.SignBy,
		}); err != nil {
			return err
		}
	}
	return nil
}

// ReadOrder reads the content that an order's signatures name.
func ReadOrder(o *registry.Order) (c registry.OrderContent, err error) {
	if err := json.Unmarshal(o.Content, &c); err != nil {
		return c, fmt.Errorf("reading the content of order %d: %w", o.ApplicationID, err)
	}
	return c, nil
}
