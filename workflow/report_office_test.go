package workflow_test

import (
	"slices"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/workflow"
)

// called is a report by phone, the reporter well identified.
func called(c *registry.Certificate, cause string) workflow.ReportInput {
	return workflow.ReportInput{
		Serial: c.Serial, Way: registry.ByPhone, Reporter: c.HolderName, Cause: cause,
		Identified: []registry.Identification{registry.KnowsPassport, registry.CallsFromFile},
	}
}

func (o *issuingOffice) report(in workflow.ReportInput) *registry.Report {
	o.t.Helper()
	r, err := o.flow.Report(o.ctx, o.clerk.Actor, in)
	if err != nil {
		o.t.Fatal(err)
	}
	return r
}

// decideReport performs a signed decision on a report as it stands.
func (o *issuingOffice) decideReport(by *colleague, id registry.ReportID, act registry.ReportAction, cause, remark string) error {
	in := workflow.ReportDecision{
		ID: id, Version: o.reportNow(id).Version, Action: act, Cause: cause, Remark: remark, Text: "Чечим", Origin: "https://ca.example.kg", Session: "browser",
	}
	q, err := o.flow.AskReportDecision(o.ctx, by.Actor, in)
	if err != nil {
		return err
	}
	return o.flow.DecideReport(o.ctx, by.Actor, in, q.Challenge, by.sign(o.t, q.Expected))
}

// revokeFor has a certificate revoked the ordinary way.
func (o *issuingOffice) revokeFor(c *registry.Certificate, cause string) {
	o.t.Helper()
	r := o.report(called(c, cause))
	if err := o.decideReport(o.approver2, r.ID, registry.ReportRevoke, cause, ""); err != nil {
		o.t.Fatal(err)
	}
}

func (o *issuingOffice) reportNow(id registry.ReportID) (r *registry.Report) {
	o.t.Helper()
	o.read(func(tx *store.Tx) (err error) {
		r, err = tx.Report(id)
		return err
	})
	return r
}

func (o *issuingOffice) bySerial(s registry.Serial) (c *registry.Certificate) {
	o.t.Helper()
	o.read(func(tx *store.Tx) (err error) {
		c, err = tx.CertificateBySerial(s)
		return err
	})
	return c
}

func (o *issuingOffice) journalled(about journal.Subject, kind string) int {
	o.t.Helper()
	n := 0
	o.read(func(tx *store.Tx) error {
		all, err := tx.JournalAbout(about, 0, 1000)
		for _, e := range all {
			if e.Kind == kind {
				n++
			}
		}
		return err
	})
	return n
}

// letters are how many of a kind lie ready to an address; empty: to anybody.
func (o *issuingOffice) letters(kind string) (to []string) {
	o.t.Helper()
	if _, err := o.flow.SendLetters(o.ctx, 1000); err != nil {
		o.t.Fatal(err)
	}
	for _, m := range o.mail.Messages() {
		c, err := m.Content()
		if err != nil {
			o.t.Fatal(err)
		}
		if c.Subject == kind {
			to = append(to, m.To...)
		}
	}
	slices.Sort(to)
	return to
}
