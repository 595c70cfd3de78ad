package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// endingsShown is how many certificates a page of the calendar lists.
const endingsShown = 50

// calendarRoutes are what ends, and the queue of what was ordered for it.
func (s *Server) calendarRoutes() []route {
	const get = http.MethodGet
	readers := Operator(registry.Clerk, registry.Approver, registry.Auditor)
	return append(s.queueRoutes(),
		route{Method: get, Path: "/calendar", Access: readers, Handle: s.calendar},
		route{Method: get, Path: "/calendar.csv", Access: readers, Handle: s.calendarCSV},
		route{Method: get, Path: "/calendar.xlsx", Access: readers, Handle: s.calendarXLSX})
}

type calendarPage struct {
	templates.Page
	Month          string // in words
	Previous, Next string // paths of the months beside it
	CSV, XLSX      string // paths of what is listed as a file
	Weekdays       []string
	Weeks          [][]calendarDay
	Total          string
	States         []calendarState
	// Day, if one is chosen, in words.
	Day   string
	Items []endingItem
	More  string // path of the next rows
}

// calendarDay is a cell of the month; a zero one is outside it.
type calendarDay struct {
	Date    registry.Date
	Path    string
	N       string
	Nothing string
	Ordered string
	Renewed string
	Today   bool
	Chosen  bool
	Off     bool // not a business day
}

// calendarState is a filter of the list.
type calendarState struct {
	Path, Label, N string
	Current        bool
}

type endingItem struct {
	store.Ending
	Org   string
	State templates.State
}

// month is a month of the calendar that the address names.
type month struct {
	first, next registry.Date
	from, to    time.Time     // what is listed: the month, or the chosen day of it
	day         registry.Date // chosen; zero: none
	state       store.EndingState
}

// month reads ?month=YYYY-MM, ?day=DD and ?state=; what is none of these is the
// month we have.
func (s *Server) month(c echo.Context) month {
	zone := s.deps.Workflow.Pack().Zone()
	first, err := registry.ParseDate(c.QueryParam("month") + "-01")
	if err != nil {
		first = registry.DateOf(s.deps.Now(), zone)
	}
	m := month{first: registry.Date{Year: first.Year, Month: first.Month, Day: 1}}
	m.next = registry.DateOf(time.Date(m.first.Year, m.first.Month+1, 1, 0, 0, 0, 0, time.UTC), time.UTC)
	m.from, m.to = m.first.Start(zone), m.next.Start(zone)
	if n, err := strconv.Atoi(c.QueryParam("day")); err == nil && n >= 1 && n < m.next.AddDays(-1).Day+1 {
		m.day = m.first.AddDays(n - 1)
		m.from, m.to = m.day.Start(zone), m.day.End(zone)
	}
	if st := store.EndingState(c.QueryParam("state")); slices.Contains(store.EndingStates[:], st) {
		m.state = st
	}
	return m
}

// at is the address of a month with more parameters, in pairs; an empty value
// is none.
func (m month) at(path string, first registry.Date, more ...string) string {
	q := url.Values{"month": {first.String()[:len("2006-01")]}}
	for i := 0; i+1 < len(more); i += 2 {
		if more[i+1] != "" {
			q.Set(more[i], more[i+1])
		}
	}
	return path + "?" + q.Encode()
}

func (m month) dayParam() string {
	if m.day.IsZero() {
		return ""
	}
	return strconv.Itoa(m.day.Day)
}

// calendar shows whose certificates end in a month, who has ordered another and
// who has not.
func (s *Server) calendar(c echo.Context) error {
	m := s.month(c)
	v := &calendarPage{Page: s.page(c, s.text(c, "nav.calendar")), Month: s.monthName(c, m.first)}
	v.Previous, v.Next = m.at("/calendar", m.first.AddDays(-1)), m.at("/calendar", m.next)
	v.CSV = m.at("/calendar.csv", m.first, "day", m.dayParam(), "state", string(m.state))
	v.XLSX = m.at("/calendar.xlsx", m.first, "day", m.dayParam(), "state", string(m.state))
	if !m.day.IsZero() {
		v.Day = m.day.Display()
	}
	for i := range 7 {
		v.Weekdays = append(v.Weekdays, s.text(c, "weekday."+strconv.Itoa(i+1)))
	}
	err := s.read(c, func(tx *store.Tx) error {
		if err := s.calendarDays(c, tx, m, v); err != nil {
			return err
		}
		return s.calendarItems(c, tx, m, v)
	})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "calendar", v)
}

