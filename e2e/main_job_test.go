//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/tamga-ca/tamga/internal/mailtest"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
)

// The whole way of one application, through the pages alone: taken in by the
// keyboard, its papers collected, judged and verified, approved and paid, its
// certificates made while the CA was away and the server was killed, its
// holders logged in.
func TestMainJob(t *testing.T) {
	// The office and the head read Kyrgyz, the applicant and the accountant
	// another language.
	for _, run := range []struct{ authority, other string }{{"dostek", "ru"}, {"ubr", "en"}} {
		t.Run(run.authority, func(t *testing.T) {
			w := wordsOf(t, run.authority, "ky")
			j := &job{office: openOffice(t, w, run.authority), t: t, client: dairy(), other: w.in(run.other)}
			for _, step := range []struct {
				name string
				do   func()
			}{
				{"taking in", j.takeIn}, {"collecting", j.collect}, {"asking the applicant", j.ask}, {"verifying", j.verify},
				{"too small a balance", j.short}, {"topping up", j.topUp}, {"approving", j.approve},
				{"activating without a CA", j.activateHead}, {"activating", j.activateAccountant}, {"certificates", j.certificates},
				{"logging in", j.enter}, {"signatures", j.signatures},
			} {
				began := time.Now()
				step.do()
				t.Logf("%s: %s", step.name, time.Since(began).Round(100*time.Millisecond))
			}
		})
	}
}

// job is one application on its way.
type job struct {
	*office
	t      *testing.T
	other  words
	client client
	number string
	fee    registry.Tyiyn
	lacks  string // the title of the paper that the applicant brings later
	reason string // why the one before it was rejected
	head   *Page
}

// client is what a company declares.
type client struct {
	form, name, nameKy, inn string
	head, accountant        signer
	trusted                 signer
}

type signer struct {
	number, passport, surname, given, position, positionKy, email, pin string
}

func dairy() client {
	return client{
		form: "ОсОО", name: "Сут Булак", nameKy: "Сүт Булак", inn: "00101201710099",
		head:       signer{"11503198500777", "ID1000777", "Өмүрбекова", "Үмүт", "Директор", "Директор", "head@sut.example", "804163"},
		accountant: signer{"20202199000778", "ID1000778", "Жээнбеков", "Таңатар", "Главный бухгалтер", "Башкы бухгалтер", "accountant@sut.example", "915274"},
		trusted:    signer{"22007199100779", "ID1000779", "Ибраимов", "Тилек", "", "", "", ""},
	}
}

// fullName is the organisation as pages call it.
func (j *job) fullName() string { return j.fullNameIn(j.lang) }

func (j *job) fullNameIn(lang string) string {
	o := registry.OrganisationRequisites{FormRu: j.client.form, FormKy: "ЖЧК", NameRu: j.client.name, NameKy: j.client.nameKy}
	return o.FullName(registry.Language(lang))
}

