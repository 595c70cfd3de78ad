package store

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// offPage is how many certificates are read at once for a CRL.
const offPage = 20_000

// EachOff calls f for every suspended or revoked certificate that ends at an
// instant or later, and for every serial of an intent that was given up.
func (tx *Tx) EachOff(endsFrom time.Time, f func(registry.Standing) error) error {
	for last := int64(0); ; {
		n := 0
		err := tx.eachStanding(func(r standingRow) error {
			n++
			last = r.ID
			return f(r.standing())
		}, `SELECT id, serial, status, status_reason, status_at, invalid_since FROM certificates WHERE status <> 'issued' AND id > ? AND not_after >= ? ORDER BY id LIMIT ?`, last, endsFrom, offPage)
		if err != nil {
			return err
		}
		if n < offPage {
			break
		}
	}
	return tx.eachStanding(func(r standingRow) error { return f(r.standing()) },
		`SELECT 0, serial, 'revoked', 5, finished_at, NULL FROM intents WHERE status = 'abandoned' AND not_after >= ? ORDER BY serial`, endsFrom)
}

// eachStanding scans without GORM's reflection, which a million rows would
// feel.
func (tx *Tx) eachStanding(f func(standingRow) error, query string, args ...any) error {
	rows, err := tx.db.Raw(query, args...).Rows()
	if err != nil {
		return mapError(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var r standingRow
		if err := rows.Scan(&r.ID, &r.Serial, &r.Status, &r.StatusReason, &r.StatusAt, &r.InvalidSince); err != nil {
			return err
		}
		if err := f(r); err != nil {
			return err
		}
	}
	return mapError(rows.Err())
}

// ReserveCRL reserves the next number for a list and the right to make it for
// a while. last is the number of the latest published list, -1 for none; ok is
// false while another program is making one. A lease that ends later than any
// that is given now is of a clock that was set back, and over.
func (tx *Tx) ReserveCRL(now time.Time, lease time.Duration) (number, last int64, ok bool, err error) {
	ok, err = tx.scan(&number, `UPDATE crl_state SET number = number + 1, leased_until = ? WHERE id = 1 AND (leased_until IS NULL OR leased_until <= ? OR leased_until > ?) RETURNING number`,
		now.Add(lease), now, now.Add(lease))
	if err != nil || !ok {
		return 0, 0, false, err
	}
	err = tx.query(&last, `SELECT COALESCE(MAX(number), -1) FROM crls`)
	return number, last, ok, err
}

// ReleaseCRL gives up the right to make a list.
func (tx *Tx) ReleaseCRL() error {
	_, err := tx.exec(`UPDATE crl_state SET leased_until = NULL WHERE id = 1`)
	return err
}

// AddCRL publishes a list, if none was published since its maker looked: what
// it tells may be older than what another one told. It notes the changes that
// it is the first to tell, and forgets the bytes of earlier lists.
func (tx *Tx) AddCRL(l registry.CRL, last int64, changes []int64) error {
	if err := changed(tx.exec(`UPDATE crl_state SET leased_until = NULL WHERE id = 1 AND number >= ?`, l.Number)); err != nil {
		return err // and whoever else publishes now waits for this one
	}
	err := changed(tx.exec(`INSERT INTO crls (number, source, this_update, next_update, made_at, entries, size, sha256, der)
		SELECT ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE (SELECT COALESCE(MAX(number), -1) FROM crls) = ?`,
		l.Number, l.Source, l.ThisUpdate, l.NextUpdate, l.MadeAt, l.Entries, len(l.DER), l.SHA256, l.DER, last))
	if err != nil {
		return err
	}
	return tx.listed(l.Number, last, l.MadeAt, changes)
}

// TakeCRL publishes a list of step-ca's, if its number is higher than the
// latest's; a list of ours, later, will have one that is higher still.
func (tx *Tx) TakeCRL(l registry.CRL, changes []int64) error {
	if _, err := tx.exec(`UPDATE crl_state SET number = ? WHERE id = 1 AND number < ?`, l.Number, l.Number); err != nil {
		return err
	}
	var last int64
	if err := tx.query(&last, `SELECT COALESCE(MAX(number), -1) FROM crls`); err != nil {
		return err
	}
	err := changed(tx.exec(`INSERT INTO crls (number, source, this_update, next_update, made_at, entries, size, sha256, der)
		SELECT ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE (SELECT COALESCE(MAX(number), -1) FROM crls) < ?`,
		l.Number, l.Source, l.ThisUpdate, l.NextUpdate, l.MadeAt, l.Entries, len(l.DER), l.SHA256, l.DER, l.Number))
	if err != nil {
		return err
	}
	return tx.listed(l.Number, last, l.MadeAt, changes)
}

// listed notes which changes a list is the first to tell, and forgets the bytes
// of those before the last.
func (tx *Tx) listed(number, last int64, at time.Time, changes []int64) error {
	const batch = 500
	for len(changes) > 0 {
		n := min(batch, len(changes))
		if _, err := tx.exec(`UPDATE status_changes SET crl_number = ?, public_at = COALESCE(public_at, ?) WHERE crl_number IS NULL AND id IN (?)`, number, at, changes[:n]); err != nil {
			return err
		}
		changes = changes[n:]
	}
	_, err := tx.exec(`UPDATE crls SET der = NULL WHERE number < ? AND der IS NOT NULL`, last)
	return err
}

type crlRow struct {
	Number     int64
	Source     string
	ThisUpdate time.Time
	NextUpdate time.Time
	MadeAt     time.Time
	Entries    int
	Size       int
	SHA256     string `gorm:"column:sha256"`
}

const crlColumns = `SELECT number, source, this_update, next_update, made_at, entries, size, sha256 FROM crls`

func (r crlRow) crl() *registry.CRL {
	return &registry.CRL{
		Number: r.Number, Source: r.Source, ThisUpdate: r.ThisUpdate.UTC(), NextUpdate: r.NextUpdate.UTC(), MadeAt: r.MadeAt.UTC(),
		Entries: r.Entries, Size: r.Size, SHA256: r.SHA256,
	}
}

// LastCRL returns the latest published list without its bytes, or NotFound.
func (tx *Tx) LastCRL() (*registry.CRL, error) {
	var r crlRow
	if err := tx.one(&r, crlColumns+` ORDER BY number DESC LIMIT 1`); err != nil {
		return nil, err
	}
	return r.crl(), nil
}

// CRL returns a published list without its bytes, or NotFound.
func (tx *Tx) CRL(number int64) (*registry.CRL, error) {
	var r crlRow
	if err := tx.one(&r, crlColumns+` WHERE number = ?`, number); err != nil {
		return nil, err
	}
	return r.crl(), nil
}

// CRLBytes returns the DER of one of the latest two lists, or NotFound.
func (tx *Tx) CRLBytes(number int64) ([]byte, error) {
	return tx.blob(`SELECT der AS blob FROM crls WHERE number = ? AND der IS NOT NULL`, number)
}
