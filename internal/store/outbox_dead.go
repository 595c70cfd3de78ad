package store

import "time"

// DeadLetter is an outbox item that was given up.
type DeadLetter struct {
	ID        int64
	Kind      string
	Payload   string // JSON
	Attempt   int
	LastError string
	CreatedAt time.Time
}

// DeadLetters returns what was given up, the newest first.
func (tx *Tx) DeadLetters(limit int) ([]DeadLetter, error) {
	var out []DeadLetter
	err := tx.query(&out, `SELECT id, kind, payload, attempt, last_error, created_at FROM outbox WHERE status = 'dead' ORDER BY id DESC LIMIT ?`, limit)
	for i := range out {
		out[i].CreatedAt = out[i].CreatedAt.UTC()
	}
	return out, err
}

// ReviveOutbox makes a dead item due again, with all its tries.
func (tx *Tx) ReviveOutbox(id int64, now time.Time) error {
	return changed(tx.exec(`UPDATE outbox SET status = 'ready', attempt = 0, run_at = ?, leased_until = NULL WHERE id = ? AND status = 'dead'`, now, id))
}
