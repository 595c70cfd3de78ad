package handlers

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/workflow"
)

// shop is an office with two administrators, organisations with money and a
// holder with a certificate.
type shop struct {
	*counter
	org, other *registry.Organisation
	cert       *registry.Certificate
}

const shopINN = "00503201719900"

func newShop(t *testing.T, pack string, configure ...func(*workflow.Config)) *shop {
	t.Helper()
	h := &shop{counter: newCounter(t, pack, configure...)}
	h.hire(registry.Administrator, 10, registry.PersonName{Surname: "Бекова", Given: "Айпери"})
	h.hire(registry.Administrator, 11, registry.PersonName{Surname: "Турдалиев", Given: "Нурлан"})
	h.hire(registry.Administrator, 12, registry.PersonName{Surname: "Эсенова", Given: "Жылдыз"})
	clerk := h.as(registry.Clerk, 0)
	for n := range 2 {
		in := typed(n)
		if n == 1 {
			in["organisation.name_ru"], in["organisation.name_ky"] = []string{"Чүй Дан Өндүрүш"}, []string{"Чүй Дан Өндүрүш"}
		}
		see(t, clerk.post("/applications/submit", values(in, url.Values{"version": {"0"}})), http.StatusSeeOther)
	}
	h.org, h.other = h.organisation(shopINN), h.organisation("00503201719901")
	h.cert = h.certify(h.org.ID, 1, testNow.AddDate(0, -2, 0), testNow.AddDate(0, 10, 0))
	return h
}

func (h *shop) organisation(inn registry.INN) (o *registry.Organisation) {
	h.t.Helper()
	h.readTx(func(tx *store.Tx) (err error) {
		o, err = tx.OrganisationByINN(inn)
		return err
	})
	return o
}

func (h *shop) readTx(f func(*store.Tx) error) {
	h.t.Helper()
	if err := h.st.Read(context.Background(), f); err != nil {
		h.t.Fatal(err)
	}
}

// certify puts a certificate into the register, straight.
func (h *shop) certify(org registry.OrganisationID, n int, from, to time.Time) *registry.Certificate {
	h.t.Helper()
	serial := registry.Serial(fmt.Sprintf("ec035f%026d", n))
	if err := h.st.Write(context.Background(), func(tx *store.Tx) error {
		_, err := tx.AddCertificate(registry.Certificate{
			Serial: serial, Profile: registry.HolderProfile, OrganisationID: org, PersonalNumber: registry.PersonalNumber(fmt.Sprintf("11405198%06d", 10000+n)),
			HolderName: "Асанова Гүлнара", Role: registry.Head, Storage: registry.ECloud, NotBefore: from, NotAfter: to, DER: []byte("0\x03\x02\x01\x05"),
			SHA256: fmt.Sprintf("%064d", n), PublicKeyHash: fmt.Sprintf("%064d", n), IssuedAt: from,
		})
		return err
	}); err != nil {
		h.t.Fatal(err)
	}
	var c *registry.Certificate
	h.readTx(func(tx *store.Tx) (err error) {
		c, err = tx.CertificateBySerial(serial)
		return err
	})
	return c
}

// client is a browser with the session of a certificate's holder.
func (h *shop) client(c *registry.Certificate) *browser {
	h.t.Helper()
	return newBrowser(h.t, h.s, loginAs(h.t, h.s, Identity{
		Kind: HolderSession, Name: "Ак-Булак Агросервис", PersonalNumber: c.PersonalNumber, OrganisationID: c.OrganisationID, Signatory: c.Role,
		CertificateID: c.ID, Serial: c.Serial, CertEnds: c.NotAfter,
	})...)
}

func (h *shop) statement() string { return "/organisations/" + shopINN + "/statement" }

func payment(amount, reference string) url.Values {
	return url.Values{"amount": {amount}, "reference": {reference}, "paid_on": {"01.04.2026"}, "way": {"bank"}}
}

func (h *shop) pay(amount, reference string) {
	h.t.Helper()
	see(h.t, h.as(registry.Clerk, 0).post("/organisations/"+shopINN+"/top-ups", payment(amount, reference)), http.StatusSeeOther)
}

