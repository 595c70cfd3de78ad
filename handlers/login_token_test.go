package handlers

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/token"
	"github.com/tamga-ca/tamga/workflow"
)

// tokenShop is a shop whose CA signs for tokens.
type tokenShop struct {
	*shop
	ca  *x509.Certificate
	key crypto.Signer
}

// tokenHolder is a token with one certificate, and its owner.
type tokenHolder struct {
	cert *x509.Certificate
	key  crypto.Signer
	row  *registry.Certificate
}

func newTokenShop(t *testing.T, pack string) *tokenShop {
	t.Helper()
	h := &tokenShop{}
	h.ca, h.key = testCA(t, "Сыноо")
	h.shop = newShop(t, pack, func(c *workflow.Config) { c.Trust.Root, c.Trust.Issuer = h.ca, h.ca })
	return h
}

func testCA(t *testing.T, name string) (*x509.Certificate, crypto.Signer) {
	t.Helper()
	key := testKey(t)
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: testNow.AddDate(-2, 0, 0), NotAfter: testNow.AddDate(9, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	return sign(t, tmpl, tmpl, key.Public(), key), key
}

func testKey(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t *testing.T, tmpl, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, public, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// token issues a certificate of person n; operator is nil for holders. What is
// not to be entered into the register is passed to issue only.
func (h *tokenShop) token(n int, operator *registry.Operator, from, to time.Time, status registry.CertificateStatus) tokenHolder {
	h.t.Helper()
	out := h.issue(h.ca, h.key, n, operator, from, to)
	fingerprint, key := sha256.Sum256(out.cert.Raw), sha256.Sum256(out.cert.RawSubjectPublicKeyInfo)
	row := registry.Certificate{
		Serial: registry.Serial(out.cert.SerialNumber.Text(16)), Profile: registry.HolderProfile, OrganisationID: h.org.ID, PersonalNumber: personOf(n),
		HolderName: "Асанова Гүлнара", Role: registry.Head, Storage: registry.Rutoken, NotBefore: from, NotAfter: to, DER: out.cert.Raw,
		SHA256: hex.EncodeToString(fingerprint[:]), PublicKeyHash: hex.EncodeToString(key[:]), IssuedAt: from,
	}
	if operator != nil {
		row.Profile, row.OrganisationID, row.OperatorID, row.Role, row.PersonalNumber = registry.OperatorProfile, 0, operator.ID, "", operator.Person.PersonalNumber
	}
	if err := h.st.Write(h.t.Context(), func(tx *store.Tx) error {
		id, err := tx.AddCertificate(row)
		if err != nil || status == registry.CertIssued {
			return err
		}
		return tx.SetCertificateStatus(id, registry.CertIssued, status, 1, testNow)
	}); err != nil {
		h.t.Fatal(err)
	}
	out.row = &row
	return out
}

func personOf(n int) registry.PersonalNumber {
	return registry.PersonalNumber(fmt.Sprintf("11405198%06d", 20000+n))
}

func (h *tokenShop) issue(ca *x509.Certificate, key crypto.Signer, n int, operator *registry.Operator, from, to time.Time) tokenHolder {
	h.t.Helper()
	policy, number := h.flow.Pack().Certificate.HolderPolicy, personOf(n)
	names := []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{2, 5, 4, 97}, Value: "NTRKG-" + shopINN}}
	if operator != nil {
		policy, number, names = h.flow.Pack().Certificate.OperatorPolicy, operator.Person.PersonalNumber, nil
	}
	own := testKey(h.t)
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		h.t.Fatal(err)
	}
	return tokenHolder{key: own, cert: sign(h.t, &x509.Certificate{
		SerialNumber: serial.SetBit(serial, 121, 1),
		Subject: pkix.Name{CommonName: "Асанова Гүлнара", Organization: []string{"Ак-Булак"}, ExtraNames: append(names,
			pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, 5}, Value: "PNOKG-" + string(number)})},
		NotBefore: from, NotAfter: to, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		Policies: []x509.OID{policyOf(h.t, policy)},
	}, ca, own.Public(), key)}
}

func (h *tokenShop) valid(n int) tokenHolder {
	return h.token(n, nil, testNow.AddDate(0, -1, 0), testNow.AddDate(0, 11, 0), registry.CertIssued)
}

