package store

import (
	"math"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// OnStatusChange has f called with the serials of every Write of this process
// that changed the status of some, before Write returns, and also where the
// commit failed: it may have happened all the same.
func (s *Store) OnStatusChange(f func([]registry.Serial)) {
	s.watching.Lock()
	defer s.watching.Unlock()
	s.watchers = append(s.watchers, f)
}

func (s *Store) restated(serials []registry.Serial) {
	if len(serials) == 0 {
		return
	}
	s.watching.Lock()
	watchers := s.watchers
	s.watching.Unlock()
	for _, f := range watchers {
		f(serials)
	}
}

// heldLong is how long a suspension holds at most that is found by its beginning
// alone: nearly all are decided on within a day (UB-28).
const heldLong = 2 * 24 * time.Hour

// restate notes a change of status for whoever answers relying parties; it ends
// a suspension that held until then.
func (tx *Tx) restate(s registry.Serial, to registry.CertificateStatus, reason int, at time.Time) error {
	if _, err := tx.exec(`UPDATE status_changes SET held_until = ?, held_long = (at < ?) WHERE serial = ? AND status = 'suspended' AND held_until IS NULL`, at, at.Add(-heldLong), s); err != nil {
		return err
	}
	if _, err := tx.insert(`INSERT INTO status_changes (serial, status, reason, at) VALUES (?, ?, ?, ?)`, s, to, reason, at); err != nil {
		return err
	}
	tx.serials = append(tx.serials, s)
	return nil
}

func (tx *Tx) restateCertificate(id registry.CertificateID, to registry.CertificateStatus, reason int, at time.Time) error {
	var serial registry.Serial
	if err := tx.one(&serial, `SELECT serial FROM certificates WHERE id = ?`, id); err != nil {
		return err
	}
	return tx.restate(serial, to, reason, at)
}

type standingRow struct {
	ID           int64
	Serial       string
	Status       string
	StatusReason int
	StatusAt     *time.Time
	InvalidSince *time.Time
}

func (r standingRow) standing() registry.Standing {
	s := registry.Standing{Serial: registry.Serial(r.Serial), Known: true, Status: registry.CertificateStatus(r.Status), Reason: r.StatusReason}
	if r.StatusAt != nil {
		s.At = r.StatusAt.UTC()
	}
	if r.InvalidSince != nil {
		s.InvalidSince = r.InvalidSince.UTC()
	}
	return s
}

// Standing tells what is known of a serial: of a certificate, of an intent that
// was given up (revoked), of a delegation to sign OCSP answers. A serial whose
// certificate is still being made is not known yet.
func (tx *Tx) Standing(s registry.Serial) (registry.Standing, error) {
	var r standingRow
	found, err := tx.scan(&r, `SELECT serial, status, status_reason, status_at, invalid_since FROM certificates WHERE serial = ?`, s)
	if err != nil || found {
		return r.standing(), err
	}
	var givenUp time.Time
	if found, err = tx.scan(&givenUp, `SELECT finished_at FROM intents WHERE serial = ? AND status = 'abandoned'`, s); err != nil {
		return registry.Standing{}, err
	}
	if found {
		return registry.Standing{Serial: s, Known: true, Status: registry.CertRevoked, Reason: registry.ReasonGivenUp, At: givenUp.UTC()}, nil
	}
	var n int
	if err := tx.query(&n, `SELECT COUNT(*) FROM ocsp_signers WHERE serial = ? AND der IS NOT NULL`, s); err != nil {
		return registry.Standing{}, err
	}
	return registry.Standing{Serial: s, Known: n > 0, Status: registry.CertIssued}, nil
}

// StandingsBelow returns what is known of at most n certificates that end after
// an instant, from the newest down, of those with an id below one; 0 is above
// all. next is where to go on.
func (tx *Tx) StandingsBelow(id registry.CertificateID, endsAfter time.Time, n int) (out []registry.Standing, next registry.CertificateID, err error) {
	next = id
	if id == 0 {
		id = math.MaxInt64
	}
	err = tx.eachStanding(func(r standingRow) error {
		out, next = append(out, r.standing()), registry.CertificateID(r.ID)
		return nil
	}, `SELECT id, serial, status, status_reason, status_at, invalid_since FROM certificates WHERE id < ? AND not_after > ? ORDER BY id DESC LIMIT ?`, id, endsAfter, n)
	return out, next, err
}

type statusChangeRow struct {
	ID        int64
	Serial    string
	Status    string
	Reason    int
	At        time.Time
	OCSPAt    *time.Time `gorm:"column:ocsp_at"`
	CRLNumber *int64     `gorm:"column:crl_number"`
	PublicAt  *time.Time
}

const statusChangeColumns = `SELECT id, serial, status, reason, at, ocsp_at, crl_number, public_at FROM status_changes`

func (tx *Tx) statusChanges(where string, args ...any) ([]registry.StatusChange, error) {
	var rows []statusChangeRow
	if err := tx.query(&rows, statusChangeColumns+where, args...); err != nil {
		return nil, err
	}
	out := make([]registry.StatusChange, len(rows))
	for i, r := range rows {
		out[i] = registry.StatusChange{
			ID: r.ID, Serial: registry.Serial(r.Serial), Status: registry.CertificateStatus(r.Status), Reason: r.Reason, At: r.At.UTC(), AnsweredAt: utc(r.OCSPAt), PublicAt: utc(r.PublicAt),
		}
		if r.CRLNumber != nil {
			out[i].CRLNumber = *r.CRLNumber
		}
	}
	return out, nil
}

// StatusChanges returns what happened to a serial, the earliest first.
func (tx *Tx) StatusChanges(s registry.Serial) ([]registry.StatusChange, error) {
	return tx.statusChanges(` WHERE serial = ? ORDER BY id`, s)
}

// LastStatusChange is the id of the latest change, 0 without any.
func (tx *Tx) LastStatusChange() (id int64, err error) {
	err = tx.query(&id, `SELECT COALESCE(MAX(id), 0) FROM status_changes`)
	return id, err
}

// StatusChangesSince returns changes with a greater id, and those among ids, at
// most limit: PostgreSQL commits ids out of their order, so that whoever follows
// them asks again for those that were left out.
func (tx *Tx) StatusChangesSince(id int64, among []int64, limit int) ([]registry.StatusChange, error) {
	if len(among) == 0 {
		return tx.statusChanges(` WHERE id > ? ORDER BY id LIMIT ?`, id, limit)
	}
	return tx.statusChanges(` WHERE id > ? OR id IN (?) ORDER BY id LIMIT ?`, id, among, limit)
}

// UnansweredChanges returns changes that no OCSP answer has told yet, at most
// limit.
func (tx *Tx) UnansweredChanges(limit int) ([]registry.StatusChange, error) {
	return tx.statusChanges(` WHERE ocsp_at IS NULL ORDER BY id LIMIT ?`, limit)
}

// ChangeAnswered keeps the first OCSP answer that tells a change.
func (tx *Tx) ChangeAnswered(id int64, at time.Time, answer []byte) error {
	_, err := tx.exec(`UPDATE status_changes SET ocsp_at = ?, ocsp_answer = ?, public_at = COALESCE(public_at, ?) WHERE id = ? AND ocsp_at IS NULL`, at, answer, at, id)
	return err
}

// FirstAnswer returns the OCSP answer (DER) that first told a change, nil if
// there is none yet.
func (tx *Tx) FirstAnswer(id int64) ([]byte, error) {
	return tx.blob(`SELECT ocsp_answer AS blob FROM status_changes WHERE id = ?`, id)
}

// UnlistedChanges returns the ids of changes that no CRL has told yet.
func (tx *Tx) UnlistedChanges() (ids []int64, err error) {
	err = tx.query(&ids, `SELECT id FROM status_changes WHERE crl_number IS NULL`)
	return ids, err
}

// EachUnlisted calls f for every change that no CRL has told yet.
func (tx *Tx) EachUnlisted(f func(registry.StatusChange) error) error {
	const page = 1000
	for last := int64(0); ; {
		changes, err := tx.statusChanges(` WHERE crl_number IS NULL AND id > ? ORDER BY id LIMIT ?`, last, page)
		if err != nil {
			return err
		}
		for _, c := range changes {
			last = c.ID
			if err := f(c); err != nil {
				return err
			}
		}
		if len(changes) < page {
			return nil
		}
	}
}
