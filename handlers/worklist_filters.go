package handlers

import (
	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// applicationShapes are the shapes of the applications' states (tg-state).
var applicationShapes = map[registry.ApplicationStatus]string{
	registry.Draft: "none", registry.Submitted: "none", registry.InReview: "half", registry.AwaitingDocuments: "wait", registry.Verified: "full",
	registry.Approved: "full", registry.Completed: "good", registry.Refused: "stop", registry.Withdrawn: "stop",
}

// applicationState is an application's state as a shape and a word.
func (s *Server) applicationState(c echo.Context, a registry.ApplicationStatus) templates.State {
	return templates.State{Class: applicationShapes[a], Word: s.text(c, "status.application."+string(a))}
}

// worklistFilters are the filters as links.
func (s *Server) worklistFilters(c echo.Context, n *store.WorklistCounts) []worklistFilters {
	link := func(name, value, label string, count int) worklistLink {
		return worklistLink{Path: worklistPath(c, name, value), Label: label, Count: capped(count), Current: c.QueryParam(name) == value}
	}
	who := worklistFilters{Label: "worklist.who", Links: []worklistLink{
		link("who", "", s.text(c, "filter.all"), n.All), link("who", "mine", s.text(c, "filter.mine"), n.Mine),
		link("who", "nobody", s.text(c, "application.unassigned"), n.Nobody),
	}}
	due := worklistFilters{Label: "worklist.due", Links: []worklistLink{
		link("due", string(store.Overdue), s.text(c, "due.overdue"), n.Overdue), link("due", string(store.DueToday), s.text(c, "worklist.today"), n.DueToday),
		link("due", string(store.Paused), s.text(c, "worklist.paused"), n.Paused),
	}}
	due.Links[0].Late = n.Overdue > 0
	states := worklistFilters{Label: "worklist.state"}
	for _, a := range registry.ApplicationStatuses {
		if count := n.Statuses[a]; count > 0 || c.QueryParam("status") == string(a) {
			states.Links = append(states.Links, link("status", string(a), s.text(c, "status.application."+string(a)), count))
		}
	}
	offices := worklistFilters{Label: "office.office"}
	for _, o := range s.deps.Workflow.Pack().Offices {
		offices.Links = append(offices.Links, link("office", string(o.Code), o.Name.In(lang(c)), n.Offices[o.Code]))
	}
	all := []worklistFilters{who, due, states, offices}
	for _, f := range all {
		for i := range f.Links {
			// A chosen filter is a link that takes itself back.
			if l := &f.Links[i]; l.Current && l.Label != who.Links[0].Label {
				l.Path = worklistPath(c, filterName(f.Label), "")
			}
		}
	}
	return all
}

func filterName(label string) string {
	switch label {
	case "worklist.who":
		return "who"
	case "worklist.due":
		return "due"
	case "worklist.state":
		return "status"
	}
	return "office"
}

// capped is a count as people read it; what was counted no further than
// store.MaxCount says so.
func capped(n int) string {
	if n >= store.MaxCount {
		return templates.Number(store.MaxCount) + "+"
	}
	return templates.Number(n)
}
