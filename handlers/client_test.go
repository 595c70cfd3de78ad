package handlers

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/workflow"
)

func newsTyping(title string) url.Values {
	form := url.Values{}
	for _, l := range registry.Languages {
		form.Set("title_"+string(l), title+" "+string(l))
		form.Set("body_"+string(l), "Биринчи сап.\r\n\r\n<b>Экинчи</b> сап.")
	}
	return form
}

func TestNewsFromTheDeskToTheHolder(t *testing.T) {
	h := newShop(t, "dostek")
	admin, client := h.as(registry.Administrator, 0), h.client(h.cert)
	see(t, client.do(http.MethodGet, "/", nil), http.StatusSeeOther)
	if got := client.do(http.MethodGet, "/", nil).Header().Get("Location"); got != "/news" {
		t.Errorf("LG-13: the holder arrives at %q", got)
	}
	half := newsTyping("Майрам")
	half.Del("body_en")
	see(t, admin.post("/staff/news", half), http.StatusUnprocessableEntity, "Майрам ky", `aria-invalid="true"`)
	see(t, admin.post("/staff/news", newsTyping("Майрам")), http.StatusSeeOther)
	see(t, client.do(http.MethodGet, "/news", nil), http.StatusOK, "СОЧИ", "Майрам ky", "&lt;b&gt;Экинчи&lt;/b&gt;")
	see(t, admin.do(http.MethodGet, "/staff/news/1", nil), http.StatusOK, "Майрам ru")
	edited := newsTyping("Тыныгуу")
	edited.Set("version", "1")
	see(t, admin.post("/staff/news/1", edited), http.StatusSeeOther)
	// A colleague who saw the first version keeps what was typed.
	stale := newsTyping("Эски")
	stale.Set("version", "1")
	see(t, h.as(registry.Administrator, 1).post("/staff/news/1", stale), http.StatusUnprocessableEntity, "Эски ky", "өзгөрүп кетти")
	see(t, client.do(http.MethodGet, "/news", nil), http.StatusOK, "Тыныгуу ky")
	see(t, admin.post("/staff/news/1/remove", url.Values{"version": {"2"}}), http.StatusSeeOther)
	see(t, client.do(http.MethodGet, "/news", nil), http.StatusOK, "Азырынча жаңылык жок")
	see(t, admin.do(http.MethodGet, "/staff/news/1", nil), http.StatusNotFound)
	see(t, client.do(http.MethodGet, "/staff/news", nil), http.StatusForbidden)
}

func TestEN07_HoldersOfUBRArriveInTheArchive(t *testing.T) {
	h := newShop(t, "ubr")
	client := h.client(h.cert)
	if got := client.do(http.MethodGet, "/", nil).Header().Get("Location"); got != "/archive" {
		t.Errorf("EN-07: the holder arrives at %q", got)
	}
	see(t, client.do(http.MethodGet, "/archive", nil), http.StatusOK, "26-0001", "Асанова Гүлнара")
	see(t, client.do(http.MethodGet, "/news", nil), http.StatusOK)
}

