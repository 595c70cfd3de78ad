package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// A holder of several companies chooses one before the session begins, and
// then sees that one's alone.
func TestLG11_LG12_HolderOfSeveralCompaniesChoosesOne(t *testing.T) {
	h := newShop(t, "dostek")
	if err := h.st.Write(context.Background(), func(tx *store.Tx) error {
		return tx.LinkHolder(h.cert.PersonalNumber, h.other.ID, registry.Head, 0, testNow)
	}); err != nil {
		t.Fatal(err)
	}
	h.s.deps.LoginCloud = func(context.Context, CloudLogin) (Identity, error) {
		return Identity{
			Kind: HolderSession, Name: "Ак-Булак", PersonalNumber: h.cert.PersonalNumber, OrganisationID: h.org.ID, Signatory: registry.Head,
			CertificateID: h.cert.ID, Serial: h.cert.Serial, CertEnds: h.cert.NotAfter, Companies: 2,
		}, nil
	}
	b := newBrowser(t, h.s)
	see(t, b.do(http.MethodGet, "/login/company", nil), http.StatusSeeOther)
	see(t, b.post("/login/cloud", url.Values{"inn": {shopINN}}), http.StatusSeeOther)
	rec := b.post("/login/cloud/pin", url.Values{"role": {"HEAD"}, "pin": {"735192"}})
	if rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != "/login/company" {
		t.Fatalf("%d, to %q", rec.Code, rec.Header().Get("Location"))
	}
	if rec := b.do(http.MethodGet, "/cabinet", nil); rec.Code == http.StatusOK {
		t.Error("the session began before the choice")
	}
	see(t, b.do(http.MethodGet, "/login/company", nil), http.StatusOK, "Чүй Дан Өндүрүш", "Ак-Булак", shopINN)
	see(t, b.post("/login/company", url.Values{}), http.StatusUnprocessableEntity)
	see(t, b.post("/login/company", url.Values{"organisation": {"999999"}}), http.StatusForbidden)
	see(t, b.post("/login/company", url.Values{"organisation": {strconv.FormatInt(int64(h.other.ID), 10)}}), http.StatusSeeOther)
	see(t, b.do(http.MethodGet, "/cabinet", nil), http.StatusOK, "Чүй Дан Өндүрүш", "00503201719901")
}
