package mailtest_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/tamga-ca/tamga/internal/mailtest"
)

func send(t *testing.T, address string, o ...mail.Option) error {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	client, err := mail.NewClient(host, append([]mail.Option{mail.WithPort(n), mail.WithTimeout(10 * time.Second)}, o...)...)
	if err != nil {
		t.Fatal(err)
	}
	m := mail.NewMsg()
	if err := m.From("tamga@example.kg"); err != nil {
		t.Fatal(err)
	}
	if err := m.To("aibek@example.kg"); err != nil {
		t.Fatal(err)
	}
	m.Subject("Коду: өң үчүн")
	m.SetBodyString(mail.TypeTextPlain, "Сиздин код: 4471-0932\n")
	if err := m.AttachReader("барак.pdf", bytes.NewReader([]byte("%PDF-"))); err != nil {
		t.Fatal(err)
	}
	return client.DialAndSendWithContext(t.Context(), m)
}

func TestCatcherTakesMail(t *testing.T) {
	c := mailtest.New(t)
	if err := send(t, c.Addr(), mail.WithTLSPolicy(mail.NoTLS)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	m, err := c.Wait(ctx, mailtest.To("aibek@example.kg"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Content()
	if err != nil {
		t.Fatal(err)
	}
	if got.Subject != "Коду: өң үчүн" || !strings.Contains(got.Text, "4471-0932") {
		t.Errorf("subject %q, text %q", got.Subject, got.Text)
	}
	if len(got.Attachments) != 1 || got.Attachments[0].Name != "барак.pdf" || string(got.Attachments[0].Content) != "%PDF-" {
		t.Errorf("attachments %+v", got.Attachments)
	}
	page := httptest.NewRecorder()
	c.ServeHTTP(page, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
	for _, want := range []string{"Сиздин код: 4471-0932", "Subject: Коду: өң үчүн", "барак.pdf"} {
		if !strings.Contains(page.Body.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestCatcherRefusesWhenTold(t *testing.T) {
	c := mailtest.New(t)
	c.Refuse(451, "in trouble")
	if err := send(t, c.Addr(), mail.WithTLSPolicy(mail.NoTLS)); err == nil {
		t.Error("taken in spite of 451")
	}
	c.Refuse(0, "")
	if err := send(t, c.Addr(), mail.WithTLSPolicy(mail.NoTLS)); err != nil {
		t.Error(err)
	}
	if n := len(c.Messages()); n != 1 {
		t.Errorf("%d messages kept, want 1", n)
	}
}

func TestCatcherDemandsEncryptionAndLogin(t *testing.T) {
	own := httptest.NewTLSServer(nil)
	t.Cleanup(own.Close)
	c := mailtest.NewWith(t, mailtest.Options{TLS: &tls.Config{Certificates: own.TLS.Certificates}, User: "tamga", Password: "right"})
	pool := own.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	trust := mail.WithTLSConfig(&tls.Config{RootCAs: pool, ServerName: "example.com"})
	for name, tc := range map[string]struct {
		options []mail.Option
		want    bool
	}{
		"in the clear":   {[]mail.Option{mail.WithTLSPolicy(mail.NoTLS)}, false},
		"no login":       {[]mail.Option{mail.WithTLSPolicy(mail.TLSMandatory)}, false},
		"wrong password": {[]mail.Option{mail.WithTLSPolicy(mail.TLSMandatory), mail.WithSMTPAuth(mail.SMTPAuthPlain), mail.WithUsername("tamga"), mail.WithPassword("wrong")}, false},
		"as it should":   {[]mail.Option{mail.WithTLSPolicy(mail.TLSMandatory), mail.WithSMTPAuth(mail.SMTPAuthPlain), mail.WithUsername("tamga"), mail.WithPassword("right")}, true},
	} {
		t.Run(name, func(t *testing.T) {
			err := send(t, c.Addr(), append(tc.options, trust)...)
			if (err == nil) != tc.want {
				t.Errorf("sent: %v, want %v: %v", err == nil, tc.want, err)
			}
		})
	}
}

func TestCatcherKeepsTheNewest(t *testing.T) {
	c := mailtest.NewWith(t, mailtest.Options{Keep: 2})
	for range 3 {
		if err := send(t, c.Addr(), mail.WithTLSPolicy(mail.NoTLS)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(c.Messages()); n != 2 {
		t.Errorf("%d messages kept, want 2", n)
	}
}
