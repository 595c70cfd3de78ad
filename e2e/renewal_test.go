//go:build e2e

package e2e

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/tamga-ca/tamga/internal/registry"
)

// renewalEnds is how long the certificates of this test still live once they
// are made: all of the renewal is done before, and the test waits for the end.
const renewalEnds = 4 * time.Minute

// A year later: the client is reminded, orders online, signs, is checked and
// accepted, and on the second the old certificate ends the new one logs in. Who
// may not renew online is told why and what to bring; at UBR everybody comes to
// the office.
func TestRenewal(t *testing.T) {
	t.Run("dostek", func(t *testing.T) {
		t.Parallel()
		s := startDemo(t, "dostek", "--ends-in", renewalEnds.String())
		d := s.Demo(t)
		ky, ru := wordsOf(t, "dostek", "ky"), wordsOf(t, "dostek", "ru")
		// Ends soon and nothing ordered: a head with an accountant, and heads
		// who act as their own.
		companies := renewing(d)
		var two, alone []string
		for inn, people := range companies {
			if len(people) == 2 {
				two = append(two, inn)
			} else {
				alone = append(alone, inn)
			}
		}
		slices.Sort(alone)
		if len(two) != 1 || len(alone) < 2 {
			t.Fatalf("the demo has %d and %d companies to renew", len(two), len(alone))
		}
		r := &renewal{t: t, s: s, d: d}
		r.staff(ky)
		t.Logf("began at %s, ends at %s", time.Now().Format("15:04:05"), companies[two[0]][0].Ends.Local().Format("15:04:05"))
		r.whole(ky, companies[two[0]]...)
		r.refusals(ru, companies[alone[0]][0])
		r.speak(ru)
		r.whole(ru, companies[alone[0]]...)
		r.overTheInstant(ky, companies[two[0]])
		r.overTheInstant(ru, companies[alone[0]])
		r.tooLate(ru, companies, alone)
	})
	t.Run("ubr", func(t *testing.T) {
		t.Parallel()
		s := startDemo(t, "ubr")
		d := s.Demo(t)
		for _, w := range []words{wordsOf(t, "ubr", "ky"), wordsOf(t, "ubr", "ru")} {
			inOffice(t, s, d, w)
		}
	})
}

// renewing are the demo's people whose certificates end soon, by company.
func renewing(d Demo) map[string][]Person {
	out := map[string][]Person{}
	for _, p := range d.People {
		if p.Ends != nil {
			out[p.Identifier] = append(out[p.Identifier], p)
		}
	}
	return out
}

type renewal struct {
	t        *testing.T
	s        *Server
	d        Demo
	w        words // of the staff
	clerk    *Page
	second   *Page
	approver *Page
	pin      string // the approver's
}

// staff logs two clerks and an approver in.
func (r *renewal) staff(w words) {
	r.w = w
	var clerks []*Page
	for _, p := range r.d.People {
		if p.Role != "clerk" && p.Role != "approver" || p.Role == "approver" && r.approver != nil {
			continue
		}
		page := open(r.t, r.s)
		page.Language(w.lang)
		page.Expect(`\b(401|403|409|422|429)\b`)
		page.logIn(w, p.Identifier, w.T("ecloud.role_operator"), p.PIN)
		if p.Role == "clerk" {
			clerks = append(clerks, page)
		} else {
			r.approver, r.pin = page, p.PIN
		}
	}
	r.clerk, r.second = clerks[0], clerks[1]
}

// client logs a holder in.
func (r *renewal) client(w words, p Person) *Page {
	r.t.Helper()
	page := open(r.t, r.s)
	page.Language(w.lang)
	page.Expect(`\b(401|403|409|422|429)\b`)
	page.logIn(w, p.Identifier, w.T(whose[p.Choice]), p.PIN)
	page.Until("being logged in", patience, func() bool { return page.Count("form[data-logout]") == 1 })
	return page
}

// answer answers every group of the requisites with "not changed", but for the
// names given.
func answer(p *Page, changed ...string) {
	p.t.Helper()
	var names []string
	p.Run(chromedp.Evaluate(`[...document.querySelectorAll('input[type=radio][value=same]')].map((e) => e.name)`, &names))
	if len(names) == 0 {
		p.t.Fatalf("no groups at %s\n%s", p.where(), p.body())
	}
	for _, name := range names {
		value := "same"
		if slices.Contains(changed, name) {
			value = "changed"
		}
		p.Click(`input[name="` + name + `"][value=` + value + `]`)
	}
}

