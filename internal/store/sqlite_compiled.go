package store

import (
	"container/list"
	"context"
	"database/sql/driver"
	"errors"
)

const (
	// mostCompiled bounds how many statements a connection keeps compiled;
	// the program has about as many different ones.
	mostCompiled = 256
	// longestCompiled is the length in bytes above which a statement is
	// compiled each time: such are made for the number of their rows.
	longestCompiled = 2 << 10
)

// compiled keeps a connection's statements ready: SQLite takes several times
// longer to compile one (with the constraints, triggers and foreign keys of its
// tables) than to run it. It compiles anew by itself when the schema has
// changed. Used by one goroutine at a time, as a connection is.
type compiled struct {
	conn   driver.ConnPrepareContext
	byText map[string]*list.Element
	recent list.List // of *statement, the last used first
}

// statement is one that is kept. A statement whose rows are being read is busy.
type statement struct {
	preparedStatement
	text string
	busy bool
}

type preparedStatement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

func newCompiled(conn driver.ConnPrepareContext) *compiled {
	return &compiled{conn: conn, byText: map[string]*list.Element{}}
}

// take returns the statement of a text, for the caller alone until it gives it
// back; nil where the text is too long to keep or its statement busy.
func (c *compiled) take(ctx context.Context, text string) (*statement, error) {
	if len(text) > longestCompiled {
		return nil, nil
	}
	if at, ok := c.byText[text]; ok {
		s := at.Value.(*statement)
		if s.busy {
			return nil, nil
		}
		c.recent.MoveToFront(at)
		s.busy = true
		return s, nil
	}
	if err := c.room(); err != nil {
		return nil, err
	}
	made, err := c.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	ready, ok := made.(preparedStatement)
	if !ok {
		return nil, made.Close()
	}
	s := &statement{preparedStatement: ready, text: text, busy: true}
	c.byText[text] = c.recent.PushFront(s)
	return s, nil
}

// room forgets the statement that was used the longest time ago, where there
// are too many.
func (c *compiled) room() error {
	for at := c.recent.Back(); at != nil && len(c.byText) >= mostCompiled; {
		s, before := at.Value.(*statement), at.Prev()
		if !s.busy {
			c.recent.Remove(at)
			delete(c.byText, s.text)
			if err := s.Close(); err != nil {
				return err
			}
		}
		at = before
	}
	return nil
}

func (c *compiled) close() (err error) {
	for at := c.recent.Front(); at != nil; at = at.Next() {
		err = errors.Join(err, at.Value.(*statement).Close())
	}
	c.recent.Init()
	clear(c.byText)
	return err
}

func (s *statement) give() { s.busy = false }

// compiledRows gives the statement back when they are closed.
type compiledRows struct {
	driver.Rows
	statement *statement
}

// Close implements driver.Rows.
func (r *compiledRows) Close() error {
	err := r.Rows.Close()
	if r.statement != nil {
		r.statement.give()
		r.statement = nil
	}
	return err
}
