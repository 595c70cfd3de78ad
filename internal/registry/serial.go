package registry

import "strings"

// alike are capital letters of a Cyrillic keyboard that look like digits of a
// hexadecimal number.
var alike = strings.NewReplacer("А", "a", "В", "b", "С", "c", "Е", "e", "а", "a", "с", "c", "е", "e")

// ParseSerial reads a serial number, or its last characters, as people copy it
// from programs: with spaces, colons or hyphens, capitals, 0x, leading zeros.
// ok is false where it is no hexadecimal number of 20 octets at most.
func ParseSerial(text string) (s Serial, ok bool) {
	t, ok := hexadecimal(text)
	t = strings.TrimLeft(t, "0")
	return Serial(t), ok && t != "" && len(t) <= 40
}

// ParseSerialEnd is ParseSerial of the last characters, whose zeros count.
func ParseSerialEnd(text string) (end string, ok bool) {
	end, ok = hexadecimal(text)
	return end, ok && end != ""
}

func hexadecimal(text string) (string, bool) {
	t := strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\u00a0', '\t', '\n', '\r', ':', '-':
			return -1
		}
		return r
	}, alike.Replace(text))
	t = strings.TrimPrefix(strings.ToLower(t), "0x")
	return t, len(t) <= 42 && strings.Trim(t, "0123456789abcdef") == ""
}
