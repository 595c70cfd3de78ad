package workflow_test

import (
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
)

func TestLettersAreRepeatedUntilTheyAreDead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		o.work() // whatever was due
		o.mail.Refuse(550, "no such user")
		_, es := o.approved(1)
		slip, err := o.flow.StartActivation(o.ctx, o.clerk.Actor, es[0].ID, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := o.flow.ConfirmAddress(o.ctx, o.clerk2.Actor, slip.Activation); err != nil {
			t.Fatal(err)
		}
		at := time.Now()
		o.flow.OnMachine(func() time.Time { return at })
		tries := 0
		for range 20 {
			n, err := o.flow.SendLetters(o.ctx, 100)
			if err != nil {
				t.Fatal(err)
			}
			tries += n
			at = at.Add(2 * time.Hour)
		}
		var dead []store.DeadLetter
		o.read(func(tx *store.Tx) (err error) {
			dead, err = tx.DeadLetters(10)
			return err
		})
		if len(dead) == 0 || tries != 3*len(dead) || dead[0].LastError == "" {
			t.Fatalf("%d tries, %d dead: %+v", tries, len(dead), dead)
		}
		o.mail.Refuse(0, "")
		wantKind(t, o.flow.RetryLetter(o.ctx, o.clerk.Actor, dead[0].ID), registry.Forbidden)
		for _, d := range dead {
			if err := o.flow.RetryLetter(o.ctx, o.admin.Actor, d.ID); err != nil {
				t.Fatal(err)
			}
			wantKind(t, o.flow.RetryLetter(o.ctx, o.admin.Actor, d.ID), registry.Conflict)
		}
		if code := o.mailedCode("activation", slip.Email); code == "" {
			t.Error("the letter has no code")
		}
	})
}

func TestALetterWithACodeThatIsNotWantedDoesNotLeave(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		_, es := o.approved(1)
		o.work()
		before := len(o.mail.Messages())
		slip, err := o.flow.StartActivation(o.ctx, o.clerk.Actor, es[0].ID, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := o.flow.ConfirmAddress(o.ctx, o.clerk2.Actor, slip.Activation); err != nil {
			t.Fatal(err)
		}
		if _, err := o.flow.StartActivation(o.ctx, o.clerk.Actor, es[0].ID, "other@akbulak.example"); err != nil {
			t.Fatal(err)
		}
		o.work()
		if n := len(o.mail.Messages()); n != before {
			t.Errorf("%d letters left", n-before)
		}
	})
}