func TestArchiveHoldsTheOwnOrganisationOnly(t *testing.T) {
	h := newShop(t, "dostek")
	clerk, client := h.as(registry.Clerk, 0), h.client(h.cert)
	stranger := h.client(h.certify(h.other.ID, 2, testNow.AddDate(0, -1, 0), testNow.AddDate(0, 11, 0)))
	doc := h.document(h.application("26-0001"), "DT-REG-CERT")
	see(t, clerk.post("/applications/26-0001/take", url.Values{}), http.StatusSeeOther)
	see(t, clerk.upload(fmt.Sprintf("/documents/%d/files", doc.ID), "каттоо.png", aScan(t, 1)), http.StatusSeeOther)
	page := client.do(http.MethodGet, "/archive", nil)
	see(t, page, http.StatusOK, "26-0001")
	if strings.Contains(page.Body.String(), "26-0002") {
		t.Error("the archive shows another organisation's application")
	}
	see(t, client.do(http.MethodGet, "/archive/applications/26-0001", nil), http.StatusOK, "каттоо.png", "/archive/files/1")
	see(t, client.do(http.MethodGet, "/archive/applications/26-0002", nil), http.StatusNotFound)
	file := client.do(http.MethodGet, "/archive/files/1", nil)
	if file.Code != http.StatusOK || !bytes.Equal(file.Body.Bytes(), aScan(t, 1)) || file.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("the own scan: %d %v", file.Code, file.Header())
	}
	if !h.journalled("file.viewed", workflow.Organisation(h.org.ID)) {
		t.Error("the view is not in the journal")
	}
	see(t, stranger.do(http.MethodGet, "/archive/files/1", nil), http.StatusNotFound)
	see(t, stranger.do(http.MethodGet, "/archive/applications/26-0001", nil), http.StatusNotFound)
}

func TestCabinetShowsCertificatesByTheClock(t *testing.T) {
	h := newShop(t, "dostek")
	h.certify(h.org.ID, 2, testNow.AddDate(-2, 0, 0), testNow.AddDate(-1, 0, 0))
	h.certify(h.org.ID, 3, testNow.AddDate(0, 10, 0), testNow.AddDate(1, 10, 0))
	h.certify(h.other.ID, 4, testNow.AddDate(0, -1, 0), testNow.AddDate(0, 11, 0))
	h.pay("7131,5", "ПП-17")
	client := h.client(h.cert)
	page := client.do(http.MethodGet, "/cabinet", nil)
	see(t, page, http.StatusOK, "Жарактуу", "Мөөнөтү баштала элек", "Мөөнөтү аяктаган", "EC:03:5F", "02.02.2027 09:12:40", "Баланс: 7\u00a0131,50\u00a0сом", "E-Cloud", shopINN)
	if strings.Count(page.Body.String(), "tg-life") != 3 {
		t.Error("not the three certificates of the organisation")
	}
	if strings.Contains(page.Body.String(), "жакында аяктайт") {
		t.Error("a certificate with ten months left ends soon")
	}
	file := client.do(http.MethodGet, "/cabinet/certificates/"+string(h.cert.Serial), nil)
	block, _ := pem.Decode(file.Body.Bytes())
	if block == nil || block.Type != "CERTIFICATE" || !bytes.Equal(block.Bytes, h.cert.DER) {
		t.Errorf("no PEM: %s", file.Body)
	}
	der := client.do(http.MethodGet, "/cabinet/certificates/"+string(h.cert.Serial)+"?form=der", nil)
	if !bytes.Equal(der.Body.Bytes(), h.cert.DER) || der.Header().Get("Content-Type") != "application/pkix-cert" {
		t.Errorf("no DER: %v", der.Header())
	}
	see(t, client.do(http.MethodGet, "/cabinet/certificates/ec035f"+fmt.Sprintf("%026d", 4), nil), http.StatusNotFound)
	statement := client.do(http.MethodGet, "/cabinet/balance", nil)
	see(t, statement, http.StatusOK, "ПП-17", "7\u00a0131,50")
	if strings.Contains(statement.Body.String(), "Айдарова") || strings.Contains(statement.Body.String(), "/correct") {
		t.Error("the client sees who entered the payment")
	}
	see(t, client.do(http.MethodGet, "/cabinet/balance.csv", nil), http.StatusOK, "7131,50")
	see(t, h.client(h.certify(h.other.ID, 5, testNow, testNow.AddDate(1, 0, 0))).do(http.MethodGet, "/cabinet/balance", nil), http.StatusOK, "баланс өзгөргөн эмес")
}

