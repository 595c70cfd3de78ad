package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/workflow"
)

func (h *shop) reportForm(serial registry.Serial) url.Values {
	return url.Values{
		"serial": {string(serial)}, "way": {"phone"}, "reporter": {"Асанова Гүлнара"}, "identified": {"passport", "phone"}, "cause": {"device_lost"},
		"reported_at": {testNow.In(h.flow.Pack().Zone()).Format(momentForm)}, "do": {"suspend"},
	}
}

// A clerk finds the certificate, enters what was said and suspends at once; an
// approver is asked for a cause, a reason and a signature.
func TestUB27_ReportOverTheCounter(t *testing.T) {
	h := newShop(t, "ubr")
	clerk := h.as(registry.Clerk, 0)
	see(t, clerk.do(http.MethodGet, "/revocations", nil), http.StatusOK, "Чечимди күткөн кабар жок")
	see(t, clerk.do(http.MethodGet, "/revocations/new?q="+shopINN, nil), http.StatusOK, "/revocations/new?serial="+string(h.cert.Serial))
	see(t, clerk.do(http.MethodGet, "/revocations/new?q=%D0%90%D0%BA-%D0%91%D1%83%D0%BB%D0%B0%D0%BA", nil), http.StatusOK, string(h.cert.Serial))
	see(t, clerk.do(http.MethodGet, "/revocations/new?q=00000000000000", nil), http.StatusOK, "Башкача издеп көрүңүз")
	see(t, clerk.do(http.MethodGet, "/revocations/new?serial="+string(h.cert.Serial), nil), http.StatusOK, "Каттоо жана дароо токтотуу", "keyCompromise (1)")

	bad := h.reportForm(h.cert.Serial)
	bad.Set("identified", "passport")
	bad.Set("note", "токен сумкада калган")
	see(t, clerk.post("/revocations", bad), http.StatusUnprocessableEntity, "кеминде 2", "токен сумкада калган")
	bad = h.reportForm(h.cert.Serial)
	bad.Set("reported_at", "кечээ")
	see(t, clerk.post("/revocations", bad), http.StatusUnprocessableEntity, "19.03.2026 13:20", `value="кечээ"`)

	see(t, clerk.post("/revocations", h.reportForm(h.cert.Serial)), http.StatusSeeOther)
	page := clerk.do(http.MethodGet, "/revocations/R-26-0001", nil)
	see(t, page, http.StatusOK, "Убактылуу токтотулган", "certificateHold (6)", "Асанова Гүлнара")
	if strings.Contains(page.Body.String(), `name="action"`) {
		t.Error("a clerk is offered a decision")
	}
	see(t, clerk.post("/revocations", h.reportForm(h.cert.Serial)), http.StatusUnprocessableEntity, "R-26-0001")
	see(t, clerk.do(http.MethodGet, "/revocations", nil), http.StatusOK, "R-26-0001")
	see(t, h.as(registry.Auditor, 0).do(http.MethodGet, "/revocations/R-26-0001", nil), http.StatusOK)

	approver := h.as(registry.Approver, 0)
	see(t, approver.do(http.MethodGet, "/revocations/R-26-0001", nil), http.StatusOK, "Чакыртууну артка кайтаруу мүмкүн эмес", `value="lift"`)
	see(t, approver.post("/revocations/R-26-0001/text", url.Values{"version": {"2"}, "action": {"lift"}}), http.StatusUnprocessableEntity)
	text := approver.post("/revocations/R-26-0001/text", url.Values{"version": {"2"}, "action": {"revoke"}, "cause": {"device_stolen"}})
	see(t, text, http.StatusOK, "Түзүлүш уурдалды – keyCompromise (1)", `name="pin"`)
	see(t, approver.post("/revocations/R-26-0001/sign", url.Values{"version": {"2"}, "action": {"revoke"}, "cause": {"device_stolen"}, "seen": {"башка"}, "pin": {"271846"}}), http.StatusConflict)
}

// The strip under the bar tells every clerk and approver past half of the
// clock, and nobody else.
func TestA13_TheAlarmUnderTheBar(t *testing.T) {
	h := newShop(t, "ubr")
	form := h.reportForm(h.cert.Serial)
	form.Set("reported_at", testNow.Add(-13*time.Hour).In(h.flow.Pack().Zone()).Format(momentForm))
	form.Set("do", "save")
	see(t, h.as(registry.Clerk, 0).post("/revocations", form), http.StatusSeeOther)
	for _, who := range []*browser{h.as(registry.Clerk, 1), h.as(registry.Approver, 0)} {
		see(t, who.do(http.MethodGet, "/organisations", nil), http.StatusOK, `class="tg-alarm"`, "R-26-0001", `class="is-late"`)
	}
	rec := h.as(registry.Administrator, 0).do(http.MethodGet, "/staff", nil)
	see(t, rec, http.StatusOK)
	if strings.Contains(rec.Body.String(), "tg-alarm") {
		t.Error("an administrator is alarmed")
	}
	h.readTx(func(tx *store.Tx) error {
		c, err := tx.CertificateBySerial(h.cert.Serial)
		if c.Status != registry.CertIssued {
			t.Errorf("entered without suspending, the certificate is %s", c.Status)
		}
		return err
	})
}

