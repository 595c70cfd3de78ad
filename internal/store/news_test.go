package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
)

func TestNews(t *testing.T) {
	now := time.Date(2026, 4, 2, 3, 12, 40, 0, time.UTC)
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		write := func(f func(*store.Tx) error) {
			t.Helper()
			if err := s.Write(context.Background(), f); err != nil {
				t.Fatal(err)
			}
		}
		var author registry.OperatorID
		write(func(tx *store.Tx) (err error) {
			author, err = tx.AddOperator(registry.Operator{
				Person: registry.PersonRequisites{PersonalNumber: "20111199000011"}, Role: registry.Administrator, Office: "BISHKEK", Language: registry.Kyrgyz,
			}, now)
			return err
		})
		text := func(s string) registry.Text { return registry.Text{Ky: s + " ө", Ru: s + " ё", En: s} }
		var ids []int64
		for _, title := range []string{"one", "two", "three"} {
			write(func(tx *store.Tx) error {
				id, err := tx.AddNews(store.News{Title: text(title), Body: text("a\n\nb"), Author: author, PublishedAt: now})
				ids = append(ids, id)
				return err
			})
		}
		write(func(tx *store.Tx) error {
			page, err := tx.LatestNews(0, 2)
			if err != nil || len(page) != 2 || page[0].Title != text("three") || page[1].Body != text("a\n\nb") {
				t.Errorf("the first page: %+v, %v", page, err)
			}
			rest, err := tx.LatestNews(page[1].ID, 2)
			if err != nil || len(rest) != 1 || rest[0].ID != ids[0] || !rest[0].PublishedAt.Equal(now) {
				t.Errorf("the second page: %+v, %v", rest, err)
			}
			return nil
		})
		write(func(tx *store.Tx) error {
			return tx.EditNews(store.News{ID: ids[0], Title: text("new"), Body: text("b"), Version: 1})
		})
		for name, stale := range map[string]func(*store.Tx) error{
			"edit":   func(tx *store.Tx) error { return tx.EditNews(store.News{ID: ids[0], Version: 1}) },
			"remove": func(tx *store.Tx) error { return tx.RemoveNews(ids[0], 1, now) },
		} {
			if err := s.Write(context.Background(), stale); registry.KindOf(err) != registry.Conflict {
				t.Errorf("%s of an old version: %v", name, err)
			}
		}
		write(func(tx *store.Tx) error { return tx.RemoveNews(ids[0], 2, now) })
		write(func(tx *store.Tx) error {
			if _, err := tx.News(ids[0]); registry.KindOf(err) != registry.NotFound {
				t.Errorf("what was removed is there: %v", err)
			}
			n, err := tx.News(ids[1])
			if err != nil || n.Author != author || n.Version != 1 {
				t.Errorf("another is not as it was: %+v, %v", n, err)
			}
			return nil
		})
	})
}
