package registry_test

import (
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
)

func TestDT14_ReleaseOfADevice(t *testing.T) {
	for _, c := range []struct {
		name  string
		token registry.Token
		want  registry.Release
	}{
		{"2.0 by its firmware", registry.Token{Model: "Rutoken ECP", Hardware: "54.1", Firmware: "23.2"}, "2.0"},
		{"2.0 on old hardware", registry.Token{Model: "Rutoken ECP", Hardware: "20.5", Firmware: "23.0"}, "2.0"},
		{"2.0 with flash", registry.Token{Model: "Rutoken ECP", Hardware: "59.0", Firmware: "26.3"}, "2.0"},
		{"3.0", registry.Token{Model: "Rutoken ECP", Hardware: "60.1", Firmware: "30.2"}, "3.0"},
		{"3.0, newest", registry.Token{Model: "Rutoken ECP", Hardware: "67.1", Firmware: "31.0"}, "3.0"},
		{"the first one", registry.Token{Model: "Rutoken ECP", Hardware: "20.3", Firmware: "18.0"}, "1.0"},
		{"firmware nobody knows", registry.Token{Model: "Rutoken ECP", Hardware: "1.0", Firmware: "99.0"}, ""},
		{"two devices of one number", registry.Token{Model: "Rutoken ECP", Hardware: "54.1", Firmware: "23.0"}, ""},
		{"firmware decides over the text", registry.Token{Model: "Rutoken ECP 2.0", Hardware: "20.3", Firmware: "18.0"}, "1.0"},
		{"by the model", registry.Token{Model: "Rutoken ECP 2.0"}, "2.0"},
		{"by the model in Russian", registry.Token{Model: "Рутокен ЭЦП 3.0 NFC"}, "3.0"},
		{"by elliptic curves", registry.Token{Model: "Rutoken ECP", Algorithms: []string{"RSA-2048", "P-256"}}, "3.0"},
		{"by GOST of 2012", registry.Token{Model: "Rutoken ECP", Algorithms: []string{"RSA-2048", "GOST-2012"}}, "2.0"},
		{"nothing to go by", registry.Token{Model: "Rutoken ECP", Algorithms: []string{"RSA-2048"}}, ""},
		{"Lite", registry.Token{Model: "Rutoken lite", Hardware: "54.1", Firmware: "23.2"}, ""},
		{"another maker", registry.Token{Model: "SoftHSM v2", Hardware: "2.6", Firmware: "2.6"}, ""},
		{"no versions at all", registry.Token{Model: "Rutoken ECP", Hardware: "x", Firmware: "23.-2"}, ""},
	} {
		if got := registry.ReleaseOf(&c.token); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestDT14_ReleasesAreCompared(t *testing.T) {
	for _, c := range []struct {
		have, least registry.Release
		want        bool
	}{
		{"2.0", "2.0", true}, {"3.0", "2.0", true}, {"1.0", "2.0", false}, {"", "2.0", false}, {"10.0", "2.0", true}, {"2.1", "2.0", true}, {"2.0", "2.1", false}, {"", "", false},
	} {
		if got := c.have.AtLeast(c.least); got != c.want {
			t.Errorf("%q at least %q: %v", c.have, c.least, got)
		}
	}
}

func TestTokenSerial(t *testing.T) {
	if got, err := registry.TokenSerial(" 30D1AB3B "); err != nil || got != "30d1ab3b" {
		t.Errorf("%q, %v", got, err)
	}
	for _, bad := range []string{"", "  ", "a b", "a\"b", "ключ", string(make([]byte, 65))} {
		if _, err := registry.TokenSerial(bad); registry.KindOf(err) != registry.Invalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzReleaseOf(f *testing.F) {
	f.Add("Rutoken ECP", "54.1", "23.2")
	f.Fuzz(func(t *testing.T, model, hardware, firmware string) {
		r := registry.ReleaseOf(&registry.Token{Model: model, Hardware: hardware, Firmware: firmware})
		if r != "" && !r.AtLeast("1.0") {
			t.Errorf("%q", r)
		}
	})
}
