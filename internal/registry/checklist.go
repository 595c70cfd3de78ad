package registry

// DocumentForms lists them.
var DocumentForms = [...]DocumentForm{FormCopy, FormCopyBothSides, FormOriginal, FormDevice, FormData, FormPackage}

// Basis says whether an item stands in the authority's published rules or was
// inferred by us.
type Basis string

const (
	BasisSeed     Basis = "seed"
	BasisInferred Basis = "inferred"
)

// Subject says whose paper an item is.
type Subject string

const (
	OfOrganisation Subject = "organisation"
	OfHead         Subject = "head"
	OfAccountant   Subject = "accountant"
	OfTrusted      Subject = "trusted"
	OfManaging     Subject = "managing"
)

// Subjects lists them.
var Subjects = [...]Subject{OfOrganisation, OfHead, OfAccountant, OfTrusted, OfManaging}

// Concerns says whether such a paper has to do with the certificate of a
// signatory: the other one's own has not.
func (s Subject) Concerns(r SignatoryRole) bool {
	return (s != OfHead || r != Accountant) && (s != OfAccountant || r != Head)
}

// ChecklistItem is one thing an applicant owes, and why.
type ChecklistItem struct {
	Code    string       `json:"code"` // unique in a list, e.g. "DT-HEAD-ID"
	Form    DocumentForm `json:"form"`
	Rules   []RuleID     `json:"rules"`
	Label   Text         `json:"label"`
	Why     Text         `json:"why"` // why it is asked of this applicant
	Subject Subject      `json:"subject"`
	// Person is the name of the subject, if the subject is one person.
	Person    Text            `json:"person"`
	Basis     Basis           `json:"basis"`
	Ambiguity string          `json:"ambiguity,omitempty"` // "A-05", or empty
	Checks    []DocumentCheck `json:"checks,omitempty"`
	Parts     []ChecklistItem `json:"parts,omitempty"` // of FormPackage
	Extra     bool            `json:"extra,omitempty"` // demanded by a clerk (UB-15)
}

// DocumentCheck is something the clerk confirms on a paper, such as the seal
// on a power of attorney (DT-12).
type DocumentCheck struct {
	Code  string   `json:"code"`
	Label Text     `json:"label"`
	Rules []RuleID `json:"rules"`
}

// CheckInDate is the code of the check that a paper is in date on the day it
// is used; whoever confirms it enters the paper's last day.
const CheckInDate = "in_date"

// ChecklistCodes returns the codes of a list in its order.
func ChecklistCodes(items []ChecklistItem) []string {
	out := make([]string, len(items))
	for i, it := range items {
		out[i] = it.Code
	}
	return out
}
