package handlers

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// register puts a certificate into the register as it is, under a number of
// its own.
func (h *shop) register(c registry.Certificate, n int) {
	h.t.Helper()
	c.Serial, c.SHA256, c.PublicKeyHash = registry.Serial(fmt.Sprintf("ec035f%026d", n)), fmt.Sprintf("%064d", n), fmt.Sprintf("%064d", n)
	if err := h.st.Write(context.Background(), func(tx *store.Tx) error {
		_, err := tx.AddCertificate(c)
		return err
	}); err != nil {
		h.t.Fatal(err)
	}
}

func TestDT19TheCabinetRemindsOnEveryPage(t *testing.T) {
	h := newShop(t, "dostek")
	ends := testNow.Add(10 * 24 * time.Hour)
	soon := h.certify(h.org.ID, 2, ends.AddDate(-1, 0, 0), ends)
	late := h.certify(h.org.ID, 3, testNow.AddDate(-1, 0, 0), testNow.Add(3*time.Hour))
	pages := []string{"/news", "/archive", "/cabinet", "/cabinet/balance", "/nowhere"}
	shown := func(b *browser) (n int) {
		for _, path := range pages {
			if strings.Contains(b.do(http.MethodGet, path, nil).Body.String(), "tg-remind") {
				n++
			}
		}
		return n
	}
	if n := shown(h.client(soon)); n != len(pages) {
		t.Errorf("%d of %d pages remind", n, len(pages))
	}
	see(t, h.client(soon).do(http.MethodGet, "/news", nil), http.StatusOK, "мөөнөтү аяктарына 10 күн калды: 12.04.2026")
	see(t, h.client(late).do(http.MethodGet, "/news", nil), http.StatusOK, "tg-remind is-last", "24 сааттын ичинде")
	if n := shown(h.client(h.cert)); n != 0 {
		t.Errorf("%d pages remind of an end ten months away", n)
	}
	// Renewed: nobody is reminded, on no page.
	h.certify(h.org.ID, 52, ends, ends.AddDate(1, 0, 0)) // another person's
	if n := shown(h.client(soon)); n != len(pages) {
		t.Error("somebody else's certificate counts as a renewal")
	}
	next := *soon
	next.NotBefore, next.NotAfter = ends, ends.AddDate(1, 0, 0)
	h.register(next, 4)
	if n := shown(h.client(soon)); n != 0 {
		t.Errorf("%d pages remind somebody who has renewed", n)
	}
}
