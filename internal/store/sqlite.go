package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"
)

// utcConnector opens SQLite connections on which every instant is stored as
// UTC, cut to the microsecond (the driver keeps times as text with their
// offset, and text in several zones does not sort), and on which a statement
// that was asked before is not compiled again.
type utcConnector struct{ driver.Connector }

func newConnector(dsn string) (driver.Connector, error) {
	c, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	return utcConnector{c}, nil
}

func (c utcConnector) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	conn, ok := opened.(sqliteConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the SQLite driver's connections are %T", opened), opened.Close())
	}
	return &utcConn{sqliteConn: conn, compiled: newCompiled(conn)}, nil
}

type sqliteConn interface {
	driver.Conn
	driver.ExecerContext
	driver.QueryerContext
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type utcConn struct {
	sqliteConn
	compiled *compiled
}

// CheckNamedValue implements driver.NamedValueChecker.
func (*utcConn) CheckNamedValue(nv *driver.NamedValue) error {
	v, err := driver.DefaultParameterConverter.ConvertValue(nv.Value)
	if err != nil {
		return err
	}
	if t, ok := v.(time.Time); ok {
		v = t.UTC().Truncate(time.Microsecond)
	}
	nv.Value = v
	return nil
}

// ExecContext implements driver.ExecerContext.
func (c *utcConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.compiled.take(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	defer s.give()
	return s.ExecContext(ctx, args)
}

// QueryContext implements driver.QueryerContext.
func (c *utcConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.compiled.take(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.sqliteConn.QueryContext(ctx, query, args)
	}
	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		s.give()
		return nil, err
	}
	return &compiledRows{Rows: rows, statement: s}, nil
}

// Close implements driver.Conn.
func (c *utcConn) Close() error {
	return errors.Join(c.compiled.close(), c.sqliteConn.Close())
}