// takeIn fills the form by the keyboard alone.
func (j *job) takeIn() {
	c := j.clerk
	c.Expect(`\b422\b`)
	c.Goto("/worklist")
	c.Keys("n")
	c.Until("the form", patience, func() bool { return c.Count("#application-form") == 1 })
	what, org := c.In(j.T("application.what")), c.In(j.T("organisation.organisation"))
	what.choose(j.T("storage.RUTOKEN"), j.T("storage.ECLOUD"), kb.ArrowDown)
	org.Write(j.T("organisation.inn"), j.client.inn[:13])
	org.Write(j.T("organisation.form"), j.client.form)
	org.Write(j.T("organisation.registered_on"), "01.01.2017")
	org.Write(j.T("organisation.name_ru"), j.client.name)
	org.Write(j.T("organisation.name_ky"), j.client.nameKy)
	org.Write(j.T("organisation.settlement_ru"), "г. Бишкек")
	org.Write(j.T("organisation.settlement_ky"), "Бишкек ш.")
	org.Write(j.T("organisation.street"), "Чүй пр. 115")
	org.Write(j.T("organisation.phone"), "0312 900 777")
	org.Write(j.T("organisation.email"), "office@sut.example")
	head := c.In(j.T("signatory.HEAD"))
	head.person(j, j.client.head)
	j.liveList(head)
	c.In(j.T("signatory.ACCOUNTANT")).person(j, j.client.accountant)
	if j.asksTrusted() {
		c.In(j.T("person.trusted")).person(j, j.client.trusted)
	}
	c.Until("the draft to be kept", patience, func() bool { return c.Sees(j.begins("application.draft_kept", "number", "", "time", "")) })

	// Thirteen digits: the sentence stands under the field, and nothing typed
	// is lost.
	c.Run(chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(2)))
	c.See(j.T("error.registry.inn", "n", 13))
	under := c.Text(`p.tg-err[id="f-organisation.inn-d"]`)
	if under != plain(j.T("error.registry.inn", "n", 13)) {
		j.t.Errorf("under the INN stands %q", under)
	}
	if got := org.Value(j.T("organisation.name_ky")) + "|" + c.In(j.T("signatory.ACCOUNTANT")).Value(j.T("person.surname")); got != j.client.nameKy+"|"+j.client.accountant.surname {
		j.t.Errorf("after a refusal the form holds %q", got)
	}
	c.Accessible()
	c.Shot(fmt.Sprintf("form-refused-%s-%s", j.pack.Code, j.lang))
	org.Write(j.T("organisation.inn"), j.client.inn)
	c.Run(chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(2)))
	c.Until("the file", patience, func() bool { return regexp.MustCompile(`^/applications/[0-9-]+$`).MatchString(c.Path()) })
	j.number = strings.TrimPrefix(c.Path(), "/applications/")
	c.See(j.T("status.application.submitted"))
	c.See(j.fullName())
}

// choose moves a group of radio buttons with the arrows until a choice is
// taken. from is the one that is checked now, or the other.
func (p Part) choose(from, to, arrow string) {
	p.t.Helper()
	var on bool
	p.Run(chromedp.Evaluate(p.field(to)+".checked", &on))
	if on {
		return
	}
	p.Tab(from)
	p.Keys(arrow)
	p.Run(chromedp.Evaluate(p.field(to)+".checked", &on))
	if !on {
		p.t.Fatalf("%q is not chosen by the keyboard at %s", to, p.where())
	}
}

func (p Part) person(j *job, s signer) {
	p.t.Helper()
	p.Write(j.T("person.personal_number"), s.number)
	p.Write(j.T("person.passport"), s.passport)
	p.Write(j.T("person.surname"), s.surname)
	p.Write(j.T("person.given"), s.given)
	if s.position != "" {
		p.Write(j.T("person.position_ru"), s.position)
		p.Write(j.T("person.position_ky"), s.positionKy)
	}
	p.Write(j.T("person.passport_until"), "15.06.2031")
	p.Tab(j.T("person.consent"))
	p.Keys(" ")
}

// liveList declares the head a foreigner and sees the papers that are asked
// for it, with the reason; then takes it back.
func (j *job) liveList(head Part) {
	var label, why string
	for _, it := range j.pack.Items {
		if strings.HasSuffix(it.Code, "-HEAD-FPASS-TR") || strings.HasSuffix(it.Code, "-HEAD-PASS-TR") {
			label = it.Label.In(registry.Language(j.lang))
			why, _, _ = strings.Cut(it.Why.In(registry.Language(j.lang)), "{")
		}
	}
	list := func() string { return plain(j.clerk.Text("#checklist")) }
	if label == "" || strings.Contains(list(), plain(label)) {
		j.t.Fatalf("the list has the translation of a passport already, or the pack has none (%q)", label)
	}
	back := func() { head.Run(chromedp.Evaluate(head.field(j.T("person.citizenship"))+".focus()", nil)) }
	back()
	head.Run(chromedp.Evaluate(head.field(j.T("person.citizenship"))+".select()", nil))
	head.Keys("TUR" + kb.Tab)
	head.Until("the translation of the passport in the list", patience, func() bool {
		return strings.Contains(list(), plain(label)) && strings.Contains(list(), plain(why))
	})
	back()
	head.Run(chromedp.Evaluate(head.field(j.T("person.citizenship"))+".select()", nil))
	head.Keys("KGZ" + kb.Tab)
	head.Until("the list without it", patience, func() bool { return !strings.Contains(list(), plain(label)) })
}

