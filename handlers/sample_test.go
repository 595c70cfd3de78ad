package handlers

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/workflow"
)

// sealed gives an office the key of its journal.
func sealed(t *testing.T) func(*workflow.Config) {
	t.Helper()
	secret, key, err := journal.GenerateKey(rand.Reader, "ca.example.kg/journal")
	if err != nil {
		t.Fatal(err)
	}
	seal := new(workflow.Seal)
	if seal.Signer, err = journal.NewSigner(secret); err != nil {
		t.Fatal(err)
	}
	v, err := journal.NewVerifier(key)
	if err != nil {
		t.Fatal(err)
	}
	seal.Known = journal.Verifiers{v}
	return func(c *workflow.Config) { c.Seal = seal }
}

// issued puts certificates into the register and says in the journal that they
// were issued at an instant.
func (h *shop) issued(n int, at time.Time) {
	h.t.Helper()
	for i := range n {
		cert := h.certify(h.org.ID, 500+i, at, at.AddDate(1, 0, 0))
		if err := h.st.Write(context.Background(), func(tx *store.Tx) error {
			e, _, err := journal.NewEntry(at, journal.Event{
				Kind: journal.IssuedKind, Actor: journal.Actor{Kind: journal.ActorSystem},
				Subjects: []journal.Subject{{Kind: "enrolment", ID: fmt.Sprint(i + 1)}, workflow.Certificate(cert.Serial)},
			})
			if err != nil {
				return err
			}
			_, err = tx.AddEntry(e, nil)
			return err
		}); err != nil {
			h.t.Fatal(err)
		}
	}
}

func TestSamplePages(t *testing.T) {
	h := newShop(t, "dostek", sealed(t))
	auditor := h.as(registry.Auditor, 0)
	see(t, auditor.do(http.MethodGet, "/audit/samples", nil), http.StatusOK, "тандай турган сертификат жок")
	// testNow is in the second quarter.
	h.issued(40, testNow.AddDate(0, -1, 0))
	see(t, auditor.do(http.MethodGet, "/audit/samples", nil), http.StatusOK, "2026Q1", "2026Q2", "контролдук чекит коюла элек", "Чейрек аяктай элек")
	see(t, auditor.post("/audit/samples", url.Values{"quarter": {"2026Q1"}}), http.StatusConflict, "контролдук чекит")
	if err := h.flow.SealJournal(context.Background()); err != nil {
		t.Fatal(err)
	}
	see(t, auditor.do(http.MethodGet, "/audit/samples", nil), http.StatusOK, `name="quarter" value="2026Q1"`)
	see(t, auditor.do(http.MethodGet, "/audit/samples/2026Q1", nil), http.StatusNotFound)
	see(t, auditor.post("/audit/samples", url.Values{"quarter": {"2026Q2"}}), http.StatusConflict, "30.06.2026")
	see(t, auditor.post("/audit/samples", url.Values{"quarter": {"soon"}}), http.StatusUnprocessableEntity)
	for _, who := range []*browser{h.as(registry.Clerk, 0), h.as(registry.Approver, 0), h.as(registry.Administrator, 0), h.client(h.cert)} {
		see(t, who.post("/audit/samples", url.Values{"quarter": {"2026Q1"}}), http.StatusForbidden)
	}
	see(t, auditor.post("/audit/samples", url.Values{"quarter": {"2026Q1"}}), http.StatusSeeOther)
	see(t, auditor.do(http.MethodGet, "/audit/samples/2026Q1", nil), http.StatusOK, "Тандоо жүргүзүлдү", "Текшерилди: 0 / 2", "tamga audit sample --quarter 2026Q1", "/audit/samples/2026Q1/2", "Осмонова")
	see(t, auditor.post("/audit/samples", url.Values{"quarter": {"2026Q1"}}), http.StatusSeeOther)
	see(t, auditor.do(http.MethodGet, "/audit/samples/2026Q1", nil), http.StatusOK, "тизме ошол эле")
	see(t, auditor.do(http.MethodGet, "/audit/samples/2026Q1?from=2", nil), http.StatusOK, "?from=1")

	one := "/audit/samples/2026Q1/1"
	see(t, auditor.do(http.MethodGet, one, nil), http.StatusOK, "Асанова Гүлнара", "Текшериле элек", `name="last" value="0"`, "/audit/certificates/")
	see(t, auditor.do(http.MethodGet, "/audit/samples/2026Q1/3", nil), http.StatusNotFound)
	see(t, auditor.do(http.MethodGet, "/audit/samples/2025Q4/1", nil), http.StatusNotFound)
	see(t, auditor.do(http.MethodGet, "/audit/samples/now/1", nil), http.StatusNotFound)
	// Nothing typed is lost.
	see(t, auditor.post(one, url.Values{"last": {"0"}, "outcome": {"finding"}, "note": {"<b>Паспорт жок"}}), http.StatusUnprocessableEntity, `role="alert"`, "&lt;b&gt;Паспорт жок", `value="finding" required checked`)
	rec := auditor.post(one, url.Values{"last": {"0"}, "outcome": {"finding"}, "severity": {"minor"}, "note": {"Паспорт жок"}})
	see(t, rec, http.StatusSeeOther)
	if to := rec.Header().Get("Location"); to != "/audit/samples/2026Q1/2" {
		t.Errorf("goes on to %s", to)
	}
	see(t, auditor.post(one, url.Values{"last": {"0"}, "outcome": {"none"}}), http.StatusUnprocessableEntity, "өзгөрүп кетти")
	see(t, auditor.do(http.MethodGet, one, nil), http.StatusOK, "Паспорт жок", "Майда", `name="last" value="1"`)
	see(t, auditor.post(one, url.Values{"last": {"1"}, "outcome": {"none"}, "severity": {"minor"}}), http.StatusSeeOther)
	see(t, auditor.do(http.MethodGet, one, nil), http.StatusOK, "Паспорт жок", "Кемчилик жок", "оңдоо")
	see(t, auditor.do(http.MethodGet, "/audit/samples", nil), http.StatusOK, "2026Q1", "Текшерилүүдө")

	// Whose own certificate it is gets no form for it, and is refused without one.
	own := h.auditorWhoHolds(one)
	rec = own.do(http.MethodGet, one, nil)
	see(t, rec, http.StatusOK, "аны башка аудитор текшерет", "Паспорт жок")
	if strings.Contains(rec.Body.String(), `name="outcome"`) {
		t.Error("a form for what is refused")
	}
	see(t, own.post(one, url.Values{"last": {"2"}, "outcome": {"none"}}), http.StatusForbidden, "аны башка аудитор текшерет")
}

// auditorWhoHolds is an auditor who holds the certificate of a sample's page.
func (h *shop) auditorWhoHolds(page string) *browser {
	h.t.Helper()
	serial := regexp.MustCompile(`/audit/certificates/([0-9a-f]+)`).FindStringSubmatch(h.as(registry.Auditor, 0).do(http.MethodGet, page, nil).Body.String())
	if serial == nil {
		h.t.Fatal("the page does not lead to the certificate's life")
	}
	h.hire(registry.Auditor, 90, registry.PersonName{Surname: "Асанова", Given: "Гүлнара"}, func(o *registry.Operator) {
		h.readTx(func(tx *store.Tx) error {
			c, err := tx.CertificateBySerial(registry.Serial(serial[1]))
			o.Person.PersonalNumber = c.PersonalNumber
			return err
		})
	})
	return h.as(registry.Auditor, len(h.who[registry.Auditor])-1)
}