// ask asks a login's question.
func (b *browser) ask() tokenQuestion {
	b.t.Helper()
	rec := b.json("/login/token/challenge", struct{}{})
	var q tokenQuestion
	if err := json.Unmarshal(rec.Body.Bytes(), &q); err != nil || rec.Code != http.StatusOK {
		b.t.Fatalf("%d %s %v", rec.Code, rec.Body, err)
	}
	return q
}

// json sends a JSON object as the page's script does.
func (b *browser) json(path string, v any) *httptest.ResponseRecorder {
	b.t.Helper()
	if b.jar["tamga-csrf"] == nil {
		b.do(http.MethodGet, "/login", nil)
	}
	body, err := json.Marshal(v)
	if err != nil {
		b.t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(string(body)))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-CSRF-Token", b.jar["tamga-csrf"].Value)
	for name, value := range b.head {
		req.Header.Set(name, value)
	}
	for _, c := range b.jar {
		req.AddCookie(c)
	}
	rec := httptest.NewRecorder()
	b.s.echo.ServeHTTP(rec, req)
	for _, c := range rec.Result().Cookies() {
		b.jar[c.Name] = c
	}
	return rec
}

func (x tokenHolder) sign(t *testing.T, content []byte) string {
	t.Helper()
	cms, err := token.Sign(content, x.cert, x.key, testNow)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(cms)
}

func (x tokenHolder) form(t *testing.T, q tokenQuestion) url.Values {
	return url.Values{"challenge": {q.Challenge}, "cms": {x.sign(t, q.Expected)}}
}

// The whole way of both authorities, as a page and as a program.
func TestLG11_LG13_EN07_LoginWithAToken(t *testing.T) {
	for pack, landing := range map[string]string{"dostek": "/news", "ubr": "/archive"} {
		t.Run(pack, func(t *testing.T) {
			h := newTokenShop(t, pack)
			x := h.valid(1)
			page := newBrowser(t, h.s)
			q := page.ask()
			if q.Type != token.Login || q.Origin != "http://127.0.0.1:8080" || q.Seconds != 120 || !strings.Contains(string(q.Expected), q.Challenge) {
				t.Errorf("question %+v", q)
			}
			rec := page.post("/login/token", x.form(t, q))
			if rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != landing {
				t.Fatalf("%d to %q\n%s", rec.Code, rec.Header().Get("Location"), rec.Body)
			}
			see(t, page.do(http.MethodGet, "/cabinet", nil), http.StatusOK, "Ак-Булак")

			program := newBrowser(t, h.s)
			q = program.ask()
			rec = program.json("/login/token", tokenAnswer{Challenge: q.Challenge, CMS: x.sign(t, q.Expected), Next: "/cabinet"})
			see(t, rec, http.StatusOK, `"next":"/cabinet"`, `"name":"Асанова Гүлнара"`)
			see(t, program.do(http.MethodGet, "/cabinet", nil), http.StatusOK)
		})
	}
}

func TestLG12_HolderOfSeveralCompaniesChoosesAfterThePINCode(t *testing.T) {
	h := newTokenShop(t, "dostek")
	x := h.valid(1)
	if err := h.st.Write(t.Context(), func(tx *store.Tx) error {
		return tx.LinkHolder(registry.HolderLink{PersonalNumber: x.row.PersonalNumber, OrganisationID: h.other.ID, Role: registry.Head, CreatedAt: testNow})
	}); err != nil {
		t.Fatal(err)
	}
	b := newBrowser(t, h.s)
	rec := b.post("/login/token", x.form(t, b.ask()))
	if rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != "/login/company" {
		t.Fatalf("%d to %q", rec.Code, rec.Header().Get("Location"))
	}
	see(t, b.do(http.MethodGet, "/login/company", nil), http.StatusOK, "Чүй Дан Өндүрүш", `data-step="login.step.device" class="is-done"`)
}