func (j *job) asksTrusted() bool {
	var on bool
	j.clerk.Run(chromedp.Evaluate(`document.querySelector('input[name=trusted]').checked`, &on))
	return on
}

// collect takes the file, and gathers and judges its papers: one is rejected,
// one is waived.
func (j *job) collect() {
	c := j.clerk
	c.In("").Follow(j.T("action.take"))
	c.See(j.T("flash.taken"))
	titles := j.titles()
	pdf, photo := pdfPaper(j.t, "paper.pdf", "Registration"), jpegPaper(j.t, "photo.jpg")
	rejected, waived := -1, -1
	for i, title := range titles {
		c.In("").Follow(title)
		switch {
		case c.Count(`#under input[type=file]`) == 0:
			if c.In("#under").Has(j.T("document.brought")) {
				c.In("#under").Follow(j.T("document.brought"))
				c.In("").Follow(title)
			}
			j.accept(false)
		case rejected < 0:
			rejected = i
			j.lacks = title
			j.attach(pdf)
			j.reject()
		case waived < 0:
			waived = i
			c.In("#under").Press(j.T("action.waive"))
			c.In("#under").Type(j.T("document.waive_reason"), "Кагаз быйылкы №26-0001 ишинде бар.")
			c.In("#under details[open] form").Follow(j.T("action.waive"))
			c.See(j.T("flash.document_waived"))
		default:
			if i%2 == 0 {
				j.attach(pdf)
			} else {
				c.Drop("#under .tg-drop", photo)
			}
			c.See(j.T("flash.uploaded"))
			if i == len(titles)-1 {
				c.Shot(fmt.Sprintf("file-%s-%s", j.pack.Code, j.lang))
				c.Accessible()
			}
			j.accept(true)
		}
	}
}

// titles are the documents of the list on the page.
func (j *job) titles() []string {
	var out []string
	j.clerk.Run(chromedp.Evaluate(`[...document.querySelectorAll('.tg-docs [data-row] > a')].map((a) => a.textContent.trim())`, &out))
	if len(out) < 4 {
		j.t.Fatalf("the list of documents is %q", out)
	}
	return out
}

// attach gives a file by the picker; the page sends it by itself.
func (j *job) attach(file string) {
	j.t.Helper()
	c := j.clerk
	ctx, cancel := context.WithTimeout(c.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.SetUploadFiles("#under input[type=file]", []string{file}, chromedp.ByQuery)); err != nil {
		j.t.Fatalf("attaching a file at %s: %v\n%s", c.where(), err, c.body())
	}
	c.See(j.T("flash.uploaded"))
}

// accept accepts the paper under the eyes, with all that is to be checked on
// it; original says that the clerk had the original in hand.
func (j *job) accept(original bool) {
	j.t.Helper()
	c := j.clerk
	c.Run(chromedp.Evaluate(`document.querySelectorAll('#under input[name=checks]').forEach((e) => { if (!e.checked) e.click(); })`, nil))
	if c.Count("#under input[name=valid_until]") == 1 {
		c.In("#under").Type(j.T("document.valid_until"), time.Now().AddDate(0, 0, 14).Format("02.01.2006"))
	}
	if original {
		c.In("#under").Pick(j.T("document.original_seen"))
	}
	c.In("#under").Follow(j.T("action.accept"))
	c.See(j.T("flash.document_accepted"))
}

// reject refuses the paper under the eyes for a ready-made reason.
func (j *job) reject() {
	c := j.clerk
	j.reason = j.pack.Rejections[0].Text.In(registry.Language(j.lang))
	c.In("#under").Press(j.T("document.reject"))
	c.In("#under").Pick(j.reason)
	c.In("#under details[open] form").Follow(j.T("document.reject"))
	c.See(j.T("flash.document_rejected"))
}

