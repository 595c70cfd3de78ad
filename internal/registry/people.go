package registry

import (
	"cmp"
	"strings"
	"time"
)

// OrganisationKind tells legal entities from sole entrepreneurs (DT-01).
type OrganisationKind string

const (
	LegalEntity      OrganisationKind = "LEGAL_ENTITY"
	SoleEntrepreneur OrganisationKind = "SOLE_ENTREPRENEUR"
)

// Organisation is an applicant on file.
type Organisation struct {
	ID OrganisationID
	OrganisationRequisites
	CreatedAt time.Time
	UpdatedAt time.Time
	Version   int64
}

// OrganisationRequisites identify an organisation. Both forms of its name are
// kept; FormRu and FormKy are the abbreviations of domain.md §6.7.
type OrganisationRequisites struct {
	Kind             OrganisationKind `json:"kind"`
	INN              INN              `json:"inn"`
	FormRu           string           `json:"form_ru"`
	FormKy           string           `json:"form_ky"`
	NameRu           string           `json:"name_ru"`
	NameKy           string           `json:"name_ky"`
	NameLatin        string           `json:"name_latin,omitempty"`
	RegistrationDate string           `json:"registration_date,omitempty"` // YYYY-MM-DD
	OKPO             string           `json:"okpo,omitempty"`              // 8 digits
	SocialFundNo     string           `json:"social_fund_no,omitempty"`    // free, at most 20
	Settlement       Settlement       `json:"settlement"`
	Street           string           `json:"street,omitempty"`
	Phone            string           `json:"phone"` // E.164
	Email            string           `json:"email"`
}

// FullName is the form and the name in a language: "ОсОО «Ак-Булак»" without
// the quotes; English falls back to Latin, then Russian.
func (o OrganisationRequisites) FullName(l Language) string {
	form, name := o.FormRu, o.NameRu
	switch {
	case l == Kyrgyz && o.NameKy != "":
		form, name = o.FormKy, o.NameKy
	case l == English && o.NameLatin != "":
		form, name = "", o.NameLatin
	}
	return strings.TrimSpace(form + " " + name)
}

// Settlement is a city or village (DT-25).
type Settlement struct {
	Code   string `json:"code,omitempty"`
	Ru     string `json:"ru"`
	Ky     string `json:"ky"`
	Region string `json:"region,omitempty"`
}

// In is the name in a language: the Russian one where it is not Kyrgyz, and
// either where only one was typed.
func (s Settlement) In(l Language) string {
	if l == Kyrgyz {
		return cmp.Or(s.Ky, s.Ru)
	}
	return cmp.Or(s.Ru, s.Ky)
}

// ManagingOrganisation holds the executive body's duties of the applicant
// (UB-10…13).
type ManagingOrganisation struct {
	NameRu string `json:"name_ru"`
	NameKy string `json:"name_ky"`
	INN    INN    `json:"inn"`
	// Individual: a manager who is a sole entrepreneur.
	Individual bool `json:"individual,omitempty"`
}

// Name is the name in a language: either where only one was typed.
func (m ManagingOrganisation) Name(l Language) string {
	if l == Kyrgyz {
		return cmp.Or(m.NameKy, m.NameRu)
	}
	return cmp.Or(m.NameRu, m.NameKy)
}

// Sex as the first digit of the personal number encodes it.
type Sex string

const (
	Female Sex = "F"
	Male   Sex = "M"
)

// CitizenOfKyrgyzstan is the ISO 3166-1 alpha-3 code of the republic.
const CitizenOfKyrgyzstan = "KGZ"

// PersonName has its parts apart; Patronymic may be empty and Surname may be
// two words ("Асан уулу").
type PersonName struct {
	Surname    string `json:"surname"`
	Given      string `json:"given"`
	Patronymic string `json:"patronymic,omitempty"`
}

func (n PersonName) String() string {
	return strings.Join(strings.Fields(n.Surname+" "+n.Given+" "+n.Patronymic), " ")
}

// Short is the surname and initials: "Айдарова Б. К.".
func (n PersonName) Short() string {
	s := n.Surname
	for _, part := range []string{n.Given, n.Patronymic} {
		if part != "" {
			s += " " + string([]rune(part)[:1]) + "."
		}
	}
	return strings.TrimSpace(s)
}

// IdentityDocumentType is the kind of a passport.
type IdentityDocumentType string

const (
	IDCard   IdentityDocumentType = "ID_CARD"
	Passport IdentityDocumentType = "PASSPORT"
)

// IdentityDocument is an ID-card or a passport. Languages lists the ISO 639-1
// codes of the languages it has text in; DT-07 is decided by them.
type IdentityDocument struct {
	Type       IdentityDocumentType `json:"type"`
	Series     string               `json:"series"`
	Number     string               `json:"number"`
	Languages  []string             `json:"languages"`
	IssuedBy   string               `json:"issued_by,omitempty"`
	IssuedOn   string               `json:"issued_on,omitempty"`   // YYYY-MM-DD
	ValidUntil string               `json:"valid_until,omitempty"` // YYYY-MM-DD
}

// PersonRequisites identify a person and their position.
type PersonRequisites struct {
	PersonalNumber PersonalNumber   `json:"personal_number"`
	NameRu         PersonName       `json:"name_ru"`
	NameKy         PersonName       `json:"name_ky"`
	Latin          string           `json:"latin,omitempty"` // exactly as in the document
	Sex            Sex              `json:"sex"`
	BirthDate      string           `json:"birth_date"`  // YYYY-MM-DD
	Citizenship    string           `json:"citizenship"` // ISO 3166-1 alpha-3
	PositionRu     string           `json:"position_ru,omitempty"`
	PositionKy     string           `json:"position_ky,omitempty"`
	Document       IdentityDocument `json:"document"`
	Phone          string           `json:"phone,omitempty"`
	Email          string           `json:"email,omitempty"`
	// Consent to the processing of personal data was given (domain.md §6.9).
	Consent bool `json:"consent,omitempty"`
}

// Name returns the person's name in a language; Kyrgyz falls back to Russian
// and the other way round.
func (p PersonRequisites) Name(l Language) PersonName {
	if l == Kyrgyz && p.NameKy.Surname != "" || p.NameRu.Surname == "" {
		return p.NameKy
	}
	return p.NameRu
}

// Position returns the position in a language, with the same fallback.
func (p PersonRequisites) Position(l Language) string {
	if l == Kyrgyz && p.PositionKy != "" || p.PositionRu == "" {
		return p.PositionKy
	}
	return p.PositionRu
}

// Signatory is a person who signs for an organisation.
type Signatory struct {
	ID     SignatoryID
	Role   SignatoryRole
	Person PersonRequisites
}

// Role is an operator's: exactly one each.
type Role string

const (
	// Clerk takes in and verifies.
	Clerk Role = "clerk"
	// Approver decides.
	Approver Role = "approver"
	// Auditor reads; scans only with a stated purpose.
	Auditor Role = "auditor"
	// Administrator keeps people, prices and packs; no applications.
	Administrator Role = "administrator"
)

// Roles lists the operators' roles.
var Roles = [...]Role{Clerk, Approver, Auditor, Administrator}

// Operator is an employee of the authority who works with Tamga.
type Operator struct {
	ID        OperatorID
	Person    PersonRequisites
	Role      Role
	Office    OfficeCode
	Email     string
	Language  Language
	Disabled  bool
	CreatedAt time.Time
	Version   int64
}
