package demo

import (
	"context"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/workflow"
)

// drawSample has the auditor draw the sample of the quarter in which the
// employees' certificates were issued.
func (d *demo) drawSample(ctx context.Context) error {
	if err := d.flow.SealJournal(ctx); err != nil {
		return err
	}
	_, err := d.flow.DrawSample(ctx, d.auditor.actor, registry.QuarterOf(d.hired(), d.pack.Zone()))
	return err
}

// askForData has a head ask what is kept about them; two days are left.
func (d *demo) askForData(ctx context.Context) error {
	person := someone(0, registry.Text{})
	_, err := d.flow.RecordDataRequest(ctx, d.clerk.actor, workflow.DataRequestInput{
		PersonalNumber: person.PersonalNumber, AskedBy: person.NameKy.String(), Way: registry.DataInPerson,
		Identified: "Паспорту көрсөтүлдү, сүрөтү салыштырылды", ReceivedAt: d.now.Add(-5 * 24 * time.Hour),
	})
	return err
}
