package authorities

import (
	"slices"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// PricesAt returns the price list in force on the day of an instant.
func (p *Pack) PricesAt(at time.Time) (PriceList, bool) {
	day := registry.DateOf(at, p.zone)
	for i := len(p.Prices) - 1; i >= 0; i-- {
		l := p.Prices[i]
		if l.From.Compare(day) <= 0 {
			return l, l.Until.IsZero() || day.Compare(l.Until) <= 0
		}
	}
	return PriceList{}, false
}

// Price quotes one line per signatory and the total, at the prices of the day
// of an instant. No price for a signatory is a registry.Error.
func (p *Pack) Price(f registry.Facts, at time.Time) (registry.Quote, error) {
	list, ok := p.PricesAt(at)
	if !ok {
		return registry.Quote{}, registry.Refuse(registry.Invalid, "error.authorities.no_price")
	}
	return list.Quote(f)
}

// Quote prices an application by this list: one line per signatory and the
// total. No price for a signatory is a registry.Error.
func (list PriceList) Quote(f registry.Facts) (registry.Quote, error) {
	roles := []registry.SignatoryRole{registry.Head}
	if f.HeadActsAsAccountant {
		roles[0] = registry.HeadAsAccountant
	} else if f.Accountant != nil {
		roles = append(roles, registry.Accountant)
	}
	if f.Alone != "" {
		roles = slices.DeleteFunc(roles, func(r registry.SignatoryRole) bool { return r != f.Alone })
	}
	var q registry.Quote
	for _, role := range roles {
		i := slices.IndexFunc(list.Prices, func(pr Price) bool {
			return pr.Storage == f.Storage && slices.Contains(pr.Roles, role)
		})
		if i < 0 {
			return registry.Quote{}, registry.Refuse(registry.Invalid, "error.authorities.no_price")
		}
		pr := list.Prices[i]
		q.Lines = append(q.Lines, registry.QuoteLine{Role: role, Amount: pr.Amount, Label: pr.Label, Example: list.Example})
		q.Total += pr.Amount
	}
	return q, nil
}

// Refund is what is given back of a fee when what it was taken for is cancelled
// before issue or after; half a tyiyn goes to the client.
func (p *Pack) Refund(fee registry.Tyiyn, issued bool) registry.Tyiyn {
	percent := p.Money.RefundPercent
	if issued {
		percent = p.Money.RefundIssuedPercent
	}
	return (fee*registry.Tyiyn(percent) + 50) / 100
}
