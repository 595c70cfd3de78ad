package store

import (
	"context"
	"database/sql/driver"
	"time"
)

// utcConnector opens SQLite connections on which every instant is stored as
// UTC, cut to the microsecond: the driver keeps times as text with their
// offset, and text in several zones does not sort.
type utcConnector struct {
	drv driver.Driver
	dsn string
}

func (c utcConnector) Driver() driver.Driver { return c.drv }

func (c utcConnector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.drv.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	return utcConn{conn.(sqliteConn)}, nil
}

type sqliteConn interface {
	driver.Conn
	driver.ExecerContext
	driver.QueryerContext
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.Pinger
}

type utcConn struct{ sqliteConn }

// CheckNamedValue implements driver.NamedValueChecker.
func (utcConn) CheckNamedValue(nv *driver.NamedValue) error {
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
