package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
)

func TestJournalFilters(t *testing.T) {
	day := time.Date(2026, 4, 2, 0, 0, 0, 0, time.UTC)
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		err := s.Write(context.Background(), func(tx *store.Tx) error {
			for i, ev := range []journal.Event{
				{Kind: "a", Actor: journal.Actor{Kind: journal.ActorOperator, ID: "1"}, Subjects: []journal.Subject{{Kind: "application", ID: "7"}, {Kind: "file", ID: "1"}}},
				{Kind: "b", Actor: journal.Actor{Kind: journal.ActorOperator, ID: "2"}, Subjects: []journal.Subject{{Kind: "application", ID: "8"}}},
				{Kind: "a", Actor: journal.Actor{Kind: journal.ActorSystem}, Subjects: []journal.Subject{{Kind: "file", ID: "7"}}},
				{Kind: "b", Actor: journal.Actor{Kind: journal.ActorOperator, ID: "1"}},
			} {
				e, reveals, err := journal.NewEntry(day.AddDate(0, 0, i), ev)
				if err != nil {
					return err
				}
				if _, err := tx.AddEntry(e, reveals); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for name, tc := range map[string]struct {
			f    store.JournalFilter
			want []int64
		}{
			"all":          {store.JournalFilter{}, []int64{4, 3, 2, 1}},
			"page":         {store.JournalFilter{Limit: 2, After: 4}, []int64{3, 2}},
			"one":          {store.JournalFilter{ID: 3}, []int64{3}},
			"behind none":  {store.JournalFilter{After: 9}, nil},
			"kind":         {store.JournalFilter{Kind: "a"}, []int64{3, 1}},
			"actor":        {store.JournalFilter{ActorKind: "operator", ActorID: "1"}, []int64{4, 1}},
			"actors":       {store.JournalFilter{ActorKind: "system"}, []int64{3}},
			"subject":      {store.JournalFilter{SubjectKind: "application", SubjectID: "7"}, []int64{1}},
			"half subject": {store.JournalFilter{SubjectKind: "application"}, []int64{4, 3, 2, 1}},
			"days":         {store.JournalFilter{From: day.AddDate(0, 0, 1), To: day.AddDate(0, 0, 3)}, []int64{3, 2}},
			"none":         {store.JournalFilter{Kind: "a", ActorID: "2"}, nil},
		} {
			if tc.f.Limit == 0 {
				tc.f.Limit = 10
			}
			err := s.Read(context.Background(), func(tx *store.Tx) error {
				got, err := tx.Journal(tc.f)
				if err != nil {
					return err
				}
				if len(got) != len(tc.want) {
					t.Fatalf("%s: %d entries, want %v", name, len(got), tc.want)
				}
				for i, e := range got {
					if e.ID != tc.want[i] {
						t.Errorf("%s: %v at %d, want %v", name, e.ID, i, tc.want)
					}
					if e.ID == 1 && len(e.Subjects) != 2 {
						t.Errorf("%s: subjects %v", name, e.Subjects)
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}
