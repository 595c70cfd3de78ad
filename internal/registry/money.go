package registry

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Tyiyn is an amount of money in hundredths of a som (ISO 4217 KGS).
type Tyiyn int64

// maxAmount is the largest sum that may be typed: a billion som.
const maxAmount = Tyiyn(100_000_000_000)

// String is the amount in som, "57 131,50": groups of three with a no-break
// space, a comma, no unit; a negative one begins with U+2212 (glossary R8).
func (t Tyiyn) String() string {
	sign, u := "", uint64(t)
	if t < 0 {
		sign, u = "−", -u
	}
	whole := strconv.FormatUint(u/100, 10)
	var b strings.Builder
	for i, r := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteRune('\u00a0')
		}
		b.WriteRune(r)
	}
	return fmt.Sprintf("%s%s,%02d", sign, b.String(), u%100)
}

// ParseTyiyn reads an amount in som as typed: 57131.5, "57 131,50", "1510
// сом". Not negative, at most two digits after the comma, at most a billion.
func ParseTyiyn(s string) (Tyiyn, error) {
	refused := Refuse(Invalid, "error.registry.amount")
	s = strings.ToLower(trimSpace(s))
	for _, unit := range [...]string{"сом", "som", "kgs"} {
		s = strings.TrimSuffix(s, unit)
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
	whole, part, comma := strings.Cut(strings.ReplaceAll(s, ",", "."), ".")
	if whole == "" || len(whole) > 12 || len(part) > 2 || comma && part == "" {
		return 0, refused
	}
	digits := whole + (part + "00")[:2]
	if strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' }) {
		return 0, refused
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || Tyiyn(n) > maxAmount {
		return 0, refused
	}
	return Tyiyn(n), nil
}
