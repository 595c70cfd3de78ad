package handlers

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

const renewPIN = "739164"

// renewing are a head and an accountant with certificates to renew, logged in.
func (d *issuingCounter) renewing() (head, accountant *browser) {
	d.t.Helper()
	ctx := context.Background()
	_, es := d.approved()
	for _, e := range es {
		slip, err := d.flow.StartActivation(ctx, d.actor(registry.Clerk, 0), e.ID, "holder@akbulak.example")
		if err != nil {
			d.t.Fatal(err)
		}
		if err := d.flow.ConfirmAddress(ctx, d.actor(registry.Clerk, 1), slip.Activation); err != nil {
			d.t.Fatal(err)
		}
		if _, err := d.flow.SendLetters(ctx, 10); err != nil {
			d.t.Fatal(err)
		}
		if _, err := d.flow.Activate(ctx, workflow.ActivationInput{Paper: slip.Code, Mail: d.code, PIN: renewPIN, Source: slip.Code}); err != nil {
			d.t.Fatal(err)
		}
	}
	if err := d.flow.WorkOnce(ctx); err != nil {
		d.t.Fatal(err)
	}
	head, accountant = newBrowser(d.t, d.s), newBrowser(d.t, d.s)
	for role, b := range map[string]*browser{"HEAD": head, "ACCOUNTANT": accountant} {
		see(d.t, b.post("/login/cloud", url.Values{"inn": {"00503201719901"}}), http.StatusSeeOther)
		see(d.t, b.post("/login/cloud/pin", url.Values{"role": {role}, "pin": {renewPIN}}), http.StatusSeeOther)
	}
	return head, accountant
}

// asItIs answers every group of the page with "not changed".
func asItIs(page string) url.Values {
	form := url.Values{}
	for _, m := range regexp.MustCompile(`name="(g-[a-z_-]+)" value="same"`).FindAllStringSubmatch(page, -1) {
		form.Set(m[1], "same")
	}
	return form
}