// ask asks the applicant for the paper; the applicant opens the secret link,
// reads the reason and hands it in.
func (j *job) ask() {
	c := j.clerk
	c.Goto("/applications/" + j.number)
	next := c.In(j.T("application.next"))
	next.Press(j.T("application.link"))
	next.Follow(j.T("application.link_make"))
	link := c.Text(".tg-secret")
	next.Press(j.T("action.ask_documents"))
	next.Type(j.T("application.ask_remark"), "Каттоо күбөлүгүн кайра жөнөтүңүз.")
	c.In("details[open] form").Follow(j.T("action.ask_documents"))
	c.See(j.T("status.application.awaiting_documents"))

	a := open(j.t, j.server)
	a.Language(j.other.lang)
	a.Goto(link)
	a.See(j.other.T("status.application.awaiting_documents"))
	a.See(j.reason)
	a.See("Каттоо күбөлүгүн кайра жөнөтүңүз.")
	a.Accessible()
	a.Shot(fmt.Sprintf("applicant-%s-%s", j.pack.Code, j.other.lang))
	ctx, cancel := context.WithTimeout(a.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.SetUploadFiles("input[type=file]", []string{pdfPaper(j.t, "again.pdf", "Registration, readable")}, chromedp.ByQuery)); err != nil {
		j.t.Fatalf("handing in at %s: %v", a.where(), err)
	}
	a.See(j.other.T("flash.uploaded"))
}

// verify accepts what came and declares the package complete.
func (j *job) verify() {
	c := j.clerk
	c.Goto("/applications/" + j.number)
	if c.In("").Has(j.T("application.resume")) {
		c.In("").Follow(j.T("application.resume"))
	}
	c.In("").Follow(j.lacks)
	j.accept(true)
	c.In("").Follow(j.T("action.verify"))
	c.See(j.T("status.application.verified"))
}

func (j *job) decisionPage() {
	a := j.approver
	a.Goto("/decisions")
	a.In("").Follow(j.fullName())
}

// notOffered is the approval on the page of a decision that cannot be one.
const notOffered = `[name="action"][value="approve"]:disabled`

// short finds the balance too small: the missing sum is named, and nothing
// changes.
func (j *job) short() {
	a := j.approver
	a.Expect(`\b(401|404|422)\b`)
	j.decisionPage()
	j.fee = j.missing()
	sum := templates.Money(j.lang, j.fee)
	a.See(plain(sum))
	a.Accessible()
	a.Shot(fmt.Sprintf("decision-short-%s-%s", j.pack.Code, j.lang))
	a.See(j.T("error.balance.insufficient", "sum", sum))
	if a.Count(notOffered) != 1 {
		j.t.Error("an approval is offered without money")
	}
	j.clerk.Goto("/applications/" + j.number)
	j.clerk.See(j.T("status.application.verified"))
	j.clerk.Keys(kb.Escape)
	j.clerk.Until("the list", patience, func() bool { return j.clerk.Path() == "/worklist" })
	if n := j.count("SELECT count(*) FROM account_entries"); n != 0 {
		j.t.Errorf("%d entries of the account after a refusal", n)
	}
}

// missing is the price of both certificates, from the pack's list.
func (j *job) missing() registry.Tyiyn { return j.price(registry.Head) + j.price(registry.Accountant) }

// toSign chooses approval and comes to the text to sign.
func (j *job) toSign() {
	a := j.approver
	a.In("").Pick(j.T("action.approve"))
	a.In("").Follow(j.T("decision.to_text"))
	a.See(plain(j.T("decision.text_organisation", "org", j.fullName(), "inn", j.client.inn)))
}

func (j *job) sign(p *Page, pin string) {
	j.t.Helper()
	p.In("").Type(j.T("login.pin"), pin)
	p.In("").Follow(j.T("decision.button.approve"))
}

