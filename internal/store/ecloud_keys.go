package store

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// CloudKey is a key kept for its holder on the server; what its parts mean is
// said in package ecloud.
type CloudKey struct {
	ID            int64
	KeyID         string
	Holder        string
	INN           registry.INN `gorm:"column:inn"` // empty for operators
	Role          registry.SignatoryRole
	EnrolmentID   registry.EnrolmentID
	CertificateID *int64 // nil until the certificate is issued
	Email         string // where unlock codes go
	Language      registry.Language
	Version       int
	Algorithm     string
	PublicKey     []byte
	ServerKeyID   string
	KDFSalt       []byte `gorm:"column:kdf_salt"`
	KDFTime       uint32 `gorm:"column:kdf_time"`
	KDFMemoryKiB  uint32 `gorm:"column:kdf_memory_kib"`
	KDFThreads    uint8  `gorm:"column:kdf_threads"`
	Sealed        []byte // nil when destroyed
	CreatedAt     time.Time
	PINChangedAt  time.Time `gorm:"column:pin_changed_at"`
}

const cloudKeyColumns = `SELECT k.id, k.key_id, k.holder, k.inn, k.role, k.enrolment_id, k.certificate_id, k.email, k.language, k.version, k.algorithm, k.public_key,
	k.server_key_id, k.kdf_salt, k.kdf_time, k.kdf_memory_kib, k.kdf_threads, k.sealed, k.created_at, k.pin_changed_at FROM ecloud_keys k`

func (tx *Tx) cloudKeys(where string, args ...any) ([]*CloudKey, error) {
	var out []*CloudKey
	if err := tx.query(&out, cloudKeyColumns+where, args...); err != nil {
		return nil, err
	}
	for _, k := range out {
		k.CreatedAt, k.PINChangedAt = k.CreatedAt.UTC(), k.PINChangedAt.UTC()
	}
	return out, nil
}

// CloudKeys returns a holder's that are not destroyed, the newest first.
func (tx *Tx) CloudKeys(holder string) ([]*CloudKey, error) {
	return tx.cloudKeys(` WHERE k.holder = ? AND k.destroyed_at IS NULL ORDER BY k.id DESC`, holder)
}

// CloudKeysNamed returns the keys of an organisation in any of the roles that
// are not destroyed, the newest first.
func (tx *Tx) CloudKeysNamed(inn registry.INN, roles []registry.SignatoryRole) ([]*CloudKey, error) {
	return tx.cloudKeys(` WHERE k.inn = ? AND k.role IN ? AND k.destroyed_at IS NULL ORDER BY k.id DESC`, inn, roles)
}

// LockCloudKey reads one inside Write and keeps others from changing it until
// the transaction ends.
func (tx *Tx) LockCloudKey(id int64) (*CloudKey, error) {
	keys, err := tx.cloudKeys(` WHERE k.id = ? AND k.destroyed_at IS NULL`+tx.forUpdate(), id)
	if err == nil && len(keys) == 0 {
		return nil, notFound()
	}
	if err != nil {
		return nil, err
	}
	return keys[0], nil
}

// WaitingCloudKeys returns those of a holder's keys that nothing can be signed
// with yet: without a certificate, or with one that is not usable before a
// later instant than now.
func (tx *Tx) WaitingCloudKeys(holder string, now time.Time) ([]*CloudKey, error) {
	return tx.cloudKeys(` LEFT JOIN certificates c ON c.id = k.certificate_id
		WHERE k.holder = ? AND k.destroyed_at IS NULL AND (c.id IS NULL OR c.not_before > ?) ORDER BY k.id`, holder, now)
}

// CloudKeyOfEnrolment returns the one that is not destroyed, or nil.
func (tx *Tx) CloudKeyOfEnrolment(id registry.EnrolmentID) (*CloudKey, error) {
	keys, err := tx.cloudKeys(` WHERE k.enrolment_id = ? AND k.destroyed_at IS NULL`, id)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	return keys[0], nil
}

// CloudKeysToDestroy returns keys that nobody may use again: their certificate
// was revoked or has expired before an instant, or their enrolment was
// cancelled.
func (tx *Tx) CloudKeysToDestroy(before time.Time, limit int) ([]*CloudKey, error) {
	return tx.cloudKeys(` JOIN enrolments e ON e.id = k.enrolment_id LEFT JOIN certificates c ON c.id = k.certificate_id
		WHERE k.destroyed_at IS NULL AND (e.status = 'cancelled' OR c.not_after < ? OR (c.status = 'revoked' AND c.status_at < ?)) ORDER BY k.id LIMIT ?`, before, before, limit)
}

// AddCloudKey adds one. An enrolment that has a key already is ErrUnique.
func (tx *Tx) AddCloudKey(k CloudKey) (int64, error) {
	return tx.insert(`INSERT INTO ecloud_keys (key_id, holder, inn, role, enrolment_id, email, language, version, algorithm, public_key, server_key_id,
		kdf_salt, kdf_time, kdf_memory_kib, kdf_threads, sealed, created_at, pin_changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		k.KeyID, k.Holder, k.INN, k.Role, k.EnrolmentID, k.Email, k.Language, k.Version, k.Algorithm, k.PublicKey, k.ServerKeyID,
		k.KDFSalt, k.KDFTime, k.KDFMemoryKiB, k.KDFThreads, k.Sealed, k.CreatedAt, k.PINChangedAt)
}

// RewrapCloudKey writes a key under a new PIN-code, if the row is still at
// version old.
func (tx *Tx) RewrapCloudKey(k CloudKey, old int, now time.Time) error {
	return changed(tx.exec(`UPDATE ecloud_keys SET version = ?, server_key_id = ?, kdf_salt = ?, kdf_time = ?, kdf_memory_kib = ?, kdf_threads = ?, sealed = ?,
		pin_changed_at = ? WHERE id = ? AND version = ? AND destroyed_at IS NULL`,
		k.Version, k.ServerKeyID, k.KDFSalt, k.KDFTime, k.KDFMemoryKiB, k.KDFThreads, k.Sealed, now, k.ID, old))
}

// SetCloudKeyCertificate binds an enrolment's kept key, if there is one, to
// the certificate that was issued for it.
func (tx *Tx) SetCloudKeyCertificate(e registry.EnrolmentID, c registry.CertificateID) error {
	_, err := tx.exec(`UPDATE ecloud_keys SET certificate_id = ? WHERE enrolment_id = ? AND certificate_id IS NULL`, c, e)
	return err
}

// DestroyCloudKey removes the key itself; the row stays as evidence. Destroying
// a destroyed one is a Conflict.
func (tx *Tx) DestroyCloudKey(id int64, now time.Time) error {
	return changed(tx.exec(`UPDATE ecloud_keys SET sealed = NULL, destroyed_at = ? WHERE id = ? AND destroyed_at IS NULL`, now, id))
}
