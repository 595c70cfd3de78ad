//go:build bench

package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// figure is one measurement beside its peer: the median of the rounds.
type figure struct {
	what string
	ours float64
	peer float64
	unit string // "/s", "ms", "MB/s"
	// rounds are the ratios of each round.
	rounds []float64
	// atLeast or atMost bounds the ratio; 0: nothing is promised.
	atLeast, atMost float64
	// p99, the peer's, and within are milliseconds; 0: not measured, not bounded.
	p99, peerP99, within float64
}

// compare makes a figure of rounds of ours beside the peer's.
func compare(what, unit string, ours, peer []float64) figure {
	f := figure{what: what, unit: unit, ours: median(ours), peer: median(peer)}
	for i := range ours {
		f.rounds = append(f.rounds, ours[i]/peer[i])
	}
	return f
}

func (f figure) middle() float64 { return median(f.rounds) }

func (f figure) ratio() string {
	s := fmt.Sprintf("%.2f", f.middle())
	if len(f.rounds) > 1 {
		s += fmt.Sprintf(" (%.2f–%.2f)", slices.Min(f.rounds), slices.Max(f.rounds))
	}
	if f.p99 > 0 {
		s += fmt.Sprintf(", p99 %.1f ms", f.p99)
	}
	if f.peerP99 > 0 {
		s += fmt.Sprintf(" beside %.1f", f.peerP99)
	}
	return s
}

func (f figure) bound() string {
	s := "—"
	switch {
	case f.atLeast > 0:
		s = fmt.Sprintf("≥ %g", f.atLeast)
	case f.atMost > 0:
		s = fmt.Sprintf("≤ %g", f.atMost)
	}
	if f.within > 0 {
		s += fmt.Sprintf(", p99 < %g ms", f.within)
	}
	return s
}

func (f figure) value(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f %s", v, f.unit)
	}
	return fmt.Sprintf("%.1f %s", v, f.unit)
}

func (f figure) missed() bool {
	return f.atLeast > 0 && f.middle() < f.atLeast || f.atMost > 0 && f.middle() > f.atMost || f.within > 0 && f.p99 >= f.within
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

// table is the figures of one promise.
type table struct {
	name    string
	figures []figure
}

type report struct{ tables []table }

func (r *report) add(name string, f figure) {
	i := slices.IndexFunc(r.tables, func(t table) bool { return t.name == name })
	if i < 0 {
		i, r.tables = len(r.tables), append(r.tables, table{name: name})
	}
	r.tables[i].figures = append(r.tables[i].figures, f)
}

func (r *report) missed() []figure {
	var out []figure
	for _, t := range r.tables {
		for _, f := range t.figures {
			if f.missed() {
				out = append(out, f)
			}
		}
	}
	return out
}

// explained are the words above each table: what is ours, and what the peer is.
var explained = map[string]string{}

// parts are the tables as the file of results shows them.
func (r *report) parts() (out []part) {
	for _, t := range r.tables {
		var b bytes.Buffer
		fmt.Fprintf(&b, "%s\n\n%s\n\n| | ours | peer | ratio | limit | |\n|---|---|---|---|---|---|\n", measuredOn(), explained[t.name])
		for _, f := range t.figures {
			kept := "kept"
			switch {
			case f.missed():
				kept = "**missed**"
			case f.bound() == "—":
				kept = ""
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", f.what, f.value(f.ours), f.value(f.peer), f.ratio(), f.bound(), kept)
		}
		out = append(out, part{t.name, strings.TrimSpace(b.String())})
	}
	return out
}
