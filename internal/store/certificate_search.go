package store

import (
	"strings"

	"github.com/tamga-ca/tamga/internal/registry"
)

// FindCertificates finds certificates by serial number (with or without
// separators; from six digits on its beginning will do), by the holder's
// personal number, or by the organisation's INN or name. The newest first, at
// most limit.
func (tx *Tx) FindCertificates(query string, limit int) ([]*registry.Certificate, error) {
	query = strings.TrimSpace(query)
	if query == "" {
		return nil, nil
	}
	if hex := serialTyped(query); len(hex) >= 6 && len(hex) != 14 {
		found, err := tx.certificates(` WHERE serial = ? OR serial >= ? AND serial < ? ORDER BY id DESC LIMIT ?`, hex, hex, hex+"g", limit)
		if err != nil || len(found) > 0 {
			return found, err
		}
	}
	if len(query) == 14 && strings.Trim(query, "0123456789") == "" {
		found, err := tx.certificates(` WHERE personal_number = ? ORDER BY id DESC LIMIT ?`, query, limit)
		if err != nil || len(found) > 0 {
			return found, err
		}
	}
	orgs, err := tx.FindOrganisations(query, 20)
	if err != nil || len(orgs) == 0 {
		return nil, err
	}
	ids := make([]registry.OrganisationID, len(orgs))
	for i, o := range orgs {
		ids[i] = o.ID
	}
	return tx.certificates(` WHERE organisation_id IN ? ORDER BY id DESC LIMIT ?`, ids, limit)
}

// serialTyped is a serial number as it is stored, or empty where it is none.
func serialTyped(typed string) string {
	s := strings.ToLower(strings.NewReplacer(" ", "", ":", "", "-", "", "\u00a0", "").Replace(typed))
	if strings.Trim(s, "0123456789abcdef") != "" {
		return ""
	}
	return strings.TrimLeft(s, "0")
}