// Whoever is disabled is out with the next request and does not come in again;
// another role is one after the next login.
func TestADisabledOperatorIsOutAtOnce(t *testing.T) {
	h := newTokenShop(t, "dostek")
	h.s.deps.CheckSession = h.check
	operator, admins := h.who[registry.Clerk][0], h.who[registry.Administrator]
	x := h.token(1, operator, testNow.AddDate(0, -1, 0), testNow.AddDate(0, 11, 0), registry.CertIssued)
	one, two := workflow.ByOperator(admins[0]), workflow.ByOperator(admins[1])
	propose := func(kind workflow.ProposalKind, id int64) {
		t.Helper()
		if err := h.flow.Propose(t.Context(), one, kind, workflow.RoleChange{Operator: operator.ID, Role: registry.Auditor}); err != nil {
			t.Fatal(err)
		}
		if err := h.flow.DecideProposal(t.Context(), two, id, true); err != nil {
			t.Fatal(err)
		}
	}
	login := func() *browser {
		t.Helper()
		b := newBrowser(t, h.s)
		see(t, b.post("/login/token", x.form(t, b.ask())), http.StatusSeeOther)
		return b
	}
	const closed, changed = "Кирүү укугуңуз жабылды.", "Ролуңуз өзгөрдү."

	b := login()
	see(t, b.do(http.MethodGet, "/applications/new", nil), http.StatusOK)
	propose(workflow.ProposeRole, 1)
	see(t, b.do(http.MethodGet, "/applications/new", nil), http.StatusUnauthorized, changed)
	b = login()
	see(t, b.do(http.MethodGet, "/audit", nil), http.StatusOK)
	see(t, b.do(http.MethodGet, "/applications/new", nil), http.StatusForbidden)

	open := login() // before it is closed
	if err := h.flow.DisableOperator(t.Context(), one, operator.ID); err != nil {
		t.Fatal(err)
	}
	see(t, open.do(http.MethodGet, "/audit", nil), http.StatusUnauthorized, closed)
	see(t, b.do(http.MethodPost, "/audit/searches", url.Values{"csrf": {b.jar["tamga-csrf"].Value}}), http.StatusUnauthorized, closed)
	see(t, b.do(http.MethodGet, "/audit", nil), http.StatusSeeOther) // the session is gone
	again := newBrowser(t, h.s)
	see(t, again.post("/login/token", x.form(t, again.ask())), http.StatusForbidden, closed)
	program := newBrowser(t, h.s)
	q := program.ask()
	see(t, program.json("/login/token", tokenAnswer{Challenge: q.Challenge, CMS: x.sign(t, q.Expected)}), http.StatusForbidden, closed)

	propose(workflow.ProposeEnable, 2)
	see(t, login().do(http.MethodGet, "/audit", nil), http.StatusOK)
}

func TestOperatorLogsInWithAToken(t *testing.T) {
	h := newTokenShop(t, "dostek")
	x := h.token(1, h.who[registry.Clerk][0], testNow.AddDate(0, -1, 0), testNow.AddDate(0, 11, 0), registry.CertIssued)
	b := newBrowser(t, h.s)
	see(t, b.post("/login/token", x.form(t, b.ask())), http.StatusSeeOther)
	see(t, b.do(http.MethodGet, "/worklist", nil), http.StatusOK)
}

// Each certificate that may not log in is refused in its own sentence: when the
// token is read, and when a signature comes.
func TestLoginWithATokenIsRefusedInItsOwnWords(t *testing.T) {
	h := newTokenShop(t, "dostek")
	from, to := testNow.AddDate(0, -1, 0), testNow.AddDate(0, 11, 0)
	otherCA, otherKey := testCA(t, "Башка")
	for name, c := range map[string]struct {
		holder      tokenHolder
		state, want string
	}{
		"revoked":     {h.token(1, nil, from, to, registry.CertRevoked), "revoked", "чакыртылган"},
		"suspended":   {h.token(2, nil, from, to, registry.CertSuspended), "suspended", "убактылуу токтотулган"},
		"expired":     {h.token(3, nil, from, testNow.Add(-time.Minute), registry.CertIssued), "expired", "мөөнөтү аяктаган"},
		"not yet":     {h.token(4, nil, testNow.Add(time.Minute), to, registry.CertIssued), "not_yet", "мөөнөтү баштала элек"},
		"foreign CA":  {h.issue(otherCA, otherKey, 5, nil, from, to), "other_ca", "башка күбөлөндүрүүчү борбор"},
		"not on file": {h.issue(h.ca, h.key, 6, nil, from, to), "unknown", "биздин реестрде жок"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBrowser(t, h.s)
			rec := b.json("/login/token/certificates", map[string]any{"certificates": [][]byte{c.holder.cert.Raw}})
			see(t, rec, http.StatusOK, `"choose":-2`, `"usable":false`, `"state":"`+c.state+`"`, c.want)
			rec = b.post("/login/token", c.holder.form(t, b.ask()))
			if rec.Code < 400 || !strings.Contains(rec.Body.String(), c.want) || !strings.Contains(rec.Body.String(), "data-token-login") {
				t.Errorf("%d %s", rec.Code, rec.Body)
			}
			see(t, b.do(http.MethodGet, "/cabinet", nil), http.StatusSeeOther)
		})
	}
}

