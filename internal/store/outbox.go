package store

import (
	"time"
)

// OutboxItem is something that has to leave after the transaction that caused
// it; at least once, so what it calls must bear repetition.
type OutboxItem struct {
	ID      int64
	Kind    string
	Payload string // JSON
	Attempt int
}

// AddOutbox puts an item into the outbox. An item with a unique key that is
// there already is not added again; an empty key is no key.
func (tx *Tx) AddOutbox(kind, uniqueKey string, payload any, now time.Time) error {
	return tx.AddOutboxes([]Outgoing{{kind, uniqueKey, payload}}, now)
}

// Outgoing is an item to be put into the outbox; the payload becomes JSON.
type Outgoing struct {
	Kind      string
	UniqueKey string
	Payload   any
}

// AddOutboxes is AddOutbox of several.
func (tx *Tx) AddOutboxes(items []Outgoing, now time.Time) error {
	if len(items) == 0 {
		return nil
	}
	rows := make([][]any, len(items))
	for i, item := range items {
		text, err := encode(item.Payload)
		if err != nil {
			return err
		}
		var key *string
		if item.UniqueKey != "" {
			key = &item.UniqueKey
		}
		rows[i] = []any{item.Kind, key, text, "ready", now, now}
	}
	_, err := tx.exec(`INSERT INTO outbox (kind, unique_key, payload, status, run_at, created_at) VALUES `+
		placeholders(len(rows), 6)+` ON CONFLICT (unique_key) DO NOTHING`, flat(rows)...)
	return err
}

// LeaseOutbox takes at most n due items until the lease ends; others do not
// see them before that.
func (tx *Tx) LeaseOutbox(n int, now time.Time, lease time.Duration) ([]OutboxItem, error) {
	var items []OutboxItem
	if err := tx.query(&items, `SELECT id, kind, payload, attempt FROM outbox
		WHERE status = 'ready' AND run_at <= ? AND (leased_until IS NULL OR leased_until < ?) ORDER BY run_at, id LIMIT ?`+tx.skipLocked(),
		now, now, n); err != nil || len(items) == 0 {
		return nil, err
	}
	for i := range items {
		items[i].Attempt++
		if _, err := tx.exec(`UPDATE outbox SET leased_until = ?, attempt = attempt + 1 WHERE id = ?`, now.Add(lease), items[i].ID); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// OutboxSent ends an item, if its lease is still the caller's.
func (tx *Tx) OutboxSent(item OutboxItem, now time.Time) error {
	return changed(tx.exec(`UPDATE outbox SET status = 'sent', sent_at = ?, leased_until = NULL, last_error = '' WHERE id = ? AND status = 'ready' AND attempt = ?`,
		now, item.ID, item.Attempt))
}

// OutboxFailed puts an item off until next, or gives it up.
func (tx *Tx) OutboxFailed(item OutboxItem, cause string, next time.Time, dead bool) error {
	status := "ready"
	if dead {
		status = "dead"
	}
	return changed(tx.exec(`UPDATE outbox SET status = ?, run_at = ?, leased_until = NULL, last_error = ? WHERE id = ? AND status = 'ready' AND attempt = ?`,
		status, next, cause, item.ID, item.Attempt))
}
