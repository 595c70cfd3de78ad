package workflow

import (
	"fmt"
	"strconv"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// Application names an application as a journal subject.
func Application(id registry.ApplicationID) journal.Subject {
	return journal.Subject{Kind: "application", ID: strconv.FormatInt(int64(id), 10)}
}

// Organisation names an organisation as a journal subject.
func Organisation(id registry.OrganisationID) journal.Subject {
	return journal.Subject{Kind: "organisation", ID: strconv.FormatInt(int64(id), 10)}
}

// Document names a document as a journal subject.
func Document(id registry.DocumentID) journal.Subject {
	return journal.Subject{Kind: "document", ID: strconv.FormatInt(int64(id), 10)}
}

// File names an uploaded file as a journal subject.
func File(id registry.FileID) journal.Subject {
	return journal.Subject{Kind: "file", ID: strconv.FormatInt(int64(id), 10)}
}

// Enrolment names an enrolment as a journal subject.
func Enrolment(id registry.EnrolmentID) journal.Subject {
	return journal.Subject{Kind: "enrolment", ID: strconv.FormatInt(int64(id), 10)}
}

// Certificate names a certificate as a journal subject, by serial.
func Certificate(s registry.Serial) journal.Subject {
	return journal.Subject{Kind: "certificate", ID: string(s)}
}

// Operator names an operator as a journal subject.
func Operator(id registry.OperatorID) journal.Subject {
	return journal.Subject{Kind: "operator", ID: strconv.FormatInt(int64(id), 10)}
}

// record writes a journal entry in the transaction of what it tells. details
// hold no personal data; personal values are entered as salted commitments.
func (f *Flow) record(tx *store.Tx, who Actor, kind string, details map[string]any, personal map[string]string, about ...journal.Subject) error {
	entry, reveals, err := f.entry(who, kind, details, personal, about)
	if err != nil {
		return err
	}
	if _, err := tx.AddEntry(entry, reveals); err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	return nil
}

func (f *Flow) entry(who Actor, kind string, details map[string]any, personal map[string]string, about []journal.Subject) (journal.Entry, []journal.Reveal, error) {
	return journal.NewEntry(f.now(), journal.Event{
		Kind: kind, Actor: journal.Actor{Kind: who.kind, ID: who.id}, Subjects: about, Details: details, Personal: personal,
	})
}

// recordMoves writes the entries of enrolments that the background work has
// moved from one status to the one they are in. details may be nil.
func (f *Flow) recordMoves(tx *store.Tx, from registry.EnrolmentStatus, moved []*registry.Enrolment, details func(i int) map[string]any) error {
	entries := make([]journal.Entry, len(moved))
	for i, e := range moved {
		d := map[string]any{}
		if details != nil {
			d = details(i)
		}
		d["from"], d["to"] = from, e.Status
		var err error
		if entries[i], _, err = f.entry(BySystem(), "enrolment."+string(e.Status), d, nil, aboutEnrolment(e)); err != nil {
			return err
		}
	}
	if err := tx.AddEntries(entries); err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	return nil
}