// shown reads the hidden fields of the form that signs.
func shown(page string) url.Values {
	form := url.Values{}
	for _, m := range regexp.MustCompile(`(?s)<input type="hidden" name="([a-z]+)" value="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if m[1] != "csrf" {
			form.Set(m[1], html.UnescapeString(m[2]))
		}
	}
	return form
}

// From the question whether anything has changed to the evidence of both
// signatures.
func TestDT18_AClientRenewsOnline(t *testing.T) {
	d := newIssuingCounter(t)
	head, accountant := d.renewing()
	see(t, head.do(http.MethodGet, "/cabinet", nil), http.StatusOK, `href="/cabinet/renew"`)
	page := head.do(http.MethodGet, "/cabinet/renew", nil)
	see(t, page, http.StatusOK, "Ак-Булак Агросервис", `name="g-org"`, `name="g-passport-head"`, `name="g-passport-accountant"`, `name="g-contact"`)
	if strings.Contains(page.Body.String(), " checked") {
		t.Error("an answer is chosen for the client")
	}
	see(t, head.post("/cabinet/renew", url.Values{}), http.StatusUnprocessableEntity, "Өзгөргөнүн же өзгөрбөгөнүн белгилеңиз")
	form := asItIs(page.Body.String())
	form.Set("g-org", "changed")
	see(t, head.post("/cabinet/renew", form), http.StatusUnprocessableEntity, "Эмне өзгөргөнүн көрсөтүңүз")
	form.Set("g-org", "same")
	form.Set("g-contact", "changed")
	form.Set("phone", "12")
	see(t, head.post("/cabinet/renew", form), http.StatusUnprocessableEntity, `value="12"`)
	form.Set("phone", "0312 00-01-77")
	rec := head.post("/cabinet/renew", form)
	see(t, rec, http.StatusOK, "996312000177", `name="pin"`, "00503201719901")
	sign := shown(rec.Body.String())
	see(t, head.post("/cabinet/renew/sign", sign), http.StatusUnprocessableEntity, "pin")
	sign.Set("pin", "918273")
	see(t, head.post("/cabinet/renew/sign", sign), http.StatusUnprocessableEntity, "Эч нерсеге кол коюлган жок")
	other := url.Values{"sum": sign["sum"], "seen": {"Башка текст"}, "pin": {renewPIN}, "phone": sign["phone"]}
	see(t, head.post("/cabinet/renew/sign", other), http.StatusUnprocessableEntity, "өзгөрдү, ошондуктан эч нерсеге кол коюлган жок")
	sign.Set("pin", renewPIN)
	rec = head.post("/cabinet/renew/sign", sign)
	see(t, rec, http.StatusSeeOther)
	at := rec.Header().Get("Location")
	see(t, head.do(http.MethodGet, at, nil), http.StatusOK, "Кол коюуну күтүүдө", "Кол коё элек")
	// A second window signs nothing more.
	see(t, head.post("/cabinet/renew/sign", sign), http.StatusUnprocessableEntity, strings.TrimPrefix(at, "/cabinet/orders/"))
	if got := head.do(http.MethodGet, "/cabinet/renew", nil).Header().Get("Location"); got != at {
		t.Errorf("with an order under way /cabinet/renew leads to %q", got)
	}

	see(t, head.do(http.MethodGet, "/cabinet", nil), http.StatusOK, "Кол коюуну күтүүдө: <a")
	see(t, accountant.do(http.MethodGet, "/cabinet", nil), http.StatusOK, "Сиз кол коюшуңуз керек</strong>", `href="`+at+`">Кол коюу</a>`)
	see(t, accountant.do(http.MethodGet, "/cabinet/orders", nil), http.StatusOK, at, "Сиз кол коюшуңуз керек")
	rec = accountant.do(http.MethodGet, at, nil)
	see(t, rec, http.StatusOK, `name="pin"`)
	sign = shown(rec.Body.String())
	sign.Set("pin", renewPIN)
	see(t, accountant.post(at+"/sign", sign), http.StatusSeeOther)
	see(t, accountant.do(http.MethodGet, at, nil), http.StatusOK, "Жөнөтүлгөн", "09.04.2026")
	see(t, accountant.do(http.MethodGet, "/cabinet", nil), http.StatusOK, "буйрутма каралууда: <a")
	d.verifyEvidence(head.do(http.MethodGet, at+"/evidence.zip", nil).Body.Bytes())
	number := strings.TrimPrefix(at, "/cabinet/orders/")
	clerk := d.as(registry.Clerk, 0)
	see(t, clerk.do(http.MethodGet, "/applications/"+number, nil), http.StatusOK, "/order.zip", "Буйрутма кабыл алынганда")
	see(t, clerk.do(http.MethodGet, "/applications/"+number+"/order.zip", nil), http.StatusOK)
	see(t, clerk.do(http.MethodGet, "/worklist", nil), http.StatusOK, number)

	see(t, head.post(at+"/withdraw", url.Values{"version": {"0"}}), http.StatusSeeOther)
	see(t, head.do(http.MethodGet, at, nil), http.StatusOK, "Кайтарып алынган", "жаңы ачкыч жок кылынды")
	see(t, head.post(at+"/withdraw", url.Values{"version": {"0"}}), http.StatusUnprocessableEntity)
}

// verifyEvidence follows the README of the evidence: openssl verifies each
// signature over the text that stands beside it.
func (d *issuingCounter) verifyEvidence(b []byte) {
	d.t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		d.t.Fatal(err)
	}
	dir := d.t.TempDir()
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			d.t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			d.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name), body, 0o600); err != nil {
			d.t.Fatal(err)
		}
	}
	readme, err := os.ReadFile(filepath.Join(dir, "README.txt"))
	if err != nil {
		d.t.Fatal(err)
	}
	commands := regexp.MustCompile(`(?m)^ {4}(openssl .*)$`).FindAllStringSubmatch(string(readme), -1)
	if len(commands) != 2 {
		d.t.Fatalf("%d commands in\n%s", len(commands), readme)
	}
	for _, c := range commands {
		cmd := exec.CommandContext(d.t.Context(), "sh", "-c", c[1])
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			d.t.Errorf("%s: %v\n%s", c[1], err, out)
		}
	}
	for _, name := range []string{"head", "accountant"} {
		signed, err := os.ReadFile(filepath.Join(dir, name+".verified.json"))
		if err != nil {
			d.t.Fatal(err)
		}
		envelope, _ := os.ReadFile(filepath.Join(dir, name+".envelope.json"))
		content, _ := os.ReadFile(filepath.Join(dir, "content.json"))
		if !bytes.Equal(signed, envelope) || !bytes.Contains(envelope, []byte(hexSum(content))) {
			d.t.Errorf("%s signed something else", name)
		}
	}
}

// Every reason at once, with its rule and the documents of this applicant; the
// branches ask more (DT-15, DT-16).
func TestDT24_DT29_TheOfficeWayForWhatChanged(t *testing.T) {
	d := newIssuingCounter(t)
	head, _ := d.renewing()
	form := asItIs(head.do(http.MethodGet, "/cabinet/renew", nil).Body.String())
	form.Set("g-place", "changed")
	form["changed"] = []string{"ORG_SETTLEMENT"}
	form.Set("g-passport-head", "changed")
	rec := head.post("/cabinet/renew", form)
	see(t, rec, http.StatusSeeOther)
	at := rec.Header().Get("Location")
	if at != "/cabinet/renew/office?changed=ORG_SETTLEMENT&changed=OWNER_PASSPORT" {
		t.Fatalf("leads to %q", at)
	}
	page := head.do(http.MethodGet, at, nil)
	see(t, page, http.StatusOK, "2 себеп бар", "DT-25", "DT-28", "DT-29", "DT-04", "DT-05", "DT-09", "DT-11", "DT-13", "DT-15", "DT-16", "data-print", "9:00–18:00")
	if strings.Contains(page.Body.String(), "DT-14") {
		t.Error("a RuToken is asked for a key in the E-Cloud (A-07)")
	}
	// A new street in the same place does not block.
	page = head.do(http.MethodGet, "/cabinet/renew", nil)
	const blocksNothing = "жаңы көчө алыстан жаңыртууга тоскоол болбойт"
	see(t, page, http.StatusOK, blocksNothing)
	form = asItIs(page.Body.String())
	form.Set("g-place", "changed")
	form.Set("street", "Манас пр., 5")
	see(t, head.post("/cabinet/renew", form), http.StatusOK, "Манас пр., 5", `name="pin"`)
	// Unless the pack says so.
	d.flow.Pack().Remote.Blocking = append(d.flow.Pack().Remote.Blocking, registry.StreetAddress)
	if strings.Contains(head.do(http.MethodGet, "/cabinet/renew", nil).Body.String(), blocksNothing) {
		t.Error("a new street is said to block nothing")
	}
	rec = head.post("/cabinet/renew", form)
	see(t, rec, http.StatusSeeOther)
	see(t, head.do(http.MethodGet, rec.Header().Get("Location"), nil), http.StatusOK, "көчөсү жана үйү", "DT-29")
	see(t, head.do(http.MethodGet, "/cabinet/renew/office?changed=NONSENSE", nil), http.StatusOK, "Кеңседе жаңыртуу")
}

// Everybody may read who may order, without a session.
func TestTheOrderPageIsForEverybody(t *testing.T) {
	for _, pack := range []string{"dostek", "ubr"} {
		h := newShop(t, pack)
		page := newBrowser(t, h.s).do(http.MethodGet, "/order", nil)
		see(t, page, http.StatusOK, "9:00–18:00")
		if got := strings.Contains(page.Body.String(), "next=%2Fcabinet%2Frenew"); got != (pack == "dostek") {
			t.Errorf("%s: leads to the remote way: %v", pack, got)
		}
		if pack == "dostek" {
			see(t, page, http.StatusOK, "DT-15", "DT-16")
			see(t, newBrowser(t, h.s).post("/order", url.Values{"inn": {"00503201719901"}}), http.StatusNotFound)
		}
	}
}

// UBR takes orders from anybody: a specialist finds a draft, with whom to call
// and by when, and the client follows it by its secret link.
func TestUB30_UB31_AnybodyOrders(t *testing.T) {
	h := newShop(t, "ubr")
	b := newBrowser(t, h.s)
	see(t, b.do(http.MethodGet, "/order", nil), http.StatusOK, "ЭСКТга заказ берүү", "сиз менен байланышып", "1 жумушчу күндүн ичинде", `action="/order"`)
	form := url.Values{"kind": {"LEGAL_ENTITY"}, "inn": {"0050320171990"}, "name": {"Жаңы Булак"}, "contact": {"Асанов Эркин"}, "phone": {"312"}, "email": {"a@b"}, "storage": {"ECLOUD"}}
	wrong := b.post("/order", form)
	see(t, wrong, http.StatusUnprocessableEntity, "Жаңы Булак", "Асанов Эркин", `id="f-inn-d"`, `id="f-phone-d"`, `id="f-email-d"`, "макулдук")
	form.Set("inn", "00503201719955")
	form.Set("phone", "0312 00-01-07")
	form.Set("email", "erkin@bulak.example")
	form.Set("consent", "on")
	done := b.post("/order", form)
	see(t, done, http.StatusOK, "№\u00a026-0003")
	link := regexp.MustCompile(`http://127.0.0.1:8080(/track/[\w-]{43})`).FindStringSubmatch(done.Body.String())
	if link == nil {
		t.Fatal("no link is shown")
	}
	clerk := h.as(registry.Clerk, 0)
	see(t, clerk.do(http.MethodGet, "/worklist", nil), http.StatusOK, "26-0003", "Жаңы Булак")
	see(t, clerk.do(http.MethodGet, "/applications/26-0003", nil), http.StatusOK, "Байланышуучу адам: Асанов Эркин")
	app := h.application("26-0003")
	if app.Status != registry.Draft || app.Assignee != 0 || app.DueAt == nil || !app.DueAt.After(testNow) || app.Declaration.Organisation.Phone != "+996312000107" {
		t.Errorf("the order became %+v", app)
	}
	see(t, clerk.do(http.MethodGet, "/applications/26-0003/edit", nil), http.StatusOK, "00503201719955", "erkin@bulak.example")
	guest := newBrowser(t, h.s)
	see(t, guest.do(http.MethodGet, link[1], nil), http.StatusSeeOther)
	see(t, guest.do(http.MethodGet, "/application", nil), http.StatusOK, "26-0003")
	see(t, guest.post("/application/withdraw", url.Values{"version": {fmt.Sprint(app.Version)}}), http.StatusSeeOther)
}

// Whoever cannot log in any more orders a reissue there; where the key may be in
// other hands, the answer says what to do at once, and nothing of what is on file.
func TestUB30_UB20_UB24_AnybodyOrdersAReissue(t *testing.T) {
	h := newShop(t, "ubr")
	other := h.certify(h.other.ID, 2, testNow.AddDate(0, -2, 0), testNow.AddDate(0, 10, 0))
	b := newBrowser(t, h.s)
	see(t, b.do(http.MethodGet, "/order", nil), http.StatusOK, `value="FIRST_ISSUE" checked`, `value="REISSUE"`, `value="EXPIRED"`, "Түзүлүш жоголду",
		"/documents?operation=FIRST_ISSUE&amp;storage=RUTOKEN")
	form := url.Values{
		"operation": {"REISSUE"}, "serial": {"EC:03:XY"}, "kind": {"SOLE_ENTREPRENEUR"}, "inn": {shopINN}, "name": {"Ак-Булак"}, "contact": {"Асанов Эркин"},
		"phone": {"0312 00-01-07"}, "email": {"erkin@bulak.example"}, "storage": {"ECLOUD"}, "consent": {"on"},
	}
	wrong := b.post("/order", form)
	see(t, wrong, http.StatusUnprocessableEntity, `value="REISSUE" checked`, `value="EC:03:XY"`, `id="f-serial-d"`, "себебин тандаңыз",
		"/documents?applicant=SOLE_ENTREPRENEUR&amp;operation=REISSUE&amp;storage=ECLOUD")
	order := func(reason, serial string) string {
		t.Helper()
		form.Set("reason", reason)
		form.Set("serial", serial)
		rec := b.post("/order", form)
		see(t, rec, http.StatusOK, "/track/", "reason="+reason)
		return rec.Body.String()
	}
	number := regexp.MustCompile(`26-\d{4}|/track/[\w-]{43}|csrf(" value)?="[^"]*"`)
	lost := order("DEVICE_LOST", templates.Hex(h.cert.Serial))
	for _, text := range []string{`href="/revoke"`, "шашылыш код", "эч нерсени токтотпойт", `tg-strong tg-nowrap">&#43;996`} {
		if !strings.Contains(lost, text) {
			t.Errorf("a lost device: %q is not said", text)
		}
	}
	for _, serial := range []string{"", string(other.Serial), "ec035f"} {
		if got := order("DEVICE_LOST", serial); number.ReplaceAllString(got, "") != number.ReplaceAllString(lost, "") {
			t.Errorf("%q is answered otherwise", serial)
		}
	}
	if page := order("DEVICE_BROKEN", ""); !strings.Contains(page, "тез арада өзүңүз") || strings.Contains(page, `btn-primary" href="/revoke"`) {
		t.Error("a broken device is not told to call")
	}
	if page := order("EXPIRED", ""); strings.Contains(page, "is-stop") {
		t.Error("who comes after the end is alarmed")
	}
	clerk := h.as(registry.Clerk, 0)
	see(t, clerk.do(http.MethodGet, "/applications/26-0003", nil), http.StatusOK, "Кардардын айтканы",
		"Байланышуучу адам: Асанов Эркин. Кайра чыгаруунун себеби: Түзүлүш жоголду. Сериялык номери: "+templates.Hex(h.cert.Serial))
	see(t, clerk.do(http.MethodGet, "/applications/26-0003/edit", nil), http.StatusOK, `value="`+string(h.cert.Serial)+`"`, `value="REISSUE" checked`, `value="DEVICE_LOST" selected`)
	// The end of another certificate does not come to stand beside the number.
	known := url.Values{"version": {"0"}, "organisation.inn": {shopINN}}
	see(t, clerk.post("/applications/fill", known), http.StatusOK, string(h.cert.Serial), templates.DateTime(h.cert.NotAfter))
	known.Set("predecessor.serial", string(other.Serial))
	if page := clerk.post("/applications/fill", known); strings.Contains(page.Body.String(), templates.DateTime(h.cert.NotAfter)) {
		t.Error("the number of one certificate, the end of another")
	}
}

// Another organisation's order does not exist.
func TestOrdersOfOthersAreNotFound(t *testing.T) {
	d := newIssuingCounter(t)
	head, _ := d.renewing()
	rec := head.post("/cabinet/renew", asItIs(head.do(http.MethodGet, "/cabinet/renew", nil).Body.String()))
	sign := shown(rec.Body.String())
	sign.Set("pin", renewPIN)
	at := head.post("/cabinet/renew/sign", sign).Header().Get("Location")
	var org registry.OrganisationID
	if err := d.st.Write(context.Background(), func(tx *store.Tx) (err error) {
		o := registry.OrganisationRequisites{Kind: registry.LegalEntity, INN: "00503201719977", FormRu: "ОсОО", NameRu: "Башка"}
		org, err = tx.SaveOrganisation(o, testNow)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	var cert *registry.Certificate
	if err := d.st.Read(context.Background(), func(tx *store.Tx) error {
		all, err := tx.CertificatesOf(d.application("26-0001").OrganisationID, 1)
		cert = all[0]
		return err
	}); err != nil {
		t.Fatal(err)
	}
	stranger := newBrowser(t, d.s, loginAs(t, d.s, Identity{
		Kind: HolderSession, Name: "Башка", PersonalNumber: cert.PersonalNumber, OrganisationID: org, Signatory: registry.Head,
		CertificateID: cert.ID, Serial: cert.Serial, CertEnds: cert.NotAfter,
	})...)
	for _, path := range []string{at, at + "/evidence.zip"} {
		see(t, stranger.do(http.MethodGet, path, nil), http.StatusNotFound)
	}
	see(t, stranger.post(at+"/withdraw", url.Values{}), http.StatusNotFound)
	see(t, stranger.do(http.MethodGet, "/cabinet/renew", nil), http.StatusConflict)
}