func TestDT19_CabinetSaysThatTheEndIsNear(t *testing.T) {
	h := newShop(t, "dostek")
	soon := h.certify(h.org.ID, 7, testNow.AddDate(-1, 0, 26), testNow.AddDate(0, 0, 26))
	page := h.client(soon).do(http.MethodGet, "/cabinet", nil)
	see(t, page, http.StatusOK, "Сертификатыңыздын мөөнөтү жакында аяктайт", "26 күн калды", "7 күнгө чейин созулушу", "Дүйшөмбү", "мисал катары")
	if strings.Count(page.Body.String(), "btn-primary") != 0 {
		t.Error("there is a button for what cannot be done yet")
	}
	over := h.certify(h.other.ID, 8, testNow.AddDate(-2, 0, 0), testNow.AddDate(0, 0, -1))
	see(t, h.client(over).do(http.MethodGet, "/cabinet", nil), http.StatusOK, "Жарактуу сертификат жок", "/documents?")
}

func TestOfficesAndDocumentsAreForEverybody(t *testing.T) {
	for _, pack := range []string{"dostek", "ubr"} {
		h := newCounter(t, pack)
		b := newBrowser(t, h.s)
		see(t, b.do(http.MethodGet, "/offices", nil), http.StatusOK, "9:00–18:00", "мисал катары", "996\u00a0")
		see(t, b.do(http.MethodGet, "/documents", nil), http.StatusOK, "Керектүү документтердин тизмеси")
		see(t, b.do(http.MethodGet, "/", nil), http.StatusOK, `href="/documents"`, `href="/offices"`)
		for _, op := range h.flow.Pack().Operations {
			for _, st := range h.flow.Pack().Storages {
				q := url.Values{"operation": {string(op.Operation)}, "storage": {string(st)}, "head": {"FOREIGN_OTHER"}, "accountant": {"NONE"}, "changed": {"ORG_NAME"}}
				page := b.do(http.MethodGet, "/documents?"+q.Encode(), nil)
				see(t, page, http.StatusOK, "котормо")
				if strings.Contains(page.Body.String(), ": .") {
					t.Error("a reason names nobody")
				}
			}
		}
		see(t, b.do(http.MethodGet, "/documents?operation=NONSENSE&storage=x&head=y", nil), http.StatusOK)
	}
}

// Whom to call, and what about, stands on a page for everybody.
func TestLG16_LG18_EN09_SupportIsNamed(t *testing.T) {
	for pack, want := range map[string][]string{
		"dostek": {"996\u00a0312\u00a0960\u00a0360", "Мамлекеттик салык кызматы", "анын маалыматы үчүн жооп бербейт"},
		"ubr":    {"996\u00a0312\u00a0986\u00a0866", "Мамлекеттик салык кызматы"},
	} {
		see(t, newBrowser(t, newCounter(t, pack).s).do(http.MethodGet, "/offices", nil), http.StatusOK, want...)
	}
}

// Who comes with a certificate that has ended learns on the login page what to
// do, without a session.
func TestExpiredCertificateIsHelpedAtTheLogin(t *testing.T) {
	h := newShop(t, "dostek")
	h.s.deps.LoginCloud = func(context.Context, CloudLogin) (Identity, error) {
		return Identity{}, registry.Refuse(registry.Unauthenticated, "error.certificate.expired", "date", testNow.AddDate(0, 0, -3))
	}
	b := newBrowser(t, h.s)
	see(t, b.post("/login/cloud", url.Values{"inn": {shopINN}}), http.StatusSeeOther)
	rec := b.post("/login/cloud/pin", url.Values{"role": {"HEAD"}, "pin": {"735192"}})
	see(t, rec, http.StatusUnauthorized, "Сертификаттын мөөнөтү аяктаган: 30.03.2026", "Дүйшөмбү", "паспорт", "/documents?")
	if identity := rec.Header().Get("Location"); identity != "" {
		t.Errorf("led to %q", identity)
	}
	h.s.deps.LoginCloud = func(context.Context, CloudLogin) (Identity, error) {
		return Identity{}, registry.Refuse(registry.Unauthenticated, "error.certificate.revoked")
	}
	if rec := b.post("/login/cloud/pin", url.Values{"role": {"HEAD"}, "pin": {"735192"}}); strings.Contains(rec.Body.String(), "Дүйшөмбү") {
		t.Error("a revoked certificate is told to renew")
	}
}

