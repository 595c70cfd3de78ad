package secrets

import (
	"crypto"
	"fmt"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
)

// Name says what a key is for. Keys of different names are never derived from
// each other and never stand in for each other.
type Name string

const (
	// Journal signs checkpoints: a signer string of
	// golang.org/x/mod/sumdb/note ("PRIVATE+KEY+…").
	Journal Name = "journal"
	// Documents encrypts the keysets of stored files: 32 random bytes.
	Documents Name = "documents"
	// ECloud is the HMAC key that hardens PIN-codes and activation codes: 32
	// random bytes.
	ECloud Name = "ecloud"
	// Sessions keys the hashes of session tokens and form tokens: 32 random
	// bytes.
	Sessions Name = "sessions"
	// OCSP signs answers to relying parties, under a certificate that the CA
	// delegates to it: a P-256 key, PKCS#8 in PEM.
	OCSP Name = "ocsp"
)

// Names lists them.
var Names = [...]Name{Journal, Documents, ECloud, Sessions, OCSP}

// Key is one secret. It prints as its id only, whatever the verb.
type Key struct {
	// ID is "<name>.<number>", e.g. "documents.2"; the number counts from 1.
	ID    string
	Name  Name
	bytes []byte
}

// Bytes returns a copy of the secret; the caller may clear it.
func (k Key) Bytes() []byte { return append([]byte(nil), k.bytes...) }

// Signer returns the key pair, for the one that is a private key (OCSP).
func (k Key) Signer() (crypto.Signer, error) { return parseSigner(k.bytes) }

// Text returns the secret as a string, for the one that is text (Journal).
func (k Key) Text() string { return string(k.bytes) }

// Format prints the id alone for every verb, so that no log or error message
// can carry the secret.
func (k Key) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "secret %s", k.ID) }

// LogValue is the same for slog.
func (k Key) LogValue() slog.Value { return slog.StringValue("secret " + k.ID) }

var idShape = regexp.MustCompile(`^([a-z][a-z-]*)\.([1-9][0-9]{0,5})$`)

func parseID(id string) (Name, int, error) {
	m := idShape.FindStringSubmatch(id)
	if m == nil {
		return "", 0, fmt.Errorf("%q is not the id of a key: it looks like documents.1", id)
	}
	n, err := strconv.Atoi(m[2])
	if err != nil {
		return "", 0, fmt.Errorf("key id %q: %w", id, err)
	}
	for _, name := range Names {
		if string(name) == m[1] {
			return name, n, nil
		}
	}
	return "", 0, fmt.Errorf("%q names no key that exists; the names are %s", id, joinNames())
}

func joinNames() string {
	s := make([]string, len(Names))
	for i, n := range Names {
		s[i] = string(n)
	}
	return strings.Join(s, ", ")
}

func keyID(name Name, n int) string { return string(name) + "." + strconv.Itoa(n) }
