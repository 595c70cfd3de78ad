package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

const topUpsShown = 100

type topUpsPage struct {
	templates.Page
	Items []topUpItem
	More  bool
	Large registry.Tyiyn
	May   bool // an auditor only reads
}

type topUpItem struct {
	registry.TopUp
	Org  string
	INN  registry.INN
	By   string
	Mine bool // entered by whoever looks: another person has to confirm
}

// topUps are the large payments that wait for a second person.
func (s *Server) topUps(c echo.Context) error {
	v := &topUpsPage{Page: s.page(c, s.text(c, "nav.top_ups")), Large: s.deps.Workflow.Pack().Money.LargeTopUp}
	v.May = identity(c).Role != registry.Auditor
	err := s.read(c, func(tx *store.Tx) error {
		pending, err := tx.PendingTopUps(topUpsShown + 1)
		if err != nil {
			return err
		}
		if v.More = len(pending) > topUpsShown; v.More {
			pending = pending[:topUpsShown]
		}
		ids := make([]registry.OrganisationID, len(pending))
		for i, t := range pending {
			ids[i] = t.OrganisationID
		}
		orgs, err := tx.Organisations(ids)
		if err != nil {
			return err
		}
		names, err := operatorNames(tx, lang(c))
		if err != nil {
			return err
		}
		for _, t := range pending {
			item := topUpItem{TopUp: t, By: names[t.CreatedBy], Mine: t.CreatedBy == identity(c).OperatorID}
			if o := orgs[t.OrganisationID]; o != nil {
				item.Org, item.INN = o.FullName(lang(c)), o.INN
			}
			v.Items = append(v.Items, item)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "top_ups", v)
}
