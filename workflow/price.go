package workflow

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// Quote says what an application costs at an instant: by the last price list
// that two administrators put in force, otherwise by the pack's. Where the
// authority takes no fee from the balance in the office the total is 0;
// the channel is the one open when the application was sent.
func (f *Flow) Quote(tx *store.Tx, app *registry.Application, at time.Time) (registry.Quote, error) {
	facts, _ := f.pack.Effective(registry.FactsOf(&app.Declaration), f.sentAt(app))
	if facts.Channel == registry.Office && !f.pack.Money.OfficeToo {
		return registry.Quote{}, nil
	}
	list, ok, err := f.PricesAt(tx, at)
	if err != nil {
		return registry.Quote{}, err
	}
	if !ok {
		return registry.Quote{}, registry.Refuse(registry.Invalid, "error.authorities.no_price")
	}
	return list.Quote(facts)
}

// PricesAt is the price list in force at an instant.
func (f *Flow) PricesAt(tx *store.Tx, at time.Time) (authorities.PriceList, bool, error) {
	body, err := tx.PriceListAt(at)
	if err != nil {
		return authorities.PriceList{}, false, err
	}
	if body == "" {
		list, ok := f.pack.PricesAt(at)
		return list, ok, nil
	}
	var list authorities.PriceList
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		return list, false, fmt.Errorf("reading the price list in force: %w", err)
	}
	return list, true, nil
}
