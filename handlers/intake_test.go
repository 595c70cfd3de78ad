package handlers

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"image"
	"image/png"
	"log/slog"
	"maps"
	"math/big"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/scan"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

// counter is an office with its server: two clerks, an approver, an auditor.
type counter struct {
	t    *testing.T
	s    *Server
	flow *workflow.Flow
	st   *store.Store
	who  map[registry.Role][]*registry.Operator
	// check is the real check of sessions; most tests have none, since their
	// people log in without a certificate.
	check func(context.Context, Identity) error
}

func newCounter(t *testing.T, pack string, configure ...func(*workflow.Config)) *counter {
	t.Helper()
	p, err := authorities.Load(pack)
	if err != nil {
		t.Fatal(err)
	}
	folder, err := scan.OpenFolder(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = folder.Close() })
	vault, err := scan.NewVault(folder, "documents.1", []scan.Key{{ID: "documents.1", Bytes: make([]byte, 32)}})
	if err != nil {
		t.Fatal(err)
	}
	d := &counter{t: t, st: storetest.SQLite(t), who: map[registry.Role][]*registry.Operator{}}
	deps := testDeps(t)
	deps.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	root := anyCertificate(t)
	cfg := workflow.Config{
		Store: d.st, Pack: p, Now: deps.Now, Log: deps.Log, BaseURL: deps.BaseURL, Vault: vault,
		Trust:     workflow.Trust{Root: root, Issuer: root, HolderPolicy: policyOf(t, p.Certificate.HolderPolicy), OperatorPolicy: policyOf(t, p.Certificate.OperatorPolicy)},
		SourceKey: make([]byte, 32),
	}
	for _, set := range configure {
		set(&cfg)
	}
	if d.flow, err = workflow.New(cfg); err != nil {
		t.Fatal(err)
	}
	deps.UseWorkflow(d.flow, d.st)
	d.check, deps.CheckSession = deps.CheckSession, nil
	if d.s, err = newServer(deps); err != nil {
		t.Fatal(err)
	}
	if err := d.s.register(d.s.table()); err != nil {
		t.Fatal(err)
	}
	for i, o := range []struct {
		role    registry.Role
		surname string
		given   string
	}{{registry.Clerk, "Айдарова", "Бактыгүл"}, {registry.Clerk, "Жороева", "Нургүл"}, {registry.Approver, "Сулайманов", "Адилет"}, {registry.Auditor, "Осмонова", "Чынара"}} {
		d.hire(o.role, i, registry.PersonName{Surname: o.surname, Given: o.given})
	}
	return d
}

func policyOf(t *testing.T, s string) x509.OID {
	t.Helper()
	oid, err := x509.ParseOID(s)
	if err != nil {
		t.Fatal(err)
	}
	return oid
}

func anyCertificate(t *testing.T) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Сыноо"}, NotBefore: testNow.AddDate(-1, 0, 0), NotAfter: testNow.AddDate(9, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func (d *counter) hire(role registry.Role, n int, name registry.PersonName, change ...func(*registry.Operator)) {
	d.t.Helper()
	o := registry.Operator{
		Person: registry.PersonRequisites{PersonalNumber: registry.PersonalNumber(fmt.Sprintf("1011119900%04d", n)), NameRu: name, NameKy: name},
		Role:   role, Office: "BISHKEK", Email: fmt.Sprintf("op%d@tamga.example", n), Language: registry.Kyrgyz,
	}
	for _, c := range change {
		c(&o)
	}
	if err := d.st.Write(context.Background(), func(tx *store.Tx) error {
		id, err := tx.AddOperator(o, testNow)
		if err != nil {
			return err
		}
		added, err := tx.Operator(id)
		d.who[role] = append(d.who[role], added)
		return err
	}); err != nil {
		d.t.Fatal(err)
	}
}

