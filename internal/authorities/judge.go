package authorities

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// Effective returns the facts with the channel it comes to: the remote way if
// it was asked for and nothing closes it, otherwise the office; and why.
func (p *Pack) Effective(f registry.Facts, sentAt time.Time) (registry.Facts, registry.Eligibility) {
	el := p.RemoteEligibility(f, sentAt)
	if f.Channel != registry.Remote || !el.Eligible {
		f.Channel = registry.Office
	}
	return f, el
}

// RemoteEligibility says whether the order may be sent remotely, with every
// failing reason, whatever channel was asked for (domain.md §2.1). Where the
// authority has no remote way for the operation the list is empty. An order
// sent at the very instant of expiry is in time.
func (p *Pack) RemoteEligibility(f registry.Facts, sentAt time.Time) registry.Eligibility {
	if !slices.Contains(p.Remote.Operations, f.Operation) {
		return registry.Eligibility{}
	}
	el := registry.Eligibility{Offered: true}
	if !slices.Contains(p.Remote.Storages, f.Storage) {
		el.Blocking = append(el.Blocking, registry.StorageNotECloud)
	}
	if f.Predecessor != nil && sentAt.After(f.Predecessor.NotAfter) {
		el.Blocking = append(el.Blocking, registry.CertificateExpired)
	}
	for _, r := range p.Remote.Blocking {
		if slices.Contains(f.Changed, r) || len(f.Replaced) > 0 && r == p.Remote.ReplacedCountsAs {
			el.Blocking = append(el.Blocking, registry.RequisiteChanged(r))
		}
	}
	if f.Predecessor != nil && f.Predecessor.Revoked {
		el.Blocking = append(el.Blocking, registry.CertificateRevoked)
	}
	el.Eligible = len(el.Blocking) == 0 && f.Predecessor != nil
	return el
}

// counted are the changed requisites without a new street in the same
// settlement, which is a change only where it closes the remote way.
func (p *Pack) counted(changed []registry.Requisite) []registry.Requisite {
	if slices.Contains(p.Remote.Blocking, registry.StreetAddress) {
		return changed
	}
	return slices.DeleteFunc(slices.Clone(changed), func(r registry.Requisite) bool { return r == registry.StreetAddress })
}

// ClosedBecause are the words for what closes the remote way of an applicant,
// in the order of the reasons.
func (p *Pack) ClosedBecause(f registry.Facts, el registry.Eligibility) []ClosedBecause {
	var out []ClosedBecause
	say := func(code registry.BlockingReason) {
		if i := slices.IndexFunc(p.Remote.Reasons, func(r ClosedBecause) bool { return r.Code == code }); i >= 0 {
			out = append(out, p.Remote.Reasons[i])
		}
	}
	for _, b := range el.Blocking {
		r, requisite := b.Requisite()
		if requisite && r == p.Remote.ReplacedCountsAs && len(f.Replaced) > 0 {
			say(SignatoryReplaced)
			if !slices.Contains(f.Changed, r) {
				continue
			}
		}
		say(b)
	}
	return out
}

// Checklist is what the applicant owes, in the order of the pack, each with
// the reason it applies. It judges by f.Channel: see Effective. Extra
// documents that were demanded come last.
func (p *Pack) Checklist(f registry.Facts) []registry.ChecklistItem {
	items := p.checklist(f)
	if p.Documents.Extra == nil || f.Channel == registry.Remote {
		return items
	}
	for i, x := range f.Extra {
		items = append(items, p.extra(i, x))
	}
	return items
}

func (p *Pack) checklist(f registry.Facts) []registry.ChecklistItem {
	a := p.assign(f)
	op, _ := p.Operation(f.Operation)
	items := []registry.ChecklistItem{}
	for i := range p.Items {
		it := &p.Items[i]
		if !it.When.holds(a) {
			continue
		}
		out := registry.ChecklistItem{
			Code: it.Code, Form: it.Form, Rules: it.Rules, Subject: it.Subject,
			Basis: it.Basis, Ambiguity: it.Ambiguity,
			Label: p.fill(it.Label, f), Why: p.fill(it.Why, f), Person: person(it.Subject, f),
		}
		if op.Basis == registry.BasisInferred {
			out.Basis = registry.BasisInferred
			if out.Ambiguity == "" {
				out.Ambiguity = op.Ambiguity
			}
		}
		for _, c := range it.Checks {
			out.Checks = append(out.Checks, registry.DocumentCheck{Code: c.Code, Label: c.Label, Rules: c.Rules})
		}
		if it.PartsOf != "" {
			g := f
			g.Operation, g.Channel = it.PartsOf, registry.Office
			out.Parts = p.checklist(g)
		}
		items = append(items, out)
	}
	return items
}

