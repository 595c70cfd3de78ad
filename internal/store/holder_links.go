package store

import "github.com/tamga-ca/tamga/internal/registry"

// LinkHolder lets a person act for a further organisation; a Conflict where they
// may already.
func (tx *Tx) LinkHolder(l registry.HolderLink) error {
	return changed(tx.exec(`INSERT INTO holder_links (personal_number, organisation_id, role, basis, created_by, created_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`, l.PersonalNumber, l.OrganisationID, l.Role, l.Basis, nullable(l.CreatedBy), l.CreatedAt))
}

// UnlinkHolder takes that back.
func (tx *Tx) UnlinkHolder(person registry.PersonalNumber, org registry.OrganisationID) error {
	return changed(tx.exec(`DELETE FROM holder_links WHERE personal_number = ? AND organisation_id = ?`, person, org))
}

const holderLinks = `SELECT l.personal_number, l.organisation_id, l.role, l.basis, COALESCE(l.created_by, 0) AS created_by, l.created_at, COALESCE((SELECT c.holder_name FROM certificates c
		WHERE c.personal_number = l.personal_number AND c.profile = 'holder' ORDER BY c.id DESC LIMIT 1), '') AS holder_name
	FROM holder_links l WHERE `

// LinksTo are the people who may act for an organisation besides the holders of
// its certificates, the oldest first.
func (tx *Tx) LinksTo(org registry.OrganisationID) ([]registry.HolderLink, error) {
	return tx.holderLinks(`l.organisation_id = ?`, org)
}

// LinksOf are the further organisations of a person.
func (tx *Tx) LinksOf(person registry.PersonalNumber) ([]registry.HolderLink, error) {
	return tx.holderLinks(`l.personal_number = ?`, person)
}

func (tx *Tx) holderLinks(where string, arg any) (links []registry.HolderLink, err error) {
	err = tx.query(&links, holderLinks+where+` ORDER BY l.created_at, l.personal_number, l.organisation_id`, arg)
	return links, err
}