// as is a browser with the session of the n-th operator of a role.
func (d *counter) as(role registry.Role, n int) *browser {
	d.t.Helper()
	o := d.who[role][n]
	return newBrowser(d.t, d.s, loginAs(d.t, d.s, Identity{
		Kind: OperatorSession, OperatorID: o.ID, Role: role, Name: o.Person.NameKy.Surname + " " + o.Person.NameKy.Given, CertEnds: testNow.AddDate(0, 7, 17),
	})...)
}

func (d *counter) actor(role registry.Role, n int) workflow.Actor {
	return workflow.ByOperator(d.who[role][n])
}

// typed is a form as a clerk types it.
func typed(n int) registry.FormInput {
	in := registry.FormInput{
		"operation": {"FIRST_ISSUE"}, "channel": {"OFFICE"}, "storage": {"ECLOUD"}, "office": {"BISHKEK"}, "language": {"ky"},
		"organisation.kind": {"LEGAL_ENTITY"}, "organisation.inn": {fmt.Sprintf("0050320171%04d", 9900+n)}, "organisation.form_ru": {"ОсОО"},
		"organisation.name_ru": {"Ак-Булак Агросервис"}, "organisation.name_ky": {"Ак-Булак Агросервис"},
		"organisation.settlement.ru": {"г. Бишкек"}, "organisation.settlement.ky": {"Бишкек ш."}, "organisation.street": {"Чүй пр., 0"},
		"organisation.phone": {"0312 00-01-01"}, "organisation.email": {"office@akbulak.example"},
		"accountant": {"PERSON"}, "trusted": {"PERSON"}, "managing": {"NONE"},
	}
	for i, p := range []string{"head.", "accountant.", "trusted."} {
		in[p+"personal_number"] = []string{fmt.Sprintf("11405198%06d", n*10+i+10000)}
		in[p+"document.number"] = []string{fmt.Sprintf("ID%07d", n*10+i)}
		in[p+"name_ru.surname"], in[p+"name_ru.given"] = []string{"Асанова"}, []string{[]string{"Гүлнара", "Айгүл", "Мээрим"}[i]}
		in[p+"position_ru"], in[p+"citizenship"], in[p+"consent"] = []string{[]string{"Директор", "Башкы бухгалтер", ""}[i]}, []string{"KGZ"}, []string{"on"}
	}
	return in
}

func values(in registry.FormInput, more url.Values) url.Values {
	out := url.Values(maps.Clone(map[string][]string(in)))
	for k, v := range more {
		out[k] = v
	}
	return out
}

// upload sends a file as a page of ours does.
func (b *browser) upload(path, name string, content []byte) *httptest.ResponseRecorder {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	_ = w.WriteField("csrf", b.csrf())
	part, err := w.CreateFormFile("files", name)
	if err != nil {
		b.t.Fatal(err)
	}
	_, _ = part.Write(content)
	if err := w.Close(); err != nil {
		b.t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodPost, path, &body)
	req.Header.Set("Content-Type", w.FormDataContentType())
	for _, c := range b.jar {
		req.AddCookie(c)
	}
	rec := httptest.NewRecorder()
	b.s.echo.ServeHTTP(rec, req)
	return rec
}

func (b *browser) csrf() string {
	b.do(http.MethodGet, "/track", nil)
	return b.jar["tamga-csrf"].Value
}

