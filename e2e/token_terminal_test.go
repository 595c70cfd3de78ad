//go:build e2e

package e2e

import (
	"bytes"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/internal/token/rutokentest"
)

// desk is an administrator's session without a browser.
type deskSession struct {
	t      *testing.T
	server *Server
	client *http.Client
}

// openDesk logs an administrator of the demo in.
func openDesk(t *testing.T, s *Server, p Person) *deskSession {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	d := &deskSession{t, s, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	res, err := d.client.Get(s.URL + "/login")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	d.post("/login/cloud", url.Values{"inn": {p.Identifier}})
	d.post("/login/cloud/pin", url.Values{"role": {"OPERATOR"}, "pin": {p.PIN}})
	return d
}

// post sends a form and returns where it leads.
func (d *deskSession) post(path string, form url.Values) string {
	d.t.Helper()
	at, err := url.Parse(d.server.URL)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, c := range d.client.Jar.Cookies(at) {
		if strings.HasSuffix(c.Name, "csrf") {
			form.Set("csrf", c.Value)
		}
	}
	r, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, d.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		d.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", d.server.URL)
	res, err := d.client.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusSeeOther {
		d.t.Fatalf("%s: status %d", path, res.StatusCode)
	}
	return res.Header.Get("Location")
}

var enrolmentNumber = regexp.MustCompile(`/enrolments/(\d+)`)

// newKey begins a certificate of an employee and returns its enrolment.
func (d *deskSession) newKey(operator string) string {
	d.t.Helper()
	at := d.post("/staff/"+operator+"/key", url.Values{})
	found := enrolmentNumber.FindStringSubmatch(at)
	if found == nil {
		d.t.Fatalf("led to %s", at)
	}
	return found[1]
}

// terminal runs tamga-token over a drawer, types what is given, and returns what
// was said and the exit status.
func terminal(t *testing.T, d *rutokentest.Drawer, typed []string, args ...string) (string, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary(t, tamgaToken), args...)
	cmd.Env = append(append(clean(os.Environ()), d.Env()...), "TAMGA_TOKEN_MODULE="+d.Library)
	cmd.Stdin = strings.NewReader(strings.Join(typed, "\n") + "\n")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// A certificate gets onto a token from a terminal, and logs in from one: with the
// factory's PIN-code, in three languages, taken up again, and a second time in
// vain.
func TestTokenTerminal(t *testing.T) {
	s := startDemo(t, "dostek")
	demo := s.Demo(t)
	admin := demo.People[slices.IndexFunc(demo.People, func(p Person) bool { return p.Role == "administrator" })]
	office := openDesk(t, s, admin)
	drawer := rutokentest.New(t, rutokentest.Token{}, rutokentest.Token{Release: "1.0"})
	token, old := drawer.Tokens[0], drawer.Tokens[1]
	const pin = "Ала2468"
	enroll := func(language, enrolment string, typed []string, more ...string) (string, int) {
		t.Helper()
		args := append([]string{"enroll", "--server", s.URL, "--operator", admin.Identifier, "--language", language}, more...)
		return terminal(t, drawer, append([]string{admin.PIN}, typed...), append(args, enrolment)...)
	}
	says := func(t *testing.T, out string, code, want int, texts ...string) {
		t.Helper()
		if code != want {
			t.Fatalf("exit status %d, want %d\n%s", code, want, out)
		}
		for _, text := range texts {
			if !strings.Contains(out, text) {
				t.Errorf("it does not say %q:\n%s", text, out)
			}
		}
		if strings.Contains(out, pin) || strings.Contains(out, admin.PIN) {
			t.Errorf("a PIN-code is shown:\n%s", out)
		}
	}

	number := office.newKey("3")
	t.Run("TooOld", func(t *testing.T) { // DT-14
		out, code := enroll("ru", number, nil, "--device", old.Serial)
		says(t, out, code, 1, "2.0", "Сделанное сохранено")
		if old.TriesLeft() != 10 {
			t.Errorf("%d tries left", old.TriesLeft())
		}
	})
	old.Unplug()

	t.Run("WrongPIN", func(t *testing.T) {
		out, code := enroll("ky", number, []string{"99999999"})
		says(t, out, code, 1, "ПИН-код туура эмес", "Киргизүү бүттү")
		if token.TriesLeft() != 9 {
			t.Errorf("%d tries left", token.TriesLeft())
		}
	})

	paper := filepath.Join(t.TempDir(), "paper.pdf")
	t.Run("Enrol", func(t *testing.T) {
		out, code := enroll("ru", number, []string{rutokentest.FactoryPIN, "short", "short", rutokentest.FactoryAdminPIN, rutokentest.FactoryAdminPIN, pin, "other", pin, pin, "нет"})
		says(t, out, code, 1, "заводской ПИН-код", "не той длины", "заводской или прежний", "не совпадают", "ПИН-код изменён", "Сертификат читается с токена", "Ничего не подписано")
		out, code = enroll("ky", number, []string{pin, "ооба"}, "--paper", paper)
		says(t, out, code, 0, "Даяр: сертификат токенге жазылды", token.Serial, paper)
		if b, err := os.ReadFile(paper); err != nil || !bytes.HasPrefix(b, []byte("%PDF-")) {
			t.Errorf("the paper: %v", err)
		}
		out, code = enroll("en", number, nil)
		says(t, out, code, 0, "already handed over")
	})

	t.Run("Login", func(t *testing.T) {
		cookies := filepath.Join(t.TempDir(), "cookies")
		out, code := terminal(t, drawer, []string{pin}, "login", "--server", s.URL, "--language", "ky", "--cookies", cookies)
		says(t, out, code, 0, "Кирдиңиз", demo.People[2].Name, cookies)
		out, code = terminal(t, drawer, []string{"99999999", pin}, "login", "--server", s.URL, "--language", "en")
		says(t, out, code, 0, "Wrong PIN-code", "Logged in")
		out, code = terminal(t, drawer, []string{pin}, "login", "--server", strings.Replace(s.URL, "127.0.0.1", "localhost", 1), "--language", "en")
		says(t, out, code, 1)
		// A clerk, logged in by token, is no administrator.
		out, code = terminal(t, drawer, nil, "enroll", "--server", s.URL, "--language", "en", "--cookies", cookies, office.newKey("4"))
		says(t, out, code, 1)
		if token.TriesLeft() != 10 {
			t.Errorf("%d tries left", token.TriesLeft())
		}
	})
}
