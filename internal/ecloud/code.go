package ecloud

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"unicode"

	"github.com/tamga-ca/tamga/internal/registry"
)

// codeAlphabet has no letter or digit that is taken for another (0 O, 1 I L).
// Its length is prime, which is what makes the check character catch every
// single wrong character and every swap of two.
const codeAlphabet = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"

const codeGroup = 4

// CodeKind is what a code is for. A code of one kind never matches another.
type CodeKind string

const (
	// PaperCode is the half of an activation that is printed: 12 characters,
	// 54 bits.
	PaperCode CodeKind = "paper"
	// MailCode is the half that is e-mailed: 8 characters, 34 bits; it is
	// only compared with the row that the paper half found.
	MailCode CodeKind = "mail"
	// UnlockCode is e-mailed to make a browser known, or known again: 12
	// characters, 54 bits.
	UnlockCode CodeKind = "unlock"
	// EmergencyCode stands on the paper that a holder keeps: with it a
	// certificate is suspended. 12 characters, 54 bits.
	EmergencyCode CodeKind = "emergency"
)

func (k CodeKind) length() int {
	if k == MailCode {
		return 8
	}
	return 12
}

// ErrCodeTyped means that the check character is wrong, so the code was
// mistyped and no try is counted.
var ErrCodeTyped = registry.Refuse(registry.Invalid, "error.ecloud.code_typed")

// NewCode makes a random code, grouped for reading: "K7QM-2XRT-9HBD".
func NewCode(k CodeKind) string {
	c := make([]byte, 0, k.length())
	for len(c) < k.length()-1 {
		var b [1]byte
		rand.Read(b[:])
		if n := b[0] & 31; int(n) < len(codeAlphabet) { // 31 of 32: no bias
			c = append(c, codeAlphabet[n])
		}
	}
	return group(string(append(c, checkCharacter(c))))
}

// ParseCode reads a code as a person types it: any case, with or without
// groups, Cyrillic letters that look like Latin ones. It returns the form that
// Hash takes. ErrCodeTyped if the length, a character or the check character
// is wrong.
func ParseCode(k CodeKind, typed string) (string, error) {
	if len(typed) > 128 {
		return "", ErrCodeTyped
	}
	var c []byte
	for _, r := range typed {
		if r == '-' || r == '–' || r == '—' || unicode.IsSpace(r) {
			continue
		}
		r = unicode.ToUpper(r)
		if latin, ok := lookAlikes[r]; ok {
			r = latin
		}
		if r > unicode.MaxASCII || strings.IndexByte(codeAlphabet, byte(r)) < 0 {
			return "", ErrCodeTyped
		}
		c = append(c, byte(r))
	}
	if len(c) != k.length() || checkCharacter(c[:len(c)-1]) != c[len(c)-1] {
		return "", ErrCodeTyped
	}
	return string(c), nil
}

// lookAlikes maps Cyrillic capitals to the Latin ones they look like.
var lookAlikes = map[rune]rune{
	'А': 'A', 'В': 'B', 'С': 'C', 'Е': 'E', 'Н': 'H', 'К': 'K', 'М': 'M', 'Р': 'P', 'Т': 'T', 'Х': 'X', 'У': 'Y', 'Ү': 'Y',
}

// checkCharacter is the sum of the values, each times its position counted
// from 2, modulo 31.
func checkCharacter(c []byte) byte {
	sum := 0
	for i, ch := range c {
		sum += (i + 2) * strings.IndexByte(codeAlphabet, ch)
	}
	return codeAlphabet[sum%len(codeAlphabet)]
}

func group(c string) string {
	var parts []string
	for len(c) > codeGroup {
		parts = append(parts, c[:codeGroup])
		c = c[codeGroup:]
	}
	return strings.Join(append(parts, c), "-")
}

// CodeHash is how a code is stored: under which server key, and its keyed
// hash. Codes themselves are never stored.
type CodeHash struct {
	KeyID string
	Hash  []byte // 32 bytes
}

// HashCode hashes a code that ParseCode returned, or NewCode made, with the
// current server key, to be stored.
func (v *Vault) HashCode(ctx context.Context, k CodeKind, code string) (CodeHash, error) {
	return v.hashCode(ctx, v.keys.CurrentID(), k, code)
}

// HashesOfCode hashes a typed code with every server key, the current first,
// to find a row or to compare with one.
func (v *Vault) HashesOfCode(ctx context.Context, k CodeKind, typed string) ([]CodeHash, error) {
	var out []CodeHash
	for _, id := range v.keys.IDs() {
		h, err := v.hashCode(ctx, id, k, typed)
		if err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	return out, nil
}

func (v *Vault) hashCode(ctx context.Context, keyID string, k CodeKind, typed string) (CodeHash, error) {
	code, err := ParseCode(k, typed)
	if err != nil {
		return CodeHash{}, err
	}
	mac, err := v.keys.MAC(ctx, keyID, join([]byte("tamga/ecloud/code/1"), []byte(k), []byte(code)))
	if err != nil {
		return CodeHash{}, fmt.Errorf("asking the server key: %w", err)
	}
	return CodeHash{KeyID: keyID, Hash: mac}, nil
}
