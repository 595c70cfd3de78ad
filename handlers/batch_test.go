package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
)

// One approver sees what would be revoked and proposes it, another reads the
// text over the list; the tables name each certificate.
func TestBatchPages(t *testing.T) {
	h := newShop(t, "ubr")
	h.hire(registry.Approver, 9, registry.PersonName{Surname: "Осмонов", Given: "Бакыт"})
	one, two := h.as(registry.Approver, 0), h.as(registry.Approver, 1)
	see(t, one.do(http.MethodGet, "/revocations", nil), http.StatusOK, `href="/revocations/bulk"`)
	see(t, one.do(http.MethodGet, "/revocations/bulk?choice=organisation", nil), http.StatusOK, "f-inn-d")
	see(t, one.do(http.MethodGet, "/revocations/bulk?choice=ca_incident&from=%D0%BA%D0%B5%D1%87%D1%8D%D1%8D", nil), http.StatusOK, "f-from-d")
	query := url.Values{"choice": {"organisation"}, "inn": {shopINN}}
	page := one.do(http.MethodGet, "/revocations/bulk?"+query.Encode(), nil)
	see(t, page, http.StatusOK, h.cert.HolderName, "Чакыртылат: 1", "/revocations/bulk/preview.csv?choice=organisation")
	see(t, one.do(http.MethodGet, "/revocations/bulk/preview.csv?"+query.Encode(), nil), http.StatusOK, string(h.cert.Serial), shopINN)
	form := url.Values{"choice": {"organisation"}, "inn": {shopINN}, "cause": {"compromised"}, "remark": {"=1+1"}, "confirm": {"7"}}
	see(t, one.post("/revocations/bulk", form), http.StatusUnprocessableEntity, "Саны дал келген жок: азыр 1", "=1&#43;1")
	form.Set("confirm", "1")
	see(t, one.post("/revocations/bulk", form), http.StatusSeeOther)
	const at = "/revocations/bulk/B-26-0001"
	mine := one.do(http.MethodGet, at, nil)
	see(t, mine, http.StatusOK, "Тизмени сиз тандагансыз", h.cert.HolderName)
	if strings.Contains(mine.Body.String(), at+"/text") {
		t.Error("whoever proposed the list is offered to sign it")
	}
	see(t, two.do(http.MethodGet, at, nil), http.StatusOK, at+"/text")
	text := two.post(at+"/text", url.Values{})
	see(t, text, http.StatusOK, "Тизменин SHA-256 изи", `name="pin"`, "keyCompromise (1)")
	signed := shown(text.Body.String())
	signed.Set("seen", "башка")
	signed.Set("pin", "271846")
	see(t, two.post(at+"/sign", signed), http.StatusConflict, "өзгөрдү")
	see(t, two.do(http.MethodGet, at+"/report.csv", nil), http.StatusOK, h.cert.HolderName, "Кезекте")
	see(t, h.as(registry.Auditor, 0).do(http.MethodGet, at, nil), http.StatusOK, h.cert.HolderName)
	see(t, two.post(at+"/reject", url.Values{"version": {"1"}}), http.StatusSeeOther)
	see(t, two.do(http.MethodGet, at, nil), http.StatusOK, "Четке кагылды")
	see(t, two.post(at+"/reject", url.Values{"version": {"1"}}), http.StatusConflict)
}
