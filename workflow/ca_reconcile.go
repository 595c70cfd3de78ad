package workflow

import (
	"context"
	"fmt"
	"slices"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// Reconcile compares what step-ca has signed with what was asked for. read is
// ca.Reconcile over step-ca's database, or Embedded.Reconcile. Each certificate
// that nobody asked for is journalled as an alarm, once, told to every
// administrator, and returned: whoever has the provisioner's key could have
// made it.
func (f *Flow) Reconcile(ctx context.Context, who Actor, read func(context.Context, ca.Known) ([]ca.Stray, error)) ([]ca.Stray, error) {
	strays, err := read(ctx, func(serial registry.Serial, keyHash string) (known bool, err error) {
		err = f.store.Read(ctx, func(tx *store.Tx) error {
			known, err = tx.IntentKnown(serial, keyHash)
			return err
		})
		return known, err
	})
	if err != nil {
		return nil, fmt.Errorf("comparing with the CA: %w", err)
	}
	for _, s := range strays {
		if err := f.store.Write(ctx, func(tx *store.Tx) error { return f.alarmStray(tx, who, s) }); err != nil {
			return strays, fmt.Errorf("telling of stray certificate %s: %w", s.Serial, err)
		}
	}
	return strays, nil
}

func (f *Flow) alarmStray(tx *store.Tx, who Actor, s ca.Stray) error {
	told, err := tx.JournalAbout(Certificate(s.Serial), 0, 10)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(told, func(e journal.Entry) bool { return e.Kind == "ca.stray" }) {
		return nil
	}
	operators, err := tx.Operators()
	if err != nil {
		return err
	}
	for _, o := range operators {
		if o.Role != registry.Administrator || o.Disabled || o.Email == "" {
			continue
		}
		args := map[string]any{"serial": s.Serial, "not_before": s.NotBefore, "not_after": s.NotAfter}
		if err := f.post(tx, letterStray, o.Email, o.Language, fmt.Sprintf("stray/%s/%d", s.Serial, o.ID), args); err != nil {
			return err
		}
	}
	return f.record(tx, who, "ca.stray", map[string]any{
		"not_before": s.NotBefore, "not_after": s.NotAfter, "key_sha256": s.KeyHash,
	}, nil, Certificate(s.Serial))
}
