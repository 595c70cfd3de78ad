package registry

import "testing"

func TestParseSerial(t *testing.T) {
	for text, want := range map[string]Serial{
		"7f00aB": "7f00ab", "0x7F:00:AB": "7f00ab", " 00 7f 00-ab\n": "7f00ab", "7F00АВ": "7f00ab", "0": "", "": "", "xyz": "", "7f00ag": "",
		"ffffffffffffffffffffffffffffffffffffffff": "ffffffffffffffffffffffffffffffffffffffff", "1ffffffffffffffffffffffffffffffffffffffffff": "",
		"1ffffffffffffffffffffffffffffffffffffffff": "", "00ffffffffffffffffffffffffffffffffffffffff": "ffffffffffffffffffffffffffffffffffffffff",
	} {
		if got, ok := ParseSerial(text); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q %v", text, got, ok)
		}
	}
	if end, ok := ParseSerialEnd("00 AB"); !ok || end != "00ab" {
		t.Errorf("%q %v", end, ok)
	}
}
