package ecloud_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/internal/ecloud"
)

func TestBrowserToken(t *testing.T) {
	a, b := ecloud.NewBrowserToken(), ecloud.NewBrowserToken()
	ha, ok := ecloud.BrowserTokenHash(a)
	if !ok || len(ha) != 32 || a == b || len(a) != 43 {
		t.Fatalf("%q %v", a, ok)
	}
	if again, _ := ecloud.BrowserTokenHash(a); !bytes.Equal(ha, again) {
		t.Error("the hash changes")
	}
	if hb, _ := ecloud.BrowserTokenHash(b); bytes.Equal(ha, hb) {
		t.Error("two tokens, one hash")
	}
	for _, cookie := range []string{"", "x", a + "=", a[:42], strings.Repeat("A", 44), a + "\n"} {
		if _, ok := ecloud.BrowserTokenHash(cookie); ok {
			t.Errorf("%q is taken for a token", cookie)
		}
	}
}
