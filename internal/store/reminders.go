package store

import (
	"maps"
	"slices"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// DueReminder is a certificate that it is time to look at, with everything that
// a reminder of its end takes.
type DueReminder struct {
	CertificateID  registry.CertificateID
	Serial         registry.Serial
	OrganisationID registry.OrganisationID
	HolderName     string
	Role           registry.SignatoryRole
	Storage        registry.Storage
	NotBefore      time.Time
	NotAfter       time.Time
	Revoked        bool
	// Last is the fewest days that the holder was reminded of; 0: none.
	Last int
	// Renewed: another certificate of the same person follows, or an
	// application for it has been handed in and is open.
	Renewed bool
	// KeyEmail is the confirmed address of an E-Cloud holder.
	KeyEmail string
	// Language of the holder's letters; may be empty.
	Language     registry.Language
	Organisation registry.OrganisationRequisites
	// Person is what is on file of the holder; nil: nothing.
	Person  *registry.PersonRequisites
	Balance registry.Tyiyn
}

// renewedSQL says of a certificate c whether its holder has done what the end
// asks for. An order that is not yet sent, or a draft, does not count.
const renewedSQL = `(EXISTS (SELECT 1 FROM certificates n WHERE n.organisation_id = c.organisation_id AND n.personal_number = c.personal_number
			AND n.status <> 'revoked' AND n.not_after > c.not_after)
		OR ` + orderedSQL + `)`

const orderedSQL = `EXISTS (SELECT 1 FROM signatories s JOIN applications x ON x.id = s.application_id WHERE s.personal_number = c.personal_number
			AND x.organisation_id = c.organisation_id AND x.is_open AND x.status <> 'draft' AND x.operation <> 'FIRST_ISSUE')`

// RemindersDue says whether any certificate is to be looked at.
func (tx *Tx) RemindersDue(now time.Time) (bool, error) {
	var due bool
	err := tx.query(&due, `SELECT EXISTS (SELECT 1 FROM reminder_plan WHERE due_at <= ?)`, now)
	return due, err
}

// LockDueReminders returns at most n certificates that it is time to look at,
// inside Write; others do not see them until the transaction ends.
func (tx *Tx) LockDueReminders(now time.Time, n int) ([]*DueReminder, error) {
	lock := tx.skipLocked()
	var due []registry.CertificateID
	if err := tx.query(&due, `SELECT certificate_id FROM reminder_plan WHERE due_at <= ? ORDER BY due_at, certificate_id LIMIT ?`+lock, now, n); err != nil || len(due) == 0 {
		return nil, err
	}
	var rows []struct {
		ID             int64
		Serial         string
		OrganisationID int64
		HolderName     string
		Role           string
		Storage        string
		NotBefore      time.Time
		NotAfter       time.Time
		Status         string
		LastDays       int
		Renewed        bool
		KeyEmail       string
		Language       string
		Organisation   string
		Person         string
		Balance        int64
	}
	err := tx.query(&rows, `SELECT c.id, c.serial, c.organisation_id, c.holder_name, c.role, c.storage, c.not_before, c.not_after, c.status,
			COALESCE((SELECT MIN(r.days) FROM reminders r WHERE r.certificate_id = c.id), 0) AS last_days, `+renewedSQL+` AS renewed,
			COALESCE(k.email, '') AS key_email, COALESCE(k.language, a.language, '') AS language, o.requisites AS organisation,
			COALESCE(p.requisites, '') AS person, COALESCE(b.balance, 0) AS balance
		FROM certificates c JOIN organisations o ON o.id = c.organisation_id LEFT JOIN enrolments e ON e.id = c.enrolment_id
			LEFT JOIN applications a ON a.id = e.application_id LEFT JOIN ecloud_keys k ON k.certificate_id = c.id
			LEFT JOIN persons p ON p.personal_number = c.personal_number LEFT JOIN account_balances b ON b.organisation_id = c.organisation_id
		WHERE c.id IN ? ORDER BY c.not_after, c.id`, due)
	if err != nil {
		return nil, err
	}
	out := make([]*DueReminder, len(rows))
	for i, r := range rows {
		d := &DueReminder{
			CertificateID: registry.CertificateID(r.ID), Serial: registry.Serial(r.Serial), OrganisationID: registry.OrganisationID(r.OrganisationID),
			HolderName: r.HolderName, Role: registry.SignatoryRole(r.Role), Storage: registry.Storage(r.Storage),
			NotBefore: r.NotBefore.UTC(), NotAfter: r.NotAfter.UTC(), Revoked: registry.CertificateStatus(r.Status) == registry.CertRevoked,
			Last: r.LastDays, Renewed: r.Renewed, KeyEmail: r.KeyEmail, Language: registry.Language(r.Language), Balance: registry.Tyiyn(r.Balance),
		}
		if err := decode(r.Organisation, &d.Organisation); err != nil {
			return nil, err
		}
		if r.Person != "" {
			d.Person = new(registry.PersonRequisites)
			if err := decode(r.Person, d.Person); err != nil {
				return nil, err
			}
		}
		out[i] = d
	}
	return out, nil
}

// PlanReminders says when to look at certificates next.
func (tx *Tx) PlanReminders(at map[registry.CertificateID]time.Time) error {
	if len(at) == 0 {
		return nil
	}
	rows := make([][]any, 0, len(at))
	for _, id := range slices.Sorted(maps.Keys(at)) {
		rows = append(rows, []any{id, at[id]})
	}
	_, err := tx.exec(`INSERT INTO reminder_plan (certificate_id, due_at) VALUES `+placeholders(len(rows), 2)+`
		ON CONFLICT (certificate_id) DO UPDATE SET due_at = excluded.due_at`, flat(rows)...)
	return err
}

// EndReminders says that there is nothing left to be reminded of.
func (tx *Tx) EndReminders(ids []registry.CertificateID) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.exec(`DELETE FROM reminder_plan WHERE certificate_id IN ?`, ids)
	return err
}

