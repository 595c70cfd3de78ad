//go:build e2e

package e2e

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/tamga-ca/tamga/internal/ecloud"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/secrets"
	"github.com/tamga-ca/tamga/internal/store"
)

// publicWithin is how soon OCSP and the list have to say what was decided.
const publicWithin = 15 * time.Second

// TestRevocation takes certificates out of use in each way there is: suspended,
// decided with a signature, the holder's session over, OCSP and the list saying
// so to openssl; for one of them it is lifted.
func TestRevocation(t *testing.T) {
	for authority, languages := range map[string][]string{"dostek": {"ky", "ru"}, "ubr": {"ru"}} {
		t.Run(authority, func(t *testing.T) {
			s := startDemo(t, authority)
			x := &revoking{t: t, s: s, d: s.Demo(t), gone: map[string]bool{}}
			x.desk = tokenDesk{t: t, server: s, register: openRegister(t, s)}
			x.relying()
			for i, lang := range languages {
				t.Run(lang, func(t *testing.T) {
					x.speak(t, authority, lang)
					x.tokens = fmt.Sprintf("0911%04d", i)
					x.staff()
					for _, way := range []struct {
						name string
						try  func(*testing.T)
					}{
						{"Counter", x.tryCounter}, {"Lifted", x.tryLifted}, {"Authority", x.tryAuthority}, {"Cabinet", x.tryCabinet},
						{"CabinetByToken", x.tryCabinetByToken}, {"Emergency", x.tryEmergency}, {"Reissue", x.tryReissue}, {"Bulk", x.tryBulk}, {"Administrator", x.tryAdministrator},
					} {
						t.Run(way.name, func(t *testing.T) {
							x.t, x.words.t, x.clerk.t, x.approver.t, x.desk.t, x.desk.register.t = t, t, t, t, t, t
							way.try(t)
						})
					}
				})
			}
		})
	}
}

type revoking struct {
	t *testing.T
	words
	s             *Server
	d             Demo
	desk          tokenDesk
	clerk         *Page
	approver      *Page
	pin           string // the approver's
	second        Person // the other approver
	issuing, root string // files
	tokens        string // how their serials begin
	// gone are the holders who were asked for.
	gone map[string]bool
}

// speak has everybody read a language.
func (x *revoking) speak(t *testing.T, authority, lang string) {
	x.t, x.words, x.clerk, x.approver = t, wordsOf(t, authority, lang), nil, nil
	x.desk.t, x.desk.register.t, x.desk.words, x.desk.lang = t, t, x.words, lang
}

// relying fetches what relying parties need once.
func (x *revoking) relying() {
	x.t.Helper()
	dir := x.t.TempDir()
	for name, to := range map[string]*string{"issuing": &x.issuing, "root": &x.root} {
		*to = filepath.Join(dir, name+".pem")
		if err := os.WriteFile(*to, pemOf(bytesAt(x.t, x.s.URL+"/ca/"+name+".cer")), 0o600); err != nil {
			x.t.Fatal(err)
		}
	}
}

func (x *revoking) staff() {
	x.t.Helper()
	for _, p := range x.d.People {
		switch {
		case p.Role == "clerk" && x.clerk == nil:
			x.clerk = x.enter(p)
		case p.Role == "approver" && x.approver == nil:
			x.approver, x.pin = x.enter(p), p.PIN
		case p.Role == "approver":
			x.second = p
		}
	}
}

// enter logs somebody in with a kept key.
func (x *revoking) enter(p Person) *Page {
	page := open(x.t, x.s)
	page.Language(x.lang)
	page.Expect(`\b(401|403|404|409|422|429)\b`)
	page.logIn(x.words, p.Identifier, x.T(whose[p.Choice]), p.PIN)
	page.Until("being logged in", patience, func() bool { return page.Count("form[data-logout]") == 1 })
	return page
}

// holder is another head of the demo with a good kept key, and the certificate
// they log in with.
func (x *revoking) holder() (Person, *registry.Certificate) {
	x.t.Helper()
	for _, p := range x.d.People {
		if p.Choice != string(registry.Head) || p.Certificate != "valid" || x.gone[p.Identifier] {
			continue
		}
		if cert := x.certificateOf(p); cert != nil {
			x.gone[p.Identifier] = true
			return p, cert
		}
	}
	x.t.Fatalf("the demo has no holder for this")
	return Person{}, nil
}

