package registry

import (
	"slices"
	"time"
)

// Operation is what an application asks for.
type Operation string

const (
	FirstIssue Operation = "FIRST_ISSUE"
	Renewal    Operation = "RENEWAL"
	Reissue    Operation = "REISSUE"
)

// Channel is the way an application comes in.
type Channel string

const (
	Office Channel = "OFFICE"
	Remote Channel = "REMOTE"
)

// Storage is where the private key is kept.
type Storage string

const (
	Rutoken Storage = "RUTOKEN"
	ECloud  Storage = "ECLOUD"
)

// SignatoryRole is the capacity in which a person signs for an organisation.
type SignatoryRole string

const (
	Head       SignatoryRole = "HEAD"
	Accountant SignatoryRole = "ACCOUNTANT"
	// HeadAsAccountant is a head acting as accountant: one person, one set of
	// papers, one certificate.
	HeadAsAccountant SignatoryRole = "HEAD_AS_ACCOUNTANT"
)

// Requisite is a part of the requisites that may have changed since the last
// certificate. All but StreetAddress block the remote way (DT-24…28, A-02).
type Requisite string

const (
	OrgName       Requisite = "ORG_NAME"
	OrgINN        Requisite = "ORG_INN"
	OrgSettlement Requisite = "ORG_SETTLEMENT"
	OwnerFullName Requisite = "OWNER_FULL_NAME"
	OwnerPosition Requisite = "OWNER_POSITION"
	OwnerPassport Requisite = "OWNER_PASSPORT"
	StreetAddress Requisite = "STREET_ADDRESS"
)

// ReissueReason is why a certificate is reissued (UB-20…25).
type ReissueReason string

const (
	ReasonExpired           ReissueReason = "EXPIRED"
	ReasonRequisitesChanged ReissueReason = "REQUISITES_CHANGED"
	ReasonDeviceBroken      ReissueReason = "DEVICE_BROKEN"
	ReasonDeviceFormatted   ReissueReason = "DEVICE_FORMATTED"
	ReasonDeviceLost        ReissueReason = "DEVICE_LOST"
	ReasonCompromised       ReissueReason = "COMPROMISED"
)

// Application is one request of one organisation, from draft to completion.
type Application struct {
	ID     ApplicationID
	Number string // "26-0401": year and a running number, shown to everyone
	Status ApplicationStatus

	OrganisationID OrganisationID
	Declaration    Declaration // the requisites as declared, judged by the pack
	Input          FormInput   // the form as last typed, kept even where it is wrong

	PackHash   string // SHA-256 of the pack it was judged by, hex
	Fee        Tyiyn  // fixed at acceptance; 0 before
	Clerk      OperatorID
	Assignee   OperatorID // 0: nobody
	AssignedAt *time.Time

	CreatedBy   OperatorID
	CreatedAt   time.Time
	UpdatedAt   time.Time
	SubmittedAt *time.Time
	VerifiedAt  *time.Time // "the complete package accepted" (UB-14)
	DecidedAt   *time.Time
	CompletedAt *time.Time
	DueAt       *time.Time // nil: no clock runs
	PausedAt    *time.Time // the clock stopped while documents are awaited
	// Queue is the place of a remote order that waits for the authority; nil
	// for everything else.
	Queue *QueuePlace

	// Remark is what the applicant is told about the last refusal or
	// send-back.
	Remark  string
	Version int64 // counts writes; a guarded UPDATE compares it
}

// FormInput is a form as typed: field name to values.
type FormInput map[string][]string

// Declaration is what an applicant declares about itself and asks for.
type Declaration struct {
	Operation            Operation              `json:"operation"`
	Channel              Channel                `json:"channel"`
	Storage              Storage                `json:"storage"`
	Office               OfficeCode             `json:"office,omitempty"`
	Organisation         OrganisationRequisites `json:"organisation"`
	Head                 PersonRequisites       `json:"head"`
	HeadActsAsAccountant bool                   `json:"head_acts_as_accountant,omitempty"`
	Accountant           *PersonRequisites      `json:"accountant,omitempty"`
	// Alone is the one signatory that a remote order is for; empty: it is for
	// all of them.
	Alone       SignatoryRole         `json:"alone,omitempty"`
	Trusted     *PersonRequisites     `json:"trusted,omitempty"`
	Managing    *ManagingOrganisation `json:"managing,omitempty"`
	Predecessor *Predecessor          `json:"predecessor,omitempty"`
	Changed     []Requisite           `json:"changed,omitempty"`
	Replaced    []SignatoryRole       `json:"replaced,omitempty"`
	Reason      ReissueReason         `json:"reason,omitempty"`
	Extra       []ExtraDocument       `json:"extra,omitempty"`
	Language    Language              `json:"language,omitempty"` // for letters to the applicant
}

// Predecessor is the certificate that is renewed or reissued.
type Predecessor struct {
	Serial    Serial    `json:"serial"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	Revoked   bool      `json:"revoked,omitempty"`
}

// PredecessorOf is a certificate as the one that is renewed or reissued.
func PredecessorOf(c *Certificate) *Predecessor {
	return &Predecessor{Serial: c.Serial, NotBefore: c.NotBefore, NotAfter: c.NotAfter, Revoked: c.Status == CertRevoked}
}

// ExtraDocument is a paper the authority demands beyond its list (UB-15).
// An empty Code means the pack's prefix and the place in the list.
type ExtraDocument struct {
	Code   string `json:"code,omitempty"`
	Title  string `json:"title"`
	Reason string `json:"reason"`
}

// Signatories returns the people who are to receive certificates, head first.
// A head acting as accountant is one person.
func (d *Declaration) Signatories() []Signatory {
	return slices.DeleteFunc(d.owners(), func(s Signatory) bool { return d.Alone != "" && s.Role != d.Alone })
}

// owners are all who sign for the organisation, whomever this is for.
func (d *Declaration) owners() []Signatory {
	role := Head
	if d.HeadActsAsAccountant {
		role = HeadAsAccountant
	}
	out := []Signatory{{Role: role, Person: d.Head}}
	if d.Accountant != nil && !d.HeadActsAsAccountant {
		out = append(out, Signatory{Role: Accountant, Person: *d.Accountant})
	}
	return out
}
