package workflow

import (
	"context"
	"slices"

	"github.com/tamga-ca/tamga/internal/registry"
)

// DemandDocument asks for a paper beyond the authority's list (UB-15): by a
// clerk, with a title and a reason that the client reads. It stays in the list
// whatever the answers become.
func (f *Flow) DemandDocument(ctx context.Context, who Actor, id registry.ApplicationID, version int64, title, reason string) error {
	title, err := someReason(title, "title")
	if err != nil {
		return err
	}
	reason, err = someReason(reason, "reason")
	if err != nil {
		return err
	}
	return f.changeApplication(ctx, who, id, version, registry.ActDocument, func(c *change) error {
		facts, _ := f.pack.Effective(registry.FactsOf(&c.app.Declaration), f.sentAt(c.app))
		if f.pack.Documents.Extra == nil || facts.Channel == registry.Remote {
			return registry.Refuse(registry.Conflict, "error.authorities.extra")
		}
		decl := c.app.Declaration
		extra := registry.ExtraDocument{Code: f.freeExtraCode(decl.Extra), Title: title, Reason: reason}
		decl.Extra = append(slices.Clone(decl.Extra), extra)
		if err := c.tx.SaveDeclaration(c.app, &decl, c.app.Input, c.now); err != nil {
			return err
		}
		if c.from == registry.Verified {
			f.backToReview(c)
		}
		c.kind, c.details["code"] = "document.demand", extra.Code
		return f.syncChecklist(c.tx, c.app)
	})
}

// demandedWith is what is demanded besides the list once a declaration is
// changed: what was, with what the reason of a reissue asks for (UB-15, UB-21).
func (f *Flow) demandedWith(before, now *registry.Declaration) []registry.ExtraDocument {
	was, had := f.pack.AsksFor(before)
	asked, has := f.pack.AsksFor(now)
	is := func(a registry.ExtraDocument) func(registry.ExtraDocument) bool {
		return func(x registry.ExtraDocument) bool { return x.Title == a.Title && x.Reason == a.Reason }
	}
	extra := slices.Clone(before.Extra)
	if had && was != asked {
		extra = slices.DeleteFunc(extra, is(was))
	}
	if has && !slices.ContainsFunc(extra, is(asked)) {
		asked.Code = f.freeExtraCode(extra)
		extra = append(extra, asked)
	}
	return extra
}

// freeExtraCode is the first code that none of the demanded papers has.
func (f *Flow) freeExtraCode(have []registry.ExtraDocument) string {
	for i := 0; ; i++ {
		code := f.pack.ExtraCode(i)
		if !slices.ContainsFunc(have, func(x registry.ExtraDocument) bool { return x.Code == code }) {
			return code
		}
	}
}