// certificateOf is the certificate that a demo's head logs in with, if it is
// still good, and no order for it and no report about it is under way.
func (x *revoking) certificateOf(p Person) (cert *registry.Certificate) {
	x.t.Helper()
	if err := x.desk.store.Read(x.t.Context(), func(tx *store.Tx) error {
		lines, err := tx.PreviewLines(registry.ChosenByOrganisation, registry.BatchCriteria{INN: registry.INN(p.Identifier)}, time.Now(), 0, 100)
		if err != nil {
			return err
		}
		for _, l := range lines {
			c, err := tx.Certificate(l.Certificate)
			if err != nil {
				return err
			}
			if c.Status != registry.CertIssued || c.Storage != registry.ECloud || !head(c) {
				continue
			}
			if _, err := tx.LiveOrder(c.ID); registry.KindOf(err) != registry.NotFound {
				return err
			}
			if _, err := tx.OpenReportOf(c.ID); registry.KindOf(err) != registry.NotFound {
				return err
			}
			cert = c
		}
		return nil
	}); err != nil {
		x.t.Fatal(err)
	}
	return cert
}

// token is an empty one.
func (x *revoking) token(n int) *fakeToken { return rutoken(fmt.Sprintf("%s%02d", x.tokens, n)) }

// fresh is a token with a certificate of its own, like that of a head.
func (x *revoking) fresh(n int) (*fakeToken, *x509.Certificate) {
	x.t.Helper()
	token := x.token(n)
	return token, x.desk.hold(token, x.desk.of(head))
}

// says waits until OCSP and the list say the same of a certificate: good, or
// revoked with a reason as openssl names it.
func (x *revoking) says(t *testing.T, der []byte, reason string) {
	t.Helper()
	dir := t.TempDir()
	cert, crl := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "crl.pem")
	if err := os.WriteFile(cert, pemOf(der), 0o600); err != nil {
		t.Fatal(err)
	}
	var ocsp, list string
	for deadline := time.Now().Add(publicWithin); ; time.Sleep(300 * time.Millisecond) {
		ocsp, _ = tryOpenssl(t, nil, "ocsp", "-nonce", "-issuer", x.issuing, "-cert", cert, "-url", x.s.URL+"/ocsp", "-CAfile", x.root, "-verify_other", x.issuing)
		openssl(t, bytesAt(t, x.s.URL+"/crl/issuing.crl"), "crl", "-inform", "DER", "-out", crl)
		list, _ = tryOpenssl(t, nil, "verify", "-crl_check", "-CAfile", x.root, "-untrusted", x.issuing, "-CRLfile", crl, cert)
		right := strings.Contains(ocsp, ": good") && strings.Contains(list, ": OK")
		if reason != "" {
			right = strings.Contains(ocsp, ": revoked") && strings.Contains(ocsp, reason) && strings.Contains(list, "certificate revoked")
		}
		if right && strings.Contains(ocsp, "Response verify OK") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("want %q; OCSP: %s\nthe list: %s", reason, ocsp, list)
		}
	}
}

// report has the clerk enter what was said of a certificate.
func (x *revoking) report(serial, way, cause string, suspend bool, identified ...string) (number string) {
	c := x.clerk
	c.Goto("/revocations/new?serial=" + serial)
	c.Click(`input[name=way][value=` + way + `]`)
	c.Fill(`input[name=reporter]`, "Асанова Гүлнара")
	for _, how := range identified {
		c.Click(fmt.Sprintf(`.tg-way-%s input[value=%s]`, way, how))
	}
	c.Click(`input[name=cause][value=` + cause + `]`)
	c.In("").Type(x.T("revocation.note"), "№ 12, 22.11.2026")
	c.Accessible()
	c.Submit(map[bool]string{true: `button[name=do][value=suspend]`, false: `button[name=do][value=save]`}[suspend])
	c.See(x.begins("revocation.clock", "percent", ""))
	return strings.TrimPrefix(c.Path(), "/revocations/")
}

