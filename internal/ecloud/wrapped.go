package ecloud

import (
	"fmt"

	"github.com/tamga-ca/tamga/internal/registry"
)

// Algorithm of a kept key.
type Algorithm string

const (
	P256    Algorithm = "P-256"
	RSA2048 Algorithm = "RSA-2048"
)

// KDF are the parameters of Argon2id (RFC 9106) for one row.
type KDF struct {
	Salt      []byte // 16 random bytes
	Time      uint32 // passes
	MemoryKiB uint32
	Threads   uint8
}

// DefaultKDF is RFC 9106's second recommended option: 64 MiB, three passes,
// four lanes.
var DefaultKDF = KDF{Time: 3, MemoryKiB: 64 << 10, Threads: 4}

// Wrapped is a kept key as its row stores it.
type Wrapped struct {
	KeyID string // 32 hexadecimal digits, random
	// Holder is HolderName of the person, organisation and role.
	Holder string
	// Version counts from 1 and grows with each change of the PIN-code; it is
	// bound into Sealed, so that a row cannot be set back to an old PIN-code
	// without its version.
	Version     int
	Algorithm   Algorithm
	PublicKey   []byte // SubjectPublicKeyInfo, DER
	ServerKeyID string
	KDF         KDF
	Sealed      []byte // nonce ‖ ciphertext ‖ tag
}

// HolderName is the holder as it is bound into a kept key: a person in a role
// for an organisation.
func HolderName(person registry.PersonalNumber, organisation registry.INN, role registry.SignatoryRole) string {
	return string(person) + "@" + string(organisation) + "/" + string(role)
}

// Format prints what is not secret.
func (w Wrapped) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "E-Cloud key %s version %d", w.KeyID, w.Version)
}
