package handlers

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

func (s *Server) decisionRoutes() []route {
	approver := Operator(registry.Approver)
	return []route{
		{Method: http.MethodGet, Path: "/decisions", Access: approver, Handle: s.decisions},
		{Method: http.MethodGet, Path: "/decisions/:number", Access: approver, Handle: s.decision},
		{Method: http.MethodPost, Path: "/decisions/:number/text", Access: approver, Handle: s.decisionText},
		{Method: http.MethodPost, Path: "/decisions/:number/sign", Access: approver, Handle: s.decisionSign, Slow: true},
	}
}

// earlierShown is how many earlier applications an approver sees.
const earlierShown = 10

type decisionPage struct {
	templates.Page
	App       *registry.Application
	Org       string // its name in the language of the page
	Office    string
	Rows      []decisionRow
	Documents []decisionDocument
	Accepted  int
	Waived    int
	Checker   string
	Hands     []decisionHand
	Quote     registry.Quote
	Balance   registry.Tyiyn
	Charge    registry.Charge
	Earlier   []*registry.Application
	EarlierN  int
	Barred    string // why this approver may not approve now, if so
	FourEyes  bool   // another approver may
	Closed    string // why nobody may decide now, if so
	Attention []string
	Olds      []oldCertificate // that it follows, where something happened to them
	Action    registry.Action
	Remark    string
	Reasons   map[registry.DocumentID]string
	Sign      *signPart // the text to be signed; nil before
	Errors    templates.FieldErrors
}

type decisionDocument struct {
	*registry.Document
	Label, Why string
	Files      []registry.File
	By         string
	State      templates.State
}

type decisionHand struct {
	Name string
	Act  registry.Action
	At   string
}

// decision is the one page an approver decides on.
func (s *Server) decision(c echo.Context) error {
	v, err := s.decisionPage(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "decision", v)
}

func (s *Server) decisionPage(c echo.Context) (*decisionPage, error) {
	v := &decisionPage{Errors: templates.FieldErrors{}, Reasons: map[registry.DocumentID]string{}}
	who, err := s.actor(c)
	if err != nil {
		return nil, err
	}
	err = s.read(c, func(tx *store.Tx) error {
		if v.App, err = tx.ApplicationByNumber(c.Param("number")); err != nil {
			return err
		}
		if v.App.OrganisationID == 0 {
			return registry.Refuse(registry.NotFound, "error.not_found")
		}
		docs, err := tx.Documents(v.App.ID)
		if err != nil {
			return err
		}
		if err := s.decisionFacts(c, tx, v, docs); err != nil {
			return err
		}
		if v.Olds, err = s.oldCertificatesOf(c, tx, v.App); err != nil {
			return err
		}
		return s.decisionMoney(c, tx, v, who, docs)
	})
	if err != nil {
		return nil, err
	}
	v.Org = v.App.Declaration.Organisation.FullName(lang(c))
	v.Page = s.page(c, s.text(c, "decision.title", "org", v.Org))
	v.Attention = s.decisionAttention(c, v)
	var refused *registry.Error
	if _, err := registry.MoveApplication(v.App.Status, registry.ActApprove, registry.ByApprover); errors.As(err, &refused) {
		v.Closed = s.sentence(c, refused)
	}
	return v, nil
}

// decisionFacts are the declaration beside what is on file, and the documents.
func (s *Server) decisionFacts(c echo.Context, tx *store.Tx, v *decisionPage, docs []*registry.Document) error {
	l := lang(c)
	org, err := tx.Organisation(v.App.OrganisationID)
	if err != nil {
		return err
	}
	if o, ok := s.deps.Workflow.Pack().Office(v.App.Declaration.Office); ok {
		v.Office = o.Name.In(l)
	}
	if v.Rows, err = s.decisionRows(c, tx, org, &v.App.Declaration); err != nil {
		return err
	}
	files, err := tx.FilesOf(v.App.ID)
	if err != nil {
		return err
	}
	names, err := operatorNames(tx, l)
	if err != nil {
		return err
	}
	for _, d := range docs {
		if !d.Required {
			continue
		}
		switch d.Status {
		case registry.DocAccepted:
			v.Accepted++
		case registry.DocWaived:
			v.Waived++
		}
		scans := files[d.ID]
		if d.LinkedTo != 0 {
			// What stands in is what is decided on.
			linked, err := tx.FilesOfDocument(d.LinkedTo)
			if err != nil {
				return err
			}
			scans = append(linked, scans...)
		}
		v.Documents = append(v.Documents, decisionDocument{
			Document: d, Label: d.Label.In(l), Why: d.Why.In(l), Files: scans, By: names[d.JudgedBy], State: s.documentState(c, d.Status),
		})
	}
	hands, err := tx.Hands(v.App.ID)
	if err != nil {
		return err
	}
	for _, h := range hands {
		v.Hands = append(v.Hands, decisionHand{Name: names[h.OperatorID], Act: h.Act, At: templates.DateTime(h.At)})
		v.Checker = names[h.OperatorID]
	}
	return nil
}

// decisionMoney is the fee, the balance, and whether this approver may decide.
func (s *Server) decisionMoney(c echo.Context, tx *store.Tx, v *decisionPage, who workflow.Actor, docs []*registry.Document) (err error) {
	if v.Quote, err = s.deps.Workflow.Quote(tx, v.App, s.deps.Now()); err != nil {
		return err
	}
	if v.Balance, err = tx.Balance(v.App.OrganisationID); err != nil {
		return err
	}
	v.Charge = registry.ChargeOf(v.Balance, v.Quote.Total)
	earlier, err := tx.ApplicationsOf(v.App.OrganisationID, earlierShown+1)
	if err != nil {
		return err
	}
	for _, a := range earlier {
		if a.ID != v.App.ID {
			v.Earlier = append(v.Earlier, a)
		}
	}
	var refused *registry.Error
	if err := s.deps.Workflow.MayApprove(tx, who, v.App, docs, v.Balance, v.Quote); errors.As(err, &refused) {
		v.Barred, v.FourEyes = s.sentence(c, refused), refused.Kind == registry.Forbidden
	} else if err != nil {
		return err
	}
	return nil
}

// decisionAttention says what an approver should not overlook.
func (s *Server) decisionAttention(c echo.Context, v *decisionPage) []string {
	var out []string
	var changed []string
	for _, r := range v.Rows {
		if r.Changed {
			changed = append(changed, s.text(c, r.Label))
		}
	}
	if len(changed) > 0 {
		out = append(out, s.text(c, "decision.attention_changed", "list", strings.Join(changed, ", ")))
	}
	for _, d := range v.Documents {
		if d.Status == registry.DocWaived {
			out = append(out, s.text(c, "decision.attention_waived", "document", d.Label, "reason", d.Reason))
		}
	}
	return out
}

// operatorNames are the operators' short names, by id.
func operatorNames(tx *store.Tx, l registry.Language) (map[registry.OperatorID]string, error) {
	all, err := tx.Operators()
	return namesOf(all, l), err
}

func namesOf(operators []*registry.Operator, l registry.Language) map[registry.OperatorID]string {
	names := map[registry.OperatorID]string{}
	for _, o := range operators {
		names[o.ID] = o.Person.Name(l).Short()
	}
	return names
}