// decide has the approver read the text and sign it.
func (x *revoking) decide(number, action, cause, remark string) {
	a := x.approver
	a.Goto("/revocations/" + number)
	a.Click(`input[name=action][value=` + action + `]`)
	if cause != "" {
		a.Choose("#f-cause", cause)
	}
	if a.Count(`input[name=waiting][value=keep]`) == 1 {
		a.Click(`input[name=waiting][value=keep]`)
	}
	if remark != "" {
		a.In("").Type(x.T("revocation.remark"), remark)
	}
	a.Submit(`form[action$="/text"] button[type=submit]`)
	a.Accessible()
	a.Fill("#f-pin", x.pin)
	a.Submit(`form[action$="/sign"] button[type=submit]`)
	a.See(x.T("revocation.done."+action, "number", number))
	// The way back leads to the report, not to the signed text.
	a.Run(chromedp.NavigateBack())
	a.Until("the report", patience, func() bool { return a.Path() == "/revocations/"+number && a.Count("#f-pin") == 0 })
}

// out says that a session is over.
func out(t *testing.T, p *Page) {
	t.Helper()
	p.Goto("/cabinet")
	if p.Count("form[data-logout]") != 0 {
		t.Error("the holder is still logged in")
	}
}

func serialOf(c *x509.Certificate) string { return c.SerialNumber.Text(16) }

// tryCounter: a token is stolen, its holder calls; a clerk suspends at once, an
// approver signs.
func (x *revoking) tryCounter(t *testing.T) {
	token, cert := x.fresh(1)
	h := x.desk.at(t).user(t, token)
	h.Expect(`\b(401|403)\b`)
	h.ready(token.Serial)
	h.enter(tokenPIN)
	h.inside(tokenPIN)
	x.says(t, cert.Raw, "")
	number := x.report(serialOf(cert), "phone", "device_stolen", true, "passport", "phone")
	x.says(t, cert.Raw, "certificateHold")
	out(t, h.Page)
	x.decide(number, "revoke", "device_stolen", "")
	x.says(t, cert.Raw, "keyCompromise")
}

// tryAdministrator: an administrator revokes nothing, and sees what the CA did
// not want to hear: of all that was revoked here, nothing.
func (x *revoking) tryAdministrator(t *testing.T) {
	i := slices.IndexFunc(x.d.People, func(p Person) bool { return p.Role == string(registry.Administrator) })
	a := x.enter(x.d.People[i])
	for _, at := range []string{"/revocations", "/revocations/new", "/revocations/bulk", "/revocations/keys"} {
		if status := a.Goto(at); status != http.StatusForbidden {
			t.Errorf("to an administrator %s answers %d", at, status)
		}
	}
	a.Goto("/ca-refusals")
	a.Accessible()
	a.Fits()
	a.See(x.T("ca_refusals.none"))
}

// tryLifted: the token is found again.
func (x *revoking) tryLifted(t *testing.T) {
	_, cert := x.fresh(2)
	number := x.report(serialOf(cert), "person", "device_lost", true, "document")
	x.says(t, cert.Raw, "certificateHold")
	x.decide(number, "lift", "", "Токен табылды")
	x.says(t, cert.Raw, "")
}

// tryAuthority: the authority itself reports; nothing is suspended first.
func (x *revoking) tryAuthority(t *testing.T) {
	_, cert := x.fresh(3)
	number := x.report(serialOf(cert), "authority", "court", false, "own")
	x.says(t, cert.Raw, "")
	x.decide(number, "revoke", "court", "")
	x.says(t, cert.Raw, ": revoked") // openssl has no name for privilegeWithdrawn
}

// tryCabinet: the holder revokes for good with the PIN-code of the kept key.
func (x *revoking) tryCabinet(t *testing.T) {
	p, cert := x.holder()
	h := x.enter(p)
	h.Goto("/cabinet/certificates/" + string(cert.Serial) + "/stop")
	h.Click(`input[name=cause][value=compromised]`)
	h.Accessible()
	h.Fits()
	h.Submit(`button[formaction$="/text"]`)
	h.Fill("#f-pin", "000000")
	h.Submit(`form[action$="/revoke"] button[type=submit]`)
	h.See(x.T("error.sign.pin"))
	h.Fill("#f-pin", p.PIN)
	h.Submit(`form[action$="/revoke"] button[type=submit]`)
	out(t, h)
	x.says(t, cert.DER, "keyCompromise")
	again := open(t, x.s)
	again.Language(x.lang)
	again.Expect(`\b(401|403|422|429)\b`)
	again.logIn(x.words, p.Identifier, x.T(whose[p.Choice]), p.PIN)
	if again.Count("form[data-logout]") != 0 {
		t.Error("a revoked certificate logs in")
	}
}

