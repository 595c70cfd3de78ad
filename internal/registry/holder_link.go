package registry

import "time"

// HolderLink lets a person who holds a certificate of one organisation log in
// for another (LG-12).
type HolderLink struct {
	PersonalNumber PersonalNumber
	HolderName     string // of the person's newest certificate
	OrganisationID OrganisationID
	Role           SignatoryRole
	Basis          string // the paper that it rests on
	CreatedBy      OperatorID
	CreatedAt      time.Time
}
