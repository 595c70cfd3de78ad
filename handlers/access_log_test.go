package handlers

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// scanned is a shop with one scan, a clerk's upload.
func scanned(t *testing.T) (h *shop, file registry.FileID, content []byte) {
	h = newShop(t, "dostek", sealed(t))
	doc := h.document(h.application("26-0001"), "DT-REG-CERT")
	clerk := h.as(registry.Clerk, 0)
	see(t, clerk.post("/applications/26-0001/take", url.Values{}), http.StatusSeeOther)
	content = aScan(t, 1)
	see(t, clerk.upload(fmt.Sprintf("/documents/%d/files", doc.ID), "каттоо.png", content), http.StatusSeeOther)
	h.readTx(func(tx *store.Tx) error {
		all, err := tx.FilesOfDocument(doc.ID)
		file = all[0].ID
		return err
	})
	return h, file, content
}

// looks are the entries of views in the journal.
func (h *shop) looks(kind string) (out []store.Access) {
	h.t.Helper()
	h.readTx(func(tx *store.Tx) error {
		all, _, err := tx.AccessLog(store.AccessFilter{Limit: 1000})
		for _, e := range all {
			if e.Kind == kind {
				out = append(out, e)
			}
		}
		return err
	})
	return out
}

// Every address that an auditor may use, walked with what is on file: no scan
// leaves without a purpose.
func TestNoScanReachesAnAuditorWithoutAPurpose(t *testing.T) {
	h, file, content := scanned(t)
	auditor := h.as(registry.Auditor, 0)
	h.issued(1, testNow.AddDate(0, -1, 0))
	doc := h.document(h.application("26-0001"), "DT-REG-CERT")
	walked := 0
	for _, r := range h.s.table() {
		if r.Access.Allows(&Identity{Kind: OperatorSession, Role: registry.Auditor}) != nil || r.Path == "/logout" {
			continue
		}
		// A number in an address may be that of the file, of its document or of
		// its application.
		for _, id := range []string{fmt.Sprint(file), fmt.Sprint(doc.ID), fmt.Sprint(doc.ApplicationID)} {
			path := strings.NewReplacer(":inn", shopINN, ":number", "26-0001", ":serial", string(h.cert.Serial), ":quarter", "2026Q1", ":position", "1", ":lang", "ky", ":id", id, "*", "x").Replace(r.Path)
			rec := auditor.do(r.Method, path, nil)
			if r.Method == http.MethodPost {
				rec = auditor.post(path, url.Values{"purpose": {" "}, "q": {"x"}})
			}
			walked++
			if bytes.Contains(rec.Body.Bytes(), content[:64]) {
				t.Errorf("%s %s shows a scan", r.Method, path)
			}
			if rec.Code >= http.StatusInternalServerError && rec.Code != http.StatusServiceUnavailable {
				t.Errorf("%s %s: %d", r.Method, path, rec.Code)
			}
		}
	}
	if walked < 60 {
		t.Errorf("only %d addresses were walked", walked)
	}
	if all := h.looks("file.viewed"); len(all) != 0 {
		t.Errorf("%d views without a purpose", len(all))
	}
	at := fmt.Sprintf("/files/%d", file)
	see(t, auditor.do(http.MethodGet, at, nil), http.StatusOK, `name="purpose"`)
	rec := auditor.post(at, url.Values{"purpose": {"тандап текшерүү"}})
	if rec.Code != http.StatusOK || !bytes.Equal(rec.Body.Bytes(), content) {
		t.Errorf("with a purpose: %d", rec.Code)
	}
	if all := h.looks("file.viewed"); len(all) != 1 || all[0].Purpose != "тандап текшерүү" {
		t.Errorf("journalled: %+v", all)
	}
}

func TestWhoLookedAtWhosePapers(t *testing.T) {
	h, file, _ := scanned(t)
	at := fmt.Sprintf("/files/%d", file)
	clerk, auditor := h.as(registry.Clerk, 1), h.as(registry.Auditor, 0)
	clerk.head["Referer"] = "http://" + "example.com/applications/26-0001?document=1#under"
	see(t, clerk.do(http.MethodGet, at, nil), http.StatusOK)
	auditor.head["Referer"] = "http://example.com/applications/26-0001"
	see(t, auditor.do(http.MethodGet, at, nil), http.StatusOK, `name="from" value="/applications/:number"`)
	delete(auditor.head, "Referer")
	see(t, auditor.post(at, url.Values{"purpose": {"даттануу боюнча"}, "from": {"/applications/:number"}}), http.StatusOK)
	see(t, auditor.post(at, url.Values{"purpose": {"дагы бир жолу"}, "from": {"/evil/20104197900013"}}), http.StatusOK)
	page := auditor.do(http.MethodGet, "/audit/access", nil)
	see(t, page, http.StatusOK, "Жороева", "каттоо.png", "26-0001", "даттануу боюнча", "дагы бир жолу", "/applications/:number", "Осмонова")
	if strings.Contains(page.Body.String(), "/evil/") {
		t.Error("a page that is none of ours is in the journal")
	}
	head := h.application("26-0001").Declaration.Head
	for name, q := range map[string]string{
		"INN": shopINN, "personal number": string(head.PersonalNumber), "name": head.NameKy.Surname, "organisation": "Ак-Булак", "application": "26-0001",
	} {
		if rec := auditor.do(http.MethodGet, "/audit/access?"+url.Values{"q": {q}}.Encode(), nil); !strings.Contains(rec.Body.String(), "даттануу боюнча") {
			t.Errorf("not found by %s", name)
		}
	}
	nothing := auditor.do(http.MethodGet, "/audit/access?q=00503201719901", nil)
	if strings.Contains(nothing.Body.String(), "даттануу боюнча") {
		t.Error("the other organisation's list shows it")
	}
	see(t, auditor.do(http.MethodGet, "/audit/access?q=Жокадам", nil), http.StatusOK, "Эч нерсе табылган жок")
	byClerk := auditor.do(http.MethodGet, fmt.Sprintf("/audit/access?operator=%d", h.who[registry.Clerk][1].ID), nil)
	if b := byClerk.Body.String(); !strings.Contains(b, "Жороева Н.</td>") || strings.Contains(b, "даттануу боюнча") {
		t.Error("the filter by operator")
	}
	doc := h.document(h.application("26-0001"), "DT-REG-CERT")
	see(t, auditor.do(http.MethodGet, fmt.Sprintf("/audit/access?document=%d", doc.ID), nil), http.StatusOK, "даттануу боюнча", "Бир гана", `name="document"`)
	// The auditor's own looks stand in the list, with what was asked for.
	see(t, auditor.do(http.MethodGet, "/audit/access?q="+shopINN, nil), http.StatusOK, "көрүүлөрдүн тизмеси каралды", shopINN)
	if n := len(h.looks("access.searched")); n != 11 {
		t.Errorf("%d looks of the auditor are journalled", n)
	}
	see(t, auditor.do(http.MethodGet, "/audit/access?before=5", nil), http.StatusOK)
	if n := len(h.looks("access.searched")); n != 11 {
		t.Errorf("a further page is journalled too: %d", n)
	}
	see(t, auditor.do(http.MethodGet, "/organisations/"+shopINN, nil), http.StatusOK, "/audit/access?q="+shopINN)
	for _, who := range []*browser{h.as(registry.Clerk, 0), h.as(registry.Approver, 0), h.as(registry.Administrator, 0), h.client(h.cert)} {
		see(t, who.do(http.MethodGet, "/audit/access", nil), http.StatusForbidden)
	}
}