// tryCabinetByToken: the same with a token: another token, a wrong PIN-code and
// a token that is pulled out sign nothing.
func (x *revoking) tryCabinetByToken(t *testing.T) {
	token, cert := x.fresh(4)
	other := x.token(5)
	x.desk.hold(other, x.desk.of(head))
	h := x.desk.at(t).user(t, token, other)
	h.Expect(`\b(401|403)\b`)
	h.ready(token.Serial)
	h.enter(tokenPIN)
	h.inside(tokenPIN)
	h.Goto("/cabinet/certificates/" + serialOf(cert) + "/stop")
	h.Click(`input[name=cause][value=replaced]`)
	h.Submit(`button[formaction$="/text"]`)
	x.signByToken(h, token, other)
	h.Until("the end of the session", patience, func() bool { return strings.HasPrefix(h.Path(), "/login") })
	out(t, h.Page)
	x.says(t, cert.Raw, "uperseded")
	h.inSecret()
}

// signByToken signs on a page that shows the text, after what signs nothing.
func (x *revoking) signByToken(h *tokenUser, token, other *fakeToken) {
	h.t.Helper()
	h.Until("the tokens", patience, func() bool { return slices.Contains(h.devices(), token.Serial) })
	h.Accessible()
	h.Choose("#dev", other.Serial)
	h.enter(tokenPIN)
	h.says("dev", x.T("sign.not_this_token"))
	h.Choose("#dev", token.Serial)
	h.enter("00000000")
	h.says("pin", x.T("error.pin.wrong", "n", 9))
	h.plugin.Unplug(token)
	h.Until("the token to be gone", patience, func() bool { return !slices.Contains(h.devices(), token.Serial) })
	h.plugin.Plug(token)
	h.Until("the token", patience, func() bool { return slices.Contains(h.devices(), token.Serial) })
	h.Choose("#dev", token.Serial)
	h.enter(tokenPIN)
}

// inSecret says that no PIN-code went to the server.
func (u *tokenUser) inSecret() {
	u.t.Helper()
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, s := range u.sent {
		if strings.Contains(s, tokenPIN) {
			u.t.Error("the PIN-code was sent to the server")
		}
	}
}

// tryEmergency: the code of the hand-over paper, without a login.
func (x *revoking) tryEmergency(t *testing.T) {
	_, cert := x.holder()
	p := open(t, x.s)
	p.Language(x.lang)
	p.Expect(`\b(422|429)\b`)
	p.Goto("/revoke")
	p.Accessible()
	p.Fill("#f-code", x.emergencyCode(cert))
	p.Click(`input[name=cause][value=device_lost]`)
	p.Submit(`form[action="/revoke"] button[type=submit]`)
	p.See(x.T("emergency.done"))
	x.says(t, cert.DER, "certificateHold")
	x.clerk.Goto("/revocations/new?serial=" + string(cert.Serial))
	x.decide(x.openReport(), "revoke", "device_lost", "")
	x.says(t, cert.DER, "keyCompromise")
}

// emergencyCode gives a certificate's enrolment a code as the paper does.
func (x *revoking) emergencyCode(c *registry.Certificate) string {
	x.t.Helper()
	dir, err := secrets.Open(filepath.Join(x.s.Dir, "secrets"))
	if err != nil {
		x.t.Fatal(err)
	}
	keys, err := dir.All(secrets.ECloud)
	if err != nil {
		x.t.Fatal(err)
	}
	server, err := ecloud.NewFileKeys(ecloud.KeyWithID{ID: keys[0].ID, Key: keys[0].Bytes()})
	if err != nil {
		x.t.Fatal(err)
	}
	vault, err := ecloud.New(server, ecloud.Options{})
	if err != nil {
		x.t.Fatal(err)
	}
	code := ecloud.NewCode(ecloud.EmergencyCode)
	hash, err := vault.HashCode(x.t.Context(), ecloud.EmergencyCode, code)
	if err != nil {
		x.t.Fatal(err)
	}
	if err := x.desk.store.Write(x.t.Context(), func(tx *store.Tx) error {
		return tx.AddEmergencyCode(c.EnrolmentID, store.KeyedHash(hash), 0, time.Now().UTC())
	}); err != nil {
		x.t.Fatal(err)
	}
	return code
}