// approve approves with a wrong PIN-code, then with the right one, pressing
// twice; a second window was at the same place.
func (j *job) approve() {
	a := j.approver
	j.decisionPage()
	j.toSign()
	j.sign(a.Page, "111222")
	if a.Path() == "/decisions" {
		j.t.Fatal("decided with a wrong PIN-code")
	}
	a.In("").Type(j.T("login.pin"), a.pin)
	press := a.In("").press(j.T("decision.button.approve"))
	ctx, cancel := context.WithTimeout(a.ctx, patience)
	defer cancel()
	var at struct{ X, Y float64 }
	a.Run(chromedp.ScrollIntoView(press, chromedp.ByJSPath),
		chromedp.Evaluate(`(() => { const r = `+press+`.getBoundingClientRect(); return {X: r.x + r.width / 2, Y: r.y + r.height / 2}; })()`, &at))
	twice := chromedp.Tasks{chromedp.MouseClickXY(at.X, at.Y), chromedp.MouseClickXY(at.X, at.Y)}
	if _, err := chromedp.RunResponse(ctx, twice); err != nil {
		j.t.Fatalf("pressing twice: %v", err)
	}
	a.See(j.T("decision.done.approve", "number", j.number))
	if n := j.count("SELECT count(*) FROM account_entries WHERE kind = 'charge'"); n != 1 {
		j.t.Errorf("charged %d times", n)
	}
	if n := j.count("SELECT count(*) FROM decisions"); n != 1 {
		j.t.Errorf("%d decisions are kept", n)
	}
	// The other window, back at the same form, finds the file moved on.
	a.Goto("/decisions/" + j.number)
	if a.In("").Has(j.T("decision.to_text")) {
		a.In("").Pick(j.T("action.approve"))
		a.In("").Follow(j.T("decision.to_text"))
		j.sign(a.Page, a.pin)
	}
	if n := j.count("SELECT count(*) FROM account_entries WHERE kind = 'charge'"); n != 1 {
		j.t.Errorf("charged %d times after a second decision", n)
	}
}

var slipCode = regexp.MustCompile(`\b[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}\b`)
var letterCode = regexp.MustCompile(`\b[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}\b`)

// codes begins an activation, has the address confirmed by another operator,
// and returns both halves.
func (j *job) codes(who signer) (paper, mailed string) {
	c := j.clerk
	c.Goto("/applications/" + j.number)
	c.In(j.T("enrol.panel")).Follow(j.nameOf(who))
	c.In("").Type(j.T("enrol.address"), who.email)
	c.Expect(`favicon`) // a paper has no icon
	text := c.Paper(func() { c.In("").Press(j.T("enrol.print_slip")) })
	if paper = slipCode.FindString(text); paper == "" {
		j.t.Fatalf("the slip has no code:\n%s", text)
	}
	s := j.second
	s.Goto("/addresses")
	s.See(who.email)
	s.In(j.nameOf(who)).Follow(j.T("enrol.confirm"))
	s.See(j.T("enrol.address_confirmed"))
	ctx, cancel := context.WithTimeout(j.t.Context(), time.Minute)
	defer cancel()
	_, err := j.office.mail.Wait(ctx, func(m mailtest.Message) bool {
		content, err := m.Content()
		if err != nil || !mailtest.To(who.email)(m) {
			return false
		}
		mailed = letterCode.FindString(content.Text)
		return mailed != ""
	})
	if err != nil {
		j.t.Fatalf("the letter with the second half: %v", err)
	}
	return paper, mailed
}

func (j *job) nameOf(s signer) string { return s.surname + " " + s.given }

// activateHead activates while the CA is away; the server is killed on the
// way. It goes on by itself when both are back.
func (j *job) activateHead() {
	paper, mailed := j.codes(j.client.head)
	if err := j.ca.Stop(20 * time.Second); err != nil {
		j.t.Logf("stopping step-ca: %v", err)
	}
	h := open(j.t, j.server)
	j.head = h
	h.Language(j.lang)
	h.Expect(`\b(422|503)\b`)
	h.activate(j.words, paper, mailed, "123456")
	h.See(j.T("error.ecloud.pin_easy"))
	h.Accessible()
	h.fillActivation(j.words, paper, mailed, j.client.head.pin)
	h.See(j.T("activate.key_made"))
	h.Until("the sentence about the CA", time.Minute, func() bool { return h.Sees(j.T("error.ca.unavailable")) })
	h.Accessible()
	h.Shot(fmt.Sprintf("waiting-%s-%s", j.pack.Code, j.lang))

	// A power cut before the certificate is issued. The page asks on.
	h.Expect(`ERR_CONNECTION|htmx:`)
	j.server.Kill()
	j.server = startServe(j.t, j.env)
	h.Until("the sentence about the CA after the power cut", time.Minute, func() bool { return h.Sees(j.T("error.ca.unavailable")) })
	j.ca = j.startStepCA(j.t)
	h.Until("the certificate", 2*time.Minute, func() bool { return h.Sees(j.T("ecloud.ready")) })
	h.Shot(fmt.Sprintf("ready-%s-%s", j.pack.Code, j.lang))
}

