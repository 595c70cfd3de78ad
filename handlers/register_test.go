package handlers

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
)

func TestRegisterPage(t *testing.T) {
	h := newShop(t, "dostek")
	auditor := h.as(registry.Auditor, 0)
	see(t, auditor.do(http.MethodGet, "/audit/register", nil), http.StatusOK, "31-декабрындагы", "02.04.2026", "салыштырыла элек", "openssl cms -verify")
	see(t, auditor.post("/audit/register", url.Values{"date": {"31.02.2026"}}), http.StatusUnprocessableEntity, `role="alert"`, `value="31.02.2026"`)
	see(t, auditor.post("/audit/register", url.Values{"date": {"03.04.2026"}}), http.StatusUnprocessableEntity, "келе элек")
	// An installation without the issuing key says so.
	see(t, auditor.post("/audit/register", url.Values{"date": {"02.04.2026"}}), http.StatusServiceUnavailable, "TAMGA_CRL_KMS")
	see(t, h.as(registry.Approver, 0).do(http.MethodGet, "/audit/register", nil), http.StatusOK)
	for _, who := range []*browser{h.as(registry.Clerk, 0), h.as(registry.Administrator, 0), h.client(h.cert)} {
		see(t, who.do(http.MethodGet, "/audit/register", nil), http.StatusForbidden)
		see(t, who.post("/audit/register", url.Values{"date": {"02.04.2026"}}), http.StatusForbidden)
	}
}
