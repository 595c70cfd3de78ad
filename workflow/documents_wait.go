package workflow

import (
	"context"

	"github.com/tamga-ca/tamga/internal/registry"
)

// AskDocuments waits for the applicant: in review → awaiting documents, by a
// clerk, with a remark that the applicant reads. Where the pack says so,
// the clock stops.
func (f *Flow) AskDocuments(ctx context.Context, who Actor, id registry.ApplicationID, version int64, remark string) error {
	remark, err := someRemark(remark, "remark")
	if err != nil {
		return err
	}
	return f.changeApplication(ctx, who, id, version, registry.ActAskDocuments, func(c *change) error {
		open, err := f.unsettled(c)
		if err != nil {
			return err
		}
		if len(open) == 0 {
			return registry.Refuse(registry.Conflict, "error.application.nothing_missing")
		}
		c.app.Remark = remark
		if f.pack.Times.PauseForExtras {
			c.app.PausedAt = &c.now
		}
		return f.notifyApplicant(c, letterDocumentsNeeded)
	})
}

// Resume goes on with a file: awaiting documents → in review, by a clerk, by
// the applicant's upload or by the program. The clock runs anew.
func (f *Flow) Resume(ctx context.Context, who Actor, id registry.ApplicationID) error {
	return f.changeApplication(ctx, who, id, 0, registry.ActResume, func(c *change) error {
		f.runClock(c.app, c.now)
		return nil
	})
}

// Verify declares the package complete: in review → verified, by a clerk. Each
// required document is accepted or waived. UB-14's business day starts here. Of
// a remote order the signatures hold; where the balance is too small, the client
// is told what is missing and the order waits.
func (f *Flow) Verify(ctx context.Context, who Actor, id registry.ApplicationID, version int64) error {
	return f.changeApplication(ctx, who, id, version, registry.ActVerify, func(c *change) error {
		open, err := f.unsettled(c)
		if err != nil {
			return err
		}
		if len(open) > 0 {
			return registry.Refuse(registry.Conflict, "error.application.documents_open", "n", len(open))
		}
		if errs := f.judge(&c.app.Declaration); len(errs) > 0 {
			return errs
		}
		c.app.VerifiedAt = &c.now
		c.app.Remark = ""
		f.runClock(c.app, c.now)
		return f.verifyOrder(c)
	})
}

// unsettled returns the required documents that still stand in the way.
func (f *Flow) unsettled(c *change) ([]*registry.Document, error) {
	docs, err := c.tx.Documents(c.app.ID)
	if err != nil {
		return nil, err
	}
	return openDocuments(docs), nil
}

func openDocuments(docs []*registry.Document) []*registry.Document {
	var open []*registry.Document
	for _, d := range docs {
		if d.Required && !d.Status.Settled() {
			open = append(open, d)
		}
	}
	return open
}

// Withdraw ends an application at the applicant's wish: any status before
// approved → withdrawn. A clerk may withdraw a draft only. Of a remote order,
// one of its signatories; the keys that were made with it are destroyed.
func (f *Flow) Withdraw(ctx context.Context, who Actor, id registry.ApplicationID, version int64) error {
	return f.changeApplication(ctx, who, id, version, registry.ActWithdraw, func(c *change) error {
		if err := f.mayWithdraw(c); err != nil {
			return err
		}
		if err := f.endOrder(c, registry.OrderWithdrawn); err != nil {
			return err
		}
		c.app.CompletedAt = &c.now
		c.app.DueAt, c.app.PausedAt = nil, nil
		return nil
	})
}
