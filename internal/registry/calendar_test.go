package registry

import (
	"testing"
	"time"
)

var plusSix = time.FixedZone("+06", 6*60*60)

func TestDates(t *testing.T) {
	for in, want := range map[string]string{
		"05.03.2017": "2017-03-05", "5.3.2017": "2017-03-05", "2017-03-05": "2017-03-05", "05/03/2017": "2017-03-05", " 05-03-2017 ": "2017-03-05",
		"29.02.2028": "2028-02-29", "29.02.2027": "", "31.04.2026": "", "2017-3-5": "", "": "", "00.00.0000": "", "05.03.17": "",
	} {
		d, err := ParseInputDate(in)
		if (err == nil) != (want != "") || err == nil && d.String() != want {
			t.Errorf("ParseInputDate(%q) = %s, %v", in, d, err)
		}
	}
	d := Date{2026, 12, 31}
	if d.AddDays(1) != (Date{2027, 1, 1}) || d.Display() != "31.12.2026" || d.Weekday() != time.Thursday || d.Compare(Date{2027, 1, 1}) >= 0 {
		t.Errorf("%s: %s, %s", d, d.AddDays(1), d.Weekday())
	}
	if got := d.End(plusSix); !got.Equal(time.Date(2026, 12, 31, 18, 0, 0, 0, time.UTC)) {
		t.Errorf("the day ends at %s", got.UTC())
	}
}

func TestA14_EndOfTheFirstBusinessDayAfterwards(t *testing.T) {
	c := NewCalendar(plusSix, map[Date]Day{
		{2026, 3, 20}: {}, // a holiday on a Friday
		{2026, 3, 23}: {Working: true, Holiday: true},
		{2026, 2, 7}:  {Working: true}, // a swapped Saturday
	})
	for _, tc := range []struct {
		name     string
		accepted time.Time
		n        int
		want     Date
	}{
		{"the next day", time.Date(2026, 3, 17, 9, 0, 0, 0, plusSix), 1, Date{2026, 3, 18}},
		{"over a holiday and a weekend", time.Date(2026, 3, 19, 9, 0, 0, 0, plusSix), 1, Date{2026, 3, 23}},
		{"accepted on a holiday", time.Date(2026, 3, 20, 9, 0, 0, 0, plusSix), 1, Date{2026, 3, 23}},
		{"the swapped Saturday counts", time.Date(2026, 2, 6, 9, 0, 0, 0, plusSix), 1, Date{2026, 2, 7}},
		{"two days", time.Date(2026, 2, 6, 9, 0, 0, 0, plusSix), 2, Date{2026, 2, 9}},
		{"the day is that of the zone", time.Date(2026, 3, 17, 18, 0, 0, 0, time.UTC), 1, Date{2026, 3, 19}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := c.AddBusinessDays(tc.accepted, tc.n); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
			if got := c.EndOfBusinessDay(tc.accepted, tc.n); !got.Equal(tc.want.End(plusSix)) {
				t.Errorf("ends at %s", got)
			}
		})
	}
}

func TestNoBusinessDayAtAllStillEnds(t *testing.T) {
	days := map[Date]Day{}
	for d := (Date{2026, 1, 1}); d.Compare(Date{2028, 12, 31}) <= 0; d = d.AddDays(1) {
		days[d] = Day{}
	}
	NewCalendar(plusSix, days).AddBusinessDays(time.Date(2026, 1, 1, 9, 0, 0, 0, plusSix), 1)
	var plain Calendar
	if !plain.IsBusinessDay(Date{2026, 11, 20}) || plain.IsBusinessDay(Date{2026, 11, 21}) {
		t.Error("the zero calendar does not know the week")
	}
}

func TestTerm(t *testing.T) {
	end := time.Date(2026, 4, 28, 11, 0, 24, 0, plusSix)
	pred := &Predecessor{NotAfter: end}
	for _, tc := range []struct {
		name   string
		anchor Anchor
		pred   *Predecessor
		moment time.Time
		from   time.Time
		until  time.Time
	}{
		{"DT-23 from the old one's end", FromPredecessorEnd, pred, end.AddDate(0, 0, -20), end, time.Date(2027, 4, 28, 11, 0, 24, 0, plusSix)},
		{"at its very end", FromPredecessorEnd, pred, end, end, time.Date(2027, 4, 28, 11, 0, 24, 0, plusSix)},
		{"never backdated", FromPredecessorEnd, pred, end.Add(time.Hour), end.Add(time.Hour), end.Add(time.Hour).AddDate(1, 0, 0)},
		{"a revoked one has no end to wait for", FromPredecessorEnd, &Predecessor{NotAfter: end, Revoked: true}, end.AddDate(0, -1, 0), end.AddDate(0, -1, 0), end.AddDate(1, -1, 0)},
		{"no predecessor", FromPredecessorEnd, nil, end, end, end.AddDate(1, 0, 0)},
		{"UB-19 from the making", FromManufacture, pred, end.AddDate(0, 0, -20), end.AddDate(0, 0, -20), end.AddDate(1, 0, -20)},
		{"29 February", FromManufacture, nil, time.Date(2028, 2, 29, 10, 0, 0, 0, plusSix), time.Date(2028, 2, 29, 10, 0, 0, 0, plusSix), time.Date(2029, 2, 28, 10, 0, 0, 0, plusSix)},
		{"29 February in Bishkek only", FromManufacture, nil, time.Date(2028, 2, 28, 20, 0, 0, 0, time.UTC), time.Date(2028, 2, 29, 2, 0, 0, 0, plusSix), time.Date(2029, 2, 28, 2, 0, 0, 0, plusSix)},
		{"microseconds stay", FromManufacture, nil, time.Date(2026, 1, 1, 0, 0, 0, 123456000, plusSix), time.Date(2026, 1, 1, 0, 0, 0, 123456000, plusSix), time.Date(2027, 1, 1, 0, 0, 0, 123456000, plusSix)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			from, until := Term(tc.anchor, tc.pred, tc.moment, plusSix)
			if !from.Equal(tc.from) || !until.Equal(tc.until) {
				t.Errorf("%s to %s", from, until)
			}
		})
	}
}

func TestBlockingReasons(t *testing.T) {
	for _, r := range Requisites {
		if got, ok := RequisiteChanged(r).Requisite(); !ok || got != r {
			t.Errorf("%s: %s, %t", r, got, ok)
		}
	}
	if _, ok := CertificateExpired.Requisite(); ok {
		t.Error("an expired certificate is no requisite")
	}
}

func TestA26_FactsOfOnePersonInTwoRoles(t *testing.T) {
	d := Declaration{Head: PersonRequisites{PersonalNumber: "11405198199801", Citizenship: "TUR", Document: IdentityDocument{Languages: []string{"tr", "ru"}}}}
	d.Accountant = &PersonRequisites{PersonalNumber: "11405198199801"}
	f := FactsOf(&d)
	if !f.HeadActsAsAccountant || f.Accountant != nil {
		t.Errorf("%+v", f)
	}
	if !f.Head.Foreign || !f.Head.LocalText || !f.Head.HasNumber {
		t.Errorf("%+v", f.Head)
	}
	d.Managing = &ManagingOrganisation{Individual: true}
	d.Changed = []Requisite{StreetAddress, OrgName, OrgName}
	d.Replaced = []SignatoryRole{Accountant, Head}
	f = FactsOf(&d)
	if f.Managing != ManagedByIndividual || !equal(f.Changed, []Requisite{OrgName, StreetAddress}) || !equal(f.Replaced, []SignatoryRole{Head, Accountant}) {
		t.Errorf("%+v", f)
	}
}
