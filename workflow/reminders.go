package workflow

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// remindBatch is how many certificates one transaction looks at.
const remindBatch = 200

// Remind looks at no more than n certificates that it is time to look at and
// reminds their holders of the end, on the pack's days (DT-19, A-22): the
// reminder, its letter and its journal entry are one transaction, and the days
// are unique for a certificate, so that each is said once whatever happens to
// the program. Whoever has renewed, or ordered it, is not reminded; a day that
// passed unsaid is not said later, the next one is. It returns how many it
// looked at.
func (f *Flow) Remind(ctx context.Context, n int) (looked int, err error) {
	err = f.store.Write(ctx, func(tx *store.Tx) error {
		due, err := tx.LockDueReminders(f.now(), n)
		if err != nil || len(due) == 0 {
			return err
		}
		looked = len(due)
		prices, _, err := f.PricesAt(tx, f.now())
		if err != nil {
			return err
		}
		b := reminding{plan: map[registry.CertificateID]time.Time{}}
		for _, d := range due {
			if err := f.remind(&b, d, prices); err != nil {
				return fmt.Errorf("of certificate %s: %w", d.Serial, err)
			}
		}
		return b.store(tx, f.machine())
	})
	if err != nil {
		return 0, fmt.Errorf("reminding: %w", err)
	}
	return looked, nil
}

// reminding is what one transaction writes.
type reminding struct {
	over    []registry.CertificateID
	plan    map[registry.CertificateID]time.Time
	said    []store.Reminder
	entries []journal.Entry
	letters []store.Outgoing
}

func (b *reminding) store(tx *store.Tx, now time.Time) error {
	if err := tx.EndReminders(b.over); err != nil {
		return err
	}
	if err := tx.PlanReminders(b.plan); err != nil {
		return err
	}
	if len(b.said) == 0 {
		return nil
	}
	if err := tx.AddReminders(b.said); err != nil {
		return err
	}
	if err := tx.AddEntries(b.entries); err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	if len(b.letters) == 0 {
		return nil
	}
	return tx.AddOutboxes(b.letters, now)
}

// remind looks at one certificate.
func (f *Flow) remind(b *reminding, d *store.DueReminder, prices authorities.PriceList) error {
	now := f.now()
	if d.Revoked || !now.Before(d.NotAfter) {
		b.over = append(b.over, d.CertificateID)
		return nil
	}
	days, again := registry.NextReminder(f.pack.Times.ReminderDays, d.NotAfter, now, d.Last)
	b.plan[d.CertificateID] = again
	if days == 0 || d.Renewed {
		return nil
	}
	to := reminderAddress(d)
	b.said = append(b.said, store.Reminder{CertificateID: d.CertificateID, Days: days, Letter: to != "", At: now})
	details := map[string]any{"days": days, "not_after": d.NotAfter, "letter": to != ""}
	entry, _, err := f.entry(BySystem(), "reminder.sent", details, nil, []journal.Subject{Certificate(d.Serial), Organisation(d.OrganisationID)})
	if err != nil {
		return err
	}
	b.entries = append(b.entries, entry)
	if to != "" {
		b.letters = append(b.letters, f.reminderLetter(d, to, days, prices))
	}
	return nil
}

// reminderAddress is where a holder's letters go: to the address confirmed for
// the E-Cloud, else the person's, else the organisation's.
func reminderAddress(d *store.DueReminder) string {
	switch {
	case d.KeyEmail != "":
		return d.KeyEmail
	case d.Person != nil && d.Person.Email != "":
		return d.Person.Email
	}
	return d.Organisation.Email
}

// reminderLetter writes to the holder in their language: how to order where the
// remote way is open to them, otherwise where to come.
func (f *Flow) reminderLetter(d *store.DueReminder, to string, days int, prices authorities.PriceList) store.Outgoing {
	lang := d.Language
	if lang == "" {
		lang = registry.Kyrgyz
	}
	name := d.HolderName
	if d.Person != nil {
		name = d.Person.Name(lang).String()
	}
	facts := registry.Facts{
		Operation: registry.Renewal, Channel: registry.Remote, Storage: d.Storage, HeadActsAsAccountant: d.Role == registry.HeadAsAccountant,
		Predecessor: &registry.Predecessor{Serial: d.Serial, NotBefore: d.NotBefore, NotAfter: d.NotAfter},
	}
	kind := letterReminder
	if !f.pack.RemoteEligibility(facts, f.now()).Eligible {
		kind = letterReminderOffice
	}
	args := map[string]any{
		"name": name, "org": d.Organisation.FullName(lang), "serial": d.Serial, "not_after": d.NotAfter,
		"n": registry.DaysLeft(d.NotAfter, f.now()), "balance": d.Balance, "fee": f.priceOf(prices, facts, d.Role),
	}
	return outgoing(kind, to, lang, fmt.Sprintf("reminder/%s/%d", d.Serial, days), args)
}

// priceOf is what one signatory's certificate costs, or a dash where the list
// does not say.
func (f *Flow) priceOf(prices authorities.PriceList, facts registry.Facts, role registry.SignatoryRole) any {
	if role == registry.Accountant {
		facts.Accountant = new(registry.PersonFacts)
	}
	quote, err := prices.Quote(facts)
	if err != nil {
		return "–"
	}
	for _, l := range quote.Lines {
		if l.Role == role {
			return l.Amount
		}
	}
	return "–"
}

// remindHolders is the background work: the plan follows the pack's days, and
// nothing is written while nobody is to be reminded.
func (f *Flow) remindHolders(ctx context.Context) (more bool, err error) {
	if more, err := f.replanReminders(ctx); err != nil || more {
		return more, err
	}
	due := false
	if err := f.store.Read(ctx, func(tx *store.Tx) (err error) {
		due, err = tx.RemindersDue(f.now())
		return err
	}); err != nil || !due {
		return false, err
	}
	n, err := f.Remind(ctx, remindBatch)
	return n == remindBatch, err
}

// replanReminders has the certificates looked at anew, a page at a time, when
// the pack has other days than those the plan was made by.
func (f *Flow) replanReminders(ctx context.Context) (more bool, err error) {
	want := strings.Trim(strings.ReplaceAll(fmt.Sprint(f.pack.Times.ReminderDays), " ", ","), "[]")
	var have string
	var replanning bool
	if err := f.store.Read(ctx, func(tx *store.Tx) (err error) {
		have, replanning, err = tx.ReminderDays()
		return err
	}); err != nil || have == want && !replanning {
		return false, err
	}
	err = f.store.Write(ctx, func(tx *store.Tx) (err error) {
		if have != want {
			if err := tx.SetReminderDays(want); err != nil {
				return err
			}
			if err := f.record(tx, BySystem(), "reminder.replanned", map[string]any{"days": want, "before": have}, nil); err != nil {
				return err
			}
		}
		more, err = tx.ReplanReminders(f.now(), 10*remindBatch)
		return err
	})
	return more, err
}
