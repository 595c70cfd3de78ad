package journal

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// algorithmEd25519 is sumdb/note's mark in front of a key's bytes.
const algorithmEd25519 = 1

// VerifierKey is the verifier of a secret that GenerateKey made: what auditors
// keep. The error never shows the secret.
func VerifierKey(secret string) (string, error) {
	if _, err := NewSigner(secret); err != nil {
		return "", err
	}
	unreadable := errors.New("journal: the signing key cannot be read")
	parts := strings.SplitN(strings.TrimSpace(secret), "+", 5) // PRIVATE+KEY+<origin>+<hash>+<key>
	if len(parts) != 5 {
		return "", unreadable
	}
	key, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(key) != 1+ed25519.SeedSize || key[0] != algorithmEd25519 {
		return "", unreadable
	}
	public := ed25519.NewKeyFromSeed(key[1:]).Public().(ed25519.PublicKey)
	return note.NewEd25519VerifierKey(parts[2], public)
}