func aScan(t *testing.T, n int) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 420, 560))
	for i := range img.Pix {
		img.Pix[i] = byte(255 - (i*n)%32)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func see(t *testing.T, rec *httptest.ResponseRecorder, code int, texts ...string) {
	t.Helper()
	if rec.Code != code {
		_, main, _ := strings.Cut(rec.Body.String(), "<main")
		t.Fatalf("%d, want %d\n%s", rec.Code, code, main)
	}
	for _, text := range texts {
		if !strings.Contains(rec.Body.String(), text) {
			t.Errorf("the page lacks %q", text)
		}
	}
}

func (d *counter) application(number string) *registry.Application {
	d.t.Helper()
	var app *registry.Application
	if err := d.st.Read(context.Background(), func(tx *store.Tx) (err error) {
		app, err = tx.ApplicationByNumber(number)
		return err
	}); err != nil {
		d.t.Fatal(err)
	}
	return app
}

func (d *counter) document(app *registry.Application, code string) *registry.Document {
	d.t.Helper()
	var out *registry.Document
	if err := d.st.Read(context.Background(), func(tx *store.Tx) error {
		docs, err := tx.Documents(app.ID)
		for _, doc := range docs {
			if doc.Code == code {
				out = doc
			}
		}
		return err
	}); err != nil || out == nil {
		d.t.Fatal("no document", code, err)
	}
	return out
}

// The way of a file through the counter, over HTTP.
func TestTakingInAnApplication(t *testing.T) {
	d := newCounter(t, "dostek")
	clerk := d.as(registry.Clerk, 0)
	see(t, clerk.do(http.MethodGet, "/applications/new", nil), http.StatusOK, `name="organisation.inn"`)

	// Half a form keeps itself.
	half := registry.FormInput{"organisation.inn": {"0050"}, "organisation.name_ru": {"Ак-Б"}, "tab": {"t1"}}
	rec := clerk.post("/applications/draft", values(half, url.Values{"version": {"0"}}))
	see(t, rec, http.StatusOK, "26-0001")
	if got := rec.Header().Get("HX-Replace-Url"); got != "/applications/26-0001/edit" {
		t.Errorf("the page moves to %q", got)
	}
	// The page did not hear of its number: still one draft.
	half["organisation.name_ru"] = []string{"Ак-Бу"}
	see(t, clerk.post("/applications/draft", values(half, url.Values{"version": {"0"}})), http.StatusOK, "26-0001")
	if in := d.application("26-0001").Input; in.Get("organisation.name_ru") != "Ак-Бу" || in.Get("organisation.inn") != "0050" {
		t.Errorf("kept %v", in)
	}

	// A wrong form is shown again with every value.
	in := typed(1)
	in["head.personal_number"], in["tab"] = []string{"13299198000001"}, []string{"t1"}
	stale := url.Values{"number": {"26-0001"}, "version": {"1"}} // its own keeping was in between
	see(t, clerk.post("/applications/submit", values(in, stale)), http.StatusUnprocessableEntity, "13299198000001", "Ак-Булак Агросервис", `aria-invalid="true"`)
	lacking := maps.Clone(in)
	for _, name := range []string{"organisation.phone", "head.name_ru.given", "accountant.personal_number", "accountant.document.number", "trusted.consent"} {
		delete(lacking, name)
	}
	var list []string
	for _, m := range regexp.MustCompile(`<li><a href="#(f-[a-z_.]+)">([^<]*)</a>`).FindAllStringSubmatch(clerk.post("/applications/submit", values(lacking, stale)).Body.String(), -1) {
		list = append(list, m[1]+" "+m[2])
	}
	if want := []string{
		"f-organisation.phone Телефон: Бул талааны толтуруңуз.", "f-head.personal_number Жетекчи · Персоналдык номер (ПИН): ", "f-head.name_ru.given Жетекчи · Аты: Бул талааны толтуруңуз.",
		"f-accountant.personal_number Бухгалтер · Персоналдык номер (ПИН): Бул талааны толтуруңуз.", "f-accountant.document.number Бухгалтер · Паспортунун", "f-trusted.consent Ишенимдүү адам · Жеке",
	}; !slices.EqualFunc(list, want, strings.HasPrefix) {
		t.Errorf("the list of what is wrong: %q", list)
	}
	in["head.personal_number"] = []string{"11405198000001"}
	see(t, clerk.post("/applications/submit", values(in, stale)), http.StatusSeeOther)
	app := d.application("26-0001")
	if app.Status != registry.Submitted {
		t.Fatalf("the application is %s", app.Status)
	}
	see(t, clerk.do(http.MethodGet, "/applications/26-0001", nil), http.StatusOK, "http://127.0.0.1:8080/track/")
	see(t, clerk.do(http.MethodGet, "/worklist?q=ак+булак", nil), http.StatusOK, "26-0001", "Ак-Булак Агросервис")
	see(t, clerk.post("/applications/26-0001/take", url.Values{}), http.StatusSeeOther)

	// Papers.
	doc := d.document(app, "DT-REG-CERT")
	at := fmt.Sprintf("/documents/%d/", doc.ID)
	see(t, clerk.upload(at+"files", "каттоо.png", aScan(t, 1)), http.StatusSeeOther)
	see(t, clerk.upload(at+"files", "notes.txt", []byte("plain text")), http.StatusUnprocessableEntity, "PDF, JPEG")
	page := clerk.do(http.MethodGet, fmt.Sprintf("/applications/26-0001?document=%d", doc.ID), nil)
	see(t, page, http.StatusOK, "каттоо.png", `<img src="/files/`)
	path := regexp.MustCompile(`<img src="(/files/\d+)"`).FindStringSubmatch(page.Body.String())[1]
	file := clerk.do(http.MethodGet, path, nil)
	if file.Code != http.StatusOK || file.Header().Get("Content-Type") != "image/png" || !bytes.Equal(file.Body.Bytes(), aScan(t, 1)) ||
		!strings.Contains(file.Header().Get("Content-Security-Policy"), "default-src 'none'") || file.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("the scan: %d %v", file.Code, file.Header())
	}
	doc = d.document(app, "DT-REG-CERT")
	see(t, clerk.post(at+"reject", url.Values{"version": {fmt.Sprint(doc.Version)}}), http.StatusUnprocessableEntity, "Себебин жазыңыз")
	see(t, clerk.post(at+"waive", url.Values{"version": {fmt.Sprint(doc.Version)}}), http.StatusUnprocessableEntity, `id="f-waive-reason-d"`)
	see(t, clerk.post(at+"reject", url.Values{"version": {fmt.Sprint(doc.Version)}, "ready": {"Мөөрү жок"}, "reason": {"Жаңысын алып келиңиз"}}), http.StatusSeeOther)
	see(t, clerk.do(http.MethodGet, "/applications/26-0001", nil), http.StatusOK, "Мөөрү жок. Жаңысын алып келиңиз")
	see(t, clerk.post(at+"accept", url.Values{"version": {fmt.Sprint(doc.Version)}}), http.StatusUnprocessableEntity)

	// The auditor states a purpose.
	auditor := d.as(registry.Auditor, 0)
	see(t, auditor.do(http.MethodGet, path, nil), http.StatusOK, `name="purpose"`)
	see(t, auditor.post(path, url.Values{}), http.StatusUnprocessableEntity)
	if rec := auditor.post(path, url.Values{"purpose": {"тандап текшерүү"}}); rec.Code != http.StatusOK || rec.Header().Get("Content-Type") != "image/png" {
		t.Errorf("the auditor sees %d", rec.Code)
	}

	// The applicant's side.
	app = d.application("26-0001")
	see(t, clerk.post("/applications/26-0001/ask", url.Values{"version": {fmt.Sprint(app.Version)}, "remark": {"Күбөлүктү алып келиңиз"}}), http.StatusSeeOther)
	see(t, clerk.post("/applications/26-0001/link", url.Values{}), http.StatusSeeOther)
	page = clerk.do(http.MethodGet, "/applications/26-0001", nil)
	link := regexp.MustCompile(`http://127.0.0.1:8080(/track/[\w-]{43})`).FindStringSubmatch(page.Body.String())
	if link == nil {
		t.Fatal("the link is not shown")
	}
	if again := clerk.do(http.MethodGet, "/applications/26-0001", nil); strings.Contains(again.Body.String(), link[1]) {
		t.Error("the link is shown twice")
	}
	applicant := newBrowser(t, d.s)
	see(t, applicant.do(http.MethodGet, link[1], nil), http.StatusSeeOther)
	see(t, applicant.do(http.MethodGet, "/application", nil), http.StatusOK, "Күбөлүктү алып келиңиз", "Мөөрү жок", "Жалпы сумма", "Жетишпеген сумма", "Балансты толуктоо жолдору")
	see(t, applicant.upload(fmt.Sprintf("/application/documents/%d", doc.ID), "жаңы.png", aScan(t, 2)), http.StatusSeeOther)
	if rec := applicant.do(http.MethodGet, path, nil); rec.Code == http.StatusOK {
		t.Error("the applicant's session opens scans")
	}
	// What was asked for and came is not asked for again.
	see(t, clerk.post("/applications/26-0001/resume", url.Values{}), http.StatusSeeOther)
	if rec := applicant.do(http.MethodGet, "/application", nil); strings.Contains(rec.Body.String(), "Күбөлүктү алып келиңиз") {
		t.Error("a remark stays after it was followed")
	}
	app = d.application("26-0001")
	see(t, applicant.post("/application/withdraw", url.Values{"version": {fmt.Sprint(app.Version)}}), http.StatusSeeOther)
	see(t, applicant.do(http.MethodGet, "/application", nil), http.StatusOK, "Арыз кайтарып алынган")

	other := newBrowser(t, d.s)
	see(t, other.post("/track", url.Values{"number": {"26-0002"}, "code": {link[1]}}), http.StatusUnprocessableEntity)
	see(t, other.post("/track", url.Values{"number": {"26-0001"}, "code": {d.s.deps.BaseURL + link[1]}}), http.StatusSeeOther)
	if rec := other.do(http.MethodGet, "/track/"+strings.Repeat("A", 43), nil); rec.Code != http.StatusNotFound {
		t.Errorf("a guessed link: %d", rec.Code)
	}
	for _, bytes := range []string{"/applications/%00", "/track/%ff%00", "/worklist?q=%00", "/organisations/%00"} {
		if rec := clerk.do(http.MethodGet, bytes, nil); rec.Code != http.StatusNotFound {
			t.Errorf("%s: %d", bytes, rec.Code)
		}
	}
}