// sign signs the text shown.
func (p *Page) signOrder(w words, pin string) {
	p.t.Helper()
	for {
		p.In("").Type(w.T("login.pin"), pin)
		p.In("").Follow(w.T("renew.do_sign"))
		if !p.Sees(w.T("error.throttled", "n", 1)) {
			return
		}
		time.Sleep(5 * time.Second)
		p.Run(chromedp.NavigateBack())
	}
}

var orderPath = regexp.MustCompile(`^/cabinet/orders/([0-9-]+)$`)

func (p *Page) orderNumber() string {
	p.t.Helper()
	m := orderPath.FindStringSubmatch(p.Path())
	if m == nil {
		p.t.Fatalf("no order at %s\n%s", p.where(), p.body())
	}
	return m[1]
}

// speak has the staff go on in another language.
func (r *renewal) speak(w words) {
	r.w = w
	for _, p := range []*Page{r.clerk, r.second, r.approver} {
		p.Language(w.lang)
	}
}

// whole is the whole way of a head, with an accountant or as their own: reminder,
// order, each one's signature, too small a balance, a payment, acceptance, the
// certificates.
func (r *renewal) whole(w words, people ...Person) {
	head := people[slices.IndexFunc(people, func(p Person) bool { return p.Role != "ACCOUNTANT" })]
	h := r.client(w, head)
	if h.Count(`a[href="/cabinet/renew"]`) == 0 {
		r.t.Fatalf("nothing reminds of the end at %s\n%s", h.where(), h.body())
	}
	h.Submit(`a[href="/cabinet/renew"]`)
	h.See(w.T("renew.title"))
	h.Accessible()
	h.Fits()
	h.Shot("renew-requisites-" + w.lang)
	answer(h)
	h.In("").Follow(w.T("renew.to_sign"))
	h.See(w.T("order.text_what"))
	h.Accessible()
	h.Fits()
	h.Shot("renew-sign-" + w.lang)
	h.signOrder(w, "918264")
	h.See(w.T("error.sign.pin"))
	h.signOrder(w, head.PIN)
	number := h.orderNumber()
	last := h
	if len(people) == 2 {
		h.See(w.T("order.state_signing"))
		h.Accessible()
		h.Fits()
		last = r.accountantSigns(w, people[slices.IndexFunc(people, func(p Person) bool { return p.Role == "ACCOUNTANT" })], number)
	}
	last.See(w.T("status.order.sent"))
	last.Shot("order-sent-" + w.lang)
	r.evidence(last, number, people)

	r.verify(number)
	r.decide(number, registry.ActApprove, "")
	if !r.approver.Sees(r.w.begins("error.balance.insufficient", "sum", "")) {
		r.t.Fatalf("accepted without money at %s\n%s", r.approver.where(), r.approver.body())
	}
	h.Goto("/cabinet/orders/" + number)
	h.See(w.T("status.order.awaiting_payment"))
	h.See(w.T("decision.missing"))
	h.Shot("order-poor-" + w.lang)
	r.topUp(head.Identifier)
	h.Goto("/cabinet/orders/" + number)
	if h.Sees(w.T("decision.missing")) {
		r.t.Error("after the payment something is still missing")
	}
	r.decide(number, registry.ActApprove, "")
	h.Until("the certificate", time.Minute, func() bool {
		h.Goto("/cabinet/orders/" + number)
		return h.Count(".tg-docs .tg-hex") == len(people)
	})
	h.See(w.T("status.order.accepted"))
	h.Shot("order-accepted-" + w.lang)
}

func (r *renewal) accountantSigns(w words, p Person, number string) *Page {
	a := r.client(w, p)
	a.Goto("/cabinet/orders")
	a.See(w.T("order.waits_for_you"))
	a.Goto("/cabinet/orders/" + number)
	a.signOrder(w, p.PIN)
	return a
}

// verify has a clerk take an order from the queue and check it.
func (r *renewal) verify(number string) {
	c := r.clerk
	c.Goto("/queue")
	c.Accessible()
	c.Fits()
	c.Submit(`tr[data-row="` + number + `"] a.tg-key`)
	c.Submit(`form[action$="/take"] button[type=submit]`)
	c.See(r.w.T("queue.signatures"))
	c.Accessible()
	c.Fits()
	c.Shot("queue-order-" + r.w.lang)
	c.Submit(`form[action$="/verify"] button[type=submit]`)
	c.Goto("/applications/" + number)
	c.See(r.w.T("status.application.verified"))
}

