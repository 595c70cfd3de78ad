package registry

import (
	"testing"
	"time"
)

func TestA22NextReminder(t *testing.T) {
	pack := []int{30, 14, 7, 1}
	end := time.Date(2026, 11, 19, 3, 14, 2, 0, time.UTC)
	before := func(days int, more time.Duration) time.Time {
		return end.Add(-time.Duration(days)*24*time.Hour + more)
	}
	for _, c := range []struct {
		name  string
		now   time.Time
		last  int
		days  int
		again time.Time
	}{
		{"a year before", before(365, 0), 0, 0, before(30, 0)},
		{"just before the first", before(30, -time.Microsecond), 0, 0, before(30, 0)},
		{"at the first", before(30, 0), 0, 30, before(14, 0)},
		{"said already", before(30, time.Hour), 30, 0, before(14, 0)},
		{"the second", before(14, 0), 30, 14, before(7, 0)},
		{"two passed unsaid", before(7, time.Hour), 30, 7, before(1, 0)},
		{"all passed unsaid", before(1, time.Hour), 0, 1, end},
		{"the last said", before(1, time.Hour), 1, 0, end},
		{"made on its last day", end.Add(-time.Minute), 0, 1, end},
	} {
		days, again := NextReminder(pack, end, c.now, c.last)
		if days != c.days || !again.Equal(c.again) {
			t.Errorf("%s: %d days, again %s; want %d, %s", c.name, days, again, c.days, c.again)
		}
	}
	// Another pack's days: what was said under the old ones is not said again.
	if days, again := NextReminder([]int{45, 20, 5}, end, before(18, 0), 30); days != 20 || !again.Equal(before(5, 0)) {
		t.Errorf("under other days: %d, again %s", days, again)
	}
	if days, _ := NextReminder([]int{45, 20}, end, before(18, 0), 14); days != 0 {
		t.Errorf("fewer days were said of already, and yet %d", days)
	}
}

func TestDaysLeft(t *testing.T) {
	now := time.Date(2026, 11, 19, 3, 14, 2, 0, time.UTC)
	for left, want := range map[time.Duration]int{0: 0, time.Second: 1, 24 * time.Hour: 1, 24*time.Hour + 1: 2, 30 * 24 * time.Hour: 30} {
		if got := DaysLeft(now.Add(left), now); got != want {
			t.Errorf("%s: %d days, want %d", left, got, want)
		}
	}
}
