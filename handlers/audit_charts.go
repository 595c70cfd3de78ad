package handlers

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// chartMonths is how many months a chart by month shows at most: the latest; it
// says so where there are others.
const chartMonths = 24

type auditChartsPage struct {
	templates.Page
	Period period
	Charts []chart
	Most   int
}

// chart is a picture of bars and the same as a table.
type chart struct {
	ID, Title, Note string
	Head            []string // of the table, the first of its rows
	Rows            []chartRow
	Height          int
	Cut             bool // only the newest rows of the period were counted
}

// chartRow is a row of the table and its bar.
type chartRow struct {
	Label string
	Cells []string
	Parts []chartPart
	Y     int
	Text  string // at the end of the bar
	TextX int
}

// chartPart is a piece of a bar.
type chartPart struct {
	X, Width int
	Opacity  string // of the ink, "1" the first
}

const (
	chartLeft  = 210 // where bars begin
	chartWidth = 380 // of the longest
	chartStep  = 24
)

// newChart draws rows of numbers: a bar each, a piece for each number.
func newChart(id, title, note string, head []string) *chart {
	return &chart{ID: id, Title: title, Note: note, Head: head}
}

func (ch *chart) row(label string, numbers []int, cells []string) {
	sum := 0
	for _, n := range numbers {
		sum += n
	}
	r := chartRow{Label: label, Cells: cells, Text: templates.Number(sum)}
	for _, n := range numbers {
		r.Parts = append(r.Parts, chartPart{Width: n})
	}
	ch.Rows = append(ch.Rows, r)
}

// draw turns the numbers into lengths.
func (ch *chart) draw() chart {
	most := 1
	for _, r := range ch.Rows {
		sum := 0
		for _, p := range r.Parts {
			sum += p.Width
		}
		most = max(most, sum)
	}
	for i := range ch.Rows {
		r := &ch.Rows[i]
		r.Y = i*chartStep + 4
		x := chartLeft
		for k := range r.Parts {
			p := &r.Parts[k]
			p.X, p.Width = x, p.Width*chartWidth/most
			p.Opacity = strconv.FormatFloat(max(0.15, 1-float64(k)*0.2), 'f', 2, 64)
			x += p.Width
		}
		r.TextX = x + 6
	}
	ch.Height = len(ch.Rows)*chartStep + 8
	return *ch
}

