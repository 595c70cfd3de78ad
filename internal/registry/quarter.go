package registry

import (
	"fmt"
	"strconv"
	"time"
)

// Quarter is a quarter of a calendar year.
type Quarter struct {
	Year int
	N    int // 1 … 4
}

// ParseQuarter reads "2026Q3".
func ParseQuarter(s string) (Quarter, error) {
	if len(s) == 6 && s[4] == 'Q' && s[5] >= '1' && s[5] <= '4' {
		if year, err := strconv.Atoi(s[:4]); err == nil && year >= 2000 {
			return Quarter{year, int(s[5] - '0')}, nil
		}
	}
	return Quarter{}, Refuse(Invalid, "error.quarter")
}

// QuarterOf is the quarter of an instant in a zone.
func QuarterOf(t time.Time, zone *time.Location) Quarter {
	d := DateOf(t, zone)
	return Quarter{d.Year, (int(d.Month) + 2) / 3}
}

func (q Quarter) String() string { return fmt.Sprintf("%04dQ%d", q.Year, q.N) }

// First is its first day.
func (q Quarter) First() Date { return Date{q.Year, time.Month(3*q.N - 2), 1} }

// Last is its last day.
func (q Quarter) Last() Date { return q.Next().First().AddDays(-1) }

// Start is its first instant in a zone; End the first one after.
func (q Quarter) Start(zone *time.Location) time.Time { return q.First().Start(zone) }

// End is the first instant after the quarter in a zone.
func (q Quarter) End(zone *time.Location) time.Time { return q.Next().First().Start(zone) }

// Next is the quarter after.
func (q Quarter) Next() Quarter {
	if q.N == 4 {
		return Quarter{q.Year + 1, 1}
	}
	return Quarter{q.Year, q.N + 1}
}
