package registry

import "slices"

// Facts are what the rules of an authority judge: nothing else of a
// declaration can change a checklist, an eligibility, a price or a deadline.
type Facts struct {
	Operation Operation
	// Channel is the one asked for; Checklist judges by it, so pass facts
	// with the effective channel (authorities.Pack.Effective).
	Channel              Channel
	Storage              Storage
	Office               OfficeCode // empty: none chosen
	Applicant            OrganisationKind
	Head                 PersonFacts
	HeadActsAsAccountant bool
	Accountant           *PersonFacts // nil: none, or the head acts as one
	Trusted              *PersonFacts
	Managing             ManagingKind
	Alone                SignatoryRole // whom it is for; empty: all of them
	Predecessor          *Predecessor
	Changed              []Requisite     // sorted by Requisites, no repeats
	Replaced             []SignatoryRole // head before accountant, no repeats
	Reason               ReissueReason
	Extra                []ExtraDocument
}

// PersonFacts are what matters of one person.
type PersonFacts struct {
	Name PersonNames
	// Foreign: not a citizen of the Kyrgyz Republic.
	Foreign bool
	// LocalText: the identity document has Kyrgyz or Russian text.
	LocalText bool
	// HasNumber: a personal number was given (DT-08).
	HasNumber bool
}

// PersonNames are a person's name in the two languages on file.
type PersonNames struct{ Ru, Ky PersonName }

// Text is the name for texts in each language.
func (n PersonNames) Text() Text {
	p := PersonRequisites{NameRu: n.Ru, NameKy: n.Ky}
	en := p.Latin
	if en == "" {
		en = p.Name(Russian).String()
	}
	return Text{Ky: p.Name(Kyrgyz).String(), Ru: p.Name(Russian).String(), En: en}
}

// ManagingKind says who holds the executive body's duties (UB-10…13, A-15).
type ManagingKind string

const (
	NotManaged            ManagingKind = "NONE"
	ManagedByOrganisation ManagingKind = "ORGANISATION"
	ManagedByIndividual   ManagingKind = "INDIVIDUAL"
)

// Requisites lists the requisites in the order reasons are reported.
var Requisites = [...]Requisite{OrgName, OrgINN, OrgSettlement, OwnerFullName, OwnerPosition, OwnerPassport, StreetAddress}

// FactsOf reads the facts out of a declaration.
func FactsOf(d *Declaration) Facts {
	f := Facts{
		Operation: d.Operation, Channel: d.Channel, Storage: d.Storage, Office: d.Office,
		Applicant: d.Organisation.Kind, Head: personFacts(d.Head),
		HeadActsAsAccountant: d.HeadActsAsAccountant, Managing: NotManaged, Alone: d.Alone,
		Predecessor: d.Predecessor, Reason: d.Reason, Extra: d.Extra,
	}
	if d.Accountant != nil {
		if d.HeadActsAsAccountant || SamePerson(d.Head, *d.Accountant) {
			f.HeadActsAsAccountant = true
		} else {
			p := personFacts(*d.Accountant)
			f.Accountant = &p
		}
	}
	if d.Trusted != nil {
		p := personFacts(*d.Trusted)
		f.Trusted = &p
	}
	if d.Managing != nil {
		f.Managing = ManagedByOrganisation
		if d.Managing.Individual {
			f.Managing = ManagedByIndividual
		}
	}
	for _, r := range Requisites {
		if slices.Contains(d.Changed, r) {
			f.Changed = append(f.Changed, r)
		}
	}
	for _, r := range [...]SignatoryRole{Head, Accountant, HeadAsAccountant} {
		if slices.Contains(d.Replaced, r) {
			f.Replaced = append(f.Replaced, r)
		}
	}
	return f
}

// SamePerson says whether two declared people are one, by personal number.
func SamePerson(a, b PersonRequisites) bool {
	return a.PersonalNumber != "" && a.PersonalNumber == b.PersonalNumber
}

func personFacts(p PersonRequisites) PersonFacts {
	return PersonFacts{
		Name:      PersonNames{Ru: p.NameRu, Ky: p.NameKy},
		Foreign:   p.Citizenship != CitizenOfKyrgyzstan,
		LocalText: slices.Contains(p.Document.Languages, "ky") || slices.Contains(p.Document.Languages, "ru"),
		HasNumber: p.PersonalNumber != "",
	}
}
