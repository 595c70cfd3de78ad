package store

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
)

// Kept is something that was signed and is on file: a decision, an order, a
// proof of possession.
type Kept struct {
	Envelope, Signature []byte
	CreatedAt           time.Time
}

// Life is what is on file of a certificate from its application on.
type Life struct {
	Certificate *registry.Certificate
	Enrolment   *registry.Enrolment   // nil: none is on file
	Application *registry.Application // nil for an operator's
	Changes     []registry.StatusChange
	// Lists are the CRLs that first told of a change, by number.
	Lists map[int64]*registry.CRL
	// Entries of the journal about any of it, the earliest first; Cut says
	// that there are more than were read.
	Entries []journal.Entry
	Cut     bool
	Signed  []Kept
}

// lifeRead is how many entries are read about one subject.
const lifeRead = 500

// Life returns a certificate's whole life, or NotFound.
func (tx *Tx) Life(serial registry.Serial) (l *Life, err error) {
	l = &Life{Lists: map[int64]*registry.CRL{}}
	if l.Certificate, err = tx.CertificateBySerial(serial); err != nil {
		return nil, err
	}
	about := []journal.Subject{{Kind: "certificate", ID: string(serial)}}
	if l.Certificate.EnrolmentID != 0 {
		if l.Enrolment, err = tx.Enrolment(l.Certificate.EnrolmentID); err != nil {
			return nil, err
		}
		about = append(about, journal.Subject{Kind: "enrolment", ID: strconv.FormatInt(int64(l.Enrolment.ID), 10)})
		if l.Enrolment.ApplicationID != 0 {
			if l.Application, err = tx.Application(l.Enrolment.ApplicationID); err != nil {
				return nil, err
			}
			about = append(about, journal.Subject{Kind: "application", ID: strconv.FormatInt(int64(l.Application.ID), 10)})
			linked, err := tx.lifeLinked(l)
			if err != nil {
				return nil, err
			}
			about = append(about, linked...)
		}
	}
	b, d, err := tx.BatchThatRevoked(l.Certificate.ID)
	switch {
	case err == nil:
		about = append(about, journal.Subject{Kind: "batch", ID: b.Number})
		l.Signed = append(l.Signed, Kept{Envelope: d.Envelope, Signature: d.Signature, CreatedAt: d.At})
	case registry.KindOf(err) != registry.NotFound:
		return nil, err
	}
	if err := tx.lifeEntries(l, about); err != nil {
		return nil, err
	}
	if l.Changes, err = tx.StatusChanges(serial); err != nil {
		return nil, err
	}
	for _, c := range l.Changes {
		if c.CRLNumber != 0 && l.Lists[c.CRLNumber] == nil {
			if l.Lists[c.CRLNumber], err = tx.CRL(c.CRLNumber); err != nil {
				return nil, err
			}
		}
	}
	return l, tx.lifeSigned(l)
}

// lifeLinked are the papers of earlier applications that stand in for some of
// this one, without those about its other signatory.
func (tx *Tx) lifeLinked(l *Life) (about []journal.Subject, err error) {
	docs, err := tx.Documents(l.Application.ID)
	for _, d := range docs {
		if d.LinkedTo != 0 && d.Subject.Concerns(l.Certificate.Role) {
			about = append(about, journal.Subject{Kind: "document", ID: strconv.FormatInt(int64(d.LinkedTo), 10)})
		}
	}
	return about, err
}

func (tx *Tx) lifeEntries(l *Life, about []journal.Subject) error {
	seen := map[int64]bool{}
	for _, subject := range about {
		found, err := tx.JournalAbout(subject, 0, lifeRead+1)
		if err != nil {
			return err
		}
		l.Cut = l.Cut || len(found) > lifeRead
		for _, e := range found[:min(len(found), lifeRead)] {
			if !seen[e.ID] {
				l.Entries, seen[e.ID] = append(l.Entries, e), true
			}
		}
	}
	slices.SortFunc(l.Entries, func(a, b journal.Entry) int { return cmp.Compare(a.ID, b.ID) })
	return nil
}

// lifeSigned reads everything that was signed about it.
func (tx *Tx) lifeSigned(l *Life) error {
	read := func(query string, args ...any) error {
		var rows []Kept
		err := tx.query(&rows, query, args...)
		l.Signed = append(l.Signed, rows...)
		return err
	}
	if l.Application != nil {
		if err := read(`SELECT envelope, signature, created_at FROM decisions WHERE application_id = ? ORDER BY id`, l.Application.ID); err != nil {
			return err
		}
		if err := read(`SELECT envelope, signature, created_at FROM order_signatures WHERE application_id = ? ORDER BY id`, l.Application.ID); err != nil {
			return err
		}
	}
	if l.Enrolment != nil {
		if err := read(`SELECT envelope, signature, created_at FROM handovers WHERE enrolment_id = ?`, l.Enrolment.ID); err != nil {
			return err
		}
	}
	return read(`SELECT d.envelope, d.signature, d.created_at FROM revocation_decisions d JOIN revocation_reports r ON r.id = d.report_id
		WHERE r.certificate_id = ? ORDER BY d.id`, l.Certificate.ID)
}
