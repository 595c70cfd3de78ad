package authorities

import (
	"fmt"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// Deadlines reckons what the applicant was promised. The hours for revoking
// run by the clock from the report, over holidays; the business day
// begins when the complete package was accepted; the preparation of a
// remote order runs in hours from its sending.
func (p *Pack) Deadlines(f registry.Facts, m registry.Moments) registry.Deadlines {
	var d registry.Deadlines
	var basis []string
	if f.Channel == registry.Remote && p.Times.PrepareHours > 0 {
		at := m.SentAt.Add(time.Duration(p.Times.PrepareHours) * time.Hour)
		d.PrepareBy = &at
		basis = append(basis, "submitted_at + "+span(p.Times.PrepareHours))
	}
	revoke := p.Times.RevokeHours > 0 && p.MustRevokeOld(f, m.SentAt)
	if revoke {
		at := m.SentAt.Add(time.Duration(p.Times.RevokeHours) * time.Hour)
		d.RevokeBy = &at
		basis = append(basis, fmt.Sprintf("%d h by the clock", p.Times.RevokeHours)+p.runsOver(m.SentAt, at))
	}
	if p.Times.IssueBusinessDays > 0 && m.AcceptedAt != nil {
		d.IssueDue = p.calendar.AddBusinessDays(*m.AcceptedAt, p.Times.IssueBusinessDays)
		end := d.IssueDue.End(p.zone)
		d.IssueDueAt = &end
		basis = append(basis, p.issueBasis(registry.DateOf(*m.AcceptedAt, p.zone), d.IssueDue, revoke))
	}
	d.Basis = strings.Join(basis, "; ")
	return d
}

// PrepareDays is the target of a remote order in days, a part of one counted
// whole; 0: there is none.
func (p *Pack) PrepareDays() int { return (p.Times.PrepareHours + 23) / 24 }

// Reminders are the instants at which the holder is reminded of the end.
func (p *Pack) Reminders(notAfter time.Time) []time.Time {
	out := make([]time.Time, len(p.Times.ReminderDays))
	for i, days := range p.Times.ReminderDays {
		out[i] = notAfter.Add(-time.Duration(days) * 24 * time.Hour)
	}
	return out
}

func span(hours int) string {
	if hours%24 == 0 {
		return fmt.Sprintf("%d calendar days", hours/24)
	}
	return fmt.Sprintf("%d h", hours)
}

// runsOver names the holidays that a span by the clock touches.
func (p *Pack) runsOver(from, to time.Time) string {
	var over []string
	for d := registry.DateOf(from, p.zone); d.Compare(registry.DateOf(to, p.zone)) <= 0; d = d.AddDays(1) {
		if day, ok := p.calendar.On(d); ok && !day.Working {
			over = append(over, strings.TrimSpace(day.Name.En+" "+short(d, d)))
		}
	}
	if len(over) == 0 {
		return ""
	}
	return " (runs over " + strings.Join(over, ", ") + ")"
}

// issueBasis says which days were skipped between acceptance and the due day.
func (p *Pack) issueBasis(accepted, due registry.Date, brief bool) string {
	var all, holidays, weekend []registry.Date
	for d := accepted.AddDays(1); d.Compare(due) < 0; d = d.AddDays(1) {
		if p.calendar.IsBusinessDay(d) {
			continue
		}
		all = append(all, d)
		if _, ok := p.calendar.On(d); ok {
			holidays = append(holidays, d)
		} else {
			weekend = append(weekend, d)
		}
	}
	if day, ok := p.calendar.On(due); ok && day.Working && day.Holiday && !brief {
		return short(due, due) + " is a public holiday but a working day"
	}
	count := "first business day"
	if n := p.Times.IssueBusinessDays; n > 1 {
		count = fmt.Sprintf("business day %d", n)
	}
	switch {
	case brief && len(all) == 0:
		return count + " after acceptance"
	case brief:
		return "business day skips " + ranges(all)
	case len(all) == 0:
		return count + " after acceptance"
	case len(weekend) == 0:
		return count + " after acceptance; " + ranges(holidays) + " skipped"
	case len(holidays) == 0:
		return count + " after acceptance; weekend " + ranges(weekend) + " skipped"
	}
	return count + " after acceptance; " + ranges(holidays) + " and weekend " + ranges(weekend) + " skipped"
}

// ranges writes days as "1-9 May, 11 May".
func ranges(days []registry.Date) string {
	var out []string
	for i := 0; i < len(days); {
		j := i
		for j+1 < len(days) && days[j+1] == days[j].AddDays(1) {
			j++
		}
		out = append(out, short(days[i], days[j]))
		i = j + 1
	}
	return strings.Join(out, ", ")
}

// short writes a range as "20-22 Mar" or "31 Mar-2 Apr".
func short(from, to registry.Date) string {
	month := func(d registry.Date) string { return d.Month.String()[:3] }
	switch {
	case from == to:
		return fmt.Sprintf("%d %s", from.Day, month(from))
	case from.Month == to.Month && from.Year == to.Year:
		return fmt.Sprintf("%d-%d %s", from.Day, to.Day, month(from))
	}
	return fmt.Sprintf("%d %s-%d %s", from.Day, month(from), to.Day, month(to))
}