func (h *shop) balance() (b registry.Tyiyn) {
	h.t.Helper()
	h.readTx(func(tx *store.Tx) (err error) {
		b, err = tx.Balance(h.org.ID)
		return err
	})
	return b
}

// journalled says whether something stands in the journal about a subject.
func (h *shop) journalled(kind string, about journal.Subject) bool {
	h.t.Helper()
	var found bool
	h.readTx(func(tx *store.Tx) error {
		all, err := tx.JournalAbout(about, 0, 100)
		found = slices.ContainsFunc(all, func(e journal.Entry) bool { return e.Kind == kind })
		return err
	})
	return found
}

func TestTopUpOverTheCounter(t *testing.T) {
	h := newShop(t, "dostek")
	clerk := h.as(registry.Clerk, 0)
	at := "/organisations/" + shopINN + "/top-ups"
	see(t, clerk.post(at, payment("7 131,50", "ПП-17")), http.StatusSeeOther)
	see(t, clerk.do(http.MethodGet, h.statement(), nil), http.StatusOK, "7\u00a0131,50", "ПП-17", "01.04.2026")
	// The same reference once more: nothing typed is lost, nothing is booked.
	see(t, clerk.post(at, payment("200", "ПП-17")), http.StatusUnprocessableEntity, "мурда эле киргизилген", `value="200"`, `value="ПП-17"`, `value="01.04.2026"`)
	for name, bad := range map[string]url.Values{
		"amount": payment("12,345", "ПП-18"), "zero": payment("0", "ПП-18"), "reference": payment("10", " "),
		"day":      {"amount": {"10"}, "reference": {"ПП-18"}, "paid_on": {"31.02.2026"}, "way": {"bank"}},
		"tomorrow": {"amount": {"10"}, "reference": {"ПП-18"}, "paid_on": {"03.04.2026"}, "way": {"bank"}},
		"way":      {"amount": {"10"}, "reference": {"ПП-18"}, "paid_on": {"01.04.2026"}, "way": {"barter"}},
	} {
		t.Run(name, func(t *testing.T) { see(t, clerk.post(at, bad), http.StatusUnprocessableEntity, `role="alert"`) })
	}
	if b := h.balance(); b != 713150 {
		t.Errorf("the balance is %s", b)
	}
	for _, who := range []*browser{h.as(registry.Approver, 0), h.as(registry.Auditor, 0)} {
		see(t, who.do(http.MethodGet, h.statement(), nil), http.StatusOK, "ПП-17")
		see(t, who.post(at, payment("10", "ПП-19")), http.StatusForbidden)
	}
}

func TestLargeTopUpNeedsASecondPerson(t *testing.T) {
	h := newShop(t, "dostek")
	clerk, colleague := h.as(registry.Clerk, 0), h.as(registry.Clerk, 1)
	large := plainSum(h.flow.Pack().Money.LargeTopUp)
	see(t, clerk.post("/organisations/"+shopINN+"/top-ups", payment(large, "ПП-1")), http.StatusSeeOther)
	see(t, clerk.post("/organisations/"+shopINN+"/top-ups", payment(large, "ПП-2")), http.StatusSeeOther)
	if h.balance() != 0 {
		t.Fatal("a large payment is booked by one person")
	}
	see(t, clerk.do(http.MethodGet, "/top-ups", nil), http.StatusOK, "ПП-1", "Сиз киргизгенсиз")
	see(t, clerk.post("/top-ups/1/confirm", url.Values{}), http.StatusForbidden, "башка кызматкер")
	page := colleague.do(http.MethodGet, "/top-ups", nil)
	see(t, page, http.StatusOK, "/top-ups/1/confirm", `<b>2</b>`)
	see(t, colleague.post("/top-ups/1/confirm", url.Values{}), http.StatusSeeOther)
	see(t, colleague.post("/top-ups/1/confirm", url.Values{}), http.StatusConflict)
	see(t, h.as(registry.Approver, 0).post("/top-ups/2/reject", url.Values{}), http.StatusSeeOther)
	if b := h.balance(); b != h.flow.Pack().Money.LargeTopUp {
		t.Errorf("the balance is %s", b)
	}
	auditor := h.as(registry.Auditor, 0)
	see(t, auditor.do(http.MethodGet, "/top-ups", nil), http.StatusOK)
	see(t, auditor.post("/top-ups/2/confirm", url.Values{}), http.StatusForbidden)
}

