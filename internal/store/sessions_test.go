package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
)

// A request that loaded its session before the logout stores it after: the
// session stays ended.
func TestAnEndedSessionStaysEnded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		k := s.Sessions(func() time.Time { return at })
		found := func() bool {
			t.Helper()
			_, ok, err := k.FindCtx(ctx, "token")
			if err != nil {
				t.Fatal(err)
			}
			return ok
		}
		commit := func() {
			t.Helper()
			if err := k.CommitCtx(ctx, "token", []byte("data"), at.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		if found() {
			t.Error("found what was never stored")
		}
		commit()
		commit()
		if !found() {
			t.Error("a session is not found")
		}
		if err := k.DeleteCtx(ctx, "token"); err != nil {
			t.Fatal(err)
		}
		if found() {
			t.Error("an ended session is found")
		}
		commit()
		if found() {
			t.Error("an ended session is back")
		}
	})
}