func TestLG15_LogoutEndsTheSessionAndIsJournalled(t *testing.T) {
	h := newShop(t, "dostek")
	for name, b := range map[string]*browser{"holder": h.client(h.cert), "clerk": h.as(registry.Clerk, 0)} {
		t.Run(name, func(t *testing.T) {
			home := map[string]string{"holder": "/cabinet", "clerk": "/worklist"}[name]
			see(t, b.do(http.MethodGet, home, nil), http.StatusOK)
			old := b.jar["tamga-session"]
			see(t, b.post("/logout", url.Values{}), http.StatusSeeOther)
			thief := newBrowser(t, h.s, old)
			if rec := thief.do(http.MethodGet, home, nil); rec.Code == http.StatusOK {
				t.Error("the old cookie still opens the pages")
			}
		})
	}
	n := 0
	h.readTx(func(tx *store.Tx) error {
		for id := int64(1); ; id++ {
			e, _, err := tx.JournalEntry(id)
			if registry.KindOf(err) == registry.NotFound {
				return nil
			}
			if err != nil {
				return err
			}
			if e.Kind == "logout" {
				n++
			}
		}
	})
	if n != 2 {
		t.Errorf("%d logouts in the journal", n)
	}
}

func TestLG14_HeaderOfAHolder(t *testing.T) {
	h := newShop(t, "dostek")
	h.pay("7131,50", "ПП-17")
	for l, want := range map[registry.Language][]string{
		registry.Kyrgyz:  {"ЖЧК Ак-Булак Агросервис", "Баланс: 7\u00a0131,50\u00a0сом", "КЭК мөөнөтү: 02.02.2027 09:12:40", "Чыгуу"},
		registry.Russian: {"ОсОО Ак-Булак Агросервис", "Баланс: 7\u00a0131,50\u00a0сом", "КЭП до 02.02.2027 09:12:40", "Выйти"},
	} {
		b := h.client(h.cert)
		b.head["Accept-Language"] = string(l)
		see(t, b.do(http.MethodGet, "/news", nil), http.StatusOK, want...)
	}
}

func TestAuditorReadsTheJournal(t *testing.T) {
	h := newShop(t, "dostek")
	h.pay("1510", "ПП-1")
	auditor := h.as(registry.Auditor, 0)
	see(t, auditor.do(http.MethodGet, "/audit", nil), http.StatusOK, "account.top_up", "Айдарова Б.", "tamga journal export")
	org := fmt.Sprintf("/audit?subject=organisation&subject_id=%d", h.org.ID)
	page := auditor.do(http.MethodGet, org, nil)
	see(t, page, http.StatusOK, "account.top_up")
	if strings.Contains(page.Body.String(), "application.submit<") {
		t.Error("the filter lets others through")
	}
	see(t, auditor.do(http.MethodGet, "/audit?kind=no.such&from=01.01.2026&to=02.04.2026", nil), http.StatusOK, "Эч нерсе табылган жок")
	for _, who := range []*browser{h.as(registry.Clerk, 0), h.as(registry.Administrator, 0), h.client(h.cert)} {
		see(t, who.do(http.MethodGet, "/audit", nil), http.StatusForbidden)
	}
}

