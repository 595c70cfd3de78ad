package workflow

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// maxReason is the longest reason or title, in characters.
const maxReason = 500

// docChange is one transition of a document, inside one of its application.
type docChange struct {
	*change
	doc *registry.Document
}

// changeDocument performs act on a document in one transaction: lock the
// application, guard both tables of moves, do, guarded UPDATE of both, hands,
// journal. version is the document's as the actor saw it; 0 accepts any. A
// verified file returns to review; an awaited one goes on by itself when
// nothing is missing any more.
func (f *Flow) changeDocument(ctx context.Context, who Actor, id registry.DocumentID, version int64, act registry.DocumentAction, do func(*docChange) error) error {
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		return f.inDocument(tx, who, id, version, act, do)
	})
	if err != nil {
		return fmt.Errorf("%s of document %d: %w", act, id, err)
	}
	return nil
}

func (f *Flow) inDocument(tx *store.Tx, who Actor, id registry.DocumentID, version int64, act registry.DocumentAction, do func(*docChange) error) error {
	if err := who.current(tx); err != nil {
		return err
	}
	doc, err := tx.Document(id)
	if err != nil {
		return err
	}
	app, err := tx.LockApplication(doc.ApplicationID)
	if err != nil {
		return err
	}
	if doc, err = tx.Document(id); err != nil {
		return err
	}
	if version != 0 && doc.Version != version {
		return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
	}
	err = f.apply(tx, who, app, applicationAction(act), func(c *change) error {
		return f.moveDocument(&docChange{c, doc}, act, do)
	})
	if err != nil || app.Status != registry.AwaitingDocuments {
		return err
	}
	return f.resumeIfComplete(tx, who, app)
}

func (f *Flow) moveDocument(c *docChange, act registry.DocumentAction, do func(*docChange) error) error {
	if !c.doc.Required {
		return registry.Refuse(registry.Conflict, "error.document.not_required")
	}
	from := c.doc.Status
	to, err := registry.MoveDocument(from, act, c.who.as())
	if err != nil {
		return err
	}
	c.doc.Status = to
	c.kind, c.about = "document."+string(act), append(c.about, Document(c.doc.ID))
	c.details["code"], c.details["document_from"] = c.doc.Code, from
	if err := do(c); err != nil {
		return err
	}
	c.details["document_to"] = c.doc.Status
	if c.from == registry.Verified {
		f.backToReview(c.change)
	}
	return c.tx.JudgeDocument(c.doc, c.now)
}

// applicationAction is what an action on a document is to its application.
func applicationAction(act registry.DocumentAction) registry.Action {
	if act == registry.DocUpload {
		return registry.ActUpload
	}
	return registry.ActDocument
}

// resumeIfComplete goes on with an application whose applicant has handed in
// everything that can be handed in as a file.
func (f *Flow) resumeIfComplete(tx *store.Tx, who Actor, app *registry.Application) error {
	docs, err := tx.Documents(app.ID)
	if err != nil {
		return err
	}
	for _, d := range docs {
		if d.LacksApplicant() {
			return nil
		}
	}
	return f.apply(tx, who, app, registry.ActResume, func(c *change) error {
		f.runClock(c.app, c.now)
		return nil
	})
}

// judged notes who judged a document, and clears what an earlier judgement
// left.
func (c *docChange) judged(reason string) {
	c.doc.Reason = reason
	c.doc.JudgedBy, c.doc.JudgedAt = 0, nil
	if c.who.Operator != nil {
		c.doc.JudgedBy, c.doc.JudgedAt = c.who.Operator.ID, &c.now
	}
}

// unjudged returns a document to be judged anew.
func (c *docChange) unjudged() {
	c.doc.Reason, c.doc.Checked, c.doc.ValidUntil = "", nil, ""
	c.doc.JudgedBy, c.doc.JudgedAt = 0, nil
}

// empty says whether nothing was handed in for a document: no file, no linked
// paper.
func (c *docChange) empty() (bool, error) {
	if c.doc.LinkedTo != 0 {
		return false, nil
	}
	files, err := c.tx.FilesOfDocument(c.doc.ID)
	return len(files) == 0, err
}

// someReason cleans and bounds a reason, which must be there.
func someReason(s, field string) (string, error) {
	s, err := someRemark(s, field)
	if err == nil && s == "" {
		err = registry.Refuse(registry.Invalid, "error.reason.required").On(field)
	}
	return s, err
}

// someText is someRemark of a field that must not be empty.
func someText(s, field string) (string, error) {
	s, err := someRemark(s, field)
	if err == nil && s == "" {
		err = registry.Refuse(registry.Invalid, "error.required").On(field)
	}
	return s, err
}

// someRemark cleans and bounds what somebody typed: no control characters but
// line breaks, which PostgreSQL would not store.
func someRemark(s, field string) (string, error) {
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "")))
	if utf8.RuneCountInString(s) > maxReason {
		return "", registry.Refuse(registry.Invalid, "error.registry.too_long", "n", maxReason).On(field)
	}
	return s, nil
}