// decide has the approver sign a decision.
func (r *renewal) decide(number string, act registry.Action, remark string) {
	a := r.approver
	a.Goto("/decisions/" + number)
	if !a.In("").Has(r.w.T("decision.to_text")) || act == registry.ActApprove && a.Count(notOffered) > 0 {
		return // the page says why nothing can be decided
	}
	a.In("").Pick(r.w.T("action." + string(act)))
	if remark != "" {
		a.In("").Type(r.w.T("decision.remark"), remark)
	}
	a.In("").Follow(r.w.T("decision.to_text"))
	a.In("").Type(r.w.T("login.pin"), r.pin)
	a.In("").Follow(r.w.T("decision.button." + string(act)))
}

// topUp enters a payment, by the clerk who did not touch the order.
func (r *renewal) topUp(inn string) {
	s := r.second
	s.Goto("/organisations/" + inn + "/statement")
	form := s.In(r.w.T("action.top_up"))
	form.Type(r.w.T("top_up.amount"), "5000")
	form.Type(r.w.T("money.reference"), "ТТ-9"+inn[10:])
	form.Pick(r.w.pack.Money.Ways[0].Label.In(registry.Language(r.w.lang)))
	form.Follow(r.w.T("top_up.enter"))
}

// evidence downloads the signed order and follows its README: openssl verifies
// what each has signed.
func (r *renewal) evidence(p *Page, number string, signed []Person) {
	files := unzip(r.t, p.download("/cabinet/orders/"+number+"/evidence.zip"))
	dir := r.t.TempDir()
	for name, body := range files {
		if err := os.WriteFile(filepath.Join(dir, name), body, 0o600); err != nil {
			r.t.Fatal(err)
		}
	}
	commands := regexp.MustCompile(`(?m)^ {4}(openssl .*)$`).FindAllSubmatch(files["README.txt"], -1)
	if len(commands) != len(signed) {
		r.t.Errorf("the README has %d commands:\n%s", len(commands), files["README.txt"])
	}
	for _, c := range commands {
		cmd := exec.CommandContext(r.t.Context(), "sh", "-c", string(c[1]))
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			r.t.Errorf("%s: %v\n%s", c[1], err, out)
		}
	}
	for _, person := range signed {
		who := strings.ReplaceAll(strings.ToLower(person.Role), "_", "-")
		got, err := os.ReadFile(filepath.Join(dir, who+".verified.json"))
		if err != nil || !bytes.Equal(got, files[who+".envelope.json"]) {
			r.t.Errorf("what %s signed is not what openssl verified: %v", who, err)
		}
	}
}

// cookies of the window.
func (p *Page) cookies() (out []*network.Cookie) {
	p.t.Helper()
	p.Run(chromedp.ActionFunc(func(ctx context.Context) (err error) {
		out, err = network.GetCookies().WithURLs([]string{p.base}).Do(ctx)
		return err
	}))
	return out
}

// download fetches a file with the window's session.
func (p *Page) download(path string) []byte {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.base+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, c := range p.cookies() {
		req.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		p.t.Fatalf("%s: %d %v", path, res.StatusCode, err)
	}
	return b
}