// ExtraCode is the code of the i-th demanded document, from 0.
func (p *Pack) ExtraCode(i int) string {
	if p.Documents.Extra == nil {
		return ""
	}
	return p.Documents.Extra.Prefix + strconv.Itoa(i+1)
}

func (p *Pack) extra(i int, x registry.ExtraDocument) registry.ChecklistItem {
	rule := p.Documents.Extra
	code := x.Code
	if code == "" {
		code = p.ExtraCode(i)
	}
	put := func(_ registry.Language, s string) string {
		return strings.NewReplacer("{title}", x.Title, "{reason}", x.Reason).Replace(s)
	}
	label := rule.Label
	if x.Title != "" {
		label = label.Map(func(_ registry.Language, s string) string { return s + ": " + x.Title })
	}
	return registry.ChecklistItem{
		Code: code, Form: rule.Form, Rules: rule.Rules, Label: label, Why: rule.Why.Map(put),
		Subject: registry.OfOrganisation, Basis: registry.BasisSeed, Extra: true,
	}
}

// fill puts the values of a case into a text of the pack.
func (p *Pack) fill(t registry.Text, f registry.Facts) registry.Text {
	return t.Map(func(l registry.Language, s string) string {
		if !strings.Contains(s, "{") {
			return s
		}
		var changed []string
		for _, r := range p.counted(f.Changed) {
			changed = append(changed, requisiteNames[r].In(l))
		}
		office := ""
		if o, ok := p.Office(f.Office); ok {
			office = o.Name.In(l)
		}
		// A form that is still being filled in has no names yet.
		for _, subject := range [...]registry.Subject{registry.OfHead, registry.OfAccountant, registry.OfTrusted} {
			if person(subject, f).In(l) == "" {
				s = strings.ReplaceAll(s, ": {"+string(subject)+"}", "")
			}
		}
		return strings.NewReplacer(
			"{head}", person(registry.OfHead, f).In(l),
			"{accountant}", person(registry.OfAccountant, f).In(l),
			"{trusted}", person(registry.OfTrusted, f).In(l),
			"{office}", office,
			"{changed}", strings.Join(changed, ", "),
		).Replace(s)
	})
}

// requisiteNames are the words for requisites in a list after a colon.
var requisiteNames = map[registry.Requisite]registry.Text{
	registry.OrgName:       {Ky: "уюмдун аталышы", Ru: "наименование организации", En: "the organisation's name"},
	registry.OrgINN:        {Ky: "уюмдун ИННи", Ru: "ИНН организации", En: "the organisation's INN"},
	registry.OrgSettlement: {Ky: "уюмдун жайгашкан жери", Ru: "место нахождения организации", En: "the organisation's location"},
	registry.OwnerFullName: {Ky: "ээсинин аты-жөнү", Ru: "Ф.И.О. владельца", En: "the owner's full name"},
	registry.OwnerPosition: {Ky: "ээсинин кызматтык абалы", Ru: "должность владельца", En: "the owner's position"},
	registry.OwnerPassport: {Ky: "ээсинин паспорту", Ru: "паспорт владельца", En: "the owner's passport"},
	registry.StreetAddress: {Ky: "көчөсү жана үйү", Ru: "улица и дом", En: "the street address"},
}

// RequisiteName is the word for a requisite, for lists after a colon.
func RequisiteName(r registry.Requisite) registry.Text { return requisiteNames[r] }

