package workflow_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

// ending puts a holder's certificate into the register that ends at an instant;
// n tells certificates and their holders apart. change may make it another.
func (o *office) ending(org registry.OrganisationID, n int, notAfter time.Time, change ...func(*registry.Certificate)) *registry.Certificate {
	o.t.Helper()
	p := person(n, "Директор")
	c := registry.Certificate{
		Serial: registry.Serial(fmt.Sprintf("ec035f%026d", n)), Profile: registry.HolderProfile, OrganisationID: org, PersonalNumber: p.PersonalNumber,
		HolderName: p.NameRu.String(), Role: registry.Head, Storage: registry.ECloud, NotBefore: notAfter.AddDate(-1, 0, 0), NotAfter: notAfter,
		DER: []byte("0\x03\x02\x01\x05"), SHA256: fmt.Sprintf("%064d", n), PublicKeyHash: fmt.Sprintf("%064d", n), IssuedAt: notAfter.AddDate(-1, 0, 0),
	}
	for _, f := range change {
		f(&c)
	}
	o.write(func(tx *store.Tx) (err error) {
		if err := tx.SavePersons(o.now(), p); err != nil {
			return err
		}
		c.ID, err = tx.AddCertificate(c)
		return err
	})
	return &c
}

// remindAll does what the background work does until nothing is due.
func (o *office) remindAll(f *workflow.Flow) {
	o.t.Helper()
	for {
		n, err := f.Remind(context.Background(), 3)
		if err != nil {
			o.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

// reminded are the days that the holder of a certificate was reminded of, and
// how many letters and journal entries tell so.
func (o *office) reminded(c *registry.Certificate) (days []int, letters []workflow.Letter, told int) {
	o.t.Helper()
	o.read(func(tx *store.Tx) error {
		said, err := tx.Reminders(c.ID)
		if err != nil {
			return err
		}
		for _, r := range said {
			days = append(days, r.Days)
		}
		entries, err := tx.JournalAbout(workflow.Certificate(c.Serial), 0, 100)
		for _, e := range entries {
			if e.Kind == "reminder.sent" {
				told++
			}
		}
		return err
	})
	for _, l := range o.letters() {
		if l.Args["serial"] == string(c.Serial) {
			letters = append(letters, l)
		}
	}
	return days, letters, told
}

// letters are those that wait to be sent.
func (o *office) letters() []workflow.Letter {
	o.t.Helper()
	var out []workflow.Letter
	undo := errors.New("only looking")
	err := o.store.Write(context.Background(), func(tx *store.Tx) error {
		items, err := tx.LeaseOutbox(100_000, time.Now().Add(time.Hour), time.Minute)
		if err != nil {
			return err
		}
		for _, i := range items {
			var l workflow.Letter
			if err := json.Unmarshal([]byte(i.Payload), &l); err != nil {
				return err
			}
			out = append(out, l)
		}
		return undo
	})
	if !errors.Is(err, undo) {
		o.t.Fatal(err)
	}
	return out
}

func (o *office) putRevoked(c *registry.Certificate) {
	o.t.Helper()
	o.write(func(tx *store.Tx) error {
		return tx.SetCertificateStatus(c.ID, registry.CertIssued, registry.CertRevoked, 4, o.now())
	})
}

func TestDT19RemindersAreSentOnceOnTheirDays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		org := o.organisation(1)
		end := o.now().Add(31 * 24 * time.Hour)
		c := o.ending(org, 1, end)
		o.ending(org, 2, end.AddDate(0, 6, 0)) // somebody else's, far away
		var want []int
		for left := 31; left >= -2; left-- {
			for range 2 {
				o.remindAll(o.flow)
			}
			if slices.Contains(o.pack.Times.ReminderDays, left) {
				want = append(want, left)
			}
			days, letters, told := o.reminded(c)
			if !slices.Equal(days, want) || len(letters) != len(want) || told != len(want) {
				t.Fatalf("%d days before the end: reminded on %v with %d letters and %d entries, want %v", left, days, len(letters), told, want)
			}
			// Half-way through the program is started again.
			if left == 14 {
				o.flow = o.again()
			}
			o.advance(24 * time.Hour)
		}
		_, letters, _ := o.reminded(c)
		first := letters[0]
		if first.To != "p1@akbulak.example" || first.Language != registry.Kyrgyz || first.Args["n"] != 30.0 || first.Args["fee"] != 151000.0 || first.Args["org"] != "ЖЧК Ак-Булак Агросервис" {
			t.Errorf("the first letter is %+v", first)
		}
		if days, _, _ := o.reminded(&registry.Certificate{ID: c.ID + 1}); days != nil {
			t.Errorf("the other one was reminded on %v", days)
		}
	})
}

