package handlers

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// statementShown is how many movements a page of a statement has.
const statementShown = 50

type statementPage struct {
	templates.Page
	Org     *registry.Organisation
	Name    string // in the language of the page
	Base    string // address of the statement
	Staff   bool   // shown to the office, not to the holder
	Period  period
	Balance registry.Tyiyn // now
	Opening registry.Tyiyn
	Closing registry.Tyiyn
	In, Out registry.Tyiyn
	Lines   []statementLine
	// First, Next and CSV are links; empty: there is none.
	First, Next, CSV string

	MayTopUp   bool
	MayCorrect bool
	Ways       []wayChoice
	Large      registry.Tyiyn
	Form       topUpForm
	Errors     templates.FieldErrors
}

type statementLine struct {
	registry.Entry
	What   string // the movement in words
	Number string // of the application
	By     string
	Undone bool // by a counter-entry
}

// Correctable says whether a line may be undone: a top-up that nobody undid.
func (l statementLine) Correctable() bool { return l.Kind == registry.EntryTopUp && !l.Undone }

// statement shows an organisation's account to the office.
func (s *Server) statement(c echo.Context) error {
	v, err := s.officeStatement(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "statement", v)
}

func (s *Server) officeStatement(c echo.Context) (*statementPage, error) {
	v := &statementPage{Base: "/organisations/" + c.Param("inn") + "/statement", Staff: true, Errors: templates.FieldErrors{}}
	role := identity(c).Role
	v.MayTopUp, v.MayCorrect = role == registry.Clerk, role == registry.Clerk || role == registry.Approver
	pack := s.deps.Workflow.Pack()
	v.Large = pack.Money.LargeTopUp
	v.Ways = s.wayChoices(c)
	v.Form.PaidOn = registry.DateOf(s.deps.Now(), pack.Zone()).Display()
	err := s.read(c, func(tx *store.Tx) (err error) {
		if v.Org, err = tx.OrganisationByINN(registry.INN(c.Param("inn"))); err != nil {
			return err
		}
		return s.fillStatement(c, tx, v)
	})
	return v, err
}

// fillStatement reads the account of v.Org into a page.
func (s *Server) fillStatement(c echo.Context, tx *store.Tx, v *statementPage) (err error) {
	v.Name = v.Org.FullName(lang(c))
	v.Page = s.page(c, s.text(c, "statement.title", "org", v.Name))
	v.Period = s.period(c)
	after, _ := strconv.ParseInt(c.QueryParam("after"), 10, 64)
	var entries []registry.Entry
	if v.Opening, entries, err = tx.Statement(v.Org.ID, v.Period.start, v.Period.end, registry.EntryID(after), statementShown+1); err != nil {
		return err
	}
	if v.Closing, err = tx.BalanceAt(v.Org.ID, v.Period.end); err != nil {
		return err
	}
	if v.In, v.Out, err = tx.Turnover(v.Org.ID, v.Period.start, v.Period.end); err != nil {
		return err
	}
	if v.Balance, err = tx.Balance(v.Org.ID); err != nil {
		return err
	}
	if len(entries) > statementShown {
		entries = entries[:statementShown]
		v.Next = v.Period.address(v.Base, "after", strconv.FormatInt(int64(entries[statementShown-1].ID), 10))
	}
	if after > 0 {
		v.First = v.Period.address(v.Base)
	}
	v.CSV = v.Period.address(v.Base + ".csv")
	v.Lines, err = s.statementLines(c, tx, entries)
	return err
}
