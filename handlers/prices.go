package handlers

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

type pricesPage struct {
	templates.Page
	List   priceList
	Has    bool // a list is in force
	Later  []priceList
	May    bool // propose
	Form   pricesForm
	Errors templates.FieldErrors
}

// priceList is one list as the page shows it.
type priceList struct {
	From    time.Time
	Example bool
	Prices  []priceRow
}

type priceRow struct {
	Code   string
	Label  string
	Amount registry.Tyiyn
}

// pricesForm is a proposed list as typed.
type pricesForm struct {
	Date, Time string
	Amounts    map[string]string // by code
}

// prices shows the price list in force, and those that will be.
func (s *Server) prices(c echo.Context) error {
	v, err := s.pricesPage(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "prices", v)
}

func (s *Server) pricesPage(c echo.Context) (*pricesPage, error) {
	v := &pricesPage{Page: s.page(c, s.text(c, "money.price_list")), Errors: templates.FieldErrors{}}
	v.May = identity(c).Role == registry.Administrator
	v.Form = pricesForm{Time: "00:00", Amounts: map[string]string{}}
	now := s.deps.Now()
	err := s.read(c, func(tx *store.Tx) error {
		list, ok, err := s.deps.Workflow.PricesAt(tx, now)
		if err != nil {
			return err
		}
		if v.Has = ok; !ok {
			return nil
		}
		v.List = s.priceList(c, list, list.From.Start(s.deps.Workflow.Pack().Zone()))
		stored, err := tx.PriceLists()
		if err != nil {
			return err
		}
		return s.laterPrices(c, v, stored, now)
	})
	for _, p := range v.List.Prices {
		v.Form.Amounts[p.Code] = plainSum(p.Amount)
	}
	return v, err
}

// laterPrices adds the lists that are not in force yet, the next one first,
// and says since when the one in force is.
func (s *Server) laterPrices(c echo.Context, v *pricesPage, stored []store.PriceList, now time.Time) error {
	for i := len(stored) - 1; i >= 0; i-- {
		var list authorities.PriceList
		if err := json.Unmarshal([]byte(stored[i].Body), &list); err != nil {
			return fmt.Errorf("reading a price list: %w", err)
		}
		if stored[i].ValidFrom.After(now) {
			v.Later = append(v.Later, s.priceList(c, list, stored[i].ValidFrom))
		} else {
			v.List.From = stored[i].ValidFrom
		}
	}
	return nil
}

func (s *Server) priceList(c echo.Context, list authorities.PriceList, from time.Time) priceList {
	out := priceList{From: from, Example: list.Example}
	for _, p := range list.Prices {
		out.Prices = append(out.Prices, priceRow{Code: p.Code, Label: p.Label.In(lang(c)), Amount: p.Amount})
	}
	return out
}
