package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// A holder of several companies chooses one before the session begins, and
// then sees that one's alone.
func TestLG11_LG12_HolderOfSeveralCompaniesChoosesOne(t *testing.T) {
	h := newShop(t, "dostek")
	if err := h.st.Write(context.Background(), func(tx *store.Tx) error {
		return tx.LinkHolder(registry.HolderLink{PersonalNumber: h.cert.PersonalNumber, OrganisationID: h.other.ID, Role: registry.Head, CreatedAt: testNow})
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

// An approver attaches a holder on the organisation's page, where everybody who
// works there sees it; a clerk may only detach. What was typed survives a refusal.
func TestLG12_HoldersOnTheOrganisationsPage(t *testing.T) {
	h := newShop(t, "dostek")
	at := "/organisations/" + string(h.other.INN)
	approver, clerk := h.as(registry.Approver, 0), h.as(registry.Clerk, 0)
	form := url.Values{"personal_number": {string(h.cert.PersonalNumber)}, "basis": {"Буйрук № 7"}}
	see(t, approver.do(http.MethodGet, at, nil), http.StatusOK, "Ээсин бекитүү")
	if page := clerk.do(http.MethodGet, at, nil).Body.String(); strings.Contains(page, `action="`+at+`/holders"`) {
		t.Error("a clerk is offered what they may not do")
	}
	see(t, clerk.post(at+"/holders", form), http.StatusForbidden)
	see(t, approver.post(at+"/holders", url.Values{"personal_number": {"1"}, "basis": {"Буйрук № 7"}}), http.StatusUnprocessableEntity, "Буйрук № 7", "<details open>")
	see(t, approver.post(at+"/holders", form), http.StatusSeeOther)
	see(t, approver.post(at+"/holders", form), http.StatusUnprocessableEntity, "буга чейин эле кире алат")
	see(t, clerk.do(http.MethodGet, at, nil), http.StatusOK, "Буйрук № 7", h.cert.HolderName, "Ажыратуу")
	see(t, h.as(registry.Auditor, 0).do(http.MethodGet, at, nil), http.StatusOK, "Буйрук № 7")
	see(t, clerk.post(at+"/holders/detach", form), http.StatusSeeOther)
	see(t, clerk.post(at+"/holders/detach", form), http.StatusConflict)
	if page := clerk.do(http.MethodGet, at, nil).Body.String(); strings.Contains(page, "Буйрук № 7") {
		t.Error("who was detached is still there")
	}
}
