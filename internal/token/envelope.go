package token

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Type names what a signature means and the version of its encoding.
type Type string

const (
	// Login proves the possession of a key to one origin, now.
	Login Type = "token-login/1"
	// Decision is an operator's decision about an application, a report of
	// revocation, a role, a price or a pack.
	Decision Type = "decision/1"
	// RenewalOrder is a client's remote order (DT-18).
	RenewalOrder Type = "renewal-order/1"
	// Handover confirms the receipt of a certificate and its carrier.
	Handover Type = "handover/1"
	// Revocation is a holder's own revocation of a certificate; it is final.
	Revocation Type = "revocation/1"
)

// Types lists them.
var Types = [...]Type{Login, Decision, RenewalOrder, Handover, Revocation}

// Envelope is what is signed. For Login only Type, Origin and the challenge
// are written; the others must be empty.
type Envelope struct {
	Type Type
	// Origin of the page that asks, e.g. "https://tamga.example.kg".
	Origin string
	// Subject names what is decided on, e.g. "application/26-0401".
	Subject string
	// Version of the subject that the person saw.
	Version int64
	// Hash is the SHA-256 of what is decided on, in the subject's own
	// canonical encoding.
	Hash [sha256.Size]byte
	// Action, e.g. "approve".
	Action string
	// Time is the rules' clock when the envelope was made.
	Time time.Time
	// Text is what the person reads before signing, in their language.
	Text string
}

// Limits of an envelope's strings, in bytes.
const (
	maxOrigin = 256
	maxName   = 128
	maxText   = 8 << 10
)

// Bytes encodes the envelope with a challenge (see the package comment for
// the encoding). An error is a mistake of the caller, never of a person.
func (e Envelope) Bytes(challenge string) ([]byte, error) {
	if err := e.check(challenge); err != nil {
		return nil, fmt.Errorf("encoding a %s envelope: %w", e.Type, err)
	}
	b := append([]byte(nil), `{"typ":`...)
	b = appendString(b, string(e.Type))
	b = append(b, `,"origin":`...)
	b = appendString(b, e.Origin)
	b = append(b, `,"challenge":`...)
	b = appendString(b, challenge)
	if e.Type != Login {
		b = append(b, `,"subject":`...)
		b = appendString(b, e.Subject)
		b = append(b, `,"version":`...)
		b = strconv.AppendInt(b, e.Version, 10)
		b = append(b, `,"sha256":`...)
		b = appendString(b, hex.EncodeToString(e.Hash[:]))
		b = append(b, `,"action":`...)
		b = appendString(b, e.Action)
		b = append(b, `,"time":`...)
		b = appendString(b, e.Time.UTC().Format("2006-01-02T15:04:05.000000Z"))
		b = append(b, `,"text":`...)
		b = appendString(b, e.Text)
	}
	return append(b, '}'), nil
}

func (e Envelope) check(challenge string) error {
	if _, err := challengeBytes(challenge); err != nil {
		return err
	}
	if err := CheckOrigin(e.Origin); err != nil {
		return err
	}
	switch e.Type {
	case Login:
		if (e != Envelope{Type: e.Type, Origin: e.Origin}) {
			return errors.New("a login carries nothing but its origin and challenge")
		}
		return nil
	case Decision, RenewalOrder, Handover, Revocation:
	default:
		return errors.New("unknown type")
	}
	switch {
	case e.Subject == "" || len(e.Subject) > maxName:
		return errors.New("subject is empty or too long")
	case e.Version < 1:
		return errors.New("version must count from 1")
	case e.Hash == [sha256.Size]byte{}:
		return errors.New("hash of what is decided on is missing")
	case e.Action == "" || len(e.Action) > maxName:
		return errors.New("action is empty or too long")
	case e.Time.IsZero() || e.Time.Year() < 2000 || e.Time.Year() > 9999:
		return errors.New("time is missing")
	case e.Text == "" || len(e.Text) > maxText:
		return errors.New("text is empty or too long")
	}
	for _, s := range []string{e.Subject, e.Action, e.Text} {
		if !utf8.ValidString(s) {
			return errors.New("a string is not UTF-8")
		}
	}
	return nil
}

// CheckOrigin accepts an origin as browsers serialise it: https, or http on a
// loopback host; lower case; no default port, path or user.
func CheckOrigin(origin string) error {
	u, err := url.Parse(origin)
	if err != nil || origin == "" || len(origin) > maxOrigin || u.Host == "" || origin != u.Scheme+"://"+u.Host || origin != strings.ToLower(origin) {
		return fmt.Errorf("%q is not an origin: it looks like https://tamga.example.kg", origin)
	}
	switch {
	case u.Scheme == "https" && u.Port() != "443":
	case u.Scheme == "http" && u.Port() != "80" && loopback(u.Hostname()):
	default:
		return fmt.Errorf("origin %q must be https without its default port (http only on this machine)", origin)
	}
	for i := range len(origin) {
		if origin[i] <= ' ' || origin[i] > '~' || origin[i] == '"' || origin[i] == '\\' {
			return fmt.Errorf("origin %q has a character that no origin has", origin)
		}
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func appendString(b []byte, s string) []byte {
	const hexDigits = "0123456789abcdef"
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\b':
			b = append(b, `\b`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\f':
			b = append(b, `\f`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c < ' ':
			b = append(b, `\u00`...)
			b = append(b, hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
