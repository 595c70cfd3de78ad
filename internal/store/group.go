package store

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"
)

const (
	// groupMost bounds how many writes share a commit, groupAge how long the
	// first of them waits for it while others follow.
	groupMost = 32
	groupAge  = 5 * time.Millisecond
)

// groups lets writes that wait for SQLite's one writer share a commit, and so
// its sync to disk: each runs alone, behind the one before, in a savepoint of
// its own, and returns when the common transaction is committed. A write that
// fails takes back its own changes only; a commit that fails is an error of
// all. A write that finds nobody waiting is committed at once.
type groups struct {
	db      *gorm.DB
	age     time.Duration // groupAge
	turn    sync.Mutex    // held by the write that runs
	waiting atomic.Int64
	open    *group // guarded by turn
}

// group is the writes of one transaction.
type group struct {
	tx    *gorm.DB
	n     int
	since time.Time
	done  chan struct{} // closed when it is over
	err   error         // of the commit; read after done
}

// write runs f. Its statements do not end with ctx, since SQLite would roll
// back the whole group: a ctx that is over takes back f afterwards.
func (g *groups) write(ctx context.Context, f func(*gorm.DB) error) error {
	g.waiting.Add(1)
	g.turn.Lock()
	g.waiting.Add(-1)
	b, err := g.run(ctx, f)
	if b == nil {
		return err
	}
	<-b.done
	if b.err != nil {
		return b.err // what f saw of the others may never have been
	}
	return err
}

// run has the turn, and gives it up. However f ends, the group goes on.
func (g *groups) run(ctx context.Context, f func(*gorm.DB) error) (b *group, err error) {
	defer g.turn.Unlock()
	if b = g.open; b == nil {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		tx := g.db.WithContext(context.WithoutCancel(ctx)).Begin()
		if tx.Error != nil {
			return nil, tx.Error
		}
		b = &group{tx: tx, since: time.Now(), done: make(chan struct{})}
		g.open = b
	}
	b.n++
	returned := false
	defer func() {
		if !returned { // a panic, or the end of the goroutine
			g.goOn(b, b.tx.Exec(`ROLLBACK TO one`).Error)
		}
	}()
	err = ctx.Err()
	if err == nil {
		err = b.tx.Exec(`SAVEPOINT one`).Error
	}
	var broken error
	if err == nil {
		if err = f(b.tx.WithContext(context.WithoutCancel(ctx))); err == nil {
			err = ctx.Err()
		}
		if err != nil {
			broken = b.tx.Exec(`ROLLBACK TO one`).Error
		}
		if broken == nil {
			broken = b.tx.Exec(`RELEASE one`).Error
		}
	}
	returned = true
	g.goOn(b, broken)
	return b, err
}

// goOn leaves a group to whoever waits for the turn, or ends it. broken is why
// it cannot be committed.
func (g *groups) goOn(b *group, broken error) {
	if broken == nil && g.waiting.Load() > 0 && b.n < groupMost && time.Since(b.since) < g.age {
		return
	}
	g.open = nil
	if broken != nil {
		_ = b.tx.Rollback()
	} else if broken = b.tx.Commit().Error; broken != nil {
		_ = g.db.Exec(`ROLLBACK`) // the one connection must not keep it
	}
	if broken != nil {
		b.err = fmt.Errorf("committing: %w", broken)
	}
	close(b.done)
}