// The pages name the pack's hours, and the strip those of the report.
func TestUB28_TheHoursAreThePacks(t *testing.T) {
	h := newShop(t, "ubr")
	clerk := h.as(registry.Clerk, 0)
	for hours, want := range map[int]int{24: 24, 0: registry.ReportHours, 48: 48} {
		h.flow.Pack().Times.RevokeHours = hours
		see(t, clerk.do(http.MethodGet, "/revocations", nil), http.StatusOK, fmt.Sprintf("токтобойт: %d сааттан ашпайт", want))
		see(t, clerk.do(http.MethodGet, "/revocations/new", nil), http.StatusOK, fmt.Sprintf("%d саат сиз баскан учурдан эмес", want))
	}
	h.flow.Pack().Times.RevokeHours = 48
	form := h.reportForm(h.cert.Serial)
	form.Set("reported_at", testNow.Add(-36*time.Hour).In(h.flow.Pack().Zone()).Format(momentForm))
	form.Set("do", "save")
	see(t, clerk.post("/revocations", form), http.StatusSeeOther)
	h.flow.Pack().Times.RevokeHours = 24
	see(t, clerk.do(http.MethodGet, "/organisations", nil), http.StatusOK, "R-26-0001", "48 сааттын 75 % өттү")
}

func TestCARefusalsAreTheAdministrators(t *testing.T) {
	h := newShop(t, "dostek")
	admin := h.as(registry.Administrator, 0)
	see(t, admin.do(http.MethodGet, "/ca-refusals", nil), http.StatusOK, "бардык чакыртууларды билет")
	if err := h.st.Write(t.Context(), func(tx *store.Tx) error {
		if err := tx.SetCertificateStatus(h.cert.ID, registry.CertIssued, registry.CertRevoked, 1, testNow); err != nil {
			return err
		}
		_, err := tx.CARefused(h.cert.ID, "400: no", testNow)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	see(t, admin.do(http.MethodGet, "/ca-refusals", nil), http.StatusOK, "400: no")
	see(t, admin.post("/ca-refusals/retry", url.Values{}), http.StatusSeeOther)
	see(t, h.as(registry.Clerk, 0).do(http.MethodGet, "/ca-refusals", nil), http.StatusForbidden)
}

// A holder takes a certificate out of use from the cabinet; the accountant's by
// the head only, another company's by nobody.
func TestUB26_StopFromTheCabinet(t *testing.T) {
	h := newShop(t, "ubr")
	other := h.certify(h.other.ID, 2, testNow.AddDate(0, -2, 0), testNow.AddDate(0, 10, 0))
	holder := h.client(h.cert)
	at := "/cabinet/certificates/" + string(h.cert.Serial)
	see(t, holder.do(http.MethodGet, "/cabinet", nil), http.StatusOK, at+"/stop", at+"/reissue")
	see(t, holder.do(http.MethodGet, at+"/stop", nil), http.StatusOK, "Дароо токтотуу")
	see(t, holder.do(http.MethodGet, "/cabinet/certificates/"+string(other.Serial)+"/stop", nil), http.StatusNotFound)
	see(t, holder.do(http.MethodGet, "/cabinet/certificates/"+string(other.Serial)+"/reissue", nil), http.StatusNotFound)
	see(t, holder.post(at+"/suspend", url.Values{"invalid_since": {"кечээ"}}), http.StatusUnprocessableEntity, "Чакыртуунун себебин", "19.03.2026 13:20")
	see(t, holder.post(at+"/suspend", url.Values{"cause": {"compromised"}, "invalid_since": {"01.01.2099 10:00"}}), http.StatusUnprocessableEntity, "f-invalid_since-d", "01.01.2099 10:00")
	see(t, holder.post(at+"/suspend", url.Values{"cause": {"device_lost"}}), http.StatusSeeOther)
	see(t, holder.do(http.MethodGet, "/login", nil), http.StatusOK, "Сертификат токтотулду:", "R-26-0001")
	see(t, holder.do(http.MethodGet, "/cabinet", nil), http.StatusSeeOther)
	see(t, h.as(registry.Clerk, 0).do(http.MethodGet, "/revocations", nil), http.StatusOK, "Жеке кабинеттен")
	// Who it was stands everywhere by name, to the auditor as a client.
	auditor := h.as(registry.Auditor, 0)
	see(t, auditor.do(http.MethodGet, "/audit/certificates/"+string(h.cert.Serial), nil), http.StatusOK, "Кардар "+h.cert.HolderName)
	see(t, auditor.do(http.MethodGet, "/audit?subject=certificate&subject_id="+string(h.cert.Serial), nil), http.StatusOK, "Кардар "+h.cert.HolderName)
}

// The reason of a reissue leads; a holder's order makes a draft and a report.
func TestUB29_ReissueFromTheCabinetAndTheCounter(t *testing.T) {
	h := newShop(t, "ubr")
	at := "/cabinet/certificates/" + string(h.cert.Serial) + "/reissue"
	holder, clerk := h.client(h.cert), h.as(registry.Clerk, 0)
	page := holder.do(http.MethodGet, at, nil)
	see(t, page, http.StatusOK, "DEVICE_LOST", "жаңы токен алып келиңиз", "UB-24", "тез арада")
	if strings.Contains(page.Body.String(), "талап кылыңыз") || strings.Contains(page.Body.String(), "алып келсин") {
		t.Error("the holder reads what a clerk is told")
	}
	if strings.Contains(page.Body.String(), `value="EXPIRED"`) {
		t.Error("an expiry is offered before the end")
	}
	see(t, holder.post(at, url.Values{"storage": {"RUTOKEN"}, "office": {"BISHKEK"}}), http.StatusUnprocessableEntity)
	see(t, holder.post(at, url.Values{"reason": {"DEVICE_BROKEN"}, "storage": {"RUTOKEN"}, "office": {"BISHKEK"}}), http.StatusOK, "/track/", "26-0003", "түзүлүштү алып келиңиз", "Аны сактап коюңуз")
	see(t, holder.do(http.MethodGet, "/cabinet/certificates/"+string(h.cert.Serial)+"/stop", nil), http.StatusOK, "Дароо токтотуу", "R-26-0001")
	again := holder.post(at, url.Values{"reason": {"DEVICE_LOST"}, "storage": {"RUTOKEN"}, "office": {"BISHKEK"}})
	see(t, again, http.StatusOK, "буга чейин эле кайра чыгарылууда", "26-0003", "Эски сертификат токтотулду")
	if strings.Contains(again.Body.String(), "/track/") {
		t.Error("a reissue that is there already gets another link")
	}
	see(t, clerk.do(http.MethodGet, "/revocations/R-26-0001", nil), http.StatusOK, "26-0003", "Жаңы токен талап кылыңыз")

	second := h.certify(h.other.ID, 2, testNow.AddDate(-1, -1, 0), testNow.AddDate(0, -1, 0))
	page = clerk.do(http.MethodGet, "/reissue?serial="+string(second.Serial), nil)
	see(t, page, http.StatusOK, `value="EXPIRED"`)
	if strings.Contains(page.Body.String(), `value="DEVICE_LOST"`) {
		t.Error("after the end a lost device is offered")
	}
	rec := clerk.post("/reissue", url.Values{"serial": {string(second.Serial)}, "reason": {"EXPIRED"}, "storage": {"ECLOUD"}, "office": {"BISHKEK"}})
	see(t, rec, http.StatusSeeOther)
	see(t, clerk.do(http.MethodGet, rec.Header().Get("Location"), nil), http.StatusOK, string(second.Serial)[:8])
	see(t, h.as(registry.Approver, 0).do(http.MethodGet, "/reissue?serial="+string(second.Serial), nil), http.StatusForbidden)
}

func TestEmergencyPage(t *testing.T) {
	h := newShop(t, "ubr")
	b := newBrowser(t, h.s)
	see(t, b.do(http.MethodGet, "/revoke", nil), http.StatusOK, "Сертификатты дароо токтотуу", "K7QM-2XRT-9HBD")
	see(t, b.post("/revoke", url.Values{"code": {""}}), http.StatusUnprocessableEntity, `aria-invalid="true"`)
}

// Where nothing is suspended no page says that it was: an approver is told.
func TestUB27_WhereNothingIsSuspendedNoPageSaysSo(t *testing.T) {
	h := newShop(t, "ubr", func(c *workflow.Config) {
		pack := *c.Pack
		pack.Certificate.Suspension = false
		c.Pack = &pack
	})
	holder, at := h.client(h.cert), "/cabinet/certificates/"+string(h.cert.Serial)
	page := holder.do(http.MethodGet, at+"/stop", nil)
	see(t, page, http.StatusOK, "Борборго кабарлоо")
	if strings.Contains(page.Body.String(), "Дароо токтотуу") {
		t.Error("a suspension is offered")
	}
	see(t, holder.post(at+"/suspend", url.Values{"cause": {"device_lost"}}), http.StatusSeeOther)
	see(t, holder.do(http.MethodGet, "/cabinet", nil), http.StatusOK, "R-26-0001", "сертификат азырынча иштеп турат")
	page = newBrowser(t, h.s).do(http.MethodGet, "/revoke", nil)
	see(t, page, http.StatusOK, "Ачкыч жоголгонун кабарлоо", "Борборго кабарлоо")
	if strings.Contains(page.Body.String(), "токтотуңуз") {
		t.Error("/revoke promises a suspension")
	}
}