func unzip(t *testing.T, b []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if out[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// refusals are the ways in which an order is not accepted: what blocks it, at
// once; withdrawn; refused.
func (r *renewal) refusals(w words, p Person) {
	h := r.client(w, p)
	h.Goto("/cabinet/renew")
	h.In("").Follow(w.T("renew.office_instead"))
	h.See(w.T("renew.office_title"))
	h.Goto("/cabinet/renew")
	answer(h, "g-place", "g-passport-head_as_accountant")
	h.Click(`input[value="ORG_SETTLEMENT"]`)
	h.In("").Follow(w.T("renew.to_sign"))
	h.See(w.T("renew.impossible", "n", 2))
	for _, rule := range []string{"DT-25", "DT-28", "DT-29", "DT-15", "DT-16"} {
		h.See(rule)
	}
	h.Accessible()
	h.Fits()
	h.Shot("renew-impossible-" + w.lang)

	h.Goto("/cabinet/renew")
	answer(h)
	h.In("").Follow(w.T("renew.to_sign"))
	h.signOrder(w, p.PIN)
	h.See(w.T("status.order.sent"))
	h.In("").Press(w.T("order.withdraw_sure"))
	h.In("details[open] form").Follow(w.T("order.withdraw"))
	h.See(w.T("order.says.withdrawn"))

	h.Goto("/cabinet/renew")
	answer(h)
	h.In("").Follow(w.T("renew.to_sign"))
	h.signOrder(w, p.PIN)
	number := h.orderNumber()
	r.verify(number)
	r.decide(number, registry.ActRefuse, "Реквизиттер каттоого дал келбейт.")
	h.Goto("/cabinet/orders/" + number)
	h.See(w.T("order.says.refused"))
	h.See("Реквизиттер каттоого дал келбейт.")
	h.Shot("order-refused-" + w.lang)
}

// overTheInstant waits for the end of the old certificates: the new ones log in
// with the PIN-code they were made under.
func (r *renewal) overTheInstant(w words, people []Person) {
	var ends time.Time
	for _, p := range people {
		if p.Ends.After(ends) {
			ends = *p.Ends
		}
	}
	if left := time.Until(ends); left < 0 {
		r.t.Fatalf("the certificates ended %s before everything was done", -left)
	} else {
		r.t.Logf("done %s before the end", left.Round(time.Second))
		time.Sleep(left + 1100*time.Millisecond)
	}
	for _, p := range people {
		page := r.client(w, p)
		page.Goto("/cabinet")
		year := registry.NextYear(ends, r.w.pack.Zone()).Format("2006")
		if bar := page.Text(".tg-who"); !strings.Contains(bar, year) {
			r.t.Errorf("over the instant the bar says %q", bar)
		}
		page.See(w.T("validity.valid"))
	}
}

// tooLate is somebody who did not order in time: the login says so, and what to
// bring where, without a session.
func (r *renewal) tooLate(w words, companies map[string][]Person, alone []string) {
	for _, inn := range alone[1:] {
		p := companies[inn][0]
		time.Sleep(time.Until(p.Ends.Add(time.Second))) // each was made at its own second
		page := open(r.t, r.s)
		page.Language(w.lang)
		page.Expect(`\b(401|403|422|429)\b`)
		page.logIn(w, p.Identifier, w.T(whose[p.Choice]), p.PIN)
		page.See(w.begins("error.certificate.expired", "date", ""))
		if page.Count("form[data-logout]") != 0 {
			r.t.Error("logged in with a certificate that has ended")
		}
		page.See(w.T("renewal.bring"))
		page.See("9:00–18:00")
		page.See("DT-15")
		page.Accessible()
	}
}

// inOffice is UBR: there is no remote way. The cabinet leads to the list of
// what to bring, and the clerk's form knows what is to be reissued.
func inOffice(t *testing.T, s *Server, d Demo, w words) {
	companies := renewing(d)
	i := slices.IndexFunc(d.People, func(p Person) bool { return p.Ends != nil && p.Role == "HEAD" })
	p := d.People[i]
	h := open(t, s)
	h.Language(w.lang)
	h.Expect(`\b(401|403|422|429)\b`)
	h.logIn(w, p.Identifier, w.T(whose[p.Choice]), p.PIN)
	h.Until("being logged in", patience, func() bool { return h.Count("form[data-logout]") == 1 })
	if h.Count(`a[href="/cabinet/orders"]`) != 0 {
		t.Error("UBR offers online orders")
	}
	h.Submit(`a[href="/cabinet/renew"]`)
	if h.Path() != "/cabinet/renew/office" {
		t.Errorf("renewing leads to %s", h.Path())
	}
	h.See(w.T("renew.office_title"))
	for _, rule := range []string{"UB-01", "UB-02", "UB-03", "UB-04"} {
		h.See(rule)
	}
	h.Accessible()
	h.Fits()
	h.Shot("office-ubr-" + w.lang)

	c := d.People[slices.IndexFunc(d.People, func(p Person) bool { return p.Role == "clerk" })]
	clerk := open(t, s)
	clerk.Language(w.lang)
	clerk.Expect(`\b(401|403|422|429)\b`)
	clerk.logIn(w, c.Identifier, w.T("ecloud.role_operator"), c.PIN)
	clerk.Goto("/applications/new?inn=" + p.Identifier)
	var operation, serial string
	clerk.Run(chromedp.Value(`input[name="predecessor.serial"]`, &serial, chromedp.ByQuery),
		chromedp.Evaluate(`document.querySelector('input[name=operation]:checked')?.value ?? ''`, &operation))
	if operation != string(registry.Reissue) || serial == "" {
		t.Errorf("the form of %d companies begins with %q of certificate %q", len(companies), operation, serial)
	}
}
