package handlers

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
)

// textOfPDF is what a PDF says, with single spaces.
func textOfPDF(t *testing.T, rec *httptest.ResponseRecorder) string {
	t.Helper()
	if rec.Code != http.StatusOK || rec.Header().Get("Content-Type") != "application/pdf" {
		t.Fatalf("%d %s", rec.Code, rec.Header().Get("Content-Type"))
	}
	cmd := exec.CommandContext(t.Context(), "pdftotext", "-layout", "-", "-")
	cmd.Stdin = bytes.NewReader(rec.Body.Bytes())
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("pdftotext (Debian: poppler-utils): %v", err)
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

// The forms that an authority's rules speak of can be downloaded by anybody, in
// three languages, empty; and no others.
func TestDT30_UB17_UB18_FormsAreDownloaded(t *testing.T) {
	for pack, forms := range map[string]map[string][3]string{
		"dostek": {
			"application": {"Электрондук колтамга даярдоо боюнча арыз", "Заявление на изготовление электронной подписи", "Application for making the e-signature"},
			"m2a":         {"ИШЕНИМ КАТ", "ДОВЕРЕННОСТЬ", "POWER OF ATTORNEY"},
		},
		"ubr": {
			"application": {"Электрондук колтамга даярдоо боюнча арыз", "Заявление на изготовление электронной подписи", "Application for making the e-signature"},
			"poa":         {"КЭК алуу үчүн ишеним кат", "Доверенность на получение КЭП", "Power of attorney to receive the CEP"},
			"agreement":   {"КЭК алуу боюнча келишим", "Договор на получение КЭП", "Agreement for obtaining the CEP"},
			"order":       {"Сатып алуу буйрутмасы", "Заказ на покупку", "Purchase order"},
		},
	} {
		t.Run(pack, func(t *testing.T) {
			h := newCounter(t, pack)
			for i, l := range registry.Languages {
				b := newBrowser(t, h.s)
				b.head["Accept-Language"] = string(l)
				page := b.do(http.MethodGet, "/documents", nil)
				for form, titles := range forms {
					see(t, page, http.StatusOK, `href="/documents/forms/`+form+`"`)
					if text := textOfPDF(t, b.do(http.MethodGet, "/documents/forms/"+form, nil)); !strings.Contains(text, titles[i]) {
						t.Errorf("%s in %s says %q, want %q", form, l, text, titles[i])
					}
				}
				if n := strings.Count(page.Body.String(), `href="/documents/forms/`); n != len(forms) {
					t.Errorf("%d forms are offered, want %d", n, len(forms))
				}
			}
			for _, none := range []string{"nothing", map[string]string{"dostek": "order", "ubr": "m2a"}[pack]} {
				see(t, newBrowser(t, h.s).do(http.MethodGet, "/documents/forms/"+none, nil), http.StatusNotFound)
			}
		})
	}
}

// A clerk prints them with what the application tells; nobody else does.
func TestFormsAreFilledInFromTheApplication(t *testing.T) {
	for pack, forms := range map[string]map[string][]string{
		"dostek": {
			"application": {"Асанова Гүлнара", "Асанова Айгүл", "Директор", "00503201719900", "E-Cloud", "26-0001"},
			"m2a":         {"Асанова Мээрим", "0315002", "00503201719900", "E-Cloud: Асанова Гүлнара", "E-Cloud: Асанова Айгүл", "Ак-Булак Агросервис", "26-0001"},
		},
		"ubr": {
			"poa":       {"Асанова Мээрим", "00503201719900"},
			"agreement": {"Күбөлөндүрүүчү борбор UBR", "Ак-Булак Агросервис", "00503201719900"},
			"order":     {"1 500,00 сом", "3 000,00 сом", "Ак-Булак Агросервис"},
		},
	} {
		t.Run(pack, func(t *testing.T) {
			h := newCounter(t, pack)
			clerk := h.as(registry.Clerk, 0)
			see(t, clerk.post("/applications/submit", values(typed(0), map[string][]string{"version": {"0"}})), http.StatusSeeOther)
			page := clerk.do(http.MethodGet, "/applications/26-0001", nil)
			for form, wants := range forms {
				at := "/applications/26-0001/forms/" + form
				see(t, page, http.StatusOK, `href="`+at+`"`)
				rec := clerk.do(http.MethodGet, at, nil)
				if rec.Header().Get("Cache-Control") != "no-store" {
					t.Errorf("%s is kept: %v", form, rec.Header())
				}
				text := textOfPDF(t, rec)
				for _, want := range wants {
					if !strings.Contains(text, want) {
						t.Errorf("%s lacks %q:\n%s", form, want, text)
					}
				}
				for _, who := range []*browser{h.as(registry.Auditor, 0), h.as(registry.Approver, 0), newBrowser(t, h.s)} {
					if rec := who.do(http.MethodGet, at, nil); rec.Code == http.StatusOK {
						t.Errorf("%s is shown to somebody else", form)
					}
				}
			}
			see(t, clerk.do(http.MethodGet, "/applications/26-0009/forms/application", nil), http.StatusNotFound)
		})
	}
}
