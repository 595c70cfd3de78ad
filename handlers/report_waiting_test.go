package handlers

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// waits puts a certificate into the register that begins when the shop's ends.
func (h *shop) waits() *registry.Certificate {
	h.t.Helper()
	next := *h.cert
	next.ID, next.Serial, next.SHA256, next.PublicKeyHash = 0, "ec035f00000000000000000000000077", fmt.Sprintf("%064d", 77), fmt.Sprintf("%064d", 77)
	next.NotBefore, next.NotAfter, next.IssuedAt = h.cert.NotAfter, h.cert.NotAfter.AddDate(1, 0, 0), testNow
	if err := h.st.Write(context.Background(), func(tx *store.Tx) error {
		_, err := tx.AddCertificate(next)
		return err
	}); err != nil {
		h.t.Fatal(err)
	}
	return &next
}

// Whoever revokes the old certificate is told what each choice means for the
// new one that waits, and signs what they chose; without a choice nothing is
// shown to be signed.
func TestA10_TheFormAsksAboutTheCertificateThatWaits(t *testing.T) {
	h := newShop(t, "dostek")
	next := h.waits()
	holder := h.client(h.cert)
	see(t, holder.do(http.MethodGet, "/cabinet/certificates/"+string(h.cert.Serial)+"/stop", nil), http.StatusOK, "ушул сертификатка гана тиешелүү")
	see(t, h.as(registry.Clerk, 0).do(http.MethodGet, "/revocations/new?serial="+string(h.cert.Serial), nil), http.StatusOK, "мөөнөтүнүн башталышын күтүүдө", "бекитүүчү адис көрсөтөт")
	form := h.reportForm(h.cert.Serial)
	form.Set("do", "save")
	see(t, h.as(registry.Clerk, 0).post("/revocations", form), http.StatusSeeOther)
	see(t, h.as(registry.Auditor, 0).do(http.MethodGet, "/revocations/R-26-0001", nil), http.StatusOK, "Эки ачкыч тең бир ПИН-код менен ачылат")

	approver := h.as(registry.Approver, 0)
	see(t, approver.do(http.MethodGet, "/revocations/R-26-0001", nil), http.StatusOK, `name="waiting" value="keep"`, `name="waiting" value="revoke"`, "төлөнгөн акча кайтарылбайт")
	in := url.Values{"version": {"1"}, "action": {"revoke"}, "cause": {"device_lost"}}
	for _, wrong := range []string{"", "both"} {
		in.Set("waiting", wrong)
		rec := approver.post("/revocations/R-26-0001/text", in)
		see(t, rec, http.StatusUnprocessableEntity, "калтырылабы же чакыртылабы")
		if strings.Contains(rec.Body.String(), `name="pin"`) {
			t.Error("it can be signed without a choice")
		}
	}
	for choice, line := range map[string]string{"keep": "Жаңы сертификат калат", "revoke": "Жаңы сертификат да чакыртылат"} {
		in.Set("waiting", choice)
		see(t, approver.post("/revocations/R-26-0001/text", in), http.StatusOK, line, `name="waiting" value="`+choice+`"`, `name="pin"`)
	}
	see(t, approver.post("/revocations/R-26-0001/text", url.Values{"version": {"1"}, "action": {"reject"}, "remark": {"Жаңылыштык"}}), http.StatusOK, `name="pin"`)

	// One that waits is revoked like any other, and asks nothing.
	rec := holder.do(http.MethodGet, "/cabinet/certificates/"+string(next.Serial)+"/stop", nil)
	see(t, rec, http.StatusOK, "Дароо токтотуу")
	if strings.Contains(rec.Body.String(), `name="waiting"`) {
		t.Error("the one that waits asks about itself")
	}
}

// An order that was accepted, and whose certificate is not made yet, is asked
// about in the same place.
func TestA10_TheFormAsksAboutTheCertificateThatIsBeingMade(t *testing.T) {
	d := newIssuingCounter(t)
	head, accountant := d.renewing()
	sign := shown(head.post("/cabinet/renew", asItIs(head.do(http.MethodGet, "/cabinet/renew", nil).Body.String())).Body.String())
	sign.Set("pin", renewPIN)
	at := head.post("/cabinet/renew/sign", sign).Header().Get("Location")
	sign = shown(accountant.do(http.MethodGet, at, nil).Body.String())
	sign.Set("pin", renewPIN)
	see(t, accountant.post(at+"/sign", sign), http.StatusSeeOther)
	number := strings.TrimPrefix(at, "/cabinet/orders/")
	app := d.application(number)
	var own *registry.Certificate
	if err := d.st.Write(t.Context(), func(tx *store.Tx) error {
		from := app.Status
		app.Status = registry.Approved // what stands between is tested apart
		if err := tx.MoveApplication(app, from, testNow); err != nil {
			return err
		}
		all, err := tx.CertificatesOf(app.OrganisationID, 10)
		for _, c := range all {
			if c.Role == registry.Head {
				own = c
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	stop := "/cabinet/certificates/" + string(own.Serial) + "/stop"
	see(t, head.do(http.MethodGet, stop, nil), http.StatusOK, number, "жаңы сертификаты чыгарылууда", "сертификаты чыгарыла элек", `name="waiting" value="keep"`)
	rec := d.as(registry.Clerk, 0).post("/revocations", url.Values{
		"serial": {string(own.Serial)}, "way": {"phone"}, "reporter": {"Асанова Гүлнара"}, "identified": {"passport", "phone"}, "cause": {"device_lost"},
		"reported_at": {d.s.deps.Now().In(d.flow.Pack().Zone()).Format(momentForm)}, "do": {"save"},
	})
	see(t, rec, http.StatusSeeOther)
	report, approver := rec.Header().Get("Location"), d.as(registry.Approver, 0)
	in := url.Values{"version": {"1"}, "action": {"revoke"}, "cause": {"device_lost"}}
	see(t, approver.post(report+"/text", in), http.StatusUnprocessableEntity, "калтырылабы же чакыртылабы")
	for choice, line := range map[string]string{"keep": "чыгарылат жана дароо", "revoke": "анын ачкычы жок кылынат"} {
		in.Set("waiting", choice)
		see(t, approver.post(report+"/text", in), http.StatusOK, number, line, `name="pin"`)
	}
}
