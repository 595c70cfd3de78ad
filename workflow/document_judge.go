package workflow

import (
	"context"
	"slices"

	"github.com/tamga-ca/tamga/internal/registry"
)

// Acceptance is what a clerk confirms of a paper.
type Acceptance struct {
	// Checks are the codes of the item's checks that are confirmed.
	Checks []string
	// OriginalSeen: the original was shown. A pack that does not ask for
	// originals ignores it.
	OriginalSeen bool
	// ValidUntil is the paper's last day as typed; needed where the item has
	// the check registry.CheckInDate.
	ValidUntil string
}

// AcceptDocument accepts a document: received → accepted, by a clerk; a thing
// that is brought, not scanned, also from missing. Every check of the item has
// to be confirmed (DT-12), and a paper with a last day must be in date today.
func (f *Flow) AcceptDocument(ctx context.Context, who Actor, id registry.DocumentID, version int64, a Acceptance) error {
	return f.changeDocument(ctx, who, id, version, registry.DocAccept, func(c *docChange) error {
		if c.doc.Form.Scanned() {
			empty, err := c.empty()
			if err != nil {
				return err
			}
			if empty {
				return registry.Refuse(registry.Conflict, "error.document.no_file")
			}
		}
		c.judged("")
		c.doc.OriginalSeen, c.doc.Checked = a.OriginalSeen && f.pack.Documents.OriginalSeen, nil
		for _, check := range c.doc.Checks {
			if !slices.Contains(a.Checks, check.Code) {
				return registry.Refuse(registry.Invalid, "error.document.check").On("checks")
			}
			c.doc.Checked = append(c.doc.Checked, check.Code)
		}
		return f.inDate(c, a.ValidUntil)
	})
}

// inDate stores the paper's last day and refuses one that is over.
func (f *Flow) inDate(c *docChange, typed string) error {
	c.doc.ValidUntil = ""
	asked := slices.Contains(c.doc.Checked, registry.CheckInDate)
	if typed == "" {
		if asked {
			return registry.Refuse(registry.Invalid, "error.registry.required").On("valid_until")
		}
		return nil
	}
	day, err := registry.ParseInputDate(typed)
	if err != nil {
		return registry.Refuse(registry.Invalid, "error.registry.date").On("valid_until")
	}
	if day.Compare(registry.DateOf(c.now, f.pack.Zone())) < 0 {
		return registry.Refuse(registry.Invalid, "error.registry.document_expired").On("valid_until")
	}
	c.doc.ValidUntil = day.String()
	return nil
}

// RejectDocument rejects what was handed in: received, accepted → rejected, by
// a clerk, with a reason that the client reads.
func (f *Flow) RejectDocument(ctx context.Context, who Actor, id registry.DocumentID, version int64, reason string) error {
	reason, err := someReason(reason, "reason")
	if err != nil {
		return err
	}
	return f.changeDocument(ctx, who, id, version, registry.DocReject, func(c *docChange) error {
		c.unjudged()
		c.judged(reason)
		c.doc.OriginalSeen, c.doc.LinkedTo = false, 0
		return nil
	})
}

// WaiveDocument says that a document is not required of this applicant:
// missing, received, rejected → waived, by a clerk, with a reason that the
// approver reads.
func (f *Flow) WaiveDocument(ctx context.Context, who Actor, id registry.DocumentID, version int64, reason string) error {
	reason, err := someRemark(reason, "reason")
	if err == nil && reason == "" {
		err = registry.Refuse(registry.Invalid, "error.reason.waive").On("reason")
	}
	if err != nil {
		return err
	}
	return f.changeDocument(ctx, who, id, version, registry.DocWaive, func(c *docChange) error {
		c.unjudged()
		c.judged(reason)
		return nil
	})
}

// ReopenDocument takes an acceptance or a waiver back: accepted, waived →
// received, or missing where nothing was handed in. By a clerk.
func (f *Flow) ReopenDocument(ctx context.Context, who Actor, id registry.DocumentID, version int64) error {
	return f.changeDocument(ctx, who, id, version, registry.DocReopen, func(c *docChange) error {
		c.unjudged()
		empty, err := c.empty()
		if empty {
			c.doc.Status, c.doc.OriginalSeen = registry.DocMissing, false
		}
		return err
	})
}

// MarkReceived notes that a thing was brought which is not scanned, such as a
// token or a seal: missing, rejected → received, by a clerk.
func (f *Flow) MarkReceived(ctx context.Context, who Actor, id registry.DocumentID, version int64) error {
	return f.changeDocument(ctx, who, id, version, registry.DocReceive, func(c *docChange) error {
		if c.doc.Form.Scanned() {
			return registry.Refuse(registry.Conflict, "error.document.no_file")
		}
		c.unjudged()
		return nil
	})
}