func TestMistakenTopUpIsUndoneByAnother(t *testing.T) {
	h := newShop(t, "dostek")
	h.pay("1510", "ПП-1")
	colleague := h.as(registry.Clerk, 1)
	see(t, colleague.do(http.MethodGet, h.statement(), nil), http.StatusOK, "/entries/1/correct")
	see(t, colleague.do(http.MethodGet, "/entries/1/correct", nil), http.StatusOK, "ПП-1", "1\u00a0510,00")
	see(t, colleague.post("/entries/1/correct", url.Values{}), http.StatusUnprocessableEntity, "Себебин жазыңыз")
	if rec := h.as(registry.Clerk, 0).post("/entries/1/correct", url.Values{"note": {"ката"}}); rec.Code != http.StatusForbidden {
		t.Errorf("the author undoes it: %d", rec.Code)
	}
	see(t, colleague.post("/entries/1/correct", url.Values{"note": {"башка уюмдун төлөмү"}}), http.StatusSeeOther)
	see(t, colleague.post("/entries/1/correct", url.Values{"note": {"дагы"}}), http.StatusConflict)
	see(t, colleague.do(http.MethodGet, "/entries/2/correct", nil), http.StatusConflict)
	see(t, colleague.do(http.MethodGet, h.statement(), nil), http.StatusOK, "башка уюмдун төлөмү", "Каршы жазуу менен")
	if h.balance() != 0 {
		t.Error("the balance is not what it was")
	}
}

func TestStatementPagesAndPeriods(t *testing.T) {
	h := newShop(t, "dostek")
	clerk := h.actor(registry.Clerk, 0)
	for n := range statementShown + 3 {
		if _, err := h.flow.TopUp(context.Background(), clerk, workflow.Payment{
			Organisation: h.org.ID, Amount: 100, Reference: fmt.Sprintf("=ПП-%03d", n), PaidOn: registry.DateOf(testNow, time.UTC), Way: registry.CashDesk,
		}); err != nil {
			t.Fatal(err)
		}
	}
	b := h.as(registry.Auditor, 0)
	first := b.do(http.MethodGet, h.statement(), nil)
	see(t, first, http.StatusOK, "ПП-000", "ПП-049", "after=50")
	if strings.Contains(first.Body.String(), "ПП-050") {
		t.Error("the first page has no end")
	}
	see(t, b.do(http.MethodGet, h.statement()+"?after=50", nil), http.StatusOK, "ПП-050", "ПП-052")
	see(t, b.do(http.MethodGet, h.statement()+"?from=01.01.2020&to=01.01.2021", nil), http.StatusOK, "баланс өзгөргөн эмес")
	see(t, b.do(http.MethodGet, h.statement()+"?from=31.02.2026", nil), http.StatusOK, "Календарда мындай күн жок")
	see(t, b.do(http.MethodGet, h.statement()+"?from=03.04.2026&to=01.04.2026", nil), http.StatusOK, "мурда боло албайт")
	file := b.do(http.MethodGet, h.statement()+".csv", nil)
	see(t, file, http.StatusOK, "ПП-052", ";53,00\r\n")
	if !strings.HasPrefix(file.Body.String(), "\ufeff") || !strings.Contains(file.Header().Get("Content-Disposition"), "attachment") {
		t.Error("the file is no attachment with a byte order mark")
	}
}

func TestCSVCellsAreNoFormulas(t *testing.T) {
	for cell, want := range map[string]string{
		"=1+1": "'=1+1", "+996": "'+996", "-1": "'-1", "@x": "'@x", "\tx": "'\tx", "|x": "'|x", "Ак-Булак": "Ак-Булак", "": "", "7131,50": "7131,50",
	} {
		if got := harmless(cell); got != want {
			t.Errorf("%q becomes %q, want %q", cell, got, want)
		}
	}
}

