package handlers

import (
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// momentForm is how people type an instant: the authority's time, with or
// without seconds.
const momentForm = "02.01.2006 15:04"

// readMoment reads an instant as typed into a field; empty is nil.
func readMoment(zone *time.Location, field, typed string) (*time.Time, error) {
	typed = strings.Join(strings.Fields(typed), " ")
	if typed == "" {
		return nil, nil
	}
	for _, form := range []string{momentForm, momentForm + ":05"} {
		if t, err := time.ParseInLocation(form, typed, zone); err == nil {
			t = t.UTC()
			return &t, nil
		}
	}
	return nil, registry.Refuse(registry.Invalid, "error.moment.invalid").On(field)
}
