package registry

import (
	"slices"
	"strings"
)

// Changes compares what is declared now with what the last certificate was
// issued on and returns the requisites that differ, in the order of
// Requisites (DT-24…28). seriesOnly: only another passport series is another
// passport. A signatory who is another person is a replacement, not a
// change: see Replacements. Only those whom it is for now are looked at.
func Changes(before, now *Declaration, seriesOnly bool) []Requisite {
	var out []Requisite
	// What was not on file before cannot have changed.
	differ := func(r Requisite, pairs ...string) {
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i] != "" && !sameText(pairs[i], pairs[i+1]) && !slices.Contains(out, r) {
				out = append(out, r)
			}
		}
	}
	b, n := before.Organisation, now.Organisation
	differ(OrgName, b.NameRu, n.NameRu, b.NameKy, n.NameKy, b.FormRu, n.FormRu, b.FormKy, n.FormKy)
	differ(OrgINN, string(b.INN), string(n.INN))
	if b.Settlement.Code == "" || b.Settlement.Code != n.Settlement.Code {
		differ(OrgSettlement, b.Settlement.beside(n.Settlement)...)
	}
	differ(StreetAddress, b.Street, n.Street)
	for _, was := range before.owners() {
		for _, is := range now.Signatories() {
			if !SamePerson(was.Person, is.Person) {
				continue
			}
			p, q := was.Person, is.Person
			differ(OwnerFullName, p.NameRu.String(), q.NameRu.String(), p.NameKy.String(), q.NameKy.String())
			differ(OwnerPosition, p.PositionRu, q.PositionRu, p.PositionKy, q.PositionKy)
			differ(OwnerPassport, p.Document.Series, q.Document.Series)
			if !seriesOnly {
				differ(OwnerPassport, p.Document.Number, q.Document.Number)
			}
		}
	}
	slices.SortFunc(out, func(a, b Requisite) int {
		return slices.Index(Requisites[:], a) - slices.Index(Requisites[:], b)
	})
	return out
}

// beside pairs two settlements' names in each language that both have (DT-25),
// or without one such, as they are.
func (s Settlement) beside(n Settlement) (pairs []string) {
	if s.Ru != "" && n.Ru != "" {
		pairs = append(pairs, s.Ru, n.Ru)
	}
	if s.Ky != "" && n.Ky != "" {
		pairs = append(pairs, s.Ky, n.Ky)
	}
	if pairs == nil {
		pairs = []string{s.In(Russian), n.In(Russian)}
	}
	return pairs
}

// Replacements are the roles whose holder is another person than before
// (DT-10), of those whom it is for now; a new accountant where there was none is
// not a replacement.
func Replacements(before, now *Declaration) []SignatoryRole {
	var out []SignatoryRole
	if now.Alone != Accountant && !SamePerson(before.Head, now.Head) {
		out = append(out, Head)
	}
	if (now.Alone == "" || now.Alone == Accountant) && before.Accountant != nil && now.Accountant != nil && !SamePerson(*before.Accountant, *now.Accountant) {
		out = append(out, Accountant)
	}
	return out
}

// sameText compares as a person reading two papers would: case and spaces do
// not matter, letters do.
func sameText(a, b string) bool {
	norm := func(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }
	return norm(a) == norm(b)
}
