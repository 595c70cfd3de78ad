package workflow

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// Limits of what an auditor keeps.
const (
	MaxSavedSearches   = 100
	maxSearchName      = 120  // characters
	maxSearchQuerySize = 2000 // bytes
)

// SaveSearch keeps a search under a name, by an auditor; one of the same name
// is replaced. query is the address's. The journal tells its conditions'
// names, not their values, which may be of people.
func (f *Flow) SaveSearch(ctx context.Context, who Actor, name string, query url.Values) error {
	if err := who.is(registry.Auditor); err != nil {
		return err
	}
	name = strings.Join(strings.Fields(name), " ")
	switch text := query.Encode(); {
	case name == "":
		return registry.Refuse(registry.Invalid, "error.required").On("name")
	case utf8.RuneCountInString(name) > maxSearchName:
		return registry.Refuse(registry.Invalid, "error.registry.too_long", "n", maxSearchName).On("name")
	case text == "" || len(text) > maxSearchQuerySize:
		return registry.Refuse(registry.Invalid, "error.audit.no_conditions").On("name")
	}
	conditions := slices.Sorted(maps.Keys(query))
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		if err := tx.LockOperator(who.Operator.ID); err != nil { // the limit holds for windows side by side too
			return err
		}
		kept, err := tx.SavedSearches(who.Operator.ID, MaxSavedSearches)
		if err != nil {
			return err
		}
		again := slices.ContainsFunc(kept, func(k store.SavedSearch) bool { return k.Name == name })
		if len(kept) >= MaxSavedSearches && !again {
			return registry.Refuse(registry.Conflict, "error.audit.too_many", "n", MaxSavedSearches).On("name")
		}
		id, err := tx.SaveSearch(store.SavedSearch{OperatorID: who.Operator.ID, Name: name, Query: query.Encode(), CreatedAt: f.now()})
		if err != nil {
			return err
		}
		return f.record(tx, who, "search.saved", map[string]any{"conditions": conditions}, nil, searchSubject(id))
	})
	if err != nil {
		return fmt.Errorf("saving a search: %w", err)
	}
	return nil
}

// DeleteSearch forgets one of the auditor's own searches.
func (f *Flow) DeleteSearch(ctx context.Context, who Actor, id int64) error {
	if err := who.is(registry.Auditor); err != nil {
		return err
	}
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		if err := tx.DeleteSearch(id, who.Operator.ID); err != nil {
			return err
		}
		return f.record(tx, who, "search.deleted", nil, nil, searchSubject(id))
	})
	if err != nil {
		return fmt.Errorf("deleting search %d: %w", id, err)
	}
	return nil
}

func searchSubject(id int64) journal.Subject {
	return journal.Subject{Kind: "search", ID: strconv.FormatInt(id, 10)}
}
