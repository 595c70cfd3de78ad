package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// Anybody learns the status and the dates, and nothing about people.
func TestStatusPage(t *testing.T) {
	h := newShop(t, "dostek")
	valid := h.cert
	notYet := h.certify(h.org.ID, 2, testNow.AddDate(0, 1, 0), testNow.AddDate(1, 1, 0))
	expired := h.certify(h.org.ID, 3, testNow.AddDate(-1, -1, 0), testNow.AddDate(0, -1, 0))
	suspended := h.certify(h.org.ID, 4, testNow.AddDate(0, -1, 0), testNow.AddDate(0, 11, 0))
	revoked := h.certify(h.org.ID, 5, testNow.AddDate(0, -1, 0), testNow.AddDate(0, 11, 0))
	for c, to := range map[*registry.Certificate]registry.CertificateStatus{suspended: registry.CertSuspended, revoked: registry.CertRevoked} {
		if err := h.st.Write(context.Background(), func(tx *store.Tx) error {
			return restate(tx, c.ID, to, map[registry.CertificateStatus]int{registry.CertSuspended: 6, registry.CertRevoked: 1}[to])
		}); err != nil {
			t.Fatal(err)
		}
	}
	b := newBrowser(t, h.s)
	see(t, b.do(http.MethodGet, "/status", nil), http.StatusOK, `name="serial"`, `name="inn"`, `name="end"`)
	for cert, want := range map[*registry.Certificate][]string{
		valid: {"Сертификат азыр жарактуу."}, notYet: {"Мөөнөтү баштала элек"}, expired: {"Мөөнөтү аяктаган", "чакыртылган эмес"},
		suspended: {"азыр ага ишенүүгө болбойт", "Жагдай такталганга чейин", "02.04.2026 09:12:40"}, revoked: {"күчүн жоготкон", "башкалардын колуна", "02.04.2026 09:12:40"},
	} {
		answer := b.do(http.MethodGet, "/status/"+string(cert.Serial), nil)
		see(t, answer, http.StatusOK, want...)
		for _, secret := range []string{cert.HolderName, "Асанова", string(cert.PersonalNumber), shopINN, "Ак-Булак"} {
			if strings.Contains(answer.Body.String(), secret) {
				t.Errorf("the page of %s tells %q", cert.Serial, secret)
			}
		}
	}
	see(t, b.do(http.MethodGet, "/status/7f00", nil), http.StatusNotFound, "мындай сериялык номердеги сертификатты чыгарган эмес")
	see(t, b.do(http.MethodGet, "/status/xyz", nil), http.StatusNotFound)
	if to := b.do(http.MethodGet, "/status?serial=EC:03:5F", nil).Header().Get("Location"); to != "/status/ec035f" {
		t.Errorf("leads to %q", to)
	}
}

func TestStatusByINN(t *testing.T) {
	h := newShop(t, "dostek")
	b := newBrowser(t, h.s)
	end := string(h.cert.Serial[len(h.cert.Serial)-statusDigits:])
	ask := func(inn, end string) url.Values { return url.Values{"inn": {inn}, "end": {end}} }
	see(t, b.post("/status", ask(shopINN, strings.ToUpper(end))), http.StatusOK, "Сертификат азыр жарактуу.")
	see(t, b.post("/status", ask("005032017 19900", " "+end)), http.StatusOK, "Сертификат азыр жарактуу.")
	// A wrong INN and wrong characters look the same.
	const nothing = "мындай акыркы белгилер менен сертификат жок"
	see(t, b.post("/status", ask(string(h.other.INN), end)), http.StatusNotFound, nothing)
	see(t, b.post("/status", ask(shopINN, "ffffff")), http.StatusNotFound, nothing)
	see(t, b.post("/status", ask("00000000000000", end)), http.StatusNotFound, nothing)
	see(t, b.post("/status", ask(shopINN, end[1:])), http.StatusUnprocessableEntity, "Акыркы 6 белги керек", `value="`+shopINN+`"`)
	see(t, b.post("/status", ask("123", end)), http.StatusUnprocessableEntity, `aria-invalid="true"`)
	see(t, b.post("/status", url.Values{"serial": {"жок"}}), http.StatusUnprocessableEntity, "0–9")
	if to := b.post("/status", url.Values{"serial": {"EC 03 5F"}}).Header().Get("Location"); to != "/status/ec035f" {
		t.Errorf("leads to %q", to)
	}
	// Guessing is slowed down.
	for n := 0; b.post("/status", ask(shopINN, "aaaaaa")).Code != http.StatusTooManyRequests; n++ {
		if n > 10 {
			t.Fatal("guessing goes on as fast as one likes")
		}
	}
}

func TestCertificatePaper(t *testing.T) {
	h := newShop(t, "dostek")
	answer := h.client(h.cert).do(http.MethodGet, "/cabinet/certificates/"+string(h.cert.Serial)+"?form=paper", nil)
	if answer.Code != http.StatusOK || answer.Header().Get("Content-Type") != "application/pdf" || !strings.HasPrefix(answer.Body.String(), "%PDF") {
		t.Errorf("%d %s", answer.Code, answer.Header())
	}
}

// restate moves a certificate as the transitions do.
func restate(tx *store.Tx, id registry.CertificateID, to registry.CertificateStatus, reason int) error {
	return tx.SetCertificateStatus(id, registry.CertIssued, to, reason, testNow)
}
