package workflow_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store/storetest"
)

// A name that no certificate can carry is refused before anybody pays for it.
func TestNamesTooLongForACertificateAreRefusedAtSubmission(t *testing.T) {
	o := newOffice(t, storetest.SQLite(t))
	for field, change := range map[string]func(*registry.Declaration){
		"organisation.name_ru": func(d *registry.Declaration) {
			d.Organisation.NameRu = strings.Repeat("Ө", 65)
			d.Organisation.NameKy = d.Organisation.NameRu
		},
		"accountant.name_ru.surname": func(d *registry.Declaration) {
			d.Accountant.NameRu.Surname = strings.Repeat("ү", 65)
			d.Accountant.NameKy = d.Accountant.NameRu
		},
		"head.position_ru": func(d *registry.Declaration) {
			d.Head.PositionRu = strings.Repeat("ң", 65)
			d.Head.PositionKy = d.Head.PositionRu
		},
	} {
		d := declaration(1)
		change(&d)
		draft, err := o.flow.NewDraft(t.Context(), o.clerk.Actor, d, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = o.flow.Submit(t.Context(), o.clerk.Actor, draft.ID, 0)
		var refusal *registry.Error
		if !errors.As(err, &refusal) || refusal.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}