func TestPricesNeedTwoAdministrators(t *testing.T) {
	h := newShop(t, "dostek")
	one, two := h.as(registry.Administrator, 0), h.as(registry.Administrator, 1)
	see(t, h.as(registry.Clerk, 0).do(http.MethodGet, "/prices", nil), http.StatusOK, "1\u00a0510,00")
	form := url.Values{"date": {"01.05.2026"}, "time": {"09:00"}}
	var list []string
	h.readTx(func(tx *store.Tx) error {
		prices, _, err := h.flow.PricesAt(tx, testNow)
		for _, p := range prices.Prices {
			form.Set("price-"+p.Code, "1600")
			list = append(list, p.Code)
		}
		return err
	})
	bad := url.Values{}
	for k, v := range form {
		bad[k] = v
	}
	bad.Set("price-"+list[0], "көп")
	see(t, one.post("/prices", bad), http.StatusUnprocessableEntity, `value="көп"`, `value="01.05.2026"`)
	bad.Set("price-"+list[0], "1600")
	bad.Set("date", "01.01.2020")
	see(t, one.post("/prices", bad), http.StatusUnprocessableEntity, "келечектеги учурдан")
	see(t, one.post("/prices", form), http.StatusSeeOther)
	see(t, one.do(http.MethodGet, "/proposals", nil), http.StatusOK, "Бул сиздин сунушуңуз", "1\u00a0510,00\u00a0сом → 1\u00a0600,00\u00a0сом")
	see(t, one.post("/proposals/1/accept", url.Values{}), http.StatusForbidden)
	see(t, two.do(http.MethodGet, "/proposals", nil), http.StatusOK, "/proposals/1/accept")
	see(t, two.post("/proposals/1/accept", url.Values{}), http.StatusSeeOther)
	see(t, two.do(http.MethodGet, "/proposals", nil), http.StatusOK, "1\u00a0510,00\u00a0сом → 1\u00a0600,00\u00a0сом")
	see(t, two.do(http.MethodGet, "/prices", nil), http.StatusOK, "1\u00a0600,00", "01.05.2026 09:00:00", "1\u00a0510,00")
	see(t, h.as(registry.Clerk, 0).post("/prices", form), http.StatusForbidden)
}

func TestStaffIsChangedByTwo(t *testing.T) {
	h := newShop(t, "dostek")
	one, two := h.as(registry.Administrator, 0), h.as(registry.Administrator, 1)
	form := url.Values{
		"personal_number": {"20105198500777"}, "surname": {"Асанов"}, "given": {"Эркин"}, "email": {"asanov@tamga.example"},
		"role": {"approver"}, "office": {"OSH"}, "language": {"ru"},
	}
	see(t, one.do(http.MethodGet, "/staff", nil), http.StatusOK, "Айдарова", "/staff/new")
	bad := url.Values{"personal_number": {"123"}, "surname": {"Асанов"}}
	see(t, one.post("/staff/new", bad), http.StatusUnprocessableEntity, `value="Асанов"`, `aria-invalid="true"`)
	see(t, one.post("/staff/new", form), http.StatusSeeOther)
	see(t, two.post("/proposals/1/accept", url.Values{}), http.StatusSeeOther)
	see(t, two.do(http.MethodGet, "/staff", nil), http.StatusOK, "Асанов Эркин")
	see(t, one.post("/staff/new", form), http.StatusUnprocessableEntity)

	clerk := h.who[registry.Clerk][1]
	at := fmt.Sprintf("/staff/%d", clerk.ID)
	see(t, one.do(http.MethodGet, at, nil), http.StatusOK, "Жороева", at+"/disable")
	see(t, one.post(at+"/role", url.Values{"role": {"auditor"}}), http.StatusSeeOther)
	see(t, two.post("/proposals/2/reject", url.Values{}), http.StatusSeeOther)
	see(t, one.post(at+"/disable", url.Values{}), http.StatusSeeOther)
	see(t, one.post(at+"/disable", url.Values{}), http.StatusUnprocessableEntity)
	see(t, one.do(http.MethodGet, at, nil), http.StatusOK, "Кирүү укугу жабылган", at+"/enable")
	see(t, one.post(at+"/enable", url.Values{}), http.StatusSeeOther)
	see(t, two.post("/proposals/3/accept", url.Values{}), http.StatusSeeOther)
	see(t, h.as(registry.Clerk, 0).do(http.MethodGet, "/staff", nil), http.StatusForbidden)
}
