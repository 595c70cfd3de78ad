package token

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// MaxEnvelope is the largest envelope that is read, in bytes.
const MaxEnvelope = 16 << 10

// ReadEnvelope reads the bytes of an envelope, for whoever is asked to sign
// them: they are accepted only if Bytes would write the very same. The server
// never reads an envelope; it compares.
func ReadEnvelope(b []byte) (e Envelope, challenge string, err error) {
	if len(b) > MaxEnvelope {
		return Envelope{}, "", errors.New("reading an envelope: too large")
	}
	var w struct {
		Type      Type   `json:"typ"`
		Origin    string `json:"origin"`
		Challenge string `json:"challenge"`
		Subject   string `json:"subject"`
		Version   int64  `json:"version"`
		Hash      string `json:"sha256"`
		Action    string `json:"action"`
		Time      string `json:"time"`
		Text      string `json:"text"`
	}
	if err := json.Unmarshal(b, &w); err != nil {
		return Envelope{}, "", errors.New("reading an envelope: not the JSON of one")
	}
	e = Envelope{Type: w.Type, Origin: w.Origin, Subject: w.Subject, Version: w.Version, Action: w.Action, Text: w.Text}
	if w.Type != Login {
		hash, err := hex.DecodeString(w.Hash)
		if err != nil || len(hash) != sha256.Size {
			return Envelope{}, "", errors.New("reading an envelope: sha256 is not 64 hexadecimal digits")
		}
		e.Hash = [sha256.Size]byte(hash)
		if e.Time, err = time.Parse(time.RFC3339, w.Time); err != nil {
			return Envelope{}, "", errors.New("reading an envelope: time is not RFC 3339")
		}
	}
	again, err := e.Bytes(w.Challenge)
	if err != nil {
		return Envelope{}, "", fmt.Errorf("reading an envelope: %w", err)
	}
	if !bytes.Equal(again, b) {
		return Envelope{}, "", errors.New("reading an envelope: not encoded as the server encodes")
	}
	return e, w.Challenge, nil
}
