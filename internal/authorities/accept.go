package authorities

import (
	"slices"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// Accepts judges whether the authority serves this applicant and this
// operation at all (DT-01, A-23); nil means it does. What is refused here is
// not a matter of papers.
func (p *Pack) Accepts(d *registry.Declaration, now time.Time) registry.Errors {
	var es registry.Errors
	refuse := func(key, field string, args ...any) {
		es = append(es, registry.Refuse(registry.Invalid, key, args...).On(field))
	}
	if !slices.Contains(p.Applicants.Kinds, d.Organisation.Kind) {
		refuse("error.authorities.applicant", "organisation.kind")
	}
	op, ok := p.Operation(d.Operation)
	if !ok {
		refuse("error.authorities.operation", "operation")
	}
	if !slices.Contains(p.Storages, d.Storage) {
		refuse("error.authorities.storage", "storage")
	}
	if ok && !slices.Contains(op.Channels, d.Channel) {
		refuse("error.authorities.channel", "channel")
	}
	if _, known := p.Office(d.Office); d.Channel == registry.Office && !known {
		refuse("error.authorities.office", "office")
	}
	if ok && len(op.Reasons) > 0 && !slices.ContainsFunc(op.Reasons, func(r Reason) bool { return r.Code == d.Reason }) {
		refuse("error.authorities.reason", "reason")
	}
	if ok && d.Operation != registry.FirstIssue && d.Predecessor == nil {
		refuse("error.authorities.predecessor", "predecessor")
	}
	if d.Operation == registry.Renewal && d.Predecessor != nil && d.Predecessor.Revoked {
		refuse("error.authorities.predecessor_revoked", "predecessor")
	}
	if len(d.Extra) > 0 && p.Documents.Extra == nil {
		refuse("error.authorities.extra", "extra")
	}
	asksTrusted := func(it registry.ChecklistItem) bool { return it.Subject == registry.OfTrusted }
	if d.Trusted == nil && slices.ContainsFunc(p.checklist(registry.FactsOf(d)), asksTrusted) {
		refuse("error.authorities.trusted", "trusted")
	}
	if d.Accountant != nil && !d.HeadActsAsAccountant && registry.SamePerson(d.Head, *d.Accountant) {
		refuse("error.authorities.head_is_accountant", "accountant.personal_number")
	}
	return es
}