// Reminder is what a holder was told of the end of a certificate.
type Reminder struct {
	CertificateID registry.CertificateID
	Days          int
	Letter        bool // an address was known
	At            time.Time
}

// AddReminders remembers that holders were reminded. The same days of a
// certificate again are ErrUnique.
func (tx *Tx) AddReminders(all []Reminder) error {
	rows := make([][]any, len(all))
	for i, r := range all {
		rows[i] = []any{r.CertificateID, r.Days, r.Letter, r.At}
	}
	return tx.insertMany(`INSERT INTO reminders (certificate_id, days, letter, at) VALUES `, rows)
}

// Reminders returns what was said about a certificate, the first first.
func (tx *Tx) Reminders(id registry.CertificateID) ([]Reminder, error) {
	var out []Reminder
	err := tx.query(&out, `SELECT certificate_id, days, letter, at FROM reminders WHERE certificate_id = ? ORDER BY at, days DESC`, id)
	for i := range out {
		out[i].At = out[i].At.UTC()
	}
	return out, err
}

// Renewed says whether a certificate's holder has done what its end asks for:
// another certificate follows, or an application is handed in and open.
func (tx *Tx) Renewed(s registry.Serial) (bool, error) {
	var renewed bool
	err := tx.query(&renewed, `SELECT `+renewedSQL+` FROM certificates c WHERE c.serial = ?`, s)
	return renewed, err
}

// ReminderDays returns the days that the plan was made by, and whether it is
// still being made anew by them; empty: none was made yet.
func (tx *Tx) ReminderDays() (days string, replanning bool, err error) {
	var r struct {
		Days       string
		Replanning bool
	}
	err = tx.query(&r, `SELECT days, through IS NOT NULL AS replanning FROM reminder_days`)
	return r.Days, r.Replanning, err
}

// SetReminderDays has every certificate looked at anew, from the beginning.
func (tx *Tx) SetReminderDays(days string) error {
	_, err := tx.exec(`INSERT INTO reminder_days (id, days, through) VALUES (1, ?, 0) ON CONFLICT (id) DO UPDATE SET days = excluded.days, through = 0`, days)
	return err
}

// ReplanReminders has at most n more certificates looked at anew and says
// whether there are more.
func (tx *Tx) ReplanReminders(now time.Time, n int) (more bool, err error) {
	var last struct {
		ID *int64
		N  int
	}
	page := `SELECT certificate_id FROM reminder_plan WHERE certificate_id > (SELECT through FROM reminder_days) ORDER BY certificate_id LIMIT ?`
	if err := tx.query(&last, `SELECT MAX(certificate_id) AS id, COUNT(*) AS n FROM (`+page+`) AS page`, n); err != nil {
		return false, err
	}
	if last.ID != nil {
		if _, err := tx.exec(`UPDATE reminder_plan SET due_at = ? WHERE due_at > ? AND certificate_id > (SELECT through FROM reminder_days) AND certificate_id <= ?`,
			now, now, *last.ID); err != nil {
			return false, err
		}
	}
	if last.N < n {
		last.ID = nil
	}
	_, err = tx.exec(`UPDATE reminder_days SET through = ?`, last.ID)
	return last.ID != nil, err
}
