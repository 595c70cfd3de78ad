package handlers

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/ecloud"
	"github.com/tamga-ca/tamga/internal/mailtest"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/workflow"
)

// issuingCounter is a counter with a real CA and a mail server.
type issuingCounter struct {
	*counter
	ca   *ca.Embedded
	mail *mailtest.Catcher
	code string // the last one that was mailed
}

func newIssuingCounter(t *testing.T) *issuingCounter {
	t.Helper()
	log.SetOutput(io.Discard) // step-ca announces its address
	d := &issuingCounter{mail: mailtest.New(t)}
	dir := t.TempDir()
	layout := ca.Layout{Dir: filepath.Join(dir, "ca"), Secrets: filepath.Join(dir, "secrets")}
	d.counter = newCounter(t, "dostek", func(c *workflow.Config) {
		profile := ca.ProfileAt("http://ca.example.kg", c.Pack.Certificate.HolderPolicy, c.Pack.Certificate.OperatorPolicy)
		if err := ca.Init(ca.InitOptions{Layout: layout, Organisation: "Сыноо", Name: "Сыноо", Profile: profile, ValidFrom: testNow.AddDate(-2, 0, 0)}); err != nil {
			t.Fatal(err)
		}
		var err error
		if d.ca, err = ca.NewEmbedded(layout, profile); err != nil {
			t.Fatal(err)
		}
		client, err := d.ca.Client(0)
		if err != nil {
			t.Fatal(err)
		}
		keys, err := ecloud.NewFileKeys(ecloud.KeyWithID{ID: "ecloud.1", Key: make([]byte, 32)})
		if err != nil {
			t.Fatal(err)
		}
		vault, err := ecloud.New(keys, ecloud.Options{KDF: ecloud.KDF{Time: 1, MemoryKiB: 64, Threads: 1}})
		if err != nil {
			t.Fatal(err)
		}
		issuer := d.ca.Issuer()
		c.Trust.Root, c.Trust.Issuer = issuer.Root, issuer.Certificate
		c.Issuing = &workflow.Issuing{CA: client, Keys: vault}
		c.Mail = &workflow.Mail{Address: d.mail.Addr(), From: "ca@tamga.example", Security: "none", Render: func(l workflow.Letter) (string, string, error) {
			if code, ok := l.Args["code"].(string); ok {
				d.code = code
			}
			return l.Kind, l.Kind, nil
		}}
	})
	if err := d.ca.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.ca.Stop() })
	return d
}

