package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
)

// A key that is on no certificate is put on the list by an approver; auditors
// look one up.
func TestBlockedKeysPage(t *testing.T) {
	h := newShop(t, "ubr")
	const at = "/revocations/keys"
	approver, auditor := h.as(registry.Approver, 0), h.as(registry.Auditor, 0)
	see(t, auditor.do(http.MethodGet, "/revocations", nil), http.StatusOK, `href="`+at+`"`)
	page := auditor.do(http.MethodGet, at, nil)
	see(t, page, http.StatusOK, "Мындай ачкыч тизмеде жок")
	if strings.Contains(page.Body.String(), `name="note"`) {
		t.Error("an auditor is offered to block a key")
	}
	hash := strings.Repeat("AB:", 31) + "ab"
	form := url.Values{"key": {hash}, "note": {"Форумда табылды"}}
	for _, role := range []registry.Role{registry.Clerk, registry.Auditor, registry.Administrator} {
		see(t, h.as(role, 0).post(at, form), http.StatusForbidden)
	}
	see(t, approver.post(at, url.Values{"key": {"кайсы"}, "note": {"Форумда табылды"}}), http.StatusUnprocessableEntity, "кайсы", "Форумда табылды", "SHA-256 изи (64 белги")
	see(t, approver.post(at, url.Values{"key": {hash}}), http.StatusUnprocessableEntity, hash, `name="note"`)
	see(t, approver.post(at, url.Values{"key": {h.cert.PublicKeyHash}, "note": {"Форумда табылды"}}), http.StatusUnprocessableEntity, string(h.cert.Serial))
	see(t, approver.post(at, form), http.StatusSeeOther)
	see(t, approver.post(at, form), http.StatusUnprocessableEntity, "тизмесинде бар")
	see(t, auditor.do(http.MethodGet, at+"?q="+strings.Repeat("ab", 32), nil), http.StatusOK, "Форумда табылды")
	see(t, auditor.do(http.MethodGet, at+"?q="+strings.Repeat("cd", 32), nil), http.StatusOK, "Мындай ачкыч тизмеде жок")
	see(t, auditor.do(http.MethodGet, at+"?q=%D0%B0", nil), http.StatusOK, "PEM тексти керек")
}
