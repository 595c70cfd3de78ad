package authorities

import "slices"

// Form is a paper that Tamga makes for people to fill in and sign.
type Form string

const (
	// FormApplication asks for the signature (UB-01).
	FormApplication Form = "application"
	// FormPOA lets a trusted person receive it (UB-07).
	FormPOA Form = "poa"
	// FormM2a is a power of attorney of form M-2a (DT-11, DT-30).
	FormM2a Form = "m2a"
	// FormAgreement is the agreement between authority and client (UB-17).
	FormAgreement Form = "agreement"
	// FormOrder is a purchase order (UB-18).
	FormOrder Form = "order"
)

// allForms in the order in which people see them.
var allForms = [...]Form{FormApplication, FormM2a, FormPOA, FormAgreement, FormOrder}

// Forms are the papers that the pack's items and statements say can be
// downloaded.
func (p *Pack) Forms() []Form {
	var out []Form
	for _, f := range allForms {
		if slices.ContainsFunc(p.Items, func(it Item) bool { return it.Download == f }) ||
			slices.ContainsFunc(p.Stated, func(st Statement) bool { return st.Download == f }) {
			out = append(out, f)
		}
	}
	return out
}
