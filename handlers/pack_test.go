package handlers

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
)

// The form is filled with what a page of the auditor's names, or a search
// finds; nothing is made without a key, and nobody else makes one.
func TestPackForm(t *testing.T) {
	h := newShop(t, "ubr")
	auditor := h.as(registry.Auditor, 0)
	serial := string(h.cert.Serial)
	see(t, auditor.do(http.MethodGet, "/audit/packs?certificate="+serial, nil), http.StatusOK, serial, `name="purpose"`)
	see(t, auditor.do(http.MethodGet, "/audit/packs?inn="+shopINN, nil), http.StatusOK, serial, `name="query" value="inn=`+shopINN)
	see(t, auditor.do(http.MethodGet, "/audit/certificates/"+serial, nil), http.StatusOK, "/audit/packs?certificate="+serial)
	see(t, auditor.post("/audit/packs", url.Values{"serials": {serial}, "purpose": {"Сот"}}), http.StatusServiceUnavailable)
	for _, role := range []registry.Role{registry.Clerk, registry.Approver, registry.Administrator} {
		see(t, h.as(role, 0).do(http.MethodGet, "/audit/packs", nil), http.StatusForbidden)
	}
}
