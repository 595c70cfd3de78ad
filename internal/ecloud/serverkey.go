package ecloud

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// ServerKey is the authority's own half of every key that is kept here. FileKeys
// is the one there is; an HSM could implement it with a key that never leaves it.
type ServerKey interface {
	// CurrentID names the key that new rows use.
	CurrentID() string
	// IDs lists every key that can be used, the current one first.
	IDs() []string
	// MAC returns HMAC-SHA-256 of message under the key of that id.
	MAC(ctx context.Context, id string, message []byte) ([]byte, error)
}

// minServerKey is the shortest server key in bytes.
const minServerKey = 32

// FileKeys is a ServerKey whose keys are in this process's memory.
type FileKeys struct {
	order []string
	keys  map[string][]byte
}

// KeyWithID is a server key as it is kept in the secrets directory.
type KeyWithID struct {
	ID  string
	Key []byte
}

// NewFileKeys takes the keys, the current one first; each has 32 bytes or
// more.
func NewFileKeys(keys ...KeyWithID) (*FileKeys, error) {
	if len(keys) == 0 {
		return nil, errors.New("the E-Cloud has no server key")
	}
	f := &FileKeys{keys: map[string][]byte{}}
	for _, k := range keys {
		if k.ID == "" || len(k.Key) < minServerKey {
			return nil, fmt.Errorf("E-Cloud server key %q: it needs an id and at least %d bytes", k.ID, minServerKey)
		}
		if _, twice := f.keys[k.ID]; twice {
			return nil, fmt.Errorf("E-Cloud server key %q is given twice", k.ID)
		}
		f.order = append(f.order, k.ID)
		f.keys[k.ID] = slices.Clone(k.Key)
	}
	return f, nil
}

// CurrentID implements ServerKey.
func (f *FileKeys) CurrentID() string { return f.order[0] }

// IDs implements ServerKey.
func (f *FileKeys) IDs() []string { return slices.Clone(f.order) }

// MAC implements ServerKey.
func (f *FileKeys) MAC(_ context.Context, id string, message []byte) ([]byte, error) {
	key, ok := f.keys[id]
	if !ok {
		return nil, fmt.Errorf("E-Cloud server key %q is not in the secrets directory", id)
	}
	m := hmac.New(sha256.New, key)
	m.Write(message)
	return m.Sum(nil), nil
}

// Format keeps the keys out of every print.
func (f *FileKeys) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "E-Cloud server keys %q", f.order) }

// join concatenates parts unambiguously: each after its length.
func join(parts ...[]byte) []byte {
	var out []byte
	for _, p := range parts {
		out = binary.BigEndian.AppendUint32(out, uint32(len(p)))
		out = append(out, p...)
	}
	return out
}
