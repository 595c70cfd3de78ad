package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/evidence"
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

// The paper tells of a report who said it, how they were identified and since
// when the key is in doubt.
func TestPackPaperTellsWhoReported(t *testing.T) {
	h := newShop(t, "ubr")
	since := testNow.Add(-time.Hour)
	c := &evidence.Certificate{Reports: []evidence.Report{{
		Number: "R-26-0001", Reporter: "Асанов Бакыт", Way: registry.ByPhone, Cause: "device_lost", Status: registry.ReportReceived, ReportedAt: testNow, DueAt: testNow,
		Identified: []registry.Identification{registry.KnowsPassport, registry.CallsFromFile}, InvalidSince: &since,
	}}}
	w := packWriter{Server: h.s, l: registry.Russian, pack: &evidence.Pack{}}
	lines := w.proofs(c)
	if len(lines) != 1 {
		t.Fatalf("%+v", lines)
	}
	for _, want := range []string{"Асанов Бакыт", "Назван номер паспорта, совпадает; Звонит с телефона", "С какого времени ключ под подозрением: " + bishkekTime(since)} {
		if !strings.Contains(lines[0].Text, want) {
			t.Errorf("%q is not in %q", want, lines[0].Text)
		}
	}
}