// approved is an application whose enrolments wait for their keys.
func (d *issuingCounter) approved(more ...url.Values) (*registry.Application, []*registry.Enrolment) {
	d.t.Helper()
	ctx := context.Background()
	clerk := d.as(registry.Clerk, 0)
	form := values(typed(1), url.Values{"version": {"0"}, "tab": {"t1"}})
	for _, m := range more {
		maps.Copy(form, m)
	}
	see(d.t, clerk.post("/applications/submit", form), http.StatusSeeOther)
	app := d.application("26-0001")
	var es []*registry.Enrolment
	// What stands between is tested apart.
	err := d.st.Write(ctx, func(tx *store.Tx) error {
		app.Status = registry.Approved
		if err := tx.MoveApplication(app, registry.Submitted, testNow); err != nil {
			return err
		}
		people, err := tx.Signatories(app.ID)
		if err != nil {
			return err
		}
		for _, p := range people {
			if _, err := tx.AddEnrolment(registry.Enrolment{ApplicationID: app.ID, SignatoryID: p.ID, Fee: 100}, testNow); err != nil {
				return err
			}
		}
		es, err = tx.Enrolments(app.ID)
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return app, es
}

// slipCode starts an activation over HTTP and takes the paper half from the
// database's side: the PDF has it in glyphs.
func (d *issuingCounter) started(clerk *browser, e *registry.Enrolment) (paper string) {
	d.t.Helper()
	rec := clerk.post(fmt.Sprintf("/enrolments/%d/start", e.ID), url.Values{"email": {"holder@akbulak.example"}})
	if rec.Code != http.StatusOK || rec.Header().Get("Content-Type") != "application/pdf" || !bytes.HasPrefix(rec.Body.Bytes(), []byte("%PDF-")) || rec.Header().Get("Cache-Control") != "no-store" {
		d.t.Fatalf("the slip: %d %v", rec.Code, rec.Header())
	}
	slip, err := d.flow.StartActivation(context.Background(), d.actor(registry.Clerk, 0), e.ID, "holder@akbulak.example")
	if err != nil {
		d.t.Fatal(err)
	}
	return slip.Code
}

func TestTheECloudFromSlipToLogin(t *testing.T) {
	d := newIssuingCounter(t)
	ctx := context.Background()
	app, es := d.approved()
	clerk, other, approver := d.as(registry.Clerk, 0), d.as(registry.Clerk, 1), d.as(registry.Approver, 0)
	at := fmt.Sprintf("/enrolments/%d", es[0].ID)

	see(t, clerk.do(http.MethodGet, "/applications/"+app.Number, nil), http.StatusOK, `id="enrolments"`, at)
	see(t, clerk.do(http.MethodGet, at, nil), http.StatusOK, `name="email"`)
	see(t, clerk.post(at+"/start", url.Values{"email": {"not an address"}}), http.StatusUnprocessableEntity, `value="not an address"`, `aria-invalid="true"`)
	see(t, approver.post(at+"/start", url.Values{"email": {"holder@akbulak.example"}}), http.StatusForbidden)
	paper := d.started(clerk, es[0])

	// The address is confirmed by another.
	see(t, clerk.do(http.MethodGet, "/addresses", nil), http.StatusOK, "holder@akbulak.example", "Башка кызматкер ырастайт")
	page := other.do(http.MethodGet, "/addresses", nil)
	see(t, page, http.StatusOK, "holder@akbulak.example", "/confirm")
	confirm := page.Body.String()[strings.Index(page.Body.String(), `action="/addresses/`)+len(`action="`):]
	confirm = confirm[:strings.Index(confirm, `"`)]
	see(t, clerk.post(confirm, url.Values{}), http.StatusForbidden)
	see(t, other.post(confirm, url.Values{}), http.StatusSeeOther)
	if _, err := d.flow.SendLetters(ctx, 10); err != nil || d.code == "" {
		t.Fatalf("no code: %v", err)
	}

	// The holder, at home. What was typed stays, but for the PIN-code.
	holder := newBrowser(t, d.s)
	form := url.Values{"paper": {paper}, "mail": {d.code}, "pin": {"739164"}, "again": {"739165"}}
	see(t, holder.do(http.MethodGet, "/activate", nil), http.StatusOK, `name="paper"`, `name="again"`)
	rec := holder.post("/activate", form)
	see(t, rec, http.StatusUnprocessableEntity, "ПИН-коддор дал келген жок", paper)
	if strings.Contains(rec.Body.String(), "739164") {
		t.Error("the PIN-code came back in the page")
	}
	form.Set("pin", "123456")
	form.Set("again", "123456")
	see(t, holder.post("/activate", form), http.StatusUnprocessableEntity, "ПИН-код өтө жөнөкөй", d.code)
	form.Set("pin", "739164")
	form.Set("again", "739164")
	if err := d.ca.Stop(); err != nil {
		t.Fatal(err)
	}
	see(t, holder.post("/activate", form), http.StatusSeeOther)
	if err := d.flow.WorkOnce(ctx); err != nil {
		t.Fatal(err)
	}
	see(t, holder.do(http.MethodGet, "/activate/state", nil), http.StatusOK, "азыр жооп бербей жатат", `hx-trigger="every 2s"`, `http-equiv="refresh"`)
	see(t, clerk.do(http.MethodGet, "/applications/"+app.Number+"/enrolments", nil), http.StatusSeeOther)
	clerk.head["HX-Request"] = "true"
	see(t, clerk.do(http.MethodGet, "/applications/"+app.Number+"/enrolments", nil), http.StatusOK, "азыр жооп бербей жатат")
	delete(clerk.head, "HX-Request")
	if err := d.ca.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if err := d.flow.Recover(ctx); err != nil {
		t.Fatal(err)
	}
	d.dueNow(es[0].ID)
	if err := d.flow.WorkOnce(ctx); err != nil {
		t.Fatal(err)
	}
	rec = holder.do(http.MethodGet, "/activate/state", nil)
	see(t, rec, http.StatusOK, "КЭК даяр", "/login")
	if strings.Contains(rec.Body.String(), "every 2s") {
		t.Error("the page goes on asking")
	}

	// Until then an approver may end it, by a signature over its revocation.
	see(t, approver.do(http.MethodGet, at, nil), http.StatusOK, at+"/undelivered/text")
	see(t, approver.post(at+"/cancel", url.Values{"reason": {"Керек эмес"}}), http.StatusConflict, "чакыртылышына кол коюңуз")
	undelivered := url.Values{"then": {"cancel"}, "reason": {"Кардар келген жок"}}
	see(t, clerk.post(at+"/undelivered/text", undelivered), http.StatusForbidden)
	see(t, approver.post(at+"/undelivered/text", undelivered), http.StatusUnprocessableEntity, "Кардар келген жок", `id="f-cause"`)
	undelivered.Set("cause", "holder_wish")
	text := approver.post(at+"/undelivered/text", undelivered)
	see(t, text, http.StatusOK, "ээсине берилген эмес", "unspecified (0)", "Эскертүү: Кардар келген жок", `name="pin"`)
	signed := shown(text.Body.String())
	signed.Set("pin", "271846")
	signed.Set("seen", "башка")
	see(t, approver.post(at+"/undelivered", signed), http.StatusConflict, "өзгөрдү")
	undelivered.Set("then", "again")
	see(t, approver.post(at+"/undelivered/text", undelivered), http.StatusUnprocessableEntity)

	// And logs in.
	inn := string(app.Declaration.Organisation.INN)
	see(t, holder.post("/login/cloud", url.Values{"inn": {inn}}), http.StatusSeeOther)
	see(t, holder.post("/login/cloud/pin", url.Values{"role": {"HEAD"}, "pin": {"918273"}}), http.StatusUnauthorized, "ИНН же ПИН-код туура эмес")
	see(t, holder.post("/login/cloud/pin", url.Values{"role": {"HEAD"}, "pin": {"739164"}}), http.StatusSeeOther)
	see(t, clerk.do(http.MethodGet, at, nil), http.StatusOK, "Ээсине берилген")

	// Another PIN-code.
	change := url.Values{"old": {"918273"}, "new": {"402857"}, "again": {"402857"}}
	see(t, holder.post("/cabinet/pin", change), http.StatusUnprocessableEntity, "ПИН-код туура эмес. Мурунку ПИН-код күчүндө калат")
	change.Set("old", "739164")
	see(t, holder.post("/cabinet/pin", change), http.StatusSeeOther)

	// Locked, and unlocked in the office.
	stranger := newBrowser(t, d.s)
	see(t, stranger.post("/unlock", url.Values{"number": {inn}, "role": {"HEAD"}, "do": {"send"}}), http.StatusOK, "код анын ээсинин электрондук почтасына жөнөтүлдү")
	see(t, stranger.post("/unlock", url.Values{"number": {inn}, "role": {"HEAD"}, "do": {"unlock"}}), http.StatusUnprocessableEntity, inn)
	see(t, clerk.do(http.MethodGet, at, nil), http.StatusOK, "Шашылыш код кагазы", at+"/paper")
	see(t, approver.post(at+"/paper", url.Values{}), http.StatusForbidden)
	rec = clerk.post(at+"/paper", url.Values{})
	if rec.Code != http.StatusOK || !strings.HasPrefix(rec.Body.String(), "%PDF") || rec.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("the paper with the emergency code: %d %v", rec.Code, rec.Header())
	}
	see(t, approver.post(at+"/unlock", url.Values{}), http.StatusForbidden)
	rec = clerk.post(at+"/unlock", url.Values{})
	see(t, rec, http.StatusOK, `class="tg-code"`)
	_, code, _ := strings.Cut(rec.Body.String(), `class="tg-code">`)
	code, _, _ = strings.Cut(code, "<")
	see(t, holder.post("/unlock", url.Values{"number": {inn}, "role": {"HEAD"}, "do": {"unlock"}, "code": {strings.ToLower(code)}}), http.StatusSeeOther)

	// The accountant's is cancelled.
	second := fmt.Sprintf("/enrolments/%d", es[1].ID)
	see(t, approver.post(second+"/cancel", url.Values{"reason": {" "}}), http.StatusUnprocessableEntity, `name="reason"`)
	see(t, clerk.post(second+"/cancel", url.Values{"reason": {"Керек эмес"}}), http.StatusForbidden)
	see(t, approver.post(second+"/cancel", url.Values{"reason": {"Керек эмес"}}), http.StatusSeeOther)
	if got := d.application(app.Number).Status; got != registry.Completed {
		t.Errorf("the application is %s", got)
	}
}

// dueNow lets a put-off enrolment be taken up at once.
func (d *issuingCounter) dueNow(id registry.EnrolmentID) {
	d.t.Helper()
	if err := d.st.Write(context.Background(), func(tx *store.Tx) error {
		e, err := tx.Enrolment(id)
		if err != nil {
			return err
		}
		return tx.DeferEnrolment(e, testNow.AddDate(-1, 0, 0))
	}); err != nil {
		d.t.Fatal(err)
	}
}

func TestGoldenEnrolmentPages(t *testing.T) {
	d := newIssuingCounter(t)
	_, es := d.approved()
	if _, err := d.flow.StartActivation(t.Context(), d.actor(registry.Clerk, 0), es[0].ID, "holder@akbulak.example"); err != nil {
		t.Fatal(err)
	}
	guest := func() *browser { return newBrowser(t, d.s) }
	clerk := func() *browser { return d.as(registry.Clerk, 0) }
	for _, p := range []struct {
		name, path string
		b          func() *browser
	}{
		{"activate", "/activate", guest},
		{"unlock", "/unlock", guest},
		{"addresses", "/addresses", func() *browser { return d.as(registry.Clerk, 1) }},
		{"enrolment", fmt.Sprintf("/enrolments/%d", es[0].ID), clerk},
		{"enrolment_approver", fmt.Sprintf("/enrolments/%d", es[1].ID), func() *browser { return d.as(registry.Approver, 0) }},
	} {
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
			})
		}
	}
}

