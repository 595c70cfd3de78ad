package store

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

type certificateRow struct {
	ID             int64
	Serial         string
	Profile        string
	EnrolmentID    *int64
	OrganisationID *int64
	OperatorID     *int64
	PersonalNumber string
	HolderName     string
	Role           string
	Storage        string
	NotBefore      time.Time
	NotAfter       time.Time
	DER            []byte `gorm:"column:der"`
	SHA256         string `gorm:"column:sha256"`
	PublicKeyHash  string
	Status         string
	StatusReason   int
	StatusAt       *time.Time
	InvalidSince   *time.Time
	IssuedAt       time.Time
}

const certificateColumns = `SELECT id, serial, profile, enrolment_id, organisation_id, operator_id, personal_number, holder_name, role, storage,
	not_before, not_after, der, sha256, public_key_hash, status, status_reason, status_at, invalid_since, issued_at FROM certificates`

func (r certificateRow) certificate() *registry.Certificate {
	return &registry.Certificate{
		ID: registry.CertificateID(r.ID), Serial: registry.Serial(r.Serial), Profile: registry.CertificateProfile(r.Profile),
		EnrolmentID: orZero[registry.EnrolmentID](r.EnrolmentID), OrganisationID: orZero[registry.OrganisationID](r.OrganisationID),
		OperatorID: orZero[registry.OperatorID](r.OperatorID), PersonalNumber: registry.PersonalNumber(r.PersonalNumber),
		HolderName: r.HolderName, Role: registry.SignatoryRole(r.Role), Storage: registry.Storage(r.Storage),
		NotBefore: r.NotBefore.UTC(), NotAfter: r.NotAfter.UTC(), DER: r.DER, SHA256: r.SHA256, PublicKeyHash: r.PublicKeyHash,
		Status: registry.CertificateStatus(r.Status), StatusReason: r.StatusReason, StatusAt: utc(r.StatusAt), InvalidSince: utc(r.InvalidSince), IssuedAt: r.IssuedAt.UTC(),
	}
}

func (tx *Tx) certificate(where string, args ...any) (*registry.Certificate, error) {
	var r certificateRow
	if err := tx.one(&r, certificateColumns+where, args...); err != nil {
		return nil, err
	}
	return r.certificate(), nil
}

func (tx *Tx) certificates(where string, args ...any) ([]*registry.Certificate, error) {
	var rows []certificateRow
	if err := tx.query(&rows, certificateColumns+where, args...); err != nil {
		return nil, err
	}
	out := make([]*registry.Certificate, len(rows))
	for i, r := range rows {
		out[i] = r.certificate()
	}
	return out, nil
}

// Certificate returns one by id, or NotFound.
func (tx *Tx) Certificate(id registry.CertificateID) (*registry.Certificate, error) {
	return tx.certificate(` WHERE id = ?`, id)
}

// CertificateBySerial returns one, or NotFound.
func (tx *Tx) CertificateBySerial(s registry.Serial) (*registry.Certificate, error) {
	return tx.certificate(` WHERE serial = ?`, s)
}

// LockCertificate reads one inside Write and keeps others from changing it
// until the transaction ends.
func (tx *Tx) LockCertificate(id registry.CertificateID) (*registry.Certificate, error) {
	return tx.certificate(` WHERE id = ?`+tx.forUpdate(), id)
}

// CertificateOfEnrolment returns the one that an enrolment led to, or
// NotFound. One that was revoked before an enrolment was started again is not
// it.
func (tx *Tx) CertificateOfEnrolment(id registry.EnrolmentID) (*registry.Certificate, error) {
	return tx.certificate(` WHERE enrolment_id = ? AND serial = (SELECT e.serial FROM enrolments e WHERE e.id = ?)`, id, id)
}

// CertificatesOf returns an organisation's, the newest first, at most limit.
func (tx *Tx) CertificatesOf(id registry.OrganisationID, limit int) ([]*registry.Certificate, error) {
	return tx.certificates(` WHERE organisation_id = ? ORDER BY id DESC LIMIT ?`, id, limit)
}

// CertificatesOfOperator returns an operator's, the newest first.
func (tx *Tx) CertificatesOfOperator(id registry.OperatorID) ([]*registry.Certificate, error) {
	return tx.certificates(` WHERE operator_id = ? ORDER BY id DESC`, id)
}

// AddCertificate adds one that was compared with its intent. A serial or an
// enrolment that has a certificate already is ErrUnique. A holder's is looked
// at again when it may be time to remind of its end.
func (tx *Tx) AddCertificate(c registry.Certificate) (registry.CertificateID, error) {
	err := tx.AddCertificates([]*registry.Certificate{&c})
	return c.ID, err
}

// Handover is a holder's proof of possession.
type Handover struct {
	EnrolmentID   registry.EnrolmentID
	CertificateID registry.CertificateID
	Envelope      []byte // handover/1, the signed bytes
	Signature     []byte // CMS, DER
	CreatedAt     time.Time
}

// AddHandover adds one; an enrolment has one at most.
func (tx *Tx) AddHandover(h Handover) error {
	_, err := tx.insert(`INSERT INTO handovers (enrolment_id, certificate_id, envelope, signature, created_at) VALUES (?, ?, ?, ?, ?)`,
		h.EnrolmentID, h.CertificateID, h.Envelope, h.Signature, h.CreatedAt)
	return err
}

// Handover returns an enrolment's, or NotFound.
func (tx *Tx) Handover(id registry.EnrolmentID) (*Handover, error) {
	var r struct {
		EnrolmentID   int64
		CertificateID int64
		Envelope      []byte
		Signature     []byte
		CreatedAt     time.Time
	}
	if err := tx.one(&r, `SELECT enrolment_id, certificate_id, envelope, signature, created_at FROM handovers WHERE enrolment_id = ?`, id); err != nil {
		return nil, err
	}
	return &Handover{registry.EnrolmentID(r.EnrolmentID), registry.CertificateID(r.CertificateID), r.Envelope, r.Signature, r.CreatedAt.UTC()}, nil
}

// HolderNames are the names in certificates, by serial.
func (tx *Tx) HolderNames(serials []registry.Serial) (map[registry.Serial]string, error) {
	names := map[registry.Serial]string{}
	if len(serials) == 0 {
		return names, nil
	}
	var rows []struct {
		Serial     registry.Serial
		HolderName string
	}
	if err := tx.query(&rows, `SELECT serial, holder_name FROM certificates WHERE serial IN ?`, serials); err != nil {
		return nil, err
	}
	for _, r := range rows {
		names[r.Serial] = r.HolderName
	}
	return names, nil
}
