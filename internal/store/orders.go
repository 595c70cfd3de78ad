package store

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// AddOrder adds what an order has beyond its application. A certificate that
// another open order renews, or that was renewed, is ErrUnique.
func (tx *Tx) AddOrder(o *registry.Order) error {
	if _, err := tx.exec(`INSERT INTO orders (application_id, content, content_sha256, sign_by) VALUES (?, ?, ?, ?)`,
		o.ApplicationID, string(o.Content), o.ContentSHA256, o.SignBy); err != nil {
		return err
	}
	for _, s := range o.Signatories {
		if _, err := tx.exec(`INSERT INTO order_signatories (application_id, role, personal_number, certificate_id) VALUES (?, ?, ?, ?)`,
			o.ApplicationID, s.Role, s.PersonalNumber, s.CertificateID); err != nil {
			return err
		}
	}
	return nil
}

// Order returns an application's, or NotFound.
func (tx *Tx) Order(id registry.ApplicationID) (*registry.Order, error) {
	var r struct {
		Content       string
		ContentSHA256 string `gorm:"column:content_sha256"`
		SignBy        time.Time
		Ending        string
	}
	if err := tx.one(&r, `SELECT content, content_sha256, sign_by, ending FROM orders WHERE application_id = ?`, id); err != nil {
		return nil, err
	}
	o := &registry.Order{
		ApplicationID: id, Content: []byte(r.Content), ContentSHA256: r.ContentSHA256, SignBy: r.SignBy.UTC(), Ending: registry.OrderEnding(r.Ending),
	}
	var rows []struct {
		Role           string
		PersonalNumber string
		CertificateID  int64
		Serial         string
		NotAfter       time.Time
		EnrolmentID    *int64
		SignedAt       *time.Time
		Live           bool
	}
	err := tx.query(&rows, `SELECT s.role, s.personal_number, s.certificate_id, c.serial, c.not_after, s.enrolment_id, s.signed_at, s.live
		FROM order_signatories s JOIN certificates c ON c.id = s.certificate_id
		WHERE s.application_id = ? ORDER BY CASE s.role WHEN 'ACCOUNTANT' THEN 1 ELSE 0 END`, id)
	for _, r := range rows {
		o.Signatories = append(o.Signatories, registry.OrderSignatory{
			Role: registry.SignatoryRole(r.Role), PersonalNumber: registry.PersonalNumber(r.PersonalNumber),
			CertificateID: registry.CertificateID(r.CertificateID), Serial: registry.Serial(r.Serial), NotAfter: r.NotAfter.UTC(),
			EnrolmentID: orZero[registry.EnrolmentID](r.EnrolmentID), SignedAt: utc(r.SignedAt), Live: r.Live,
		})
	}
	return o, err
}

// LiveOrder returns the application of the order that renews a certificate and
// did not come to nothing, or NotFound.
func (tx *Tx) LiveOrder(id registry.CertificateID) (*registry.Application, error) {
	return tx.application(` WHERE id = (SELECT application_id FROM order_signatories WHERE certificate_id = ? AND live)`, id)
}

// OrdersOf returns an organisation's remote orders, the newest first, at most
// limit.
func (tx *Tx) OrdersOf(id registry.OrganisationID, limit int) ([]*registry.Application, error) {
	return tx.applications(` WHERE organisation_id = ? AND channel = 'REMOTE' ORDER BY id DESC LIMIT ?`, id, limit)
}

// UnsignedOrders returns orders that still lack a signature though a
// certificate that they renew has ended, at most limit.
func (tx *Tx) UnsignedOrders(now time.Time, limit int) (ids []registry.ApplicationID, err error) {
	err = tx.query(&ids, `SELECT a.id FROM applications a JOIN orders o ON o.application_id = a.id
		WHERE a.status = 'draft' AND a.channel = 'REMOTE' AND o.sign_by < ? ORDER BY a.id LIMIT ?`, now, limit)
	return ids, err
}

