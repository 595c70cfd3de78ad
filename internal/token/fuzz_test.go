package token_test

import (
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/token"
)

// FuzzVerify: whatever comes, it is refused in words or is the holder's own
// signature over the expected bytes.
func FuzzVerify(f *testing.F) {
	a := newAuthority(f)
	h := a.issue(f, "P-256", nil)
	o := newOpenSSL(f, a, h, content)
	f.Add(must(token.Sign(content, h.cert, h.key, now))(f))
	for _, extra := range [][]string{{"-nodetach"}, {"-nodetach", "-stream"}, {"-nodetach", "-keyid"}, {"-nodetach", "-noattr"}, {"-nodetach", "-cades"}, nil} {
		f.Add(o.sign(extra...))
	}
	f.Add([]byte("-----BEGIN CMS-----\n-----END CMS-----\n"))
	f.Fuzz(func(t *testing.T, cms []byte) {
		s, err := token.Verify(t.Context(), cms, content, a.options())
		switch {
		case err == nil && !s.Certificate.Equal(h.cert):
			t.Errorf("accepted as %v", s.Serial)
		case err != nil && registry.KindOf(err) == 0:
			t.Errorf("not a refusal: %v", err)
		}
	})
}