// A challenge is answered once, by the browser that asked, in time, with what
// was asked.
func TestChallengeOfATokenLogin(t *testing.T) {
	h := newTokenShop(t, "dostek")
	x := h.valid(1)
	mine, stranger := newBrowser(t, h.s), newBrowser(t, h.s)
	q := mine.ask()
	stranger.ask()
	const over = "мурда колдонулган"
	see(t, stranger.post("/login/token", x.form(t, q)), http.StatusConflict, over)
	see(t, mine.post("/login/token", x.form(t, q)), http.StatusSeeOther)
	see(t, mine.post("/logout", url.Values{}), http.StatusSeeOther)
	see(t, mine.post("/login/token", x.form(t, q)), http.StatusConflict, over)
	one, two := mine.ask(), mine.ask()
	see(t, mine.post("/login/token", url.Values{"challenge": {one.Challenge}, "cms": {x.sign(t, two.Expected)}}), http.StatusUnprocessableEntity)
	see(t, mine.post("/login/token", x.form(t, one)), http.StatusConflict, over) // a failed try costs the challenge
	see(t, mine.post("/login/token", url.Values{"challenge": {two.Challenge}, "cms": {"%%"}}), http.StatusUnprocessableEntity)
	see(t, mine.post("/login/token", x.form(t, two)), http.StatusSeeOther)
}

// Two tabs: the second is told that the first was faster.
func TestSecondTabOfATokenLogin(t *testing.T) {
	h := newTokenShop(t, "dostek")
	x := h.valid(1)
	b := newBrowser(t, h.s)
	one, two := b.ask(), b.ask()
	see(t, b.post("/login/token", x.form(t, one)), http.StatusSeeOther)
	see(t, b.json("/login/token/challenge", struct{}{}), http.StatusConflict, "error.login.already", "башка өтмөктө")
	see(t, b.json("/login/token", tokenAnswer{Challenge: two.Challenge, CMS: x.sign(t, two.Expected)}), http.StatusConflict, "error.login.already")
	see(t, b.post("/login/token", x.form(t, two)), http.StatusSeeOther)
	see(t, b.do(http.MethodGet, "/news", nil), http.StatusOK, "мурунтан эле кирип койгонсуз")
}

func TestTokenLoginAtAnotherAddressIsToldBeforehand(t *testing.T) {
	h := newTokenShop(t, "dostek")
	b := newBrowser(t, h.s)
	b.do(http.MethodGet, "/login", nil)
	b.head["Origin"] = "http://localhost:8080"
	b.head["Sec-Fetch-Site"] = "same-origin"
	see(t, b.json("/login/token/challenge", struct{}{}), http.StatusConflict, "error.login.address", "http://127.0.0.1:8080")
}

func TestTokenLoginRefusesWhatItDoesNotRead(t *testing.T) {
	h := newTokenShop(t, "dostek")
	b := newBrowser(t, h.s)
	for _, path := range []string{"/login/token/challenge", "/login/token/certificates", "/login/token"} {
		for _, body := range []any{"text", []int{1}, map[string]any{"unknown": 1}} {
			if rec := b.json(path, body); rec.Code != http.StatusUnprocessableEntity {
				t.Errorf("%s %v: %d %s", path, body, rec.Code, rec.Body)
			}
		}
	}
	see(t, b.json("/login/token/certificates", map[string]any{"certificates": make([][]byte, 33)}), http.StatusUnprocessableEntity, "error.token.many")
	see(t, b.json("/login/token/certificates", map[string]any{"certificates": [][]byte{[]byte("no certificate")}}), http.StatusOK, `"state":"other_ca"`)
	see(t, b.json("/login/token/certificates", map[string]any{"certificates": [][]byte{}}), http.StatusOK, `"choose":-2`)
	rec := httptest.NewRecorder()
	req := httptest.NewRequest(http.MethodPost, "/login/token/challenge", strings.NewReader("{}"))
	req.Header.Set("Content-Type", "application/json")
	h.s.echo.ServeHTTP(rec, req)
	if rec.Code != http.StatusForbidden {
		t.Errorf("without the token against forgery: %d", rec.Code)
	}
}

