package authorities

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tamga-ca/tamga/internal/registry"
)

// withSettings is a shipped pack with lines changed: pairs of what stands there
// and what is to.
func withSettings(t *testing.T, name string, pairs ...string) *Pack {
	t.Helper()
	src := source(t, name)
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(src, pairs[i]) {
			t.Fatalf("the pack has no %q", pairs[i])
		}
		src = strings.Replace(src, pairs[i], pairs[i+1], 1)
	}
	p, err := Parse("mine.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// streetCloses makes a new street close the remote way.
var streetCloses = []string{
	"OWNER_POSITION, OWNER_PASSPORT]\n  replaced", "OWNER_POSITION, OWNER_PASSPORT, STREET_ADDRESS]\n  replaced",
	"    - code: CERT_REVOKED\n", `    - code: REQUISITE_CHANGED:STREET_ADDRESS
      rules: [A-02]
      label: { ky: "Көчөсү өзгөрдү", ru: "Изменилась улица", en: "The street changed" }
      why: { ky: "Жаңы дарегин кеңседе далилдөө керек.", ru: "Новый адрес нужно подтвердить в офисе.", en: "The new address has to be proven in the office." }
    - code: CERT_REVOKED
`,
}

func TestA02_AStreetIsAChangeWhereThePackSaysSo(t *testing.T) {
	d := declaration()
	d.Storage, d.Channel, d.Trusted = registry.ECloud, registry.Remote, nil
	f := registry.FactsOf(&d)
	f.Changed = []registry.Requisite{registry.OrgName, registry.StreetAddress}
	for name, c := range map[string]struct {
		pack *Pack
		want []registry.BlockingReason
		why  string
	}{
		"not":    {pack(t, "dostek"), []registry.BlockingReason{"REQUISITE_CHANGED:ORG_NAME"}, "changed: the organisation's name."},
		"closes": {withSettings(t, "dostek", streetCloses...), []registry.BlockingReason{"REQUISITE_CHANGED:ORG_NAME", "REQUISITE_CHANGED:STREET_ADDRESS"}, "changed: the organisation's name, the street address."},
	} {
		el := c.pack.RemoteEligibility(f, noon)
		if diff := cmp.Diff(c.want, el.Blocking); diff != "" || len(c.pack.ClosedBecause(f, el)) != len(c.want) {
			t.Errorf("%s: %s, %v", name, diff, c.pack.ClosedBecause(f, el))
		}
		only := f
		only.Changed, only.Channel = []registry.Requisite{registry.StreetAddress}, registry.Office
		if asked := slices.Contains(registry.ChecklistCodes(c.pack.Checklist(only)), "DT-CHANGE-PROOF"); asked != (name == "closes") {
			t.Errorf("%s: the proof of a new street is asked for: %t", name, asked)
		}
		both := f
		both.Channel = registry.Office
		for _, item := range c.pack.Checklist(both) {
			if item.Code == "DT-CHANGE-PROOF" && !strings.Contains(item.Why.En, c.why) {
				t.Errorf("%s: asked for %s", name, item.Why.En)
			}
		}
	}
}

func TestA03_WhatIsAnotherPassport(t *testing.T) {
	for _, c := range []struct {
		pack           *Pack
		number, series bool // is a change
	}{
		{pack(t, "dostek"), true, true},
		{withSettings(t, "dostek", "passport_series_only: false", "passport_series_only: true"), false, true},
	} {
		before, number, series := declaration(), declaration(), declaration()
		number.Head.Document.Number, series.Head.Document.Series = "7654321", "AN"
		changed := func(now *registry.Declaration) bool {
			return slices.Contains(c.pack.Changes(&before, now), registry.OwnerPassport)
		}
		if changed(&number) != c.number || changed(&series) != c.series {
			t.Errorf("series only %t: a new number %t, a new series %t", c.pack.Remote.SeriesOnly, changed(&number), changed(&series))
		}
	}
}

func TestA09_TheTargetOfARemoteOrder(t *testing.T) {
	d := declaration()
	d.Storage, d.Channel = registry.ECloud, registry.Remote
	for hours, days := range map[string]int{"168": 7, "72": 3, "36": 2, "0": 0} {
		p := withSettings(t, "dostek", "prepare_hours: 168", "prepare_hours: "+hours)
		dl := p.Deadlines(registry.FactsOf(&d), registry.Moments{SentAt: noon})
		switch {
		case p.PrepareDays() != days:
			t.Errorf("%s hours are %d days", hours, p.PrepareDays())
		case hours == "0" && dl.PrepareBy != nil:
			t.Errorf("no target, prepare by %s", dl.PrepareBy)
		case hours != "0" && !dl.PrepareBy.Equal(noon.Add(time.Duration(p.Times.PrepareHours)*time.Hour)):
			t.Errorf("%s hours: prepare by %s", hours, dl.PrepareBy)
		}
	}
}

func TestA11_TheSharesThatComeBack(t *testing.T) {
	for _, c := range []struct {
		before, after string
		want, issued  registry.Tyiyn
	}{
		{"100", "100", 151005, 151005}, {"50", "0", 75503, 0}, {"0", "30", 0, 45302}, {"33", "100", 49832, 151005},
	} {
		p := withSettings(t, "dostek", "refund_percent: 100", "refund_percent: "+c.before, "refund_issued_percent: 100", "refund_issued_percent: "+c.after)
		if got, issued := p.Refund(151005, false), p.Refund(151005, true); got != c.want || issued != c.issued {
			t.Errorf("%s and %s per cent: %d and %d", c.before, c.after, got, issued)
		}
	}
}

func TestA14_TheBusinessDaysOfAnIssue(t *testing.T) {
	d := declaration()
	d.Operation, d.Predecessor = registry.FirstIssue, nil
	accepted := noon // a Friday
	for days, due := range map[string]registry.Date{
		"1": {Year: 2026, Month: 11, Day: 23}, "2": {Year: 2026, Month: 11, Day: 24}, "6": {Year: 2026, Month: 11, Day: 30}, "0": {},
	} {
		p := withSettings(t, "ubr", "issue_business_days: 1", "issue_business_days: "+days)
		dl := p.Deadlines(registry.FactsOf(&d), registry.Moments{SentAt: noon, AcceptedAt: &accepted})
		if dl.IssueDue != due || (dl.IssueDueAt == nil) != due.IsZero() || dl.IssueDueAt != nil && !dl.IssueDueAt.Equal(due.End(p.Zone())) {
			t.Errorf("%s business days: due %v, %v", days, dl.IssueDue, dl.IssueDueAt)
		}
	}
}

func TestA31_TheAnchorInTheOffice(t *testing.T) {
	end := declaration().Predecessor.NotAfter
	for _, c := range []struct {
		name    string
		pack    *Pack
		channel registry.Channel
		from    time.Time
	}{
		{"the pack anchors there", pack(t, "dostek"), registry.Office, end},
		{"the pack does not", withSettings(t, "dostek", "anchor_office: true", "anchor_office: false"), registry.Office, noon},
		{"a remote order follows all the same", withSettings(t, "dostek", "anchor_office: true", "anchor_office: false"), registry.Remote, end},
	} {
		d := declaration()
		d.Channel = c.channel
		if from, to := c.pack.Term(registry.FactsOf(&d), noon); !from.Equal(c.from) || !to.Equal(registry.NextYear(c.from, c.pack.Zone())) {
			t.Errorf("%s: %s to %s", c.name, from, to)
		}
	}
}

// Of an order for one owner only this one's changes and fee count.
func TestA33_WhatCountsOfAnOrderForOneOwner(t *testing.T) {
	p := withSettings(t, "dostek", "each_owner_alone: false", "each_owner_alone: true")
	if !p.Remote.EachAlone || pack(t, "dostek").Remote.EachAlone {
		t.Error("the setting is not read")
	}
	before := declaration()
	accountant := before.Head
	accountant.PersonalNumber, accountant.PositionRu = "22704198500012", "Главный бухгалтер"
	before.Accountant, before.HeadActsAsAccountant = &accountant, false
	now, changed, other := before, accountant, accountant
	changed.Document.Number = "7654321"
	other.PersonalNumber = "22704198500013"
	for role, count := range map[registry.SignatoryRole]bool{"": true, registry.Accountant: true, registry.Head: false} {
		now.Alone, now.Accountant = role, &changed
		if got := slices.Contains(p.Changes(&before, &now), registry.OwnerPassport); got != count {
			t.Errorf("for %q: the accountant's new passport counts: %t", role, got)
		}
		now.Accountant = &other
		if got := slices.Contains(registry.Replacements(&before, &now), registry.Accountant); got != count {
			t.Errorf("for %q: another accountant counts: %t", role, got)
		}
	}
	now.Accountant, now.Storage = &accountant, registry.ECloud
	for role, want := range map[registry.SignatoryRole]registry.Tyiyn{"": 151000 + 142000, registry.Head: 151000, registry.Accountant: 142000} {
		now.Alone = role
		if q, err := p.Price(registry.FactsOf(&now), noon); err != nil || q.Total != want {
			t.Errorf("for %q: %d, %v", role, q.Total, err)
		}
	}
}