func (s *Server) monthName(c echo.Context, d registry.Date) string {
	return s.text(c, "month."+strconv.Itoa(int(d.Month))) + " " + strconv.Itoa(d.Year)
}

// calendarDays fills in the month's grid, Monday first, and its totals.
func (s *Server) calendarDays(c echo.Context, tx *store.Tx, m month, v *calendarPage) error {
	pack := s.deps.Workflow.Pack()
	var days []registry.Date
	var between []time.Time
	for d := m.first; d.Compare(m.next) < 0; d = d.AddDays(1) {
		days, between = append(days, d), append(between, d.Start(pack.Zone()))
	}
	counts, err := tx.EndingCounts(append(between, m.next.Start(pack.Zone())))
	if err != nil {
		return err
	}
	today := registry.DateOf(s.deps.Now(), pack.Zone())
	before := (int(m.first.Weekday()) + 6) % 7 // days of the week that belong to the month before
	week := append(make([]calendarDay, 0, 7), make([]calendarDay, before)...)
	sum := newTally()
	for i, d := range days {
		n := counts[i]
		cell := calendarDay{
			Date: d, Path: m.at("/calendar", m.first, "day", strconv.Itoa(d.Day)), Today: d == today, Chosen: d == m.day, Off: !pack.Calendar().IsBusinessDay(d),
			N: some(n.All), Nothing: some(n.States[store.EndingNothing]), Ordered: some(n.States[store.EndingOrdered]), Renewed: some(n.States[store.EndingRenewed]),
		}
		if week = append(week, cell); len(week) == 7 {
			v.Weeks, week = append(v.Weeks, week), nil
		}
		if m.day.IsZero() || d == m.day {
			sum.add(n)
		}
	}
	if len(week) > 0 {
		v.Weeks = append(v.Weeks, append(week, make([]calendarDay, 7-len(week))...))
	}
	v.Total = sum.text(sum.all)
	v.States = []calendarState{{Path: m.at("/calendar", m.first, "day", m.dayParam()), Label: s.text(c, "filter.all"), N: v.Total, Current: m.state == ""}}
	for _, st := range store.EndingStates {
		v.States = append(v.States, calendarState{
			Path: m.at("/calendar", m.first, "day", m.dayParam(), "state", string(st)), Label: s.text(c, "calendar.state."+string(st)),
			N: sum.text(sum.states[st]), Current: m.state == st,
		})
	}
	return nil
}

// tally adds up counts that may be cut off.
type tally struct {
	all    int
	states map[store.EndingState]int
	cut    bool
}

func newTally() *tally { return &tally{states: map[store.EndingState]int{}} }

func (t *tally) add(n store.EndingCount) {
	t.all += n.All
	t.cut = t.cut || n.All >= store.MaxCount
	for st, k := range n.States {
		t.states[st] += k
	}
}

// text of a sum; with a plus sign where a day had more than were counted.
func (t *tally) text(n int) string {
	if t.cut {
		return templates.Number(n) + "+"
	}
	return templates.Number(n)
}

// some is a count, or nothing for none.
func some(n int) string {
	if n == 0 {
		return ""
	}
	return capped(n)
}

func (s *Server) calendarItems(c echo.Context, tx *store.Tx, m month, v *calendarPage) error {
	f := store.EndingFilter{From: m.from, To: m.to, State: m.state, Limit: endingsShown + 1}
	at, id, _ := strings.Cut(c.QueryParam("after"), ".")
	micro, err := strconv.ParseInt(at, 10, 64)
	if n, err2 := strconv.ParseInt(id, 10, 64); err == nil && err2 == nil {
		f.After = store.EndingPlace{NotAfter: time.UnixMicro(micro).UTC(), ID: registry.CertificateID(n)}
	}
	found, err := tx.Endings(f)
	if err != nil {
		return err
	}
	if len(found) > endingsShown {
		found = found[:endingsShown]
		last := found[endingsShown-1].Place()
		v.More = m.at("/calendar", m.first, "day", m.dayParam(), "state", string(m.state),
			"after", strconv.FormatInt(last.NotAfter.UnixMicro(), 10)+"."+strconv.FormatInt(int64(last.ID), 10))
	}
	for _, e := range found {
		v.Items = append(v.Items, endingItem{e, e.Organisation.FullName(lang(c)), s.endingState(c, e.State)})
	}
	return nil
}

var endingShapes = map[store.EndingState]string{store.EndingNothing: "none", store.EndingOrdered: "half", store.EndingRenewed: "good"}

func (s *Server) endingState(c echo.Context, st store.EndingState) templates.State {
	return templates.State{Class: endingShapes[st], Word: s.text(c, "calendar.state."+string(st))}
}