// A page that is sent twice, or before it heard of the draft that it has made,
// begins one application.
func TestAPageBeginsOneApplication(t *testing.T) {
	d := newCounter(t, "dostek")
	clerk := d.as(registry.Clerk, 0)
	in := typed(1)
	in["tab"] = []string{"t1"}
	unheard := values(in, url.Values{"version": {"0"}})
	see(t, clerk.post("/applications/draft", unheard), http.StatusOK, "26-0001")
	see(t, clerk.post("/applications/list", unheard), http.StatusOK, `name="number" value="26-0001"`)
	see(t, clerk.post("/applications/submit", unheard), http.StatusSeeOther)
	if got := d.application("26-0001").Status; got != registry.Submitted {
		t.Errorf("the draft is %s", got)
	}
	see(t, clerk.post("/applications/submit", unheard), http.StatusUnprocessableEntity)
	in["tab"] = []string{"t2"}
	see(t, clerk.post("/applications/submit", values(in, url.Values{"version": {"0"}})), http.StatusSeeOther)
	if got := d.application("26-0002").Status; got != registry.Submitted {
		t.Errorf("the next page's is %s", got)
	}
}

// A colleague's edit loses nothing: both sets of values are on the page, and
// saving again is a decision.
func TestTwoClerksOnOneForm(t *testing.T) {
	d := newCounter(t, "dostek")
	one, two := d.as(registry.Clerk, 0), d.as(registry.Clerk, 1)
	in := typed(1)
	in["tab"] = []string{"one"}
	see(t, one.post("/applications/save", values(in, url.Values{"version": {"0"}})), http.StatusSeeOther)
	version := fmt.Sprint(d.application("26-0001").Version)
	mine, theirs := maps.Clone(in), maps.Clone(in)
	theirs["tab"], theirs["organisation.street"] = []string{"two"}, []string{"Манас көч., 1"}
	see(t, two.post("/applications/save", values(theirs, url.Values{"number": {"26-0001"}, "version": {version}})), http.StatusSeeOther)
	mine["organisation.street"] = []string{"Ибраимов көч., 2"}
	rec := one.post("/applications/save", values(mine, url.Values{"number": {"26-0001"}, "version": {version}}))
	see(t, rec, http.StatusUnprocessableEntity, "Ибраимов көч., 2", "Манас көч., 1")
	if street := d.application("26-0001").Declaration.Organisation.Street; street != "Манас көч., 1" {
		t.Errorf("stored %q", street)
	}
	next := regexp.MustCompile(`name="version" value="(\d+)"`).FindStringSubmatch(rec.Body.String())[1]
	see(t, one.post("/applications/save", values(mine, url.Values{"number": {"26-0001"}, "version": {next}})), http.StatusSeeOther)
	if street := d.application("26-0001").Declaration.Organisation.Street; street != "Ибраимов көч., 2" {
		t.Errorf("stored %q", street)
	}
}

