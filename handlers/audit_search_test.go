package handlers

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

var nextPage = regexp.MustCompile(`href="(/audit/certificates\?[^"]*after=[^"]*)"[^>]*rel="next"`)

// An auditor walks the pages of a search; every certificate is met once.
func TestAuditorSearchesInPages(t *testing.T) {
	h := newShop(t, "ubr")
	for n := 100; n < 220; n++ {
		h.certify(h.org.ID, n, testNow.Add(-time.Duration(n)*time.Hour), testNow.AddDate(0, 6, 0))
	}
	auditor := h.as(registry.Auditor, 0)
	seen := map[string]int{}
	path, pages := "/audit/certificates?inn="+shopINN, 0
	for path != "" {
		page := auditor.do(http.MethodGet, path, nil)
		see(t, page, http.StatusOK, "Аудит: издөө")
		if pages == 0 {
			see(t, page, http.StatusOK, "Баары: 121")
		}
		for _, m := range regexp.MustCompile(`data-row="([0-9a-f]+)"`).FindAllStringSubmatch(page.Body.String(), -1) {
			seen[m[1]]++
		}
		path = ""
		if m := nextPage.FindStringSubmatch(page.Body.String()); m != nil {
			path = strings.ReplaceAll(m[1], "&amp;", "&")
		}
		pages++
	}
	if len(seen) != 121 || pages != 3 {
		t.Errorf("%d certificates on %d pages", len(seen), pages)
	}
	for serial, n := range seen {
		if n != 1 {
			t.Errorf("%s was met %d times", serial, n)
		}
	}
}

func TestAuditorSearchesByEachCondition(t *testing.T) {
	h := newShop(t, "ubr")
	see(t, h.as(registry.Clerk, 0).post("/revocations", h.reportForm(h.cert.Serial)), http.StatusSeeOther)
	auditor := h.as(registry.Auditor, 0)
	serial := `data-row="` + string(h.cert.Serial) + `"`
	zone := h.flow.Pack().Zone()
	clock := func(t time.Time) string { return t.In(zone).Format(momentForm + ":05") }
	day := func(t time.Time) string { return t.In(zone).Format("02.01.2006") }
	clerk := fmt.Sprint(h.operatorOf(registry.Clerk))
	for _, c := range []struct {
		q     url.Values
		found bool
	}{
		{url.Values{}, true},
		{url.Values{"serial": {string(h.cert.Serial)}}, true},
		{url.Values{"serial": {string(h.cert.Serial)[:8]}}, true},
		{url.Values{"inn": {shopINN}}, true},
		{url.Values{"inn": {"00503201719901"}}, false},
		{url.Values{"org": {"ак булак"}}, true},
		{url.Values{"org": {"чуй дан"}}, false},
		{url.Values{"person": {"гульнара асанова"}}, false},
		{url.Values{"person": {"гулнара"}}, true},
		{url.Values{"person": {string(h.cert.PersonalNumber)}}, true},
		{url.Values{"reason": {"cause:device_lost"}}, true},
		{url.Values{"reason": {"cause:device_stolen"}}, false},
		{url.Values{"reason": {"rfc:6"}}, true},
		{url.Values{"way": {"phone"}}, true},
		{url.Values{"way": {"person"}}, false},
		{url.Values{"operator": {clerk}}, true},
		{url.Values{"storage": {"ECLOUD"}}, true},
		{url.Values{"storage": {"RUTOKEN"}}, false},
		{url.Values{"state": {"suspended"}}, true},
		{url.Values{"state": {"suspended"}, "at": {clock(testNow.Add(-time.Second))}}, false},
		{url.Values{"state": {"valid"}, "at": {clock(testNow.Add(-time.Second))}}, true},
		{url.Values{"state": {"unissued"}, "at": {clock(h.cert.IssuedAt.Add(-time.Second))}}, true},
		{url.Values{"reported_from": {day(testNow)}, "reported_to": {day(testNow)}}, true},
		{url.Values{"reported_to": {day(testNow.AddDate(0, 0, -1))}}, false},
		{url.Values{"decided_from": {day(testNow)}}, false},
		{url.Values{"suspended_from": {day(testNow)}, "suspended_to": {day(testNow)}}, true},
		{url.Values{"suspended_to": {day(testNow.AddDate(0, 0, -1))}}, false},
		{url.Values{"begins_from": {day(h.cert.NotBefore)}, "begins_to": {day(h.cert.NotBefore)}}, true},
		{url.Values{"begins_from": {day(h.cert.NotBefore.AddDate(0, 0, 1))}, "inn": {shopINN}}, false},
		{url.Values{"order": {"suspended"}, "begins_from": {day(h.cert.NotBefore)}}, true},
		{url.Values{"issued_from": {day(h.cert.IssuedAt)}, "issued_to": {day(h.cert.IssuedAt)}, "way": {"phone"}}, true},
		{url.Values{"order": {"ends"}, "reason": {"rfc:6"}}, true},
	} {
		page := auditor.do(http.MethodGet, "/audit/certificates?"+c.q.Encode(), nil)
		see(t, page, http.StatusOK)
		if strings.Contains(page.Body.String(), serial) != c.found {
			t.Errorf("%s: found is not %v", c.q.Encode(), c.found)
		}
	}
	bad := auditor.do(http.MethodGet, "/audit/certificates?serial=xyz&inn=12&at=yesterday&issued_from=31.02.2026&ends_from=02.04.2026&ends_to=01.04.2026", nil)
	see(t, bad, http.StatusOK, "a–f тамгаларынан", "ИНН 14", "13:20", `value="xyz"`, `value="yesterday"`)
	for _, who := range []*browser{h.as(registry.Clerk, 0), h.as(registry.Approver, 0), h.as(registry.Administrator, 0), h.client(h.cert)} {
		for _, path := range []string{"/audit/certificates", "/audit/certificates.csv", "/audit/certificates.xlsx"} {
			see(t, who.do(http.MethodGet, path, nil), http.StatusForbidden)
		}
		see(t, who.post("/audit/searches", url.Values{"name": {"x"}, "query": {"inn=1"}}), http.StatusForbidden)
	}
}

