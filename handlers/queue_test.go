package handlers

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// ordered puts a remote order into the queue as if it had been sent: what is
// signed is tested apart.
func (h *shop) ordered(n int, sent time.Time, cert *registry.Certificate) string {
	h.t.Helper()
	number := fmt.Sprintf("26-9%03d", n)
	name := registry.PersonName{Surname: "Асанова", Given: "Гүлнара"}
	d := registry.Declaration{
		Operation: registry.Renewal, Channel: registry.Remote, Storage: registry.ECloud, Organisation: h.org.OrganisationRequisites, HeadActsAsAccountant: true,
		Head:        registry.PersonRequisites{PersonalNumber: cert.PersonalNumber, NameRu: name, NameKy: name, PositionRu: "Директор", PositionKy: "Директор"},
		Predecessor: &registry.Predecessor{Serial: cert.Serial, NotBefore: cert.NotBefore, NotAfter: cert.NotAfter}, Language: registry.Kyrgyz,
	}
	if err := h.st.Write(context.Background(), func(tx *store.Tx) error {
		id, err := tx.AddApplication(store.NewApplication{Number: number, LinkHash: number, Declaration: d, Now: sent})
		if err != nil {
			return err
		}
		if err := tx.SetSignatories(id, d.Signatories()); err != nil {
			return err
		}
		if err := tx.AddOrder(&registry.Order{
			ApplicationID: id, Content: []byte("{}"), ContentSHA256: strings.Repeat("0", 64), SignBy: cert.NotAfter,
			Signatories: []registry.OrderSignatory{{Role: registry.HeadAsAccountant, PersonalNumber: cert.PersonalNumber, CertificateID: cert.ID}},
		}); err != nil {
			return err
		}
		app, err := tx.LockApplication(id)
		if err != nil {
			return err
		}
		due := sent.Add(7 * 24 * time.Hour)
		app.OrganisationID, app.Status, app.SubmittedAt, app.DueAt = h.org.ID, registry.Submitted, &sent, &due
		app.Queue = &registry.QueuePlace{Rank: registry.OrderTurn, At: due}
		return tx.MoveApplication(app, registry.Draft, sent)
	}); err != nil {
		h.t.Fatal(err)
	}
	return number
}

// The queue is called after the pack's target; an order keeps the one it was
// sent under.
func TestA09_TheQueueNamesThePacksTarget(t *testing.T) {
	h := newShop(t, "dostek")
	cert := h.certify(h.org.ID, 60, testNow.AddDate(0, -11, 0), testNow.AddDate(0, 1, 0))
	number := h.ordered(0, testNow.Add(-time.Hour), cert)
	clerk := h.as(registry.Clerk, 0)
	for hours, name := range map[int]string{168: "7 күндүк кезек", 72: "3 күндүк кезек", 36: "2 күндүк кезек", 0: "Онлайн буйрутмалар"} {
		h.flow.Pack().Times.PrepareHours = hours
		see(t, clerk.do(http.MethodGet, "/queue", nil), http.StatusOK, "<h1>"+name+"</h1>", ">"+name)
		see(t, clerk.do(http.MethodGet, "/queue/"+number, nil), http.StatusOK, name, "Даярдоо мөөнөтү: 7\u00a0күн")
	}
}

