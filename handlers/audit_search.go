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
	"github.com/tamga-ca/tamga/workflow"
)

const auditSearchShown = 50

type auditSearchPage struct {
	templates.Page
	Typed   url.Values
	Errors  templates.FieldErrors
	Choices []searchGroup
	States  []choice
	Orders  []choice
	Dates   []searchDate
	// DatesOpen: some are typed, so that they are not folded away.
	DatesOpen bool
	At        time.Time // the instant whose state is listed
	Past      bool      // and it is not now
	Order     string    // in words

	Items       []auditLine
	Total       string // "500+"; empty on later pages
	Cut         bool
	Narrow      int // how many organisations were looked at, where not all were
	Next, First string

	Saved    []savedSearch
	SaveAs   string
	SaveErrs templates.FieldErrors
	// Query is the search as an address has it; the exports' too.
	Query string
}

type searchDate struct{ Name, Label, From, To string }

type savedSearch struct {
	ID         int64
	Name, Path string
	Current    bool
}

type auditLine struct {
	store.CertificateLine
	Org    string
	INN    string
	Office string
	Cause  string
	State  templates.State // at the instant
	Now    templates.State // where that differs
}

// auditSearch finds certificates and what was reported of them.
func (s *Server) auditSearch(c echo.Context) error {
	v, err := s.auditSearchPage(c, searchTyped(c.QueryParams()))
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "audit_search", v)
}

func (s *Server) auditSearchPage(c echo.Context, typed url.Values) (*auditSearchPage, error) {
	v := &auditSearchPage{Page: s.page(c, s.text(c, "nav.audit_search")), Typed: typed, Query: typed.Encode()}
	f, errs := s.readSearch(c, typed)
	f.Limit, f.After = auditSearchShown, searchPlace(c.QueryParam("after"))
	v.Errors, v.At, v.Past, v.Order = errs, f.At, typed.Get("at") != "" && errs["at"] == "", s.text(c, "audit.date."+string(f.Order))
	s.searchForm(c, v, f)
	err := s.read(c, func(tx *store.Tx) (err error) {
		if v.Choices, err = s.searchChoices(c, tx, typed); err != nil {
			return err
		}
		kept, err := tx.SavedSearches(identity(c).OperatorID, workflow.MaxSavedSearches)
		if err != nil {
			return err
		}
		for _, k := range kept {
			v.Saved = append(v.Saved, savedSearch{k.ID, k.Name, "/audit/certificates?" + k.Query, k.Query == v.Query})
		}
		if len(errs) > 0 {
			return nil
		}
		return s.searchItems(c, tx, f, v)
	})
	return v, err
}

// searchForm fills in what the form shows besides the selects.
func (s *Server) searchForm(c echo.Context, v *auditSearchPage, f store.CertificateSearch) {
	v.States = []choice{{Label: s.text(c, "filter.all")}}
	for _, state := range registry.CertificateStates {
		v.States = append(v.States, choice{Value: string(state), Label: s.text(c, "audit.state."+string(state)), Chosen: state == f.State})
	}
	v.Orders = []choice{{Label: s.text(c, "audit.order_auto")}}
	for _, d := range store.CertificateDates {
		word := s.text(c, "audit.date."+string(d))
		v.Orders = append(v.Orders, choice{Value: string(d), Label: word, Chosen: v.Typed.Get("order") == string(d)})
		date := searchDate{string(d), word, v.Typed.Get(string(d) + "_from"), v.Typed.Get(string(d) + "_to")}
		v.Dates, v.DatesOpen = append(v.Dates, date), v.DatesOpen || date.From != "" || date.To != ""
	}
}

func (s *Server) searchItems(c echo.Context, tx *store.Tx, f store.CertificateSearch, v *auditSearchPage) error {
	found, err := tx.SearchCertificates(f)
	if err != nil {
		return err
	}
	lines, err := tx.CertificateLines(found.IDs, f.At, s.deps.Now())
	if err != nil {
		return err
	}
	for _, l := range lines {
		v.Items = append(v.Items, s.auditLine(c, l))
	}
	if v.Cut = found.Cut && len(found.IDs) < f.Limit; found.Narrow {
		v.Narrow = store.SearchOrganisations
	}
	if f.After == (store.SearchPlace{}) {
		if v.Total = templates.Number(found.Total); !found.Exact {
			v.Total += "+"
		}
	} else {
		v.First = "/audit/certificates?" + v.Query
	}
	if found.More {
		q := searchTyped(v.Typed)
		q.Set("after", strconv.FormatInt(found.Next.At.UnixMicro(), 10)+"."+strconv.FormatInt(found.Next.ID, 10))
		if v.Typed.Get("at") == "" && f.State != "" { // the pages are of one instant
			q.Set("at", f.At.In(s.deps.Workflow.Pack().Zone()).Format(momentForm+":05"))
		}
		v.Next = "/audit/certificates?" + q.Encode()
	}
	return nil
}

func searchPlace(typed string) (p store.SearchPlace) {
	at, id, _ := strings.Cut(typed, ".")
	micro, err := strconv.ParseInt(at, 10, 64)
	n, err2 := strconv.ParseInt(id, 10, 64)
	if err != nil || err2 != nil {
		return p
	}
	return store.SearchPlace{At: time.UnixMicro(micro).UTC(), ID: n}
}

func (s *Server) auditLine(c echo.Context, l store.CertificateLine) auditLine {
	out := auditLine{CertificateLine: l, Org: s.text(c, "revocation.employee"), State: s.stateWord(c, l.StateAt)}
	if l.StateNow != l.StateAt {
		out.Now = s.stateWord(c, l.StateNow)
	}
	if l.Organisation != nil {
		out.Org, out.INN = l.Organisation.FullName(lang(c)), string(l.Organisation.INN)
	}
	if l.Office != "" {
		out.Office = s.officeName(c, l.Office)
	}
	if l.Report != nil {
		out.Cause = s.causeText(c, l.Report.Cause)
	}
	return out
}

var stateShapes = map[registry.CertificateState]string{
	registry.StateUnissued: "none", registry.StateNotYet: "half", registry.StateValid: "good", registry.StateSuspended: "wait", registry.StateRevoked: "stop", registry.StateEnded: "none",
}

// stateWord is what a certificate was at an instant, in words.
func (s *Server) stateWord(c echo.Context, state registry.CertificateState) templates.State {
	return templates.State{Class: stateShapes[state], Word: s.text(c, "audit.state."+string(state))}
}