func person(s registry.Subject, f registry.Facts) registry.Text {
	switch {
	case s == registry.OfHead:
		return f.Head.Name.Text()
	case s == registry.OfAccountant && f.Accountant != nil:
		return f.Accountant.Name.Text()
	case s == registry.OfTrusted && f.Trusted != nil:
		return f.Trusted.Name.Text()
	}
	return registry.Text{}
}

// MustRevokeOld says whether the old certificate has to be revoked at once
// (UB-21…25, UB-27): never one that has expired or is revoked already.
func (p *Pack) MustRevokeOld(f registry.Facts, reportedAt time.Time) bool {
	r, ok := p.reason(f)
	return ok && r.Revoke && f.Predecessor != nil && !f.Predecessor.Revoked && !reportedAt.After(f.Predecessor.NotAfter)
}

// AsksFor is the document that the reason of a reissue demands besides the list
// (UB-15, UB-21), in the applicant's language.
func (p *Pack) AsksFor(d *registry.Declaration) (x registry.ExtraDocument, ok bool) {
	r, ok := p.reason(registry.Facts{Operation: d.Operation, Reason: d.Reason})
	if !ok || r.Asks == nil {
		return x, false
	}
	return registry.ExtraDocument{Title: r.Asks.Title.In(d.Language), Reason: r.Asks.Reason.In(d.Language)}, true
}

func (p *Pack) reason(f registry.Facts) (Reason, bool) {
	op, ok := p.Operation(f.Operation)
	if !ok {
		return Reason{}, false
	}
	i := slices.IndexFunc(op.Reasons, func(r Reason) bool { return r.Code == f.Reason })
	if i < 0 {
		return Reason{}, false
	}
	return op.Reasons[i], true
}

// Term is the validity of a new certificate made at moment: exactly one year,
// from the end of its predecessor if the pack anchors there.
func (p *Pack) Term(f registry.Facts, moment time.Time) (notBefore, notAfter time.Time) {
	anchor := p.Certificate.Anchor
	if f.Operation == registry.Reissue || f.Channel != registry.Remote && !p.Certificate.AnchorOffice {
		anchor = registry.FromManufacture
	}
	return registry.Term(anchor, f.Predecessor, moment, p.zone)
}

// Office finds an office by its code.
func (p *Pack) Office(code registry.OfficeCode) (Office, bool) {
	i := slices.IndexFunc(p.Offices, func(o Office) bool { return o.Code == code })
	if i < 0 {
		return Office{}, false
	}
	return p.Offices[i], true
}

// Changes is registry.Changes, with the places of the pack known by all their
// names: the official renaming of one is not a client's move.
func (p *Pack) Changes(before, now *registry.Declaration) []registry.Requisite {
	b, n := *before, *now
	for _, s := range [...]*registry.Settlement{&b.Organisation.Settlement, &n.Organisation.Settlement} {
		if s.Code == "" {
			s.Code = string(p.officeOf(*s))
		}
	}
	return registry.Changes(&b, &n, p.Remote.SeriesOnly)
}

// officeOf is the office in a town, or none; names in two languages have to
// agree.
func (p *Pack) officeOf(s registry.Settlement) registry.OfficeCode {
	office := p.officeIn(s.In(registry.Russian))
	if office != p.officeIn(s.In(registry.Kyrgyz)) {
		return ""
	}
	return office
}

// cityMarks stand before the name of a city, or after it.
var cityMarks = [...]string{"г.", "город ", " ш.", " шаары"}

// officeIn is the office in the city of a name, or none.
func (p *Pack) officeIn(town string) registry.OfficeCode {
	town = strings.ToLower(strings.Join(strings.Fields(town), " "))
	for _, mark := range cityMarks {
		town = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(town, mark), mark))
	}
	for _, o := range p.Offices {
		if slices.ContainsFunc(o.Aliases, func(alias string) bool { return strings.ToLower(alias) == town }) {
			return o.Code
		}
	}
	return ""
}

// Operation finds what the pack says of an operation; ok is false if the
// authority does not do it.
func (p *Pack) Operation(op registry.Operation) (Operation, bool) {
	i := slices.IndexFunc(p.Operations, func(o Operation) bool { return o.Operation == op })
	if i < 0 {
		return Operation{}, false
	}
	return p.Operations[i], true
}