func TestA09_TheQueuePage(t *testing.T) {
	h := newShop(t, "dostek")
	ends := testNow.Add(5 * 24 * time.Hour)
	var numbers []string
	for n, days := range []int{8, 6, 1} {
		cert := h.certify(h.org.ID, 60+n, ends.AddDate(-1, 0, 0), ends)
		numbers = append(numbers, h.ordered(n, testNow.Add(-time.Duration(days)*24*time.Hour), cert))
	}
	clerk, colleague := h.as(registry.Clerk, 0), h.as(registry.Clerk, 1)
	page := clerk.do(http.MethodGet, "/queue", nil)
	see(t, page, http.StatusOK, "Баары: 3", "Мөөнөтү өткөн: 1", "is-late", "−1\u00a0к", "5 күн калды", "Жетпейт", `action="/queue/`+numbers[0]+`/take"`)
	if b := page.Body.String(); strings.Index(b, numbers[0]) > strings.Index(b, numbers[1]) || strings.Index(b, numbers[1]) > strings.Index(b, numbers[2]) {
		t.Error("the rows are not by the time left")
	}
	// The most urgent first, each to one clerk.
	see(t, clerk.post("/queue/next", url.Values{}), http.StatusSeeOther)
	see(t, colleague.post("/queue/next", url.Values{}), http.StatusSeeOther)
	see(t, clerk.do(http.MethodGet, "/queue?show=mine", nil), http.StatusOK, numbers[0])
	see(t, colleague.do(http.MethodGet, "/queue?show=mine", nil), http.StatusOK, numbers[1])
	see(t, colleague.post("/queue/"+numbers[0]+"/take", url.Values{}), http.StatusUnprocessableEntity, "role=\"alert\"")
	see(t, clerk.do(http.MethodGet, "/queue/"+numbers[0], nil), http.StatusOK, "Реестрдеги белгилер", "/give-back", "Асанова Гүлнара", "order.zip")
	see(t, clerk.post("/queue/"+numbers[0]+"/give-back", url.Values{}), http.StatusSeeOther)
	see(t, clerk.do(http.MethodGet, "/queue?show=nobody", nil), http.StatusOK, numbers[0], numbers[2])
	see(t, clerk.do(http.MethodGet, "/queue?show=late", nil), http.StatusOK, numbers[0])
	see(t, clerk.do(http.MethodGet, "/queue?show=unpaid", nil), http.StatusOK, "Кезек бош")
	for range 2 {
		see(t, colleague.post("/queue/next", url.Values{}), http.StatusSeeOther)
	}
	see(t, colleague.post("/queue/next", url.Values{}), http.StatusSeeOther)
	see(t, colleague.do(http.MethodGet, "/queue", nil), http.StatusOK, "эч ким ала элек буйрутма жок")
	// Without a signature nothing is verified.
	see(t, colleague.post("/queue/"+numbers[1]+"/verify", url.Values{}), http.StatusUnprocessableEntity, "колтамга ырасталган жок")
	approver, auditor := h.as(registry.Approver, 0), h.as(registry.Auditor, 0)
	for _, who := range []*browser{approver, auditor} {
		see(t, who.do(http.MethodGet, "/queue", nil), http.StatusOK, numbers[2])
		see(t, who.do(http.MethodGet, "/queue/"+numbers[2], nil), http.StatusOK)
		see(t, who.post("/queue/next", url.Values{}), http.StatusForbidden)
		see(t, who.post("/queue/"+numbers[2]+"/verify", url.Values{}), http.StatusForbidden)
	}
	// Only who decides sees the personal number whole.
	for who, shown := range map[*browser]string{approver: "11405198010062", auditor: "1•••••••••0062"} {
		see(t, who.do(http.MethodGet, "/queue/"+numbers[2], nil), http.StatusOK, "<td>"+shown+"</td>")
	}
	see(t, h.as(registry.Administrator, 0).do(http.MethodGet, "/queue", nil), http.StatusForbidden)
	see(t, clerk.do(http.MethodGet, "/queue/26-0001", nil), http.StatusNotFound)
	see(t, clerk.do(http.MethodGet, "/queue?after=1.x.2&show=odd", nil), http.StatusOK)
}

// Whose certificate is reported while its renewal waits: everybody who works on
// the order reads what to do, and finds the report.
func TestUB27_AnOrderOfAReportedCertificateSaysWhatToDo(t *testing.T) {
	h := newShop(t, "dostek")
	number := h.ordered(0, testNow.Add(-time.Hour), h.cert)
	clerk := h.as(registry.Clerk, 0)
	for _, path := range []string{"/queue/" + number, "/applications/" + number} {
		if page := clerk.do(http.MethodGet, path, nil); strings.Contains(page.Body.String(), "/revocations/R-") {
			t.Errorf("%s tells of a report", path)
		}
	}
	form := h.reportForm(h.cert.Serial)
	form.Set("do", "report")
	see(t, clerk.post("/revocations", form), http.StatusSeeOther)
	for path, who := range map[string]*browser{"/queue/" + number: clerk, "/applications/" + number: clerk, "/decisions/" + number: h.as(registry.Approver, 0)} {
		see(t, who.do(http.MethodGet, path, nil), http.StatusOK, h.cert.HolderName, `href="/revocations/R-26-0001"`)
	}
}