func TestWhoeverRenewedIsNotReminded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		org := o.organisation(1)
		end := o.now().Add(20 * 24 * time.Hour)
		renewed, revoked, ordered, drafted := o.ending(org, 1, end), o.ending(org, 2, end), o.ending(org, 31, end), o.ending(org, 41, end)
		next := o.ending(org, 5, end.AddDate(1, 0, 0), func(c *registry.Certificate) { c.PersonalNumber = renewed.PersonalNumber })
		o.putRevoked(revoked)
		application := func(c *registry.Certificate, n int, submit bool) registry.ApplicationID {
			d := declaration(n)
			d.Operation, d.Organisation.INN = registry.Renewal, declaration(1).Organisation.INN
			d.Predecessor = &registry.Predecessor{Serial: c.Serial, NotBefore: c.NotBefore, NotAfter: c.NotAfter}
			draft, err := o.flow.NewDraft(context.Background(), o.clerk.Actor, d, nil)
			if err != nil {
				t.Fatal(err)
			}
			if submit {
				if err := o.flow.Submit(context.Background(), o.clerk.Actor, draft.ID, 0); err != nil {
					t.Fatal(err)
				}
			}
			return draft.ID
		}
		app := application(ordered, 3, true)
		application(drafted, 4, false)
		o.remindAll(o.flow)
		for name, c := range map[string]*registry.Certificate{"renewed": renewed, "revoked": revoked, "ordered": ordered} {
			if days, letters, _ := o.reminded(c); len(days)+len(letters) != 0 {
				t.Errorf("the holder of the %s one was reminded on %v", name, days)
			}
		}
		if days, _, _ := o.reminded(drafted); !slices.Equal(days, []int{30}) {
			t.Errorf("whoever has only a draft was reminded on %v", days)
		}
		// An order that came to nothing, and a follower that was revoked: the
		// next day of the pack is said again.
		if err := o.flow.Withdraw(context.Background(), workflow.ByApplicant(app), app, 0); err != nil {
			t.Fatal(err)
		}
		o.putRevoked(next)
		o.advance(7 * 24 * time.Hour)
		o.remindAll(o.flow)
		for name, c := range map[string]*registry.Certificate{"renewed": renewed, "ordered": ordered} {
			if days, _, _ := o.reminded(c); !slices.Equal(days, []int{14}) {
				t.Errorf("the holder of the %s one was reminded on %v", name, days)
			}
		}
	})
}

func TestRemindersRaced(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		org := o.organisation(1)
		var all []*registry.Certificate
		for n := range 40 {
			all = append(all, o.ending(org, n+1, o.now().Add(time.Duration(n+1)*24*time.Hour/2)))
		}
		var workers sync.WaitGroup
		for range 4 {
			f := o.again()
			workers.Go(func() {
				for {
					n, err := f.Remind(context.Background(), 7)
					if err != nil {
						t.Error(err)
					}
					if n == 0 {
						return
					}
				}
			})
		}
		workers.Wait()
		o.remindAll(o.flow)
		for _, c := range all {
			if days, letters, told := o.reminded(c); len(days) != 1 || len(letters) != 1 || told != 1 {
				t.Errorf("the holder of %s was reminded on %v, %d letters, %d entries", c.Serial, days, len(letters), told)
			}
		}
	})
}

func TestReminderGoesWhereTheHolderReadsIt(t *testing.T) {
	o := newOffice(t, storetest.SQLite(t))
	org := o.organisation(1)
	end := o.now().Add(5 * 24 * time.Hour)
	cloud, silent := o.ending(org, 1, end), o.ending(org, 3, end)
	card := o.ending(org, 2, end, func(c *registry.Certificate) { c.Storage = registry.Rutoken })
	p := person(3, "Директор")
	p.Email = ""
	o.write(func(tx *store.Tx) error {
		mute := declaration(1).Organisation
		mute.Email = ""
		if _, err := tx.SaveOrganisation(mute, o.now()); err != nil {
			return err
		}
		return tx.SavePersons(o.now(), p)
	})
	o.remindAll(o.flow)
	if _, letters, _ := o.reminded(cloud); len(letters) != 1 || letters[0].Kind != "reminder" {
		t.Errorf("by the E-Cloud: %+v", letters)
	}
	if _, letters, _ := o.reminded(card); len(letters) != 1 || letters[0].Kind != "reminder_office" {
		t.Errorf("by the Rutoken: %+v", letters)
	}
	// Nobody's address is known: the cabinet reminds, and the journal says that
	// no letter left.
	if days, letters, told := o.reminded(silent); len(days) != 1 || len(letters) != 0 || told != 1 {
		t.Errorf("without an address: %v, %d letters, %d entries", days, len(letters), told)
	}
	o.read(func(tx *store.Tx) error {
		entries, err := tx.JournalAbout(journal.Subject{Kind: "certificate", ID: string(silent.Serial)}, 0, 10)
		if err == nil && !slices.ContainsFunc(entries, func(e journal.Entry) bool {
			return e.Kind == "reminder.sent" && strings.Contains(e.Details, `"letter":false`)
		}) {
			t.Errorf("the journal tells %+v", entries)
		}
		return err
	})
}

func TestOtherReminderDaysAreTakenUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		org := o.organisation(1)
		var all []*registry.Certificate
		for n := range 5 {
			all = append(all, o.ending(org, n+1, o.now().Add(40*24*time.Hour)))
		}
		work := func() {
			t.Helper()
			for more := true; more; {
				var err error
				if more, err = o.flow.RemindHolders(context.Background()); err != nil {
					t.Fatal(err)
				}
			}
			o.remindAll(o.flow)
		}
		work()
		o.pack.Times.ReminderDays = []int{45, 20, 5}
		work()
		work()
		for _, c := range all {
			if days, _, _ := o.reminded(c); !slices.Equal(days, []int{45}) {
				t.Errorf("%s was reminded on %v", c.Serial, days)
			}
		}
	})
}

// What is issued in the ordinary way is reminded of as well.
func TestIssuedCertificatesAreRemindedOf(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		_, es, _ := o.issued(1)
		o.at(o.certificate(es[0]).NotAfter.Add(-13 * 24 * time.Hour))
		o.remindAll(o.flow)
		for _, e := range es {
			if days, letters, _ := o.reminded(o.certificate(e)); !slices.Equal(days, []int{14}) || len(letters) != 1 {
				t.Errorf("the %s was reminded on %v with %d letters", o.certificate(e).Role, days, len(letters))
			}
		}
	})
}
