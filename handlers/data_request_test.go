package handlers

import (
	"archive/zip"
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

func askedFor(n registry.PersonalNumber, received time.Time, zone *time.Location) url.Values {
	return url.Values{
		"personal_number": {string(n)}, "way": {"person"}, "asked_by": {"Асанова Гүлнара"}, "identified": {"Паспорту көрсөтүлдү"},
		"received_at": {received.In(zone).Format(momentForm)},
	}
}

func TestDataRequestPages(t *testing.T) {
	h := newShop(t, "dostek")
	zone := h.flow.Pack().Zone()
	clerk, approver, auditor := h.as(registry.Clerk, 0), h.as(registry.Approver, 0), h.as(registry.Auditor, 0)
	head := h.application("26-0001").Declaration.Head.PersonalNumber
	other := registry.PersonalNumber("20105198500777")
	see(t, clerk.do(http.MethodGet, "/data-requests", nil), http.StatusOK, `name="personal_number"`, "Жоопту күткөн суроо-талап жок")
	see(t, clerk.post("/data-requests", url.Values{"personal_number": {"123"}, "asked_by": {"<b>"}}), http.StatusUnprocessableEntity, `role="alert"`, `value="123"`, "&lt;b&gt;")
	see(t, clerk.post("/data-requests", askedFor(other, testNow.Add(-24*time.Hour), zone)), http.StatusSeeOther)
	see(t, clerk.post("/data-requests", askedFor(other, testNow, zone)), http.StatusUnprocessableEntity, "жоопту күткөн суроо-талабы мурда эле бар")
	see(t, clerk.post("/data-requests", askedFor(head, testNow.Add(-9*24*time.Hour), zone)), http.StatusSeeOther)
	// The overdue one is on top.
	page := auditor.do(http.MethodGet, "/data-requests", nil)
	see(t, page, http.StatusOK, "is-late", "D-26-0001", "D-26-0002")
	if b := page.Body.String(); strings.Index(b, "D-26-0002") > strings.Index(b, "D-26-0001") || strings.Contains(b, `name="personal_number"`) || strings.Contains(b, string(head)) {
		t.Error("the auditor's list")
	}
	at := "/data-requests/D-26-0002"
	see(t, auditor.do(http.MethodGet, at, nil), http.StatusOK, "Паспорту көрсөтүлдү")
	see(t, clerk.do(http.MethodGet, at, nil), http.StatusOK, at+"/export", string(head))
	see(t, clerk.do(http.MethodGet, "/data-requests/D-26-0009", nil), http.StatusNotFound)
	for _, act := range []string{"/export", "/hand-over", "/refuse"} {
		see(t, auditor.post(at+act, url.Values{"remark": {"x"}}), http.StatusForbidden)
		see(t, h.as(registry.Administrator, 0).post(at+act, url.Values{"remark": {"x"}}), http.StatusForbidden)
	}
	see(t, clerk.post(at+"/refuse", url.Values{"remark": {"x"}}), http.StatusForbidden)
	see(t, clerk.post(at+"/hand-over", url.Values{"version": {"1"}, "remark": {"колуна"}}), http.StatusUnprocessableEntity, "Адегенде")

	doc := h.ownPaper(head)
	see(t, clerk.post("/applications/26-0001/take", url.Values{}), http.StatusSeeOther)
	scan := aScan(t, 1)
	see(t, clerk.upload(fmt.Sprintf("/documents/%d/files", doc.ID), "паспорт.png", scan), http.StatusSeeOther)
	rec := clerk.post(at+"/export", url.Values{})
	if rec.Code != http.StatusOK || rec.Header().Get("Content-Type") != "application/zip" {
		t.Fatalf("%d, %s", rec.Code, rec.Body.String())
	}
	z, err := zip.NewReader(bytes.NewReader(rec.Body.Bytes()), int64(rec.Body.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := b.ReadFrom(r); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(f.Name, "scans/") && !bytes.Equal(b.Bytes(), scan) || f.Name == "summary.pdf" && !bytes.HasPrefix(b.Bytes(), []byte("%PDF-")) {
			t.Errorf("%s is not what it should be", f.Name)
		}
	}
	for _, want := range []string{"data.json", "summary.pdf", "scans/26-0001/1.png"} {
		if !slices.Contains(names, want) {
			t.Errorf("the archive lacks %s: %v", want, names)
		}
	}
	see(t, clerk.do(http.MethodGet, at, nil), http.StatusOK, at+"/hand-over", `name="version" value="2"`)
	see(t, clerk.post(at+"/hand-over", url.Values{"version": {"2"}, "remark": {" "}}), http.StatusUnprocessableEntity, `role="alert"`)
	see(t, clerk.post(at+"/hand-over", url.Values{"version": {"2"}, "remark": {"колуна, кол койдуруп"}}), http.StatusSeeOther)
	see(t, clerk.do(http.MethodGet, at, nil), http.StatusOK, "Маалымат берилди", "кол койдуруп")
	see(t, clerk.post(at+"/export", url.Values{}), http.StatusUnprocessableEntity, "жооп берилген")
	see(t, approver.post("/data-requests/D-26-0001/refuse", url.Values{"version": {"1"}, "remark": {"Бизде бул адам жок"}}), http.StatusSeeOther)
	see(t, approver.do(http.MethodGet, "/data-requests", nil), http.StatusOK, "Четке кагылган", "Маалымат берилди")
	see(t, h.client(h.cert).do(http.MethodGet, "/data-requests", nil), http.StatusForbidden)
}

// ownPaper is a paper of application 26-0001 about a person, to be scanned.
func (h *shop) ownPaper(n registry.PersonalNumber) (out *registry.Document) {
	h.t.Helper()
	h.readTx(func(tx *store.Tx) error {
		app, err := tx.ApplicationByNumber("26-0001")
		if err != nil {
			return err
		}
		docs, err := tx.Documents(app.ID)
		for _, d := range docs {
			if d.Subject == registry.OfHead && d.Form.Scanned() && app.Declaration.Head.PersonalNumber == n {
				out = d
			}
		}
		return err
	})
	if out == nil {
		h.t.Fatal("no paper of this person is asked for")
	}
	return out
}