// openReport is the number of the report that the clerk's page leads to.
func (x *revoking) openReport() (number string) {
	x.t.Helper()
	x.clerk.Run(chromedp.Evaluate(`document.querySelector('main a[href^="/revocations/R-"]')?.getAttribute("href") ?? ""`, &number))
	if number == "" {
		x.t.Fatalf("no report at %s\n%s", x.clerk.Path(), x.clerk.body())
	}
	return strings.TrimPrefix(number, "/revocations/")
}

// tryReissue: ordering a reissue for a lost device is a report.
func (x *revoking) tryReissue(t *testing.T) {
	token, cert := x.fresh(9)
	h := x.desk.at(t).user(t, token)
	h.Expect(`\b(401|403)\b`)
	h.ready(token.Serial)
	h.enter(tokenPIN)
	h.inside(tokenPIN)
	h.Goto("/cabinet/certificates/" + serialOf(cert) + "/reissue")
	h.Click(`input[name=reason][value=DEVICE_LOST]`)
	h.Submit(`form[action$="/reissue"] button[type=submit]`)
	h.See(x.T("reissue.yours.DEVICE_LOST"))
	x.clerk.Goto("/revocations/new?serial=" + serialOf(cert))
	number := x.openReport()
	x.approver.Goto("/revocations/" + number)
	x.approver.See(x.T("revocation.orders"))
	x.decide(number, "revoke", "device_lost", "")
	out(t, h.Page)
	x.says(t, cert.Raw, "keyCompromise")
}

// tryBulk: one approver proposes an organisation's certificates, another signs
// the list with a token; it is carried out and named.
func (x *revoking) tryBulk(t *testing.T) {
	one := x.desk.of(head)
	_, cert := x.fresh(6)
	var inn registry.INN
	var still int
	if err := x.desk.store.Read(t.Context(), func(tx *store.Tx) error {
		org, err := tx.Organisation(one.OrganisationID)
		if err != nil {
			return err
		}
		inn = org.INN
		p, err := tx.PreviewBatch(registry.ChosenByOrganisation, registry.BatchCriteria{INN: inn}, time.Now())
		still = p.Waiting
		return err
	}); err != nil {
		t.Fatal(err)
	}
	a := x.approver
	a.Goto("/revocations/bulk?choice=organisation&inn=" + string(inn))
	a.See(x.T("batch.will", "n", still))
	a.Accessible()
	a.Fits()
	a.Choose("#f-cause", "compromised")
	a.In("").Type(x.T("revocation.remark"), "Сейф уурдалган")
	a.Fill("#f-confirm", fmt.Sprint(still))
	a.Submit(`form[method=post][action="/revocations/bulk"] button[type=submit]`)
	at := a.Path()
	a.See(x.T("error.batch.four_eyes"))

	token, other := x.token(7), x.token(8)
	x.desk.hold(token, x.desk.of(func(c *registry.Certificate) bool {
		return operator(c) && string(c.PersonalNumber) == x.second.Identifier
	}))
	x.desk.hold(other, x.desk.of(head))
	h := x.desk.at(t).user(t, token, other)
	h.ready(token.Serial)
	h.enter(tokenPIN)
	h.inside(tokenPIN)
	h.Goto(at)
	h.Submit(`form[action$="/text"] button[type=submit]`)
	x.signByToken(h, token, other)
	h.Until("the list to be done", publicWithin, func() bool {
		return h.Path() == at && h.Sees(x.T("status.batch.done")) || func() bool {
			if h.Path() == at && h.Count(`input[name=seen]`) == 0 {
				h.Goto(at)
			}
			return false
		}()
	})
	h.See(x.T("batch.item.revoked"))
	h.Accessible()
	h.Fits()
	h.Shot("bulk-" + x.lang)
	h.inSecret()
	x.says(t, cert.Raw, "keyCompromise")
	x.says(t, one.DER, "keyCompromise")
	csv := string(h.download(at + "/report.csv"))
	if strings.Count(csv, "\r\n") <= still || !strings.Contains(csv, serialOf(cert)) {
		t.Errorf("the table: %s", csv)
	}
}
