package store

import (
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// What the background work writes for several enrolments at once, a statement
// or two for all of them. A statement that does not find all of them as
// expected is a Conflict: the caller then goes on with each alone.

// LockEnrolments is LockEnrolment of several, by id; one that is not there is
// left out.
func (tx *Tx) LockEnrolments(ids []registry.EnrolmentID) (map[registry.EnrolmentID]*registry.Enrolment, error) {
	found, err := tx.enrolments(` WHERE id IN ? ORDER BY id`+tx.forUpdate(), ids)
	out := make(map[registry.EnrolmentID]*registry.Enrolment, len(found))
	for _, e := range found {
		out[e.ID] = e
	}
	return out, err
}

// BeginIssuing moves enrolments that LockEnrolments read: key made → issuing,
// each with its serial. Their leases go on.
func (tx *Tx) BeginIssuing(es []*registry.Enrolment, now time.Time) error {
	var serials strings.Builder
	args := make([]any, 0, 2*len(es)+2)
	ids := make([]registry.EnrolmentID, len(es))
	for i, e := range es {
		serials.WriteString(` WHEN ? THEN ?`)
		args = append(args, e.ID, e.Serial)
		ids[i] = e.ID
	}
	err := allChanged(len(es))(tx.exec(`UPDATE enrolments SET status = 'issuing', serial = CASE id`+serials.String()+` END,
		failure = '', detail = '', updated_at = ?, version = version + 1 WHERE id IN ? AND status = 'key_made'`, append(args, now, ids)...))
	if err != nil {
		return err
	}
	for _, e := range es {
		e.Status, e.Failure, e.Detail, e.UpdatedAt = registry.Issuing, "", "", now
		e.Version++
	}
	return nil
}

// EndIssuing moves enrolments that LockEnrolments read: issuing → issued.
func (tx *Tx) EndIssuing(es []*registry.Enrolment, now time.Time) error {
	ids := make([]registry.EnrolmentID, len(es))
	for i, e := range es {
		ids[i] = e.ID
	}
	err := allChanged(len(es))(tx.exec(`UPDATE enrolments SET status = 'issued', failure = '', detail = '', next_attempt_at = NULL,
		leased_until = NULL, updated_at = ?, version = version + 1 WHERE id IN ? AND status = 'issuing'`, now, ids))
	if err != nil {
		return err
	}
	for _, e := range es {
		e.Status, e.Failure, e.Detail, e.NextAttemptAt, e.LeasedUntil, e.UpdatedAt = registry.Issued, "", "", nil, nil, now
		e.Version++
	}
	return nil
}

// Applications returns those with the ids, in no order.
func (tx *Tx) Applications(ids []registry.ApplicationID) (map[registry.ApplicationID]*registry.Application, error) {
	out := make(map[registry.ApplicationID]*registry.Application, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	var rows []applicationRow
	if err := tx.query(&rows, applicationColumns+` WHERE id IN ?`, ids); err != nil {
		return nil, err
	}
	for _, r := range rows {
		a, err := r.application()
		if err != nil {
			return nil, err
		}
		out[a.ID] = a
	}
	return out, nil
}

// SignatoriesByID returns those with the ids, in no order.
func (tx *Tx) SignatoriesByID(ids []registry.SignatoryID) (map[registry.SignatoryID]*registry.Signatory, error) {
	out := make(map[registry.SignatoryID]*registry.Signatory, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	var rows []struct {
		ID         int64
		Role       string
		Requisites string
	}
	if err := tx.query(&rows, `SELECT id, role, requisites FROM signatories WHERE id IN ?`, ids); err != nil {
		return nil, err
	}
	for _, r := range rows {
		s := &registry.Signatory{ID: registry.SignatoryID(r.ID), Role: registry.SignatoryRole(r.Role)}
		if err := decode(r.Requisites, &s.Person); err != nil {
			return nil, err
		}
		out[s.ID] = s
	}
	return out, nil
}

// AddIntents is AddIntent of several.
func (tx *Tx) AddIntents(all []registry.Intent) error {
	rows := make([][]any, len(all))
	for i, x := range all {
		rows[i] = []any{
			x.Serial, x.EnrolmentID, x.Profile, x.ProfileID, x.NotBefore, x.NotAfter, x.Subject, x.CSR, x.CSRHash, x.KeyHash, registry.IntentPending, x.CreatedAt,
		}
	}
	return tx.insertMany(`INSERT INTO intents (serial, enrolment_id, profile, profile_id, not_before, not_after, subject, csr, csr_hash, key_hash, status, created_at)
		VALUES `, rows)
}

// IntentsDone is FinishIntent of several whose certificates are stored.
func (tx *Tx) IntentsDone(serials []registry.Serial, now time.Time) error {
	return allChanged(len(serials))(tx.exec(`UPDATE intents SET status = 'done', finished_at = ? WHERE serial IN ? AND status = 'pending'`, now, serials))
}

// AddCertificates is AddCertificate of several; their ids are filled in.
func (tx *Tx) AddCertificates(all []*registry.Certificate) error {
	rows := make([][]any, len(all))
	for i, c := range all {
		rows[i] = []any{
			c.Serial, c.Profile, nullable(c.EnrolmentID), nullable(c.OrganisationID), nullable(c.OperatorID), c.PersonalNumber, c.HolderName, c.Role, c.Storage,
			c.NotBefore, c.NotAfter, c.DER, c.SHA256, c.PublicKeyHash, registry.CertIssued, c.IssuedAt,
		}
	}
	var added []struct {
		ID     int64
		Serial string
	}
	if err := tx.query(&added, `INSERT INTO certificates (serial, profile, enrolment_id, organisation_id, operator_id, personal_number, holder_name, role, storage,
		not_before, not_after, der, sha256, public_key_hash, status, issued_at) VALUES `+placeholders(len(rows), 16)+` RETURNING id, serial`, flat(rows)...); err != nil {
		return err
	}
	ids := make(map[string]int64, len(added))
	for _, a := range added {
		ids[a.Serial] = a.ID
	}
	plan := map[registry.CertificateID]time.Time{}
	for _, c := range all {
		c.ID = registry.CertificateID(ids[string(c.Serial)])
		if c.Profile == registry.HolderProfile {
			plan[c.ID] = c.NotAfter.Add(-registry.ReminderHorizon)
		}
	}
	if err := allChanged(len(all))(int64(len(added)), nil); err != nil {
		return err
	}
	if err := tx.markIssued(all); err != nil {
		return err
	}
	return tx.PlanReminders(plan)
}

// CloudKeysOf returns the keys of enrolments that are not destroyed; a
// certificate on a token has none here.
func (tx *Tx) CloudKeysOf(ids []registry.EnrolmentID) (map[registry.EnrolmentID]*CloudKey, error) {
	out := map[registry.EnrolmentID]*CloudKey{}
	keys, err := tx.cloudKeys(` WHERE k.enrolment_id IN ? AND k.destroyed_at IS NULL`, ids)
	for _, k := range keys {
		out[k.EnrolmentID] = k
	}
	return out, err
}

// allChanged is changed for a statement that has to touch n rows.
func allChanged(n int) func(int64, error) error {
	return func(got int64, err error) error {
		if err != nil || got == int64(n) {
			return err
		}
		return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
	}
}
