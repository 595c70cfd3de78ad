package registry

import (
	"fmt"
	"time"
)

// Date is a day of the calendar, without zone.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the day of an instant in a zone.
func DateOf(t time.Time, zone *time.Location) Date {
	y, m, d := t.In(zone).Date()
	return Date{y, m, d}
}

// ParseDate reads YYYY-MM-DD; the day must exist.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1 {
		return Date{}, Refuse(Invalid, "error.registry.date")
	}
	return DateOf(t, time.UTC), nil
}

// ParseInputDate reads a date as typed in a form: DD.MM.YYYY (also with / or -
// between) or YYYY-MM-DD.
func ParseInputDate(s string) (Date, error) {
	for _, layout := range [...]string{time.DateOnly, "02.01.2006", "2.1.2006", "02/01/2006", "02-01-2006"} {
		if t, err := time.Parse(layout, trimSpace(s)); err == nil && t.Year() >= 1 {
			return DateOf(t, time.UTC), nil
		}
	}
	return Date{}, Refuse(Invalid, "error.registry.date")
}

func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// Display is DD.MM.YYYY, in every language (glossary R9).
func (d Date) Display() string { return fmt.Sprintf("%02d.%02d.%04d", d.Day, d.Month, d.Year) }

// IsZero says that no date is set.
func (d Date) IsZero() bool { return d == Date{} }

// AddDays moves by calendar days.
func (d Date) AddDays(n int) Date {
	return DateOf(time.Date(d.Year, d.Month, d.Day+n, 0, 0, 0, 0, time.UTC), time.UTC)
}

// Compare is negative, 0 or positive as d is before, equal to or after e.
func (d Date) Compare(e Date) int {
	switch {
	case d.Year != e.Year:
		return d.Year - e.Year
	case d.Month != e.Month:
		return int(d.Month - e.Month)
	default:
		return d.Day - e.Day
	}
}

// Weekday of the date.
func (d Date) Weekday() time.Weekday {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Weekday()
}

// Start is the first instant of the day in a zone; End the first one after.
func (d Date) Start(zone *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, zone)
}

// End is the first instant after the day in a zone.
func (d Date) End(zone *time.Location) time.Time { return d.AddDays(1).Start(zone) }

// Day is what a calendar's table says of one date; it overrides the week in
// either direction (domain.md §6.5).
type Day struct {
	Working bool
	Holiday bool // a public holiday, which may be a working day (23 February)
	Name    Text // of the holiday or the swap
}

// Calendar tells business days from others. The zero value knows the plain
// week, in UTC.
type Calendar struct {
	zone *time.Location
	days map[Date]Day
}

// NewCalendar makes a calendar of a zone and a table of overrides.
func NewCalendar(zone *time.Location, days map[Date]Day) *Calendar {
	return &Calendar{zone: zone, days: days}
}

// Zone of the calendar.
func (c *Calendar) Zone() *time.Location {
	if c.zone == nil {
		return time.UTC
	}
	return c.zone
}

// On returns what the table says of a date; ok is false for an ordinary day.
func (c *Calendar) On(d Date) (day Day, ok bool) {
	day, ok = c.days[d]
	return day, ok
}

// IsBusinessDay says whether people work on a date.
func (c *Calendar) IsBusinessDay(d Date) bool {
	if day, ok := c.days[d]; ok {
		return day.Working
	}
	w := d.Weekday()
	return w != time.Saturday && w != time.Sunday
}

// AddBusinessDays is the n-th business day after the date of t; n at least 1.
// A table without a single business day within a year ends the search there.
func (c *Calendar) AddBusinessDays(t time.Time, n int) Date {
	d := DateOf(t, c.Zone())
	for range max(n, 1) {
		for i := 0; ; i++ {
			d = d.AddDays(1)
			if c.IsBusinessDay(d) || i > 366 {
				break
			}
		}
	}
	return d
}

// EndOfBusinessDay is the first instant after the n-th business day.
func (c *Calendar) EndOfBusinessDay(t time.Time, n int) time.Time {
	return c.AddBusinessDays(t, n).End(c.Zone())
}
