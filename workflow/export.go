package workflow

import (
	"context"
	"fmt"

	"github.com/tamga-ca/tamga/internal/store"
)

// NoteExport journals that an operator takes a list of people out of the
// program; what names the list, details its limits.
func (f *Flow) NoteExport(ctx context.Context, who Actor, what string, details map[string]any) error {
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		return f.record(tx, who, what+".exported", details, nil)
	})
	if err != nil {
		return fmt.Errorf("exporting the %s: %w", what, err)
	}
	return nil
}
