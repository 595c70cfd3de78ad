package workflow

import (
	"context"
	"fmt"
	"slices"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// NoteRemoved writes down that key pairs of ours which were given up are no
// longer on a token, by the labels they were made under: dropped → removed, by
// a clerk (an administrator for an operator's). What was not given up is left
// as it is, whatever the workstation says.
func (f *Flow) NoteRemoved(ctx context.Context, who Actor, id registry.EnrolmentID, serial string, markers []string) error {
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		e, _, err := f.atDesk(tx, who, id)
		if err != nil {
			return err
		}
		if serial, err = registry.TokenSerial(serial); err != nil {
			return err
		}
		t, err := tx.Token(serial)
		if err != nil {
			return err
		}
		left, err := f.leftovers(tx, t.ID, nil)
		if err != nil {
			return err
		}
		keys, err := tx.TokenKeysOn(t.ID)
		if err != nil {
			return err
		}
		for _, k := range keys {
			if !slices.Contains(markers, k.Marker) || !slices.Contains(left.Markers, k.Marker) {
				continue
			}
			if k.Live() {
				if err := f.moveTokenKey(tx, k, registry.KeyDropped); err != nil {
					return err
				}
			}
			if err := f.moveTokenKey(tx, k, registry.KeyRemoved); err != nil {
				return err
			}
			details := map[string]any{"token": serial, "marker": k.Marker, "of": k.EnrolmentID}
			if err := f.record(tx, who, "token.key_removed", details, nil, aboutEnrolment(e)...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("noting what was removed from token %s: %w", serial, err)
	}
	return nil
}
