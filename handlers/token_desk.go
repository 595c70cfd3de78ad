package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

type tokenPage struct {
	templates.Page
	Item     *enrolmentItem
	Number   string // of the application
	Org      string
	Back     string
	Steps    []tokenPageStep
	State    *deskState
	AgentURL string
	Origin   string
	// Work: this person sits at the desk.
	Work bool
	// Place and Of count the signatories of an application; Next is the one
	// whose turn comes after this.
	Place, Of int
	Next      *enrolmentItem
}

// tokenPageStep is a step as the page lists it.
type tokenPageStep struct {
	Name        string // "device", as scripts call it
	Class       string // done, now, idle
	Title, Says string
	At          string
}

// tokenPageSteps are the steps that people see, in their order: writing and
// reading back are one to the server.
var tokenPageSteps = []struct {
	name string
	step workflow.TokenStep
}{
	{"device", workflow.TokenDevice},
	{"key", workflow.TokenKey},
	{"issue", workflow.TokenIssue},
	{"write", workflow.TokenWrite},
	{"back", workflow.TokenWrite},
	{"prove", workflow.TokenProve},
	{"receive", workflow.TokenReceive},
}

// tokenDesk shows how a certificate gets onto a token, and the work that is to
// be done; scripts get the same as JSON.
func (s *Server) tokenDesk(c echo.Context) error {
	id, err := number[registry.EnrolmentID](c, "id")
	if err != nil {
		return err
	}
	v := &tokenPage{AgentURL: s.deps.AgentURL, Origin: s.deps.BaseURL}
	err = s.read(c, func(tx *store.Tx) error {
		d, err := s.deps.Workflow.TokenDesk(tx, id)
		if err != nil {
			return err
		}
		if err := enrolmentSeen(c, d.Enrolment); err != nil {
			return err
		}
		v.State = s.deskStateOf(c, d)
		return s.tokenAround(c, tx, v, d.Enrolment)
	})
	if err != nil {
		return err
	}
	if wantsJSON(c.Request()) {
		return c.JSON(http.StatusOK, v.State)
	}
	v.Page = s.page(c, s.text(c, "token.desk.title"))
	v.Steps = s.tokenPageStepsOf(c, v.State)
	return s.render(c, http.StatusOK, "token", v)
}

// tokenAround reads who the certificate is for and who comes next.
func (s *Server) tokenAround(c echo.Context, tx *store.Tx, v *tokenPage, e *registry.Enrolment) (err error) {
	if v.Item, err = s.enrolmentItemOf(c, tx, e); err != nil {
		return err
	}
	v.Work, v.Back, v.Place, v.Of = v.Item.MayDesk, "/staff", 1, 1
	if e.ApplicationID == 0 {
		return nil
	}
	app, err := tx.Application(e.ApplicationID)
	if err != nil {
		return err
	}
	v.Number, v.Org, v.Back = app.Number, app.Declaration.Organisation.FullName(lang(c)), "/applications/"+app.Number
	all, err := tx.Enrolments(app.ID)
	if err != nil {
		return err
	}
	v.Of = len(all)
	for i, other := range all {
		if other.ID == e.ID {
			v.Place = i + 1
		} else if v.Next == nil && !other.Status.Done() {
			if v.Next, err = s.enrolmentItemOf(c, tx, other); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Server) tokenPageStepsOf(c echo.Context, v *deskState) []tokenPageStep {
	out := make([]tokenPageStep, len(tokenPageSteps))
	class := "done"
	for i, p := range tokenPageSteps {
		if p.step == v.Step && class == "done" {
			class = "now"
		}
		if v.Step == workflow.TokenStopped && v.At[p.name] == "" {
			class = "idle"
		}
		out[i] = tokenPageStep{
			Name: p.name, Class: class, Title: s.text(c, "token.desk.step."+p.name), At: v.At[p.name], Says: v.Says[p.name],
		}
		if class == "now" {
			class = "idle"
		}
	}
	return out
}
