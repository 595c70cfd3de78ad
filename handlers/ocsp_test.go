package handlers

import (
	"bytes"
	"encoding/base64"
	"net/url"
	"testing"
)

// The request of a GET, as clients escape it.
func TestOCSPOfPath(t *testing.T) {
	der := []byte{0x30, 0xff, 0xfe, 0xfb, 0xef, 0xff, 0x3f} // + and / in base64
	text := base64.StdEncoding.EncodeToString(der)
	for _, path := range []string{
		"/ocsp/" + url.PathEscape(text), "/ocsp/" + url.QueryEscape(text), "/ocsp/" + text, "/ocsp/" + base64.RawStdEncoding.EncodeToString(der),
	} {
		u, err := url.Parse("http://ca.example" + path)
		if err != nil {
			t.Fatal(err)
		}
		if got := ocspOfPath(u.Path); !bytes.Equal(got, der) {
			t.Errorf("%s: %x", path, got)
		}
	}
	for _, path := range []string{"/ocsp", "/ocsp/", "/ocsp/%%%", "/ocsp/a b"} {
		if got := ocspOfPath(path); len(got) != 0 {
			t.Errorf("%s: %x", path, got)
		}
	}
}

func TestETags(t *testing.T) {
	for header, want := range map[string]bool{
		"": false, `"a"`: true, `W/"a"`: true, `"b"`: false, `"b", "a"`: true, "*": true, "a": false,
	} {
		if matches(header, `"a"`) != want {
			t.Errorf("%s: %v", header, !want)
		}
	}
}