// goldenShop has something of everything these pages show.
func goldenShop(t *testing.T) *shop {
	h := newShop(t, "dostek")
	h.certify(h.org.ID, 2, testNow.AddDate(-2, 0, 0), testNow.AddDate(-1, 0, 0))
	h.certify(h.org.ID, 7, testNow.AddDate(-1, 0, 26), testNow.AddDate(0, 0, 26))
	h.pay("7 131,50", "ПП-17")
	h.pay("1510", "ПП-18")
	see(t, h.as(registry.Clerk, 1).post("/entries/2/correct", url.Values{"note": {"башка уюмдун төлөмү"}}), http.StatusSeeOther)
	h.pay(plainSum(h.flow.Pack().Money.LargeTopUp), "ПП-19")
	admin := h.as(registry.Administrator, 0)
	see(t, admin.post("/staff/news", newsTyping("Нооруз майрамы")), http.StatusSeeOther)
	see(t, admin.post("/staff/new", url.Values{
		"personal_number": {"20105198500777"}, "surname": {"Асанов"}, "given": {"Эркин"}, "email": {"asanov@tamga.example"}, "role": {"approver"}, "office": {"OSH"},
	}), http.StatusSeeOther)
	doc := h.document(h.application("26-0001"), "DT-REG-CERT")
	clerk := h.as(registry.Clerk, 0)
	see(t, clerk.post("/applications/26-0001/take", url.Values{}), http.StatusSeeOther)
	see(t, clerk.upload(fmt.Sprintf("/documents/%d/files", doc.ID), "каттоо.png", aScan(t, 1)), http.StatusSeeOther)
	return h
}

// shopPages are the pages of money, staff and clients, with who looks at them.
func shopPages(h *shop) []shopPage {
	staff := func(r registry.Role, n int) func() *browser { return func() *browser { return h.as(r, n) } }
	admin, client, guest := staff(registry.Administrator, 1), func() *browser { return h.client(h.cert) }, func() *browser { return newBrowser(h.t, h.s) }
	soon := func() *browser {
		var c *registry.Certificate
		h.readTx(func(tx *store.Tx) (err error) {
			c, err = tx.CertificateBySerial(registry.Serial(fmt.Sprintf("ec035f%026d", 7)))
			return err
		})
		return h.client(c)
	}
	return []shopPage{
		{"statement", "/organisations/" + shopINN + "/statement", staff(registry.Clerk, 1)},
		{"statement_auditor", "/organisations/" + shopINN + "/statement", staff(registry.Auditor, 0)},
		{"top_ups", "/top-ups", staff(registry.Approver, 0)},
		{"entry_correct", "/entries/1/correct", staff(registry.Clerk, 1)},
		{"prices", "/prices", admin},
		{"staff", "/staff", admin},
		{"staff_new", "/staff/new", admin},
		{"operator", "/staff/1", admin},
		{"proposals", "/proposals", admin},
		{"news_desk", "/staff/news", admin},
		{"news_edit", "/staff/news/1", admin},
		{"audit", "/audit", staff(registry.Auditor, 0)},
		{"news", "/news", client},
		{"archive", "/archive", client},
		{"archive_application", "/archive/applications/26-0001", client},
		{"cabinet", "/cabinet", soon},
		{"balance", "/cabinet/balance", client},
		{"offices", "/offices", guest},
		{"documents", "/documents?operation=RENEWAL&head=FOREIGN_OTHER&changed=ORG_NAME", guest},
	}
}

type shopPage struct {
	name, path string
	b          func() *browser
}

func TestGoldenShopPages(t *testing.T) {
	h := goldenShop(t)
	for _, p := range shopPages(h) {
		for _, l := range registry.Languages {
			t.Run(p.name+"/"+string(l), func(t *testing.T) {
				b := p.b()
				b.t = t
				b.head["Accept-Language"] = string(l)
				rec := b.do(http.MethodGet, p.path, nil)
				see(t, rec, http.StatusOK)
				golden(t, p.name+"."+string(l)+".html", rec.Body.String())
				for _, wrong := range slices.Concat(forbidden(rec.Body.String()), malformed(rec.Body.String())) {
					t.Error(wrong)
				}
				if n := strings.Count(rec.Body.String(), "btn-primary"); n > 1 {
					t.Errorf("%d primary buttons", n)
				}
			})
		}
	}
}
