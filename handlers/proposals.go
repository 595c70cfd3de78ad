package handlers

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

const proposalsShown = 50

type proposalsPage struct {
	templates.Page
	Rules   *rulesPart // nil: they are as configured
	Open    []proposalItem
	Decided []proposalItem
}

type proposalItem struct {
	store.Proposal
	What   string   // the change in words
	Lines  []string // its particulars
	By     string
	Judge  string
	Mine   bool
	Status templates.State
}

// proposals are the changes that need a second administrator.
func (s *Server) proposals(c echo.Context) error {
	v := &proposalsPage{Page: s.page(c, s.text(c, "nav.proposals"))}
	err := s.read(c, func(tx *store.Tx) error {
		all, err := tx.Proposals(proposalsShown)
		if err != nil {
			return err
		}
		names, err := operatorNames(tx, lang(c))
		if err != nil {
			return err
		}
		if v.Rules, err = s.rulesPart(c, tx, names); err != nil {
			return err
		}
		for _, p := range all {
			item, err := s.proposalItem(c, tx, p, names)
			if err != nil {
				return fmt.Errorf("reading proposal %d: %w", p.ID, err)
			}
			if p.Status == "open" {
				v.Open = append(v.Open, item)
			} else {
				v.Decided = append(v.Decided, item)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "proposals", v)
}

var proposalShapes = map[string]string{"open": "act", "accepted": "good", "rejected": "stop"}

func (s *Server) proposalItem(c echo.Context, tx *store.Tx, p store.Proposal, names map[registry.OperatorID]string) (proposalItem, error) {
	item := proposalItem{
		Proposal: p, What: s.text(c, "proposal.kind."+p.Kind), By: names[p.ProposedBy], Judge: names[p.DecidedBy],
		Mine:   p.ProposedBy == identity(c).OperatorID,
		Status: templates.State{Class: proposalShapes[p.Status], Word: s.text(c, "proposal.status."+p.Status)},
	}
	var err error
	switch workflow.ProposalKind(p.Kind) {
	case workflow.ProposeOperator:
		var n workflow.NewOperator
		if err = json.Unmarshal([]byte(p.Payload), &n); err == nil {
			item.Lines = s.newOperatorLines(c, n)
		}
	case workflow.ProposePrices:
		var n workflow.NewPrices
		if err = json.Unmarshal([]byte(p.Payload), &n); err == nil {
			item.Lines, err = s.newPricesLines(c, tx, n)
		}
	default:
		var r workflow.RoleChange
		if err = json.Unmarshal([]byte(p.Payload), &r); err == nil {
			item.Lines = []string{names[r.Operator]}
			if r.Role != "" {
				item.Lines = append(item.Lines, s.text(c, "proposal.role", "role", s.text(c, "role."+string(r.Role))))
			}
		}
	}
	return item, err
}

func (s *Server) newOperatorLines(c echo.Context, n workflow.NewOperator) []string {
	return []string{
		n.Person.Name(lang(c)).String(), s.text(c, "role."+string(n.Role)), s.officeName(c, n.Office), n.Email,
		s.text(c, "person.personal_number") + ": " + n.Person.PersonalNumber.Masked(),
	}
}

// newPricesLines are the prices proposed, each that changes beside the one that
// is in force until then.
func (s *Server) newPricesLines(c echo.Context, tx *store.Tx, n workflow.NewPrices) ([]string, error) {
	before, _, err := s.deps.Workflow.PricesAt(tx, n.ValidFrom.Add(-time.Microsecond))
	if err != nil {
		return nil, err
	}
	l := lang(c)
	old := map[string]registry.Tyiyn{}
	for _, p := range before.Prices {
		old[p.Code] = p.Amount
	}
	lines := []string{s.text(c, "money.prices_from", "date", templates.DateTime(n.ValidFrom))}
	for _, p := range n.List.Prices {
		line := p.Label.In(l) + " · "
		if was, ok := old[p.Code]; ok && was != p.Amount {
			line += templates.Money(string(l), was) + " → "
		}
		lines = append(lines, line+templates.Money(string(l), p.Amount))
	}
	return lines, nil
}
