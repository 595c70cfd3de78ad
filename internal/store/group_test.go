package store_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
)

// TestWritesThatShareACommit has many write at once, some of whom fail, give
// up, or die: whoever was told that it is written is written, nobody else.
func TestWritesThatShareACommit(t *testing.T) {
	s := storetest.SQLite(t)
	const n = 200
	failed := errors.New("refused")
	var told atomic.Int64
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			defer func() { _ = recover() }()
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			err := s.Write(ctx, func(tx *store.Tx) error {
				if _, err := tx.NextNumber("group"); err != nil {
					return err
				}
				switch i % 5 {
				case 1:
					return failed
				case 2:
					cancel()
				case 3:
					panic("a mistake")
				case 4:
					runtime.Goexit()
				}
				return nil
			})
			switch {
			case i%5 == 0 && err == nil:
				told.Add(1)
			case i%5 == 0, i%5 == 1 && !errors.Is(err, failed), i%5 == 2 && err == nil:
				t.Errorf("write %d: %v", i, err)
			}
		})
	}
	all.Wait()
	if told.Load() != n/5 {
		t.Errorf("%d were told that they are written, want %d", told.Load(), n/5)
	}
	err := s.Write(context.Background(), func(tx *store.Tx) error {
		got, err := tx.NextNumber("group")
		if err == nil && got != n/5+1 {
			t.Errorf("%d are written, want %d", got-1, n/5)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
