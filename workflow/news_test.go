package workflow_test

import (
	"context"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

func newsText(s string) workflow.NewsText {
	return workflow.NewsText{Title: registry.Text{Ky: s, Ru: s, En: s}, Body: registry.Text{Ky: s, Ru: s, En: s}}
}

func TestNewsIsWrittenByAdministratorsInThreeLanguages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := context.Background()
		for name, who := range map[string]workflow.Actor{
			"clerk": o.clerk.Actor, "approver": o.approver.Actor, "auditor": o.auditor.Actor, "nobody": workflow.Anonymous(),
		} {
			if _, err := o.flow.PublishNews(ctx, who, newsText("x")); registry.KindOf(err) != registry.Forbidden {
				t.Errorf("%s publishes: %v", name, err)
			}
			if err := o.flow.RemoveNews(ctx, who, 1, 1); registry.KindOf(err) != registry.Forbidden {
				t.Errorf("%s removes: %v", name, err)
			}
		}
		for name, n := range map[string]workflow.NewsText{
			"no title":   {Body: newsText("x").Body},
			"no English": {Title: newsText("x").Title, Body: registry.Text{Ky: "x", Ru: "x", En: " \r\n"}},
			"too long":   newsText(strings.Repeat("ө", 201)),
		} {
			if _, err := o.flow.PublishNews(ctx, o.admin.Actor, n); registry.KindOf(err) != registry.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
		id, err := o.flow.PublishNews(ctx, o.admin.Actor, workflow.NewsText{Title: newsText("  Майрам \n күнү ").Title, Body: newsText("a\r\nb\n").Body})
		if err != nil {
			t.Fatal(err)
		}
		o.read(func(tx *store.Tx) error {
			n, err := tx.News(id)
			if err == nil && (n.Title.Ky != "Майрам күнү" || n.Body.Ru != "a\nb") {
				t.Errorf("stored %+v", n)
			}
			return err
		})
		if err := o.flow.EditNews(ctx, o.admin2.Actor, id, 1, newsText("new")); err != nil {
			t.Fatal(err)
		}
		wantKind(t, o.flow.EditNews(ctx, o.admin.Actor, id, 1, newsText("old")), registry.Conflict)
		wantKind(t, o.flow.RemoveNews(ctx, o.admin.Actor, id, 1), registry.Conflict)
		if err := o.flow.RemoveNews(ctx, o.admin.Actor, id, 2); err != nil {
			t.Fatal(err)
		}
		wantKind(t, o.flow.EditNews(ctx, o.admin.Actor, id, 3, newsText("late")), registry.Conflict)
	})
}