func TestKnownCompanyFillsIn(t *testing.T) {
	d := newCounter(t, "dostek")
	clerk := d.as(registry.Clerk, 0)
	see(t, clerk.post("/applications/submit", values(typed(1), url.Values{"version": {"0"}})), http.StatusSeeOther)
	rec := clerk.post("/applications/fill", url.Values{"version": {"0"}, "organisation.inn": {"00503 2017 19901"}, "organisation.street": {"Жаңы көч., 5"}})
	see(t, rec, http.StatusOK, "Ак-Булак Агросервис", "Башкы бухгалтер", "Жаңы көч., 5")
	if strings.Contains(rec.Body.String(), "Чүй пр., 0") {
		t.Error("what was typed is overwritten")
	}
	if regexp.MustCompile(`consent" value="on" checked`).MatchString(rec.Body.String()) {
		t.Error("an earlier consent is taken for a new one")
	}
	// Choices that an empty form comes with are nobody's yet; later they are.
	second := typed(2)
	second["accountant"] = []string{registry.AccountantIsHead}
	see(t, clerk.post("/applications/submit", values(second, url.Values{"version": {"0"}})), http.StatusSeeOther)
	preset := url.Values{"version": {"0"}, "organisation.inn": {second.Get("organisation.inn")}, "accountant": {registry.AccountantPerson}}
	see(t, clerk.post("/applications/fill", preset), http.StatusOK, `name="accountant" value="HEAD" checked`)
	preset.Set("organisation.name_ru", "Ак-Булак Агросервис")
	see(t, clerk.post("/applications/fill", preset), http.StatusOK, `name="accountant" value="PERSON" checked`)

	clerk.head["HX-Request"] = "true"
	if rec := clerk.post("/applications/fill", url.Values{"version": {"0"}, "organisation.inn": {"00503201719999"}}); rec.Code != http.StatusNoContent {
		t.Errorf("an unknown company: %d", rec.Code)
	}
}

