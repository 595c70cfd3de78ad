package registry

import "time"

// ReminderHorizon is the earliest that a pack may have its holders reminded
// before the end of a certificate.
const ReminderHorizon = 180 * 24 * time.Hour

// NextReminder says which of the pack's days (falling) stands for now, and when
// to look again. last is the fewest days that the holder was reminded of; 0:
// none. days is 0 where nothing is to be said now: it is too early, or that
// much was said already. Where several days have passed unsaid the last of them
// stands for all. At the end there is nothing to look at any more: again is
// notAfter.
func NextReminder(pack []int, notAfter, now time.Time, last int) (days int, again time.Time) {
	again = notAfter
	for _, d := range pack {
		at := notAfter.Add(-time.Duration(d) * 24 * time.Hour)
		if at.After(now) {
			return days, at
		}
		if last == 0 || d < last {
			days = d
		}
	}
	return days, again
}

// DaysLeft is the time up to an instant in days, a day begun counting whole.
func DaysLeft(until, now time.Time) int {
	const day = 24 * time.Hour
	return int((until.Sub(now) + day - 1) / day)
}
