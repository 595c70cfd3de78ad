package handlers

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// worklistShown is how many applications a page of the worklist has.
const worklistShown = 50

type worklistPage struct {
	templates.Page
	Filters  []worklistFilters
	Groups   []worklistGroup
	Counts   *store.WorklistCounts
	Total    string
	Query    string
	Filtered bool
	Narrow   bool
	MayTake  bool
	// First and Next are links of pages of the list; empty: there is none.
	First, Next string
}

// worklistFilters are one column of filters; each is a link with a count.
type worklistFilters struct {
	Label string // message key
	Links []worklistLink
}

type worklistLink struct {
	Path, Label string
	Count       string
	Current     bool
	Late        bool
}

// worklistGroup is the rows of one urgency.
type worklistGroup struct {
	Label string // message key
	Late  bool
	Items []worklistItem
}

type worklistItem struct {
	store.WorkItem
	Title, Office, Who string
	Mine               bool
	State              templates.State
}

// worklist shows applications by the time they are due, overdue first.
func (s *Server) worklist(c echo.Context) error {
	v := &worklistPage{Page: s.page(c, s.text(c, "nav.worklist")), Query: c.QueryParam("q")}
	v.MayTake = identity(c).Role == registry.Clerk
	f := s.worklistFilter(c)
	v.Filtered = len(c.QueryParams()) > 0
	offices := s.deps.Workflow.Pack().Offices
	codes := make([]registry.OfficeCode, len(offices))
	for i, o := range offices {
		codes[i] = o.Code
	}
	err := s.read(c, func(tx *store.Tx) error {
		w, err := tx.Worklist(f)
		if err != nil {
			return err
		}
		if v.Counts, err = tx.WorklistCounts(identity(c).OperatorID, codes, f.Now, f.EndOfDay); err != nil {
			return err
		}
		names, err := operatorNames(tx, lang(c))
		if err != nil {
			return err
		}
		s.worklistRows(c, v, f, w, names)
		return nil
	})
	if err != nil {
		return err
	}
	v.Filters, v.Total = s.worklistFilters(c, v.Counts), capped(v.Counts.All)
	return s.render(c, http.StatusOK, "worklist", v)
}

// worklistFilter reads the filters out of the address, so that a list can be
// kept as a bookmark. What is no filter is none.
func (s *Server) worklistFilter(c echo.Context) store.WorklistFilter {
	now := s.deps.Now()
	f := store.WorklistFilter{
		Status: registry.ApplicationStatus(c.QueryParam("status")), Office: registry.OfficeCode(c.QueryParam("office")),
		Due: store.DueFilter(c.QueryParam("due")), Query: strings.TrimSpace(c.QueryParam("q")), Limit: worklistShown,
		Now: now, EndOfDay: registry.DateOf(now, s.deps.Workflow.Pack().Zone()).End(s.deps.Workflow.Pack().Zone()),
	}
	switch c.QueryParam("who") {
	case "mine":
		f.Assignee = identity(c).OperatorID
	case "nobody":
		f.Nobody = true
	}
	at, id, _ := strings.Cut(c.QueryParam("after"), ".")
	micro, err := strconv.ParseInt(at, 10, 64)
	if n, err2 := strconv.ParseInt(id, 10, 64); err == nil && err2 == nil {
		f.After = store.WorklistPlace{QueueAt: time.UnixMicro(micro).UTC(), ID: registry.ApplicationID(n)}
	}
	return f
}

func (s *Server) worklistRows(c echo.Context, v *worklistPage, f store.WorklistFilter, w *store.Worklist, names map[registry.OperatorID]string) {
	l := lang(c)
	for _, it := range w.Items {
		row := worklistItem{
			WorkItem: it, Title: registry.Text{Ky: it.TitleKy, Ru: it.TitleRu, En: it.TitleRu}.In(l), Who: names[it.Assignee],
			Mine: it.Assignee != 0 && it.Assignee == identity(c).OperatorID, State: s.applicationState(c, it.Status),
		}
		if o, ok := s.deps.Workflow.Pack().Office(it.Office); ok {
			row.Office = o.Name.In(l)
		}
		label, late := urgency(it, f)
		if n := len(v.Groups); n == 0 || v.Groups[n-1].Label != label {
			v.Groups = append(v.Groups, worklistGroup{Label: label, Late: late})
		}
		g := &v.Groups[len(v.Groups)-1]
		g.Items = append(g.Items, row)
	}
	v.Narrow = w.Narrow
	if !f.After.QueueAt.IsZero() {
		v.First = worklistPath(c, "after", "")
	}
	if w.More {
		last := w.Items[len(w.Items)-1].Place()
		v.Next = worklistPath(c, "after", strconv.FormatInt(last.QueueAt.UnixMicro(), 10)+"."+strconv.FormatInt(int64(last.ID), 10))
	}
}

// urgency names the group of a row.
func urgency(it store.WorkItem, f store.WorklistFilter) (label string, late bool) {
	switch {
	case it.PausedAt != nil:
		return "worklist.group_paused", false
	case it.DueAt == nil:
		return "worklist.group_none", false
	case it.DueAt.Before(f.Now):
		return "worklist.group_overdue", true
	case !it.DueAt.After(f.EndOfDay):
		return "worklist.group_today", false
	}
	return "worklist.group_later", false
}

// worklistPath is the list's address with one filter changed; the first page
// of it.
func worklistPath(c echo.Context, name, value string) string {
	q := url.Values{}
	for k, v := range c.QueryParams() {
		if k != "after" {
			q[k] = v
		}
	}
	q.Set(name, value)
	if value == "" {
		q.Del(name)
	}
	if len(q) == 0 {
		return "/worklist"
	}
	return "/worklist?" + q.Encode()
}