// auditCharts are figures of a period, as pictures and as tables.
func (s *Server) auditCharts(c echo.Context) error {
	v := &auditChartsPage{Page: s.page(c, s.text(c, "audit.charts")), Period: s.period(c), Most: store.ChartRows}
	err := s.read(c, func(tx *store.Tx) error {
		for _, draw := range []func(echo.Context, *store.Tx, period) (*chart, error){s.chartRevoked, s.chartPublic, s.chartWaiting, s.chartDecisions, s.chartWaived} {
			ch, err := draw(c, tx, v.Period)
			if err != nil {
				return err
			}
			v.Charts = append(v.Charts, ch.draw())
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "audit_charts", v)
}

// chartRevoked is revocations by month and reason.
func (s *Server) chartRevoked(c echo.Context, tx *store.Tx, p period) (*chart, error) {
	zone := s.deps.Workflow.Pack().Zone()
	type month struct {
		first  registry.Date
		counts map[int]int
	}
	var months []month
	seen := map[int]bool{}
	cut := false
	to := p.end
	for to.After(p.start) && len(months) < chartMonths {
		d := registry.DateOf(to.Add(-time.Microsecond), zone)
		m := month{registry.Date{Year: d.Year, Month: d.Month, Day: 1}, map[int]int{}}
		from := m.first.Start(zone)
		if from.Before(p.start) {
			from = p.start
		}
		counts, err := tx.RevokedBetween(from, to)
		if err != nil {
			return nil, err
		}
		sum := 0
		for _, n := range counts {
			m.counts[n.Reason], seen[n.Reason], sum = n.N, true, sum+n.N
		}
		cut = cut || sum >= store.ChartRows
		months, to = append(months, m), from
	}
	reasons := slices.Sorted(maps.Keys(seen))
	head := []string{s.text(c, "audit.chart.month")}
	for _, r := range reasons {
		head = append(head, rfcReason(r))
	}
	note := ""
	if to.After(p.start) {
		note = s.text(c, "audit.chart.months", "n", chartMonths)
	}
	ch := newChart("revoked", s.text(c, "audit.chart.revoked"), note, head)
	ch.Cut = cut
	for _, m := range slices.Backward(months) {
		var numbers []int
		for _, r := range reasons {
			numbers = append(numbers, m.counts[r])
		}
		ch.row(s.monthName(c, m.first), numbers, cellsOf(numbers))
	}
	return ch, nil
}

func cellsOf(numbers []int) []string {
	out := make([]string, len(numbers))
	for i, n := range numbers {
		out[i] = templates.Number(n)
	}
	return out
}

// chartPublic is how long it took from a report until the world could know.
func (s *Server) chartPublic(c echo.Context, tx *store.Tx, p period) (*chart, error) {
	times, err := tx.ReportTimesBetween(p.start, p.end)
	if err != nil {
		return nil, err
	}
	limits := []struct {
		key  string
		most time.Duration
	}{{"audit.chart.minute", time.Minute}, {"audit.chart.hour", time.Hour}, {"audit.chart.day", 24 * time.Hour}, {"audit.chart.longer", 1<<63 - 1}}
	counts := make([]int, len(limits)+1)
	for _, t := range times {
		if t.PublicAt == nil {
			counts[len(limits)]++
			continue
		}
		for i, l := range limits {
			if t.PublicAt.Sub(t.ReportedAt) <= l.most {
				counts[i]++
				break
			}
		}
	}
	ch := newChart("public", s.text(c, "audit.chart.public"), s.text(c, "audit.chart.public_note"), []string{s.text(c, "audit.chart.time"), s.text(c, "audit.chart.reports")})
	ch.Cut = len(times) >= store.ChartRows
	for i, l := range limits {
		ch.row(s.text(c, l.key), counts[i:i+1], cellsOf(counts[i:i+1]))
	}
	ch.row(s.text(c, "audit.chart.not_public"), counts[len(limits):], cellsOf(counts[len(limits):]))
	return ch, nil
}

// kept counts what was done in time, and what was not.
type kept struct{ in, late int }

func (k *kept) add(done, due time.Time) {
	if done.After(due) {
		k.late++
		return
	}
	k.in++
}

// chartWaiting compares waiting times with the rules: UB-14 (a business day
// from the complete package), UB-28 (24 hours from a report, A-13), DT-20 (seven
// days from an order, A-09). A rule that the pack does not have is left out.
func (s *Server) chartWaiting(c echo.Context, tx *store.Tx, p period) (*chart, error) {
	pack, now := s.deps.Workflow.Pack(), s.deps.Now()
	approved, err := tx.ApprovedBetween(p.start, p.end)
	if err != nil {
		return nil, err
	}
	reports, err := tx.ReportTimesBetween(p.start, p.end)
	if err != nil {
		return nil, err
	}
	var issue, orders, out kept
	for _, a := range approved {
		switch {
		case a.DecidedAt == nil:
		case a.Channel == registry.Remote && a.SubmittedAt != nil:
			orders.add(*a.DecidedAt, a.SubmittedAt.Add(time.Duration(pack.Times.PrepareHours)*time.Hour))
		case a.Channel == registry.Office && a.VerifiedAt != nil:
			issue.add(*a.DecidedAt, pack.Calendar().EndOfBusinessDay(*a.VerifiedAt, pack.Times.IssueBusinessDays))
		}
	}
	for _, r := range reports {
		if r.OutAt != nil {
			out.add(*r.OutAt, r.DueAt)
		} else if now.After(r.DueAt) {
			out.late++
		}
	}
	ch := newChart("waiting", s.text(c, "audit.chart.waiting"), s.text(c, "audit.chart.waiting_note"),
		[]string{s.text(c, "audit.chart.rule"), s.text(c, "audit.chart.in_time"), s.text(c, "audit.chart.late")})
	ch.Cut = len(approved) >= store.ChartRows || len(reports) >= store.ChartRows
	add := func(label string, k kept) { ch.row(label, []int{k.in, k.late}, cellsOf([]int{k.in, k.late})) }
	if n := pack.Times.IssueBusinessDays; n > 0 {
		add(s.text(c, "audit.chart.rule_issue", "n", n), issue)
	}
	add(s.text(c, "audit.chart.rule_report", "n", pack.RevokeHours()), out)
	if n := pack.Times.PrepareHours; n > 0 {
		add(s.text(c, "audit.chart.rule_order", "n", n), orders)
	}
	return ch, nil
}

// chartDecisions is who decided how often.
func (s *Server) chartDecisions(c echo.Context, tx *store.Tx, p period) (*chart, error) {
	counts, err := tx.DecisionsBetween(p.start, p.end)
	if err != nil {
		return nil, err
	}
	names, err := operatorNames(tx, lang(c))
	if err != nil {
		return nil, err
	}
	kinds := store.DecisionKinds[:]
	head := []string{s.text(c, "journal.who")}
	for _, kind := range kinds {
		head = append(head, s.text(c, "history."+kind))
	}
	ch := newChart("decisions", s.text(c, "audit.chart.decisions"), "", head)
	by := map[string][]int{}
	for _, n := range counts {
		if by[n.ActorID] == nil {
			by[n.ActorID] = make([]int, len(kinds))
		}
		by[n.ActorID][slices.Index(kinds, n.Kind)] = n.N
		ch.Cut = ch.Cut || n.N >= store.ChartRows
	}
	for _, id := range slices.Sorted(maps.Keys(by)) {
		ch.row(s.auditActor(c, journal.Actor{Kind: journal.ActorOperator, ID: id}, actorNames{operators: names}), by[id], cellsOf(by[id]))
	}
	return ch, nil
}

// chartWaived is how often required documents were waived.
func (s *Server) chartWaived(c echo.Context, tx *store.Tx, p period) (*chart, error) {
	counts, err := tx.WaivedBetween(p.start, p.end)
	if err != nil {
		return nil, err
	}
	ch := newChart("waived", s.text(c, "audit.chart.waived"), s.text(c, "audit.chart.waived_note"),
		[]string{s.text(c, "audit.subject.document"), s.text(c, "audit.chart.asked"), s.text(c, "status.document.waived"), s.text(c, "audit.chart.share")})
	for _, n := range counts {
		share := strconv.Itoa(n.Waived*100/max(1, n.All)) + templates.NoBreak + "%"
		ch.row(n.Code, []int{n.Waived}, []string{templates.Number(n.All), templates.Number(n.Waived), share})
	}
	return ch, nil
}
