package store

import (
	"context"
	"errors"
	"strings"
)

// single bounds a transaction that is one statement long and so needs neither
// beginning nor end: on PostgreSQL each would be a question and an answer more.
type single struct {
	reads bool
	used  bool
}

func (s *single) allow(query string) error {
	switch {
	case s == nil:
		return nil
	case s.used:
		return errors.New("a second statement where one was announced")
	case s.reads && !strings.HasPrefix(query, "SELECT"):
		return errors.New("a statement that is no SELECT where one was announced")
	}
	s.used = true
	return nil
}

// ReadOne is Read for an f that asks one statement, a SELECT.
func (s *Store) ReadOne(ctx context.Context, f func(*Tx) error) error {
	return mapError(f(&Tx{db: s.read.WithContext(ctx), dialect: s.dialect, single: &single{reads: true}}))
}

// WriteOne is Write for an f that is one statement, whose result nothing takes
// back.
func (s *Store) WriteOne(ctx context.Context, f func(*Tx) error) error {
	if s.groups != nil {
		return s.Write(ctx, func(tx *Tx) error {
			tx.single = new(single)
			return f(tx)
		})
	}
	tx := &Tx{db: s.write.WithContext(ctx), dialect: s.dialect, single: new(single)}
	err := f(tx)
	s.restated(tx.serials)
	return mapError(err)
}