// A tax number of an unusual shape is said while it is typed and on the file's
// page, and never refused.
func TestAnUnusualINNIsSaidAndTaken(t *testing.T) {
	d := newCounter(t, "dostek")
	clerk := d.as(registry.Clerk, 0)
	const says = "ИНН мындай арыз берүүчү үчүн адаттагыдай эмес"
	in := typed(1)
	clerk.head["HX-Request"] = "true"
	if rec := clerk.post("/applications/list", values(in, url.Values{"version": {"0"}})); strings.Contains(rec.Body.String(), says) {
		t.Error("a usual number is called unusual")
	}
	in["organisation.inn"] = []string{"05032017199016"}
	see(t, clerk.post("/applications/list", values(in, url.Values{"version": {"0"}})), http.StatusOK, says)
	delete(clerk.head, "HX-Request")
	see(t, clerk.post("/applications/submit", values(in, url.Values{"version": {"0"}})), http.StatusSeeOther)
	see(t, clerk.do(http.MethodGet, "/applications/26-0001", nil), http.StatusOK, says)
}

func TestTheListFollowsTheAnswers(t *testing.T) {
	d := newCounter(t, "dostek")
	clerk := d.as(registry.Clerk, 0)
	clerk.head["HX-Request"] = "true"
	in := typed(1)
	before := clerk.post("/applications/list", values(in, url.Values{"version": {"0"}})).Body.String()
	in["head.citizenship"] = []string{"TUR"}
	after := clerk.post("/applications/list", values(in, url.Values{"version": {"0"}})).Body.String()
	for rule, want := range map[string]bool{"DT-06": true, "DT-07": true, "DT-05": false} {
		if strings.Contains(after, rule) != want {
			t.Errorf("a foreign head: %s on the list is %v", rule, !want)
		}
	}
	if !strings.Contains(before, "DT-05") || strings.Contains(after, "<html") {
		t.Error("the list is not the list")
	}
}

