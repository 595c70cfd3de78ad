package workflow_test

import (
	"context"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

// changedPack is Dos Tek's with one setting changed.
func changedPack(t testing.TB, days string) *authorities.Pack {
	t.Helper()
	p, err := authorities.Parse("dostek.yaml", []byte(strings.Replace(dostek().Source(), "unpaid_days: 30", "unpaid_days: "+days, 1)))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// rulesOffice has adopted Dos Tek's rules and is configured with others.
func rulesOffice(t *testing.T, s *store.Store, configured *authorities.Pack) *office {
	t.Helper()
	o := newOfficeWith(t, s, func(c *workflow.Config) { c.Configured = configured })
	if err := o.flow.AdoptRules(t.Context(), workflow.BySystem(), o.pack); err != nil {
		t.Fatal(err)
	}
	return o
}

// Other rules take two administrators, and are in force from the next start on.
func TestRulesAreChangedByTwoAdministrators(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		if p, err := workflow.RulesInForce(t.Context(), s); p != nil || err != nil {
			t.Fatalf("before the first: %v, %v", p, err)
		}
		next := changedPack(t, "45")
		o := rulesOffice(t, s, next)
		ctx := context.Background()
		inForce := func(want *authorities.Pack) {
			t.Helper()
			p, err := workflow.RulesInForce(ctx, s)
			if err != nil || p.Hash() != want.Hash() || p.Name != "dostek" || p.Times.UnpaidDays != want.Times.UnpaidDays {
				t.Errorf("in force are %v, %v", p, err)
			}
		}
		inForce(o.pack)
		for name, who := range map[string]workflow.Actor{
			"clerk": o.clerk.Actor, "approver": o.approver.Actor, "auditor": o.auditor.Actor, "nobody": workflow.Anonymous(),
		} {
			if err := o.flow.ProposeRules(ctx, who); registry.KindOf(err) != registry.Forbidden {
				t.Errorf("%s proposes: %v", name, err)
			}
			if err := o.flow.DecideRules(ctx, who, 1, true); registry.KindOf(err) != registry.Forbidden {
				t.Errorf("%s decides: %v", name, err)
			}
		}
		wantKind(t, o.flow.DecideRules(ctx, o.admin.Actor, 2, true), registry.Conflict)
		proposed := func() int64 {
			t.Helper()
			var p *store.RulePack
			o.read(func(tx *store.Tx) (err error) {
				p, err = tx.RulePackProposed()
				return err
			})
			return p.ID
		}
		if err := o.flow.ProposeRules(ctx, o.admin.Actor); err != nil {
			t.Fatal(err)
		}
		if err := o.flow.ProposeRules(ctx, o.admin2.Actor); keyOf(err) != "error.rules.proposed" {
			t.Errorf("proposed twice: %v", err)
		}
		wantKind(t, o.flow.DecideRules(ctx, o.admin.Actor, proposed(), true), registry.Forbidden)
		if err := o.flow.DecideRules(ctx, o.admin.Actor, proposed(), false); err != nil { // thought better of
			t.Fatal(err)
		}
		inForce(o.pack)
		if err := o.flow.ProposeRules(ctx, o.admin.Actor); err != nil {
			t.Fatal(err)
		}
		if err := o.flow.DecideRules(ctx, o.admin2.Actor, proposed(), true); err != nil {
			t.Fatal(err)
		}
		inForce(next)
		if o.flow.Pack().Hash() != o.pack.Hash() {
			t.Error("a running program changed its rules")
		}
		if err := o.flow.ProposeRules(ctx, o.admin2.Actor); keyOf(err) != "error.rules.same" {
			t.Errorf("proposed what is in force: %v", err)
		}
		// The console is the way out, and is journalled as such.
		o.advance(1)
		if err := o.flow.AdoptRules(ctx, workflow.ByConsole("test"), o.pack); err != nil {
			t.Fatal(err)
		}
		inForce(o.pack)
	})
}

func TestRulesOfAnotherAuthorityAreNotProposed(t *testing.T) {
	ubr, err := authorities.Load("ubr")
	if err != nil {
		t.Fatal(err)
	}
	o := rulesOffice(t, storetest.SQLite(t), ubr)
	if err := o.flow.ProposeRules(t.Context(), o.admin.Actor); keyOf(err) != "error.rules.authority" {
		t.Errorf("got %v", err)
	}
}

// Rules are proposed once and decided on once, whoever presses.
func TestRulesRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := rulesOffice(t, s, changedPack(t, "60"))
		ctx := context.Background()
		third := o.hire(registry.Administrator, 8)
		for round := range 3 {
			propose := func(by *colleague) func() error {
				return func() error { return o.flow.ProposeRules(ctx, by.Actor) }
			}
			author := []*colleague{o.admin, o.admin2}[max(0, oneOf(t, "proposing", propose(o.admin), propose(o.admin2)))]
			other := o.admin
			if author == o.admin {
				other = o.admin2
			}
			var p *store.RulePack
			o.read(func(tx *store.Tx) (err error) {
				p, err = tx.RulePackProposed()
				return err
			})
			accept := round == 2
			oneOf(t, "deciding", func() error { return o.flow.DecideRules(ctx, other.Actor, p.ID, accept) },
				func() error { return o.flow.DecideRules(ctx, third.Actor, p.ID, accept) })
		}
	})
}
