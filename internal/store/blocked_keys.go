package store

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// BlockedKey is a public key that is never certified again.
type BlockedKey struct {
	KeyHash   string          // SHA-256 of the SubjectPublicKeyInfo, hex
	Serial    registry.Serial // of the certificate it was blocked with; may be empty
	Note      string
	BlockedBy registry.OperatorID // 0: not an operator
	BlockedAt time.Time
}

// BlockKey adds a key to the list; one that is there already stays as it is.
func (tx *Tx) BlockKey(k BlockedKey) (added bool, err error) {
	// SQLite refuses what is there already, before ON CONFLICT is heard.
	n, err := tx.exec(`INSERT INTO blocked_keys (key_hash, serial, note, blocked_by, blocked_at) SELECT ?, ?, ?, ?, ?
		WHERE NOT EXISTS (SELECT 1 FROM blocked_keys WHERE key_hash = ?) ON CONFLICT (key_hash) DO NOTHING`,
		k.KeyHash, k.Serial, k.Note, nullable(k.BlockedBy), k.BlockedAt, k.KeyHash)
	return n > 0, err
}

// BlockedKeys returns the latest of the list, at most limit; keyHash asks for one
// alone.
func (tx *Tx) BlockedKeys(keyHash string, limit int) (out []BlockedKey, err error) {
	where, args := ``, []any{}
	if keyHash != "" {
		where, args = ` WHERE key_hash = ?`, append(args, keyHash)
	}
	err = tx.query(&out, `SELECT key_hash, serial, note, COALESCE(blocked_by, 0) AS blocked_by, blocked_at FROM blocked_keys`+where+
		` ORDER BY blocked_at DESC, key_hash DESC LIMIT ?`, append(args, limit)...)
	for i := range out {
		out[i].BlockedAt = out[i].BlockedAt.UTC()
	}
	return out, err
}

// KeysBlocked says which of some keys are on the list.
func (tx *Tx) KeysBlocked(keyHashes []string) (map[string]bool, error) {
	var found []string
	if err := tx.query(&found, `SELECT key_hash FROM blocked_keys WHERE key_hash IN ?`, keyHashes); err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, hash := range found {
		out[hash] = true
	}
	return out, nil
}

// CertificatesOfKey returns those that carry a public key, by SHA-256 of its
// SubjectPublicKeyInfo.
func (tx *Tx) CertificatesOfKey(keyHash string) ([]*registry.Certificate, error) {
	return tx.certificates(` WHERE public_key_hash = ? ORDER BY id`, keyHash)
}
