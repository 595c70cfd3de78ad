package handlers

import (
	"math"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// renewOfficePage says why the remote way is closed, and what the office way
// takes of this applicant.
type renewOfficePage struct {
	templates.Page
	Plan      *workflow.OrderPlan
	Org       string
	Reasons   []closedReason
	Documents []neededDocument
	Offices   []officeExtra
	Cloud     bool
	DaysLeft  int
	Ended     bool
}

// closedReason is why the remote way is closed, in plain words.
type closedReason struct {
	Label, Why string
	Rules      []registry.RuleID
}

// officeExtra is an office and what it asks beyond the list (DT-15, DT-16).
type officeExtra struct {
	officeView
	Extra []neededDocument
}

// renewOffice judges what the address says has changed and shows all reasons at
// once, the documents of this very applicant, and the offices.
func (s *Server) renewOffice(c echo.Context) error {
	plan, err := s.plan(c, officeAnswers(c.QueryParams()))
	if err != nil {
		return err
	}
	v := &renewOfficePage{Plan: plan, Org: plan.Organisation.FullName(lang(c)), Reasons: s.closedReasons(c, plan), Cloud: plan.Declaration.Storage == registry.ECloud}
	title := s.text(c, "renew.office_title")
	if n := len(v.Reasons); n > 0 {
		title = s.text(c, "renew.impossible", "n", n)
	}
	v.Page = s.page(c, title)
	f := s.officeFacts(plan)
	v.Documents, v.Offices = s.officeList(c, f)
	left := plan.SignBy.Sub(s.deps.Now())
	v.DaysLeft, v.Ended = int(math.Ceil(left.Hours()/24)), left < 0
	return s.render(c, http.StatusOK, "renew_office", v)
}

// officeFacts are those of the office way: a renewal, or where the authority
// knows none, a reissue.
func (s *Server) officeFacts(plan *workflow.OrderPlan) registry.Facts {
	f := plan.Facts()
	f.Channel, f.Office = registry.Office, ""
	if _, ok := s.deps.Workflow.Pack().Operation(registry.Renewal); !ok {
		f.Operation, f.Reason = registry.Reissue, registry.ReasonExpired
		if len(f.Changed) > 0 || len(f.Replaced) > 0 {
			f.Reason = registry.ReasonRequisitesChanged
		}
	}
	// Who comes in the place of somebody is not known yet.
	if slices.Contains(f.Replaced, registry.Head) {
		f.Head = citizen()
	}
	if f.Accountant != nil && slices.Contains(f.Replaced, registry.Accountant) {
		p := citizen()
		f.Accountant = &p
	}
	return f
}

// officeList is what every office asks, and the offices with what each asks
// beyond it.
func (s *Server) officeList(c echo.Context, f registry.Facts) ([]neededDocument, []officeExtra) {
	pack := s.deps.Workflow.Pack()
	f.Office = pack.HeadOffice
	common := pack.Checklist(f)
	views := s.officeViews(c)
	out := make([]officeExtra, len(views))
	for i, o := range pack.Offices {
		f.Office = o.Code
		extra := slices.DeleteFunc(pack.Checklist(f), func(it registry.ChecklistItem) bool {
			return slices.ContainsFunc(common, func(have registry.ChecklistItem) bool { return have.Code == it.Code })
		})
		out[i] = officeExtra{views[i], s.needed(c, extra)}
	}
	return s.needed(c, common), out
}

func (s *Server) closedReasons(c echo.Context, plan *workflow.OrderPlan) []closedReason {
	l := lang(c)
	var out []closedReason
	for _, r := range s.deps.Workflow.Pack().ClosedBecause(plan.Facts(), plan.Eligibility()) {
		out = append(out, closedReason{r.Label.In(l), r.Why.In(l), r.Rules})
	}
	return out
}
