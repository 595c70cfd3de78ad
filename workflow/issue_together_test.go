package workflow_test

import (
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
)

// TestOneOfManyFailsAlone spoils one enrolment of several that are written
// together, before its intent and before its certificate: the others are
// issued as if it were not there.
func TestOneOfManyFailsAlone(t *testing.T) {
	for name, spoil := range map[string]func(tx *store.Tx, e *registry.Enrolment, app *registry.Application) error{
		"an intent that is there already": func(tx *store.Tx, e *registry.Enrolment, _ *registry.Application) error {
			now := time.Now().UTC()
			return tx.AddIntent(registry.Intent{
				Serial: "5d8a", EnrolmentID: e.ID, Profile: registry.HolderProfile, ProfileID: "x", NotBefore: now, NotAfter: now.Add(time.Hour),
				Subject: []byte{1}, CSR: []byte{1}, CSRHash: "x", KeyHash: "x", CreatedAt: now,
			})
		},
		"a certificate that is there already": func(tx *store.Tx, e *registry.Enrolment, app *registry.Application) error {
			now := time.Now().UTC()
			_, err := tx.AddCertificate(registry.Certificate{
				Serial: "5d8b", Profile: registry.HolderProfile, EnrolmentID: e.ID, OrganisationID: app.OrganisationID,
				PersonalNumber: app.Declaration.Head.PersonalNumber, HolderName: "x", Storage: registry.ECloud,
				NotBefore: now, NotAfter: now.Add(time.Hour), DER: []byte{1}, SHA256: "x", PublicKeyHash: "x", IssuedAt: now,
			})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				o := newIssuingOffice(t, s)
				var es []*registry.Enrolment
				var apps []*registry.Application
				for n := 1; n <= 3; n++ {
					app, some := o.approved(n)
					es, apps = append(es, some...), append(apps, app)
				}
				for _, e := range es {
					o.activate(e.ID, "")
				}
				o.write(func(tx *store.Tx) error { return spoil(tx, es[2], apps[1]) })
				if _, err := o.flow.IssueDue(o.ctx); err != nil {
					t.Fatal(err)
				}
				for i, e := range es {
					if i != 2 {
						o.onlyOnce(name, e.ID)
						continue
					}
					if got := o.enrolment(e.ID); got.Status == registry.Issued || got.Failure == "" || got.NextAttemptAt == nil {
						t.Errorf("%s: the spoilt enrolment is %s (%q), next %v", name, got.Status, got.Failure, got.NextAttemptAt)
					}
				}
			})
		})
	}
}