// Nothing is missing of a fee that was taken, or never will be.
func TestTheFeeOfAFileThatIsDecided(t *testing.T) {
	d := newIssuingCounter(t)
	app, _ := d.approved()
	lacks := func(status registry.ApplicationStatus, fee registry.Tyiyn) string {
		if err := d.st.Write(t.Context(), func(tx *store.Tx) error {
			now, err := tx.LockApplication(app.ID)
			if err != nil {
				return err
			}
			from := now.Status
			now.Status, now.Fee = status, fee
			return tx.MoveApplication(now, from, testNow)
		}); err != nil {
			t.Fatal(err)
		}
		return d.as(registry.Clerk, 0).do(http.MethodGet, "/applications/26-0001", nil).Body.String()
	}
	if page := lacks(registry.Submitted, 0); !strings.Contains(page, "Жетишпеген сумма") {
		t.Error("the balance is empty and nothing is missing")
	}
	for _, status := range []registry.ApplicationStatus{registry.Approved, registry.Completed} {
		if page := lacks(status, 151000); strings.Contains(page, "Жетишпеген сумма") || !strings.Contains(page, "Баланстан алынды") {
			t.Errorf("the fee of one that is %s is not told as taken", status)
		}
	}
	if page := lacks(registry.Refused, 0); strings.Contains(page, "Жетишпеген сумма") || strings.Contains(page, "Баланстан алынды") {
		t.Error("one that is refused has a fee")
	}
}