// SignOrder marks a signatory as having signed, once, and adds the evidence.
func (tx *Tx) SignOrder(s registry.OrderSignature, e registry.EnrolmentID) error {
	err := changed(tx.exec(`UPDATE order_signatories SET enrolment_id = ?, signed_at = ? WHERE application_id = ? AND role = ? AND signed_at IS NULL AND live`,
		e, s.CreatedAt, s.ApplicationID, s.Role))
	if err != nil {
		return err
	}
	_, err = tx.insert(`INSERT INTO order_signatures (application_id, role, certificate_id, envelope, signature, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
		s.ApplicationID, s.Role, s.CertificateID, s.Envelope, s.Signature, s.CreatedAt)
	return err
}

// OrderSignatures returns the evidence of an order, the earliest first.
func (tx *Tx) OrderSignatures(id registry.ApplicationID) ([]registry.OrderSignature, error) {
	var rows []struct {
		Role          string
		CertificateID int64
		Envelope      []byte
		Signature     []byte
		CreatedAt     time.Time
	}
	err := tx.query(&rows, `SELECT role, certificate_id, envelope, signature, created_at FROM order_signatures WHERE application_id = ? ORDER BY id`, id)
	out := make([]registry.OrderSignature, len(rows))
	for i, r := range rows {
		out[i] = registry.OrderSignature{
			ApplicationID: id, Role: registry.SignatoryRole(r.Role), CertificateID: registry.CertificateID(r.CertificateID),
			Envelope: r.Envelope, Signature: r.Signature, CreatedAt: r.CreatedAt.UTC(),
		}
	}
	return out, err
}

// EndOrder says why an order came to nothing and lets its certificates go.
func (tx *Tx) EndOrder(id registry.ApplicationID, why registry.OrderEnding) error {
	if err := changed(tx.exec(`UPDATE orders SET ending = ? WHERE application_id = ? AND ending = ''`, why, id)); err != nil {
		return err
	}
	_, err := tx.exec(`UPDATE order_signatories SET live = FALSE WHERE application_id = ?`, id)
	return err
}

// FreeOrdered lets the certificate go that an enrolment was to renew, because
// the enrolment came to nothing.
func (tx *Tx) FreeOrdered(e registry.EnrolmentID) error {
	_, err := tx.exec(`UPDATE order_signatories SET live = FALSE WHERE enrolment_id = ?`, e)
	return err
}

// OrderPredecessors returns the certificates that enrolments of remote orders
// renew; an enrolment of no order has none.
func (tx *Tx) OrderPredecessors(ids []registry.EnrolmentID) (map[registry.EnrolmentID]*registry.Certificate, error) {
	var renewed []struct {
		EnrolmentID   registry.EnrolmentID
		CertificateID registry.CertificateID
	}
	err := tx.query(&renewed, `SELECT enrolment_id, certificate_id FROM order_signatories WHERE enrolment_id IN ?`, ids)
	if err != nil || len(renewed) == 0 {
		return nil, err
	}
	old := make([]registry.CertificateID, len(renewed))
	for i, r := range renewed {
		old[i] = r.CertificateID
	}
	found, err := tx.certificates(` WHERE id IN ?`, old)
	if err != nil {
		return nil, err
	}
	byID := make(map[registry.CertificateID]*registry.Certificate, len(found))
	for _, c := range found {
		byID[c.ID] = c
	}
	out := make(map[registry.EnrolmentID]*registry.Certificate, len(renewed))
	for _, r := range renewed {
		out[r.EnrolmentID] = byID[r.CertificateID]
	}
	return out, nil
}

// ReleaseEnrolment lets an enrolment whose key was made with an order be issued
// now that the order is accepted, at its part of the fee.
func (tx *Tx) ReleaseEnrolment(e *registry.Enrolment, fee registry.Tyiyn, due, now time.Time) error {
	err := changed(tx.exec(`UPDATE enrolments SET fee = ?, next_attempt_at = ?, updated_at = ?, version = version + 1
		WHERE id = ? AND version = ? AND status = 'key_made' AND next_attempt_at IS NULL`, fee, due, now, e.ID, e.Version))
	if err != nil {
		return err
	}
	e.Fee, e.NextAttemptAt, e.UpdatedAt = fee, &due, now
	e.Version++
	return nil
}
