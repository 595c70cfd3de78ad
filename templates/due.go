package templates

import (
	"strconv"
	"strings"
	"time"
)

// Due is the time left until a deadline, or since it, as the page shows it:
// a class of tamga.css, words, and the instant with seconds for the title.
type Due struct {
	Class string // is-late, is-soon, is-ok, is-still; empty when no clock runs
	Text  string
	At    string
}

// DueAt judges a deadline at now. paused, if set, is since when the clock
// stands still. Late is red with a minus sign, today (Bishkek) amber.
func (c *Catalog) DueAt(lang string, now time.Time, deadline, paused any) Due {
	if p, ok := instant(paused); ok {
		text, _ := c.Text(lang, "due.waiting", "span", c.Span(lang, now.Sub(p)))
		return Due{Class: "is-still", Text: text, At: DateTime(deadline)}
	}
	at, ok := instant(deadline)
	if !ok {
		return Due{}
	}
	d := Due{At: DateTime(at)}
	left := at.Sub(now)
	switch {
	case left < 0:
		d.Class, d.Text = "is-late", "−"+c.Span(lang, -left)
	case sameDay(at, now):
		d.Class, d.Text = "is-soon", c.Span(lang, left)
	default:
		d.Class, d.Text = "is-ok", c.Span(lang, left)
	}
	return d
}

func sameDay(a, b time.Time) bool {
	return a.In(bishkek).Format(time.DateOnly) == b.In(bishkek).Format(time.DateOnly)
}

// Span writes a length of time in its two largest units: "2 күн 22 саат",
// "16 саат 42 мүн", "3 мүн".
func (c *Catalog) Span(lang string, d time.Duration) string {
	minutes := int64(d / time.Minute)
	days, hours, minutes := minutes/(24*60), minutes/60%24, minutes%60
	var parts []string
	add := func(n int64, unit string) {
		word, _ := c.Text(lang, unit)
		parts = append(parts, strconv.FormatInt(n, 10)+NoBreak+word)
	}
	switch {
	case days > 0:
		add(days, "unit.day_short")
		if hours > 0 {
			add(hours, "unit.hour_short")
		}
	case hours > 0:
		add(hours, "unit.hour_short")
		if minutes > 0 {
			add(minutes, "unit.minute_short")
		}
	default:
		add(minutes, "unit.minute_short")
	}
	return strings.Join(parts, " ")
}