// What a search finds is handed over to its end, however few rows a page looks
// at, and no more of it than asked for.
func TestASearchIsReadToItsEnd(t *testing.T) {
	h := newShop(t, "ubr")
	for n := range 40 {
		h.certify(h.org.ID, 100+n, testNow.Add(-time.Duration(n)*time.Hour), testNow.AddDate(0, 6+n/20, 0))
	}
	c := h.s.echo.NewContext(httptest.NewRequest(http.MethodGet, "/audit/packs", nil), httptest.NewRecorder())
	late := map[store.CertificateDate]store.Between{store.DateEnds: {From: testNow.AddDate(0, 7, 0), To: testNow.AddDate(0, 8, 0)}}
	for most, whole := range map[int]bool{7: false, 100: true} {
		n := 0
		found, err := h.s.findAll(c, store.CertificateSearch{Dates: late, At: testNow, Look: 4}, most, func(lines []store.CertificateLine) { n += len(lines) })
		if err != nil || n != min(most, 20) || found.More == whole {
			t.Errorf("of 20, %d at most: %d, more %v, %v", most, n, found.More, err)
		}
	}
}

// Words that name too many organisations are said to on the page and in the
// file, and no pack is made of them.
func TestASearchOfTooManyOrganisationsSaysSo(t *testing.T) {
	h := newShop(t, "ubr")
	if err := h.st.Write(context.Background(), func(tx *store.Tx) error {
		for n := range store.SearchOrganisations {
			o := h.org.OrganisationRequisites
			o.INN, o.NameRu, o.NameKy = registry.INN(fmt.Sprintf("005032017%05d", n)), fmt.Sprintf("Керемет %d", n), fmt.Sprintf("Керемет %d", n)
			if _, err := tx.SaveOrganisation(o, testNow); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	auditor := h.as(registry.Auditor, 0)
	q := url.Values{"org": {"керемет"}}.Encode()
	see(t, auditor.do(http.MethodGet, "/audit/certificates?"+q, nil), http.StatusOK, fmt.Sprintf("жаңы катталган %d уюм", store.SearchOrganisations))
	see(t, auditor.do(http.MethodGet, "/audit/certificates.csv?"+q, nil), http.StatusOK, fmt.Sprintf("жаңы катталган %d уюм", store.SearchOrganisations))
	if !strings.Contains(workbook(t, auditor.do(http.MethodGet, "/audit/certificates.xlsx?"+q, nil)), fmt.Sprintf("жаңы катталган %d уюм", store.SearchOrganisations)) {
		t.Error("the workbook does not say it")
	}
	pack := auditor.do(http.MethodGet, "/audit/packs?"+q, nil)
	see(t, pack, http.StatusUnprocessableEntity, "топтом толук болбойт", `name="query" value=""`)
	see(t, auditor.do(http.MethodGet, "/audit/packs?inn="+shopINN, nil), http.StatusOK, string(h.cert.Serial))
}

func (h *shop) operatorOf(role registry.Role) (id registry.OperatorID) {
	h.readTx(func(tx *store.Tx) error {
		all, err := tx.Operators()
		for _, o := range all {
			if o.Role == role && id == 0 {
				id = o.ID
			}
		}
		return err
	})
	return id
}

// A search is kept under a name, opened, replaced, deleted; nobody else has it.
func TestAuditorKeepsASearch(t *testing.T) {
	h := newShop(t, "dostek")
	auditor := h.as(registry.Auditor, 0)
	see(t, auditor.post("/audit/searches", url.Values{"name": {"  Токендер "}, "query": {"storage=RUTOKEN&after=1.1&x=y"}}), http.StatusSeeOther)
	page := auditor.do(http.MethodGet, "/audit/certificates?storage=RUTOKEN", nil)
	see(t, page, http.StatusOK, `href="/audit/certificates?storage=RUTOKEN" aria-current="true">Токендер</a>`)
	see(t, auditor.post("/audit/searches", url.Values{"name": {"Токендер"}, "query": {"storage=ECLOUD"}}), http.StatusSeeOther)
	see(t, auditor.do(http.MethodGet, "/audit/certificates", nil), http.StatusOK, `href="/audit/certificates?storage=ECLOUD">Токендер</a>`)
	see(t, auditor.post("/audit/searches", url.Values{"name": {" "}, "query": {"storage=ECLOUD"}}), http.StatusUnprocessableEntity)
	see(t, auditor.post("/audit/searches", url.Values{"name": {"x"}, "query": {"nothing=1"}}), http.StatusUnprocessableEntity, "шарттарын")
	var id int64
	h.readTx(func(tx *store.Tx) error {
		kept, err := tx.SavedSearches(h.operatorOf(registry.Auditor), 10)
		if len(kept) == 1 {
			id = kept[0].ID
		}
		return err
	})
	h.hire(registry.Auditor, 33, registry.PersonName{Surname: "Садыкова", Given: "Алина"})
	see(t, h.as(registry.Auditor, 1).post(fmt.Sprintf("/audit/searches/%d/delete", id), url.Values{}), http.StatusConflict)
	see(t, auditor.post(fmt.Sprintf("/audit/searches/%d/delete", id), url.Values{}), http.StatusSeeOther)
	if strings.Contains(auditor.do(http.MethodGet, "/audit/certificates", nil).Body.String(), "Токендер") {
		t.Error("a deleted search is still there")
	}
}

// No cell of an export is a formula, whatever people are called.
func TestAuditorExportsASearch(t *testing.T) {
	h := newShop(t, "dostek")
	for n, name := range []string{`=HYPERLINK("http://x")`, "+1", "-1", "@SUM(A1)", "\tx"} {
		if err := h.st.Write(context.Background(), func(tx *store.Tx) error {
			_, err := tx.AddCertificate(registry.Certificate{
				Serial: registry.Serial(fmt.Sprintf("fe%030x", n)), Profile: registry.HolderProfile, OrganisationID: h.org.ID, PersonalNumber: "11405198100001", HolderName: name,
				Role: registry.Head, Storage: registry.Rutoken, NotBefore: testNow, NotAfter: testNow.AddDate(1, 0, 0), DER: []byte{0x30}, SHA256: fmt.Sprintf("fe%062x", n), PublicKeyHash: "k", IssuedAt: testNow,
			})
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	auditor := h.as(registry.Auditor, 0)
	csv := auditor.do(http.MethodGet, "/audit/certificates.csv?storage=RUTOKEN", nil)
	see(t, csv, http.StatusOK, `'=HYPERLINK`, `;'+1;`, `;'-1;`, `;'@SUM(A1);`, "'\tx")
	if n := strings.Count(csv.Body.String(), "\r\n"); n != 6 {
		t.Errorf("%d rows", n)
	}
	book := workbook(t, auditor.do(http.MethodGet, "/audit/certificates.xlsx?storage=RUTOKEN", nil))
	if !strings.Contains(book, "&#39;=HYPERLINK") || strings.Contains(book, "<f>") || strings.Count(book, "<row ") != 6 {
		t.Errorf("the workbook: %s", book)
	}
	if !h.exported("search.exported") {
		t.Error("the journal does not tell who took it")
	}
}

// workbook is the sheet of a workbook that was sent.
func workbook(t *testing.T, sent *httptest.ResponseRecorder) string {
	t.Helper()
	if d := sent.Header().Get("Content-Disposition"); sent.Code != http.StatusOK || !strings.HasSuffix(d, `.xlsx"`) {
		t.Fatalf("%d, %s", sent.Code, d)
	}
	z, err := zip.NewReader(bytes.NewReader(sent.Body.Bytes()), int64(sent.Body.Len()))
	if err != nil {
		t.Fatal(err)
	}
	text, err := fs.ReadFile(z, "xl/worksheets/sheet1.xml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (h *shop) exported(kind string) (found bool) {
	h.readTx(func(tx *store.Tx) error {
		all, err := tx.Journal(store.JournalFilter{Kind: kind, Limit: 1})
		found = len(all) == 1
		return err
	})
	return found
}

// The life of a certificate: what the journal has of it in words, the clock, and
// the first answers that told of its suspension.
func TestAuditorReadsALife(t *testing.T) {
	h := newShop(t, "ubr")
	said := h.reportForm(h.cert.Serial)
	said.Set("reporter", "Асанов Бакыт, күйөөсү")
	said.Set("invalid_since", testNow.Add(-2*time.Hour).In(h.flow.Pack().Zone()).Format(momentForm))
	see(t, h.as(registry.Clerk, 0).post("/revocations", said), http.StatusSeeOther)
	if err := h.st.Write(context.Background(), func(tx *store.Tx) error {
		changes, err := tx.StatusChanges(h.cert.Serial)
		if err != nil {
			return err
		}
		return tx.ChangeAnswered(changes[0].ID, testNow.Add(2*time.Second), []byte{1})
	}); err != nil {
		t.Fatal(err)
	}
	auditor := h.as(registry.Auditor, 0)
	path := "/audit/certificates/" + string(h.cert.Serial)
	page := auditor.do(http.MethodGet, path, nil)
	see(t, page, http.StatusOK, "чакыртуу жөнүндө кабар катталды", "сертификат токтотулду", "биринчи OCSP жообу: Убактылуу токтотулган", "колдонуу мөөнөтү башталды",
		"certificateHold (6)", "Телефон аркылуу", `href="/revocations/R-26-0001"`,
		"Ким кабарлады: Асанов Бакыт, күйөөсү · Телефон аркылуу", "Паспорттун номерин айтты, дал келди; Катталган телефондон чалды",
		"Ачкыч качандан бери шектүү</dt>", templates.DateTime(testNow.Add(-2*time.Hour).Truncate(time.Minute)))
	m := regexp.MustCompile(`href="(/audit\?id=[0-9]+)">[^<]*жазуу`).FindStringSubmatch(page.Body.String())
	if m == nil {
		t.Fatal("no link to the journal")
	}
	entry := auditor.do(http.MethodGet, m[1], nil)
	see(t, entry, http.StatusOK)
	if n := strings.Count(entry.Body.String(), "tg-strong"); n != 1 {
		t.Errorf("%s shows %d entries", m[1], n)
	}
	see(t, auditor.do(http.MethodGet, "/audit/certificates/00", nil), http.StatusNotFound)
	for _, who := range []*browser{h.as(registry.Clerk, 0), h.as(registry.Approver, 0), h.as(registry.Administrator, 0), h.client(h.cert)} {
		see(t, who.do(http.MethodGet, path, nil), http.StatusForbidden)
	}
}

// Charts have a table beside each, in every language.
func TestAuditorLooksAtCharts(t *testing.T) {
	h := newShop(t, "ubr")
	see(t, h.as(registry.Clerk, 0).post("/revocations", h.reportForm(h.cert.Serial)), http.StatusSeeOther)
	if err := h.st.Write(context.Background(), func(tx *store.Tx) error {
		return tx.SetCertificateStatus(h.cert.ID, registry.CertSuspended, registry.CertRevoked, 1, testNow)
	}); err != nil {
		t.Fatal(err)
	}
	for l, words := range map[registry.Language][]string{
		registry.Kyrgyz:  {"Чакыртуулар: айлар жана себептер боюнча", "keyCompromise (1)", "Жарыялана элек", "Кабар: 24 саат", "Талабы алынып салынган"},
		registry.Russian: {"Отзывы по месяцам и причинам", "Время ожидания и правила", "Решения по сотрудникам"},
		registry.English: {"Revocations by month and reason", "Time from report to public"},
	} {
		b := h.as(registry.Auditor, 0)
		b.head["Accept-Language"] = string(l)
		page := b.do(http.MethodGet, "/audit/charts", nil)
		see(t, page, http.StatusOK, words...)
		if n := strings.Count(page.Body.String(), `<section class="tg-panel"`); n != 5 {
			t.Errorf("%d charts", n)
		}
		for _, wrong := range append(forbidden(page.Body.String()), malformed(page.Body.String())...) {
			t.Error(wrong)
		}
	}
	see(t, h.as(registry.Clerk, 0).do(http.MethodGet, "/audit/charts", nil), http.StatusForbidden)
	see(t, h.as(registry.Auditor, 0).do(http.MethodGet, "/audit/charts?from=x", nil), http.StatusOK, `value="x"`)
	const left = "Мезгилдин акыркы 24 айы гана"
	see(t, h.as(registry.Auditor, 0).do(http.MethodGet, "/audit/charts?from=01.01.2020", nil), http.StatusOK, left)
	if strings.Contains(h.as(registry.Auditor, 0).do(http.MethodGet, "/audit/charts", nil).Body.String(), left) {
		t.Error("months are said to be left out of a year")
	}
}