// Which certificate of a token logs in: EN-04 asks, LG-11 takes the youngest
// that is usable, and never one of several people unasked.
func TestEN04_WhichCertificateOfAToken(t *testing.T) {
	for pack, want := range map[string]struct{ two, people int }{"dostek": {1, -1}, "ubr": {-1, -1}} {
		t.Run(pack, func(t *testing.T) {
			h := newTokenShop(t, pack)
			old := h.token(1, nil, testNow.AddDate(0, -11, 0), testNow.AddDate(0, 1, 0), registry.CertIssued)
			fresh := h.token(1, nil, testNow.AddDate(0, -1, 0), testNow.AddDate(0, 11, 0), registry.CertIssued)
			somebody := h.valid(2)
			choose := func(all ...tokenHolder) string {
				var ders [][]byte
				for _, x := range all {
					ders = append(ders, x.cert.Raw)
				}
				return newBrowser(t, h.s).json("/login/token/certificates", map[string]any{"certificates": ders}).Body.String()
			}
			for _, c := range []struct {
				got  string
				want int
			}{{choose(old), 0}, {choose(old, fresh), want.two}, {choose(old, somebody), want.people}} {
				if !strings.Contains(c.got, fmt.Sprintf(`"choose":%d`, c.want)) {
					t.Errorf("want %d: %s", c.want, c.got)
				}
			}
		})
	}
}

func TestLG04_TheCarrierIsAskedFirst(t *testing.T) {
	s := goldenServer(t)
	b := newBrowser(t, s)
	page := b.do(http.MethodGet, "/login", nil).Body.String()
	for _, field := range []string{"data-token-login", `name="inn"`} {
		if strings.Contains(page, field) {
			t.Errorf("%s before the carrier is chosen", field)
		}
	}
	see(t, b.do(http.MethodGet, "/login?carrier=token", nil), http.StatusOK, "data-token-login", "rutoken-plugin.min.js", "js/token/login.js")
	see(t, b.do(http.MethodGet, "/login", nil), http.StatusOK, "data-token-login") // remembered
	see(t, b.do(http.MethodGet, "/login?carrier=cloud", nil), http.StatusOK, `name="inn"`)
}

// The page lists the steps of a login as the pack orders them.
func TestLG11_EN04_TheStepsAreThePacks(t *testing.T) {
	step := regexp.MustCompile(`data-step="login\.step\.([a-z]+)"`)
	for pack, want := range map[string]string{"dostek": "carrier device pin company", "ubr": "carrier device certificate pin"} {
		var got []string
		for _, m := range step.FindAllStringSubmatch(newBrowser(t, newCounter(t, pack).s).do(http.MethodGet, "/login?carrier=token", nil).Body.String(), -1) {
			got = append(got, m[1])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", pack, got, want)
		}
	}
}

// The PIN-code of a token has no name and stands in no form: it cannot be
// posted.
func TestPINCodeOfATokenStandsOutsideAnyForm(t *testing.T) {
	page := newBrowser(t, goldenServer(t)).do(http.MethodGet, "/login?carrier=token", nil).Body.String()
	at := strings.Index(page, `id="pin"`)
	if at < 0 {
		t.Fatal("no field")
	}
	tag := page[strings.LastIndex(page[:at], "<") : at+strings.Index(page[at:], ">")]
	if strings.Contains(tag, " name=") {
		t.Errorf("the field has a name: %s", tag)
	}
	if strings.LastIndex(page[:at], "<form") > strings.LastIndex(page[:at], "</form") {
		t.Error("the field stands in a form")
	}
}
