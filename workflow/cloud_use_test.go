package workflow_test

import (
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
)

// A right PIN-code opens no key whose certificate may not be used: what it
// would sign is not signed, whoever would verify it.
func TestUB27_DT23_AKeptKeySignsOnlyWhileItsCertificateMayBeUsed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r, next := renewed(t, s)
		holder, err := r.flow.CloudHolder(r.ctx, r.app.Declaration.Organisation.INN, registry.Head)
		if err != nil {
			t.Fatal(err)
		}
		try := func(want string) {
			t.Helper()
			cms, _, err := r.flow.SignWithCloudKey(r.ctx, holder, pin, r.browser, "192.0.2.1", []byte("{}"))
			if want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if wantKey(t, err, want); cms != nil {
				t.Errorf("%s: and yet it signed", want)
			}
		}
		try("")
		said := called(r.head, "device_lost")
		said.Suspend = true
		report := r.report(said)
		try("error.certificate.suspended")
		if err := r.decideReport(r.approver2, report.ID, registry.ReportLift, "", "Табылды"); err != nil {
			t.Fatal(err)
		}
		try("")
		if err := r.decideBeside(r.approver2, r.report(called(r.head, "compromised")).ID, "compromised", registry.WaitingKeep); err != nil {
			t.Fatal(err)
		}
		// The old one is out of use, the next has not begun.
		try("error.certificate.not_yet")
		r.at(next.NotBefore)
		try("")
		r.at(next.NotAfter.Add(time.Second))
		try("error.certificate.expired")
	})
}
