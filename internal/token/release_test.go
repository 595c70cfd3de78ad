package token_test

import (
	"testing"

	"github.com/tamga-ca/tamga/internal/token"
)

func TestDT14_Release(t *testing.T) {
	for _, c := range []struct {
		model, hardware, firmware, want string
		accepted                        bool
	}{
		{"Rutoken ECP", "54.1", "23.2", "2.0", true},
		{"Rutoken ECP", "20.5", "23.2", "2.0", true},
		{"Rutoken ECP", "55.0", "24.0", "2.0", true},
		{"Rutoken ECP", "59.0", "27.0", "2.0", true},
		{"Rutoken ECP", "60.1", "28.0", "3.0", true},
		{"Rutoken ECP", "65.1", "30.1", "3.0", true},
		{"Rutoken ECP", "70.0", "40.0", "3.0", true},
		{"Rutoken ECP", "20.0", "18.0", "1.0", false},
		{"Rutoken ECP", "54.0", "19.0", "1.0", false},
		{"Rutoken ECP", "54.1", "23.0", "", false},
		{"Rutoken lite", "54.1", "23.2", "", false},
		{"Rutoken S 64K", "54.1", "23.2", "", false},
		{"Rutoken ECP", "", "", "", false},
		{"Rutoken ECP", "0.0", "0.0", "", false},
		{"Rutoken ECP", "x.1", "23", "", false},
		{"SoftHSM v2", "2.6", "2.6", "", false},
	} {
		got := token.Release(c.model, c.hardware, c.firmware)
		if got != c.want || token.AtLeast2(got) != c.accepted {
			t.Errorf("%s, hardware %s, firmware %s: release %q, accepted %t", c.model, c.hardware, c.firmware, got, token.AtLeast2(got))
		}
	}
}
