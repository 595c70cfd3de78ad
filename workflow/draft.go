package workflow

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// Draft is what NewDraft made.
type Draft struct {
	ID     registry.ApplicationID
	Number string
	// Link is the token of the applicant's secret link. It is not stored and
	// cannot be shown again, only replaced.
	Link string
}

// NewDraft begins an application: nothing → draft, by a clerk, who has it in
// hand at once. What is typed so far may be incomplete or wrong.
func (f *Flow) NewDraft(ctx context.Context, who Actor, decl registry.Declaration, in registry.FormInput) (*Draft, error) {
	if err := who.is(registry.Clerk); err != nil {
		return nil, err
	}
	if err := notByHand(&decl); err != nil {
		return nil, err
	}
	d := &Draft{Link: newLink()}
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		return f.beginDraft(tx, who, d, decl, in)
	})
	if err != nil {
		return nil, fmt.Errorf("beginning an application: %w", err)
	}
	return d, nil
}

// beginDraft is NewDraft inside a transaction; a holder's own draft is in
// nobody's hands.
func (f *Flow) beginDraft(tx *store.Tx, who Actor, d *Draft, decl registry.Declaration, in registry.FormInput) error {
	now := f.now()
	var err error
	if d.Number, err = f.nextNumber(tx, "application", ""); err != nil {
		return err
	}
	if err := f.knowPredecessor(tx, &decl); err != nil {
		return err
	}
	if err := f.compare(tx, &decl); err != nil {
		return err
	}
	decl.Extra = f.demandedWith(&registry.Declaration{Extra: decl.Extra}, &decl)
	begin := store.NewApplication{Number: d.Number, LinkHash: LinkHash(d.Link), Declaration: f.defaults(decl), Input: in, Now: now}
	if who.Operator != nil {
		begin.CreatedBy = who.Operator.ID
	}
	if d.ID, err = tx.AddApplication(begin); err != nil {
		return err
	}
	if who.Operator != nil {
		hand := store.Hand{PersonalNumber: who.Operator.Person.PersonalNumber, OperatorID: who.Operator.ID, Act: registry.ActEdit, At: now}
		if _, err := tx.AddHand(d.ID, hand); err != nil {
			return err
		}
	}
	app, err := tx.LockApplication(d.ID)
	if err != nil {
		return err
	}
	if err := f.syncChecklist(tx, app); err != nil {
		return err
	}
	return f.record(tx, who, "application.drafted", map[string]any{"number": d.Number}, nil, Application(d.ID))
}

// defaults fills what every row needs and a half-filled form may lack.
func (f *Flow) defaults(d registry.Declaration) registry.Declaration {
	if d.Operation == "" {
		d.Operation = registry.FirstIssue
	}
	if d.Channel == "" {
		d.Channel = registry.Office
	}
	if d.Storage == "" {
		d.Storage = registry.ECloud
	}
	if d.Office == "" && d.Channel == registry.Office {
		d.Office = f.pack.HeadOffice
	}
	if d.Language == "" {
		d.Language = registry.Kyrgyz
	}
	return d
}

// notByHand refuses a remote order that nobody has signed: it is made by its
// signatories, with SignOrder.
func notByHand(d *registry.Declaration) error {
	if d.Channel == registry.Remote {
		return registry.Refuse(registry.Invalid, "error.order.by_hand").On("channel")
	}
	return nil
}

// newLink makes the token of a secret link: 256 random bits, base64url.
func newLink() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b)
}

// LinkHash is what is stored of a secret link's token: SHA-256, hex.
func LinkHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
