package workflow

import (
	"slices"

	"github.com/tamga-ca/tamga/internal/registry"
)

// judgeAnew takes back what was judged of documents whose subject is another
// person or organisation than before the edit, or of which more has to be
// checked now: accepted, waived → received, or missing where nothing was handed
// in. A paper on file that stood in for the former subject stands in no more.
// Whoever has such a document on the screen has an old version of it.
func (f *Flow) judgeAnew(c *change, before *registry.Declaration) error {
	docs, err := c.tx.Documents(c.app.ID)
	if err != nil {
		return err
	}
	for _, d := range docs {
		another := !sameSubject(d.Subject, before, &c.app.Declaration)
		unchecked := d.Status == registry.DocAccepted && slices.ContainsFunc(d.Checks, func(k registry.DocumentCheck) bool { return !slices.Contains(d.Checked, k.Code) })
		if d.Status == registry.DocMissing || !another && !unchecked {
			continue
		}
		if err := f.reopenDocument(&docChange{c, d}, another); err != nil {
			return err
		}
	}
	return nil
}

func (f *Flow) reopenDocument(c *docChange, unlink bool) error {
	from := c.doc.Status
	if unlink {
		c.doc.LinkedTo = 0
	}
	empty, err := c.empty()
	if err != nil {
		return err
	}
	switch {
	case from.Settled():
		c.unjudged()
		c.doc.Status, c.doc.OriginalSeen = registry.DocReceived, false
		fallthrough
	case from == registry.DocReceived:
		if empty && c.doc.Form.Scanned() {
			c.doc.Status = registry.DocMissing
		}
	}
	if err := c.tx.JudgeDocument(c.doc, c.now); err != nil {
		return err
	}
	if from == c.doc.Status {
		return nil
	}
	return f.record(c.tx, c.who, "document.reopen", map[string]any{"code": c.doc.Code, "document_from": from, "document_to": c.doc.Status}, nil,
		Application(c.app.ID), Document(c.doc.ID))
}

// sameSubject says whether a document is of the same person or organisation in
// both declarations.
func sameSubject(s registry.Subject, then, now *registry.Declaration) bool {
	if a, b := personOf(s, then), personOf(s, now); a != nil || b != nil {
		return a != nil && b != nil && a.PersonalNumber == b.PersonalNumber && a.Document.Series == b.Document.Series && a.Document.Number == b.Document.Number &&
			(a.PersonalNumber != "" || a.Name(registry.Russian) == b.Name(registry.Russian))
	}
	switch s {
	case registry.OfOrganisation:
		return then.Organisation.INN == now.Organisation.INN && then.Organisation.FullName(registry.Russian) == now.Organisation.FullName(registry.Russian)
	case registry.OfManaging:
		return then.Managing == nil && now.Managing == nil || then.Managing != nil && now.Managing != nil && then.Managing.INN == now.Managing.INN
	}
	return true
}
