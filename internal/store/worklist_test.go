package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
)

// filed adds an application in a status, due at an instant (zero: no clock).
func filed(tx *store.Tx, n int, name string, status registry.ApplicationStatus, due time.Time, assignee registry.OperatorID) (registry.ApplicationID, error) {
	o := organisation()
	o.INN, o.NameRu, o.NameKy = registry.INN(fmt.Sprintf("005032017%05d", 10000+n)), name, name
	org, err := tx.SaveOrganisation(o, at)
	if err != nil {
		return 0, err
	}
	id, err := tx.AddApplication(store.NewApplication{
		Number: fmt.Sprintf("26-%04d", n), LinkHash: fmt.Sprint("hash", n), Now: at, CreatedBy: assignee,
		Declaration: registry.Declaration{
			Operation: registry.Renewal, Channel: registry.Office, Storage: registry.ECloud, Office: "OSH", Language: registry.Kyrgyz, Organisation: o,
			Head: registry.PersonRequisites{PersonalNumber: "11405198100001", NameRu: registry.PersonName{Surname: "Жумалиева", Given: "Гүлнара"}},
		},
	})
	if err != nil {
		return 0, err
	}
	a, err := tx.LockApplication(id)
	if err != nil {
		return 0, err
	}
	a.Status, a.OrganisationID, a.Assignee = status, org, assignee
	if !due.IsZero() {
		a.DueAt = &due
	}
	if status == registry.AwaitingDocuments {
		a.PausedAt = &due
	}
	return id, tx.MoveApplication(a, registry.Draft, at)
}

func TestWorklist(t *testing.T) {
	now := at.UTC().Truncate(time.Second)
	endOfDay := now.Add(8 * time.Hour)
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		var me registry.OperatorID
		if err := s.Write(ctx, func(tx *store.Tx) (err error) {
			if me, err = tx.AddOperator(registry.Operator{Person: registry.PersonRequisites{PersonalNumber: "20111199000003"}, Role: registry.Clerk, Language: registry.Kyrgyz}, at); err != nil {
				return err
			}
			for i, a := range []struct {
				name   string
				status registry.ApplicationStatus
				due    time.Time
				who    registry.OperatorID
			}{
				{"Бермет Текстиль", registry.AwaitingDocuments, now.Add(-time.Hour), me}, // 0: stopped
				{"Алай Тоют", registry.Submitted, now.Add(48 * time.Hour), 0},            // 1: later
				{"Сары-Өзөн Курулуш", registry.InReview, now.Add(time.Hour), me},         // 2: today
				{"Керемет Логистик", registry.InReview, now.Add(-40 * time.Hour), 0},     // 3: overdue
				{"Нооруз Кафе", registry.Completed, now.Add(-90 * time.Hour), 0},         // 4: closed
				{"Анкара-Ош Трейд", registry.Verified, now, me},                          // 5: overdue, by a hair
			} {
				if _, err := filed(tx, i, a.name, a.status, a.due, a.who); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		list := func(f store.WorklistFilter) []string {
			t.Helper()
			f.Now, f.EndOfDay = now, endOfDay
			if f.Limit == 0 {
				f.Limit = 50
			}
			var out []string
			if err := s.Read(ctx, func(tx *store.Tx) error {
				for {
					w, err := tx.Worklist(f)
					if err != nil {
						return err
					}
					for _, it := range w.Items {
						out = append(out, it.Number[3:])
					}
					if !w.More {
						return nil
					}
					f.After = w.Items[len(w.Items)-1].Place()
				}
			}); err != nil {
				t.Fatal(err)
			}
			return out
		}
		for _, c := range []struct {
			name string
			f    store.WorklistFilter
			want []string
		}{
			{"overdue first, then today, later, stopped", store.WorklistFilter{}, []string{"0003", "0005", "0002", "0001", "0000"}},
			{"page by page the same", store.WorklistFilter{Limit: 2}, []string{"0003", "0005", "0002", "0001", "0000"}},
			{"mine", store.WorklistFilter{Assignee: me}, []string{"0005", "0002", "0000"}},
			{"nobody's", store.WorklistFilter{Nobody: true}, []string{"0003", "0001"}},
			{"a status", store.WorklistFilter{Status: registry.InReview}, []string{"0003", "0002"}},
			{"a closed status", store.WorklistFilter{Status: registry.Completed}, []string{"0004"}},
			{"overdue", store.WorklistFilter{Due: store.Overdue}, []string{"0003", "0005"}},
			{"today", store.WorklistFilter{Due: store.DueToday}, []string{"0002"}},
			{"A-16 stopped", store.WorklistFilter{Due: store.Paused}, []string{"0000"}},
			{"office", store.WorklistFilter{Office: "BISHKEK"}, nil},
			{"a number", store.WorklistFilter{Query: "26-0003"}, []string{"0003"}},
			{"an INN typed with spaces", store.WorklistFilter{Query: "00503 2017 10004"}, []string{"0004"}},
			{"ө is found by о", store.WorklistFilter{Query: "сары озон"}, []string{"0002"}},
			{"ж is found by дж", store.WorklistFilter{Query: "ДЖУМАЛИЕВ алай"}, []string{"0001"}},
			{"the form is found by its other spelling", store.WorklistFilter{Query: "ЖЧК бермет"}, []string{"0000"}},
			{"only marks", store.WorklistFilter{Query: "«»"}, nil},
			{"search within mine", store.WorklistFilter{Query: "Жумалиева", Assignee: me}, []string{"0005", "0002", "0000"}},
		} {
			if got := list(c.f); !slices.Equal(got, c.want) {
				t.Errorf("%s: got %v, want %v", c.name, got, c.want)
			}
		}
		if err := s.Read(ctx, func(tx *store.Tx) error {
			c, err := tx.WorklistCounts(me, []registry.OfficeCode{"OSH", "BISHKEK"}, now, endOfDay)
			if err != nil {
				return err
			}
			if c.All != 5 || c.Mine != 3 || c.Nobody != 2 || c.Overdue != 2 || c.DueToday != 1 || c.Paused != 1 ||
				c.Statuses[registry.InReview] != 2 || c.Statuses[registry.Completed] != 1 || c.Offices["OSH"] != 5 || c.Offices["BISHKEK"] != 0 {
				t.Errorf("counts %+v", c)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// The menu counts what the list shows: no order that lacks a signature.
func TestTheMenuCountsWhatTheWorklistShows(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		if err := s.Write(t.Context(), func(tx *store.Tx) error {
			if _, err := filed(tx, 1, "Алай Тоют", registry.Submitted, at.Add(-time.Hour), 0); err != nil {
				return err
			}
			_, err := tx.AddApplication(store.NewApplication{
				Number: "26-0002", LinkHash: "unsigned", Now: at,
				Declaration: registry.Declaration{Operation: registry.Renewal, Channel: registry.Remote, Storage: registry.ECloud, Language: registry.Kyrgyz, Organisation: organisation()},
			})
			if err != nil {
				return err
			}
			w, err := tx.WaitingFor(registry.Clerk, at)
			if err != nil {
				return err
			}
			c, err := tx.WorklistCounts(0, nil, at, at)
			if err == nil && (c.All != 1 || w.Open != c.All || w.Overdue != c.Overdue) {
				t.Errorf("the menu counts %+v, the list %+v", w, c)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}
