package workflow

import (
	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// blockKey puts a public key on the list of those that are never certified
// again, once.
func (f *Flow) blockKey(tx *store.Tx, who Actor, keyHash string, serial registry.Serial) error {
	k := store.BlockedKey{KeyHash: keyHash, Serial: serial, BlockedAt: f.now()}
	if who.Operator != nil {
		k.BlockedBy = who.Operator.ID
	}
	added, err := tx.BlockKey(k)
	if err != nil || !added {
		return err
	}
	return f.record(tx, who, "key.blocked", map[string]any{"key_sha256": keyHash}, nil, Certificate(serial))
}

// errKeyBlocked refuses a public key that was compromised.
var errKeyBlocked = registry.Refuse(registry.Conflict, "error.key.blocked")

// refuseBlocked refuses a public key that was compromised when a request for
// its certificate comes in; before the CA is asked it is looked at again.
func refuseBlocked(tx *store.Tx, keyHash string) error {
	blocked, err := tx.KeysBlocked([]string{keyHash})
	if err == nil && blocked[keyHash] {
		err = errKeyBlocked
	}
	return err
}

// revokeBlocked revokes those of new certificates whose key was blocked while
// the CA was making them; nobody has received them.
func (f *Flow) revokeBlocked(tx *store.Tx, made []*registry.Certificate) error {
	hashes := make([]string, len(made))
	for i, c := range made {
		hashes[i] = c.PublicKeyHash
	}
	blocked, err := tx.KeysBlocked(hashes)
	if err != nil {
		return err
	}
	for _, c := range made {
		if !blocked[c.PublicKeyHash] {
			continue
		}
		cert, err := tx.CertificateBySerial(c.Serial)
		if err != nil {
			return err
		}
		if cert, err = lockWithEnrolment(tx, cert.ID); err != nil {
			return err
		}
		if err := f.setStatus(tx, BySystem(), cert, statusChange{to: registry.CertRevoked, reason: ca.KeyCompromise}); err != nil {
			return err
		}
		if err := f.cancelHandover(tx, BySystem(), cert); err != nil {
			return err
		}
	}
	return nil
}