func TestUB15_DemandedOverHTTP(t *testing.T) {
	d := newCounter(t, "ubr")
	clerk := d.as(registry.Clerk, 0)
	in := typed(1)
	delete(in, "trusted")
	see(t, clerk.post("/applications/submit", values(in, url.Values{"version": {"0"}})), http.StatusSeeOther)
	see(t, clerk.post("/applications/26-0001/take", url.Values{}), http.StatusSeeOther)
	version := fmt.Sprint(d.application("26-0001").Version)
	see(t, clerk.post("/applications/26-0001/demand", url.Values{"version": {version}, "title": {"Ижара келишими"}}), http.StatusUnprocessableEntity, "Ижара келишими")
	see(t, clerk.post("/applications/26-0001/demand", url.Values{"version": {version}, "title": {"Ижара келишими"}, "demand-reason": {"дареги башка"}}), http.StatusSeeOther)
	see(t, clerk.do(http.MethodGet, "/applications/26-0001", nil), http.StatusOK, "Ижара келишими", "дареги башка", "UB-15")
}

// TestA30_TheOriginalIsAskedForWhereThePackSaysSo.
func TestA30_TheOriginalIsAskedForWhereThePackSaysSo(t *testing.T) {
	d := goldenCounter(t)
	path := fmt.Sprintf("/applications/26-0001?document=%d", d.document(d.application("26-0001"), "DT-POA-M2A").ID)
	for _, asks := range []bool{true, false} {
		d.flow.Pack().Documents.OriginalSeen = asks
		page := d.as(registry.Clerk, 0).do(http.MethodGet, path, nil)
		see(t, page, http.StatusOK, `name="checks"`)
		if strings.Contains(page.Body.String(), `name="original"`) != asks {
			t.Errorf("the pack says %t, the page otherwise", asks)
		}
	}
}

// Nobody but a clerk changes a file, and the administrator does not see one.
func TestWhoMayDoWhatAtTheCounter(t *testing.T) {
	d := goldenCounter(t)
	doc := d.document(d.application("26-0001"), "DT-POA-M2A")
	for _, r := range d.s.intakeRoutes() {
		path := strings.NewReplacer(":number", "26-0001", ":id", fmt.Sprint(doc.ID), ":inn", "00503201719900", ":token", "x").Replace(r.Path)
		for role := range d.who {
			if r.Access.kind == public || r.Method != http.MethodPost || r.Access.Allows(&Identity{Kind: OperatorSession, Role: role}) == nil {
				continue
			}
			if rec := d.as(role, 0).post(path, url.Values{"version": {"1"}}); rec.Code != http.StatusForbidden {
				t.Errorf("POST %s by %s: %d", r.Path, role, rec.Code)
			}
		}
	}
}

