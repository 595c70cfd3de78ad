package workflow

import (
	"fmt"

	"github.com/tamga-ca/tamga/internal/store"
)

// nextNumber is the next number that people see of what a counter counts: a
// prefix, the year, a running number. "R-26-0007" is a report's.
func (f *Flow) nextNumber(tx *store.Tx, counter, prefix string) (string, error) {
	year := f.now().In(f.pack.Zone()).Format("06")
	n, err := tx.NextNumber(counter + "-" + year)
	return fmt.Sprintf("%s%s-%04d", prefix, year, n), err
}
