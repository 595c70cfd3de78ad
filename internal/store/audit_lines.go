package store

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// CertificateLine is a certificate as a search lists it.
type CertificateLine struct {
	ID             registry.CertificateID
	Serial         registry.Serial
	HolderName     string
	PersonalNumber registry.PersonalNumber
	Role           registry.SignatoryRole
	Storage        registry.Storage
	// Organisation is nil for an operator of the authority.
	Organisation *registry.Organisation
	Office       registry.OfficeCode
	Application  string // its number; empty without one
	NotBefore    time.Time
	NotAfter     time.Time
	IssuedAt     time.Time
	// State at the instant asked for, and now.
	StateAt, StateNow registry.CertificateState
	// Reason of its status, RFC 5280 §5.3.1.
	Reason    int
	RevokedAt *time.Time
	// Report is the latest, nil without any.
	Report *registry.Report
	// PublicAt is when the world could first know of its latest suspension or
	// revocation.
	PublicAt *time.Time
}

type lineRow struct {
	ID             int64
	Serial         string
	OrganisationID *int64
	PersonalNumber string
	HolderName     string
	Role           string
	Storage        string
	NotBefore      time.Time
	NotAfter       time.Time
	IssuedAt       time.Time
	Status         string
	StatusReason   int
	StatusAt       *time.Time
	Office         string
	Number         string
}

// CertificateLines returns certificates in the order of ids, with what they
// were at an instant.
func (tx *Tx) CertificateLines(ids []registry.CertificateID, at, now time.Time) ([]CertificateLine, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []lineRow
	if err := tx.query(&rows, `SELECT c.id, c.serial, c.organisation_id, c.personal_number, c.holder_name, c.role, c.storage, c.not_before, c.not_after, c.issued_at,
		c.status, c.status_reason, c.status_at, COALESCE(a.office, o.office, '') AS office, COALESCE(a.number, '') AS number
		FROM certificates c LEFT JOIN enrolments e ON e.id = c.enrolment_id LEFT JOIN applications a ON a.id = e.application_id
		LEFT JOIN operators o ON o.id = c.operator_id WHERE c.id IN ?`, ids); err != nil {
		return nil, err
	}
	var orgs []registry.OrganisationID
	serials := make([]string, len(rows))
	for i, r := range rows {
		serials[i] = r.Serial
		if r.OrganisationID != nil {
			orgs = append(orgs, registry.OrganisationID(*r.OrganisationID))
		}
	}
	organisations, err := tx.Organisations(orgs)
	if err != nil {
		return nil, err
	}
	changes, err := tx.statusChanges(` WHERE serial IN ? ORDER BY id`, serials)
	if err != nil {
		return nil, err
	}
	history := map[registry.Serial][]registry.StatusChange{}
	for _, c := range changes {
		history[c.Serial] = append(history[c.Serial], c)
	}
	reports, err := tx.reports(` WHERE certificate_id IN ? ORDER BY id`, ids)
	if err != nil {
		return nil, err
	}
	latest := map[registry.CertificateID]*registry.Report{}
	for _, r := range reports {
		latest[r.CertificateID] = r
	}
	lines := make(map[registry.CertificateID]CertificateLine, len(rows))
	for _, r := range rows {
		line := r.line(history[registry.Serial(r.Serial)], at, now)
		line.Report = latest[line.ID]
		if r.OrganisationID != nil {
			line.Organisation = organisations[registry.OrganisationID(*r.OrganisationID)]
		}
		lines[line.ID] = line
	}
	out := make([]CertificateLine, 0, len(ids))
	for _, id := range ids {
		if line, ok := lines[id]; ok {
			out = append(out, line)
		}
	}
	return out, nil
}

func (r lineRow) line(changes []registry.StatusChange, at, now time.Time) CertificateLine {
	c := registry.Certificate{NotBefore: r.NotBefore, NotAfter: r.NotAfter, IssuedAt: r.IssuedAt}
	line := CertificateLine{
		ID: registry.CertificateID(r.ID), Serial: registry.Serial(r.Serial), HolderName: r.HolderName, PersonalNumber: registry.PersonalNumber(r.PersonalNumber),
		Role: registry.SignatoryRole(r.Role), Storage: registry.Storage(r.Storage), Office: registry.OfficeCode(r.Office), Application: r.Number,
		NotBefore: r.NotBefore.UTC(), NotAfter: r.NotAfter.UTC(), IssuedAt: r.IssuedAt.UTC(), Reason: r.StatusReason,
		StateAt: c.StateAt(at, changes), StateNow: c.StateAt(now, changes),
	}
	if r.Status == string(registry.CertRevoked) {
		line.RevokedAt = utc(r.StatusAt)
	}
	for _, change := range changes {
		if change.Status != registry.CertIssued {
			line.PublicAt = change.PublicAt
		}
	}
	return line
}
