package store

import "time"

// PriceListAt returns the price list in force at an instant, as JSON, or ""
// where none was put in force (the pack's then holds).
func (tx *Tx) PriceListAt(at time.Time) (string, error) {
	var body string
	err := tx.query(&body, `SELECT body FROM price_lists WHERE valid_from <= ? ORDER BY valid_from DESC LIMIT 1`, at)
	return body, err
}

// PriceList is one list with the instant it is in force from.
type PriceList struct {
	ValidFrom time.Time
	Body      string // JSON
}

// PriceLists returns all, the latest first.
func (tx *Tx) PriceLists() ([]PriceList, error) {
	var out []PriceList
	err := tx.query(&out, `SELECT valid_from, body FROM price_lists ORDER BY valid_from DESC`)
	for i := range out {
		out[i].ValidFrom = out[i].ValidFrom.UTC()
	}
	return out, err
}

// AddPriceList stores a list; two from the same instant are ErrUnique.
func (tx *Tx) AddPriceList(l PriceList, now time.Time) error {
	_, err := tx.insert(`INSERT INTO price_lists (valid_from, body, created_at) VALUES (?, ?, ?)`, l.ValidFrom, l.Body, now)
	return err
}