func (j *job) activateAccountant() {
	paper, mailed := j.codes(j.client.accountant)
	p := open(j.t, j.server)
	p.Language(j.other.lang)
	p.activate(j.other, paper, mailed, j.client.accountant.pin)
	p.Until("the certificate", time.Minute, func() bool { return p.Sees(j.other.T("ecloud.ready")) })
}

// enter has both holders log in.
func (j *job) enter() {
	h := j.head
	h.Expect(`\b(401|403|422|429)\b`)
	// A wrong PIN-code and an unknown holder look the same.
	h.logIn(j.words, j.client.inn, j.T("signatory.HEAD"), "530916")
	wrong := h.Text("form .tg-note.is-stop")
	stranger := open(j.t, j.server)
	stranger.Language(j.lang)
	stranger.Expect(`\b(401|403|422|429)\b`)
	stranger.logIn(j.words, "00202201810098", j.T("signatory.HEAD"), "530916")
	if unknown := stranger.Text("form .tg-note.is-stop"); unknown != wrong || plain(wrong) != plain(j.T("error.ecloud.login")) {
		j.t.Errorf("a wrong PIN-code says %q, an unknown holder %q", wrong, unknown)
	}
	j.holder(h, j.words, j.client.head, "signatory.HEAD")
	stranger.Language(j.other.lang)
	j.holder(stranger, j.other, j.client.accountant, "signatory.ACCOUNTANT")
	j.clerk.Goto("/applications/" + j.number)
	j.clerk.See(j.T("status.application.completed"))
}

// holder logs in, sees the landing page and the bar, and logs out for good.
func (j *job) holder(p *Page, w words, who signer, role string) {
	p.logIn(w, j.client.inn, w.T(role), who.pin)
	landing := "/" + string(j.pack.Login.PostLoginPage)
	p.Until("the landing page", patience, func() bool { return p.Path() == landing })
	bar := p.Text("header.tg-top .tg-who")
	for _, want := range []string{
		j.fullNameIn(w.lang), templates.Money(w.lang, 0), w.T("user.cert_until", "date", templates.DateTime(j.ends(who))),
	} {
		if !strings.Contains(plain(bar), plain(want)) {
			j.t.Errorf("the bar is %q, without %q", bar, want)
		}
	}
	p.Accessible()
	p.Shot(fmt.Sprintf("landing-%s-%s-%s", j.pack.Code, w.lang, strings.TrimPrefix(role, "signatory.")))
	p.In("").Follow(w.T("action.logout"))
	p.Until("the login page", patience, func() bool { return strings.HasPrefix(p.Path(), "/login") })
	p.Run(chromedp.NavigateBack())
	p.Until("the login page after going back", patience, func() bool { return strings.HasPrefix(p.Path(), "/login") })
	if p.Count("form[data-logout]") != 0 {
		j.t.Error("going back shows the page of a session that has ended")
	}
	p.Goto(landing)
	if !strings.HasPrefix(p.Path(), "/login") {
		j.t.Errorf("after the logout %s still opens", landing)
	}
}

// topUp has another clerk put the money on the balance; the same reference
// twice is refused.
func (j *job) topUp() {
	s := j.second
	s.Expect(`\b(409|422)\b`)
	s.Goto("/organisations/" + j.client.inn)
	s.In("").Follow(j.T("money.statement"))
	pay := func() {
		form := s.In(j.T("action.top_up"))
		form.Type(j.T("top_up.amount"), fmt.Sprintf("%d,%02d", j.fee/100, j.fee%100))
		form.Type(j.T("money.reference"), "ТТ-2026/000417")
		form.Pick(j.pack.Money.Ways[0].Label.In(registry.Language(j.lang)))
		form.Follow(j.T("top_up.enter"))
	}
	pay()
	s.See(j.T("money.balance") + ": " + templates.Money(j.lang, j.fee))
	s.Accessible()
	s.Shot(fmt.Sprintf("statement-%s-%s", j.pack.Code, j.lang))
	pay()
	s.See(j.T("error.payment.duplicate"))
	if n := j.count("SELECT count(*) FROM account_entries"); n != 1 {
		j.t.Errorf("%d entries of the account after the same payment twice", n)
	}
}