// goldenCounter is an office with a few files in work.
func goldenCounter(t *testing.T) *counter {
	d := newCounter(t, "dostek")
	clerk := d.as(registry.Clerk, 0)
	for n := range 3 {
		see(t, clerk.post("/applications/submit", values(typed(n), url.Values{"version": {"0"}})), http.StatusSeeOther)
	}
	see(t, clerk.post("/applications/26-0001/take", url.Values{}), http.StatusSeeOther)
	app := d.application("26-0001")
	for i, code := range []string{"DT-REG-CERT", "DT-HEAD-ID", "DT-POA-M2A"} {
		at := fmt.Sprintf("/documents/%d/", d.document(app, code).ID)
		see(t, clerk.upload(at+"files", code+".png", aScan(t, i+1)), http.StatusSeeOther)
	}
	doc := d.document(app, "DT-REG-CERT")
	see(t, clerk.post(fmt.Sprintf("/documents/%d/accept", doc.ID), url.Values{"version": {fmt.Sprint(doc.Version)}, "original": {"on"}}), http.StatusSeeOther)
	doc = d.document(app, "DT-HEAD-ID")
	see(t, clerk.post(fmt.Sprintf("/documents/%d/reject", doc.ID), url.Values{"version": {fmt.Sprint(doc.Version)}, "ready": {"Даана көрүнбөйт"}}), http.StatusSeeOther)
	return d
}

func TestGoldenIntakePages(t *testing.T) {
	d := goldenCounter(t)
	app := d.application("26-0001")
	applicant := loginAs(t, d.s, Identity{Kind: ApplicantSession, Name: "Ак-Булак Агросервис", ApplicationID: app.ID})
	mark := regexp.MustCompile(`(name="tab" value=")[^"]*`)
	for _, p := range []struct {
		name, path string
		b          func() *browser
	}{
		{"worklist", "/worklist", func() *browser { return d.as(registry.Clerk, 0) }},
		{"worklist_nothing", "/worklist?q=йцукен", func() *browser { return d.as(registry.Clerk, 0) }},
		{"application_new", "/applications/new?inn=00503201719901", func() *browser { return d.as(registry.Clerk, 0) }},
		{"application", fmt.Sprintf("/applications/26-0001?document=%d", d.document(app, "DT-POA-M2A").ID), func() *browser { return d.as(registry.Clerk, 0) }},
		{"application_auditor", "/applications/26-0001", func() *browser { return d.as(registry.Auditor, 0) }},
		{"organisation", "/organisations/00503201719900", func() *browser { return d.as(registry.Approver, 0) }},
		{"organisations", "/organisations?q=ак", func() *browser { return d.as(registry.Clerk, 0) }},
		{"applicant", "/application", func() *browser { return newBrowser(t, d.s, applicant...) }},
		{"track", "/track", func() *browser { return newBrowser(t, d.s) }},
	} {
		for _, l := range registry.Languages {
			t.Run(p.name+"/"+string(l), func(t *testing.T) {
				b := p.b()
				b.t = t
				b.head["Accept-Language"] = string(l)
				b.do(http.MethodGet, p.path, nil) // takes the flash
				rec := b.do(http.MethodGet, p.path, nil)
				see(t, rec, http.StatusOK)
				golden(t, p.name+"."+string(l)+".html", mark.ReplaceAllString(rec.Body.String(), "${1}…"))
				for _, wrong := range slices.Concat(forbidden(rec.Body.String()), malformed(rec.Body.String())) {
					t.Error(wrong)
				}
			})
		}
	}
}

func FuzzFormFields(f *testing.F) {
	f.Add("number=26-0001&tab=1&head.name_ru.surname=%D3%A8%D0%BC&changed=ORG_NAME&changed=ORG_INN")
	f.Add("%ff=%fe&operation=RENEWAL&predecessor.not_after=31.02.2026")
	f.Fuzz(func(t *testing.T, body string) {
		form, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		in := formFields(form)
		for name, values := range in {
			if len(name) > 60 || len(values) > 10 {
				t.Errorf("%q has %d values", name, len(values))
			}
			for _, v := range values {
				if !utf8.ValidString(v) || utf8.RuneCountInString(v) > 2000 {
					t.Errorf("%q holds %q", name, v)
				}
			}
		}
		d := registry.ReadDeclaration(in, time.UTC)
		_ = registry.Validate(&d, testNow)
	})
}
