package workflow

import (
	"context"
	"fmt"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// lookedAbout is how many applications an entry about a look into the access
// log names at most.
const lookedAbout = 100

// AccessLog tells who looked at papers, to an auditor. The look into the list
// is journalled first, about the applications that were asked for, so that it
// stands in the list itself: only a further page of the same question is not.
func (f *Flow) AccessLog(ctx context.Context, who Actor, filter store.AccessFilter) (found []store.Access, more bool, err error) {
	if err := who.is(registry.Auditor); err != nil {
		return nil, false, err
	}
	if filter.Query, err = someRemark(filter.Query, "q"); err != nil {
		return nil, false, err
	}
	if filter.Before <= 0 {
		err = f.store.Write(ctx, func(tx *store.Tx) error {
			if err := who.current(tx); err != nil {
				return err
			}
			return f.recordAccessLook(tx, who, filter)
		})
		if err != nil {
			return nil, false, fmt.Errorf("looking into the access log: %w", err)
		}
	}
	err = f.store.Read(ctx, func(tx *store.Tx) (err error) {
		found, more, err = tx.AccessLog(filter)
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("reading the access log: %w", err)
	}
	return found, more, nil
}

func (f *Flow) recordAccessLook(tx *store.Tx, who Actor, filter store.AccessFilter) error {
	details := map[string]any{"from": filter.From, "to": filter.To}
	var about []journal.Subject
	var personal map[string]string
	if filter.Query != "" {
		ids, _, err := tx.ApplicationsAbout(filter.Query)
		if err != nil {
			return err
		}
		details["found"] = len(ids)
		for _, id := range ids[:min(len(ids), lookedAbout)] {
			about = append(about, Application(id))
		}
		personal = map[string]string{"query": filter.Query}
	}
	if filter.Document != 0 {
		about = append(about, Document(filter.Document))
	}
	if filter.Operator != 0 {
		about = append(about, Operator(filter.Operator))
	}
	return f.record(tx, who, "access.searched", details, personal, about...)
}
