package workflow

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// maxKeyText is how long what is typed of a key may be.
const maxKeyText = 16 << 10

// KeyHash reads a public key as people have it: its SHA-256 in hexadecimal (of
// the SubjectPublicKeyInfo), with or without colons, or PEM of the key, of a
// request or of a certificate.
func KeyHash(typed string) (string, error) {
	wrong := registry.Refuse(registry.Invalid, "error.key.typed").On("key")
	typed = strings.TrimSpace(typed)
	if len(typed) > maxKeyText {
		return "", wrong
	}
	if !strings.HasPrefix(typed, "-----BEGIN ") {
		hash := strings.ToLower(strings.NewReplacer(":", "", " ", "").Replace(typed))
		if raw, err := hex.DecodeString(hash); err != nil || len(raw) != sha256.Size {
			return "", wrong
		}
		return hash, nil
	}
	block, _ := pem.Decode([]byte(typed))
	if block == nil {
		return "", wrong
	}
	var public []byte
	switch block.Type {
	case "PUBLIC KEY":
		if _, err := x509.ParsePKIXPublicKey(block.Bytes); err != nil {
			return "", wrong
		}
		public = block.Bytes
	case "CERTIFICATE":
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return "", wrong
		}
		public = cert.RawSubjectPublicKeyInfo
	case "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST":
		csr, err := x509.ParseCertificateRequest(block.Bytes)
		if err != nil {
			return "", wrong
		}
		public = csr.RawSubjectPublicKeyInfo
	default:
		return "", wrong
	}
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:]), nil
}

// BlockKey puts a public key on the list of those that are never certified
// again, by an approver with a reason: one that was found in other hands and is
// on no certificate of ours, or on one that is over. A key that a certificate in
// force carries is blocked with its revocation. The list only grows.
func (f *Flow) BlockKey(ctx context.Context, who Actor, typed, note string) (keyHash string, err error) {
	if err := who.is(registry.Approver); err != nil {
		return "", err
	}
	if keyHash, err = KeyHash(typed); err != nil {
		return "", err
	}
	if note, err = someReason(note, "note"); err != nil {
		return "", err
	}
	err = f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		added, err := tx.BlockKey(store.BlockedKey{KeyHash: keyHash, Note: note, BlockedBy: who.Operator.ID, BlockedAt: f.now()})
		if err != nil {
			return err
		}
		if !added {
			return registry.Refuse(registry.Conflict, "error.key.blocked_already").On("key")
		}
		same, err := tx.CertificatesOfKey(keyHash)
		if err != nil {
			return err
		}
		for _, c := range same {
			if c.Status != registry.CertRevoked && c.ValidityAt(f.now()) != registry.Expired {
				return registry.Refuse(registry.Conflict, "error.key.in_force", "serial", c.Serial).On("key")
			}
		}
		return f.record(tx, who, "key.blocked", map[string]any{"key_sha256": keyHash}, map[string]string{"note": note})
	})
	if err != nil {
		return "", fmt.Errorf("blocking a key: %w", err)
	}
	return keyHash, nil
}
