package authorities

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// firstCase is C01 of the domain as a map, to be spoilt.
func firstCase(t testing.TB, id string) map[string]any {
	t.Helper()
	data, err := os.ReadFile("testdata/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []map[string]any `json:"cases"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	for _, c := range file.Cases {
		if c["id"] == id {
			return c
		}
	}
	t.Fatalf("no case %s", id)
	return nil
}

func checkOne(t testing.TB, c map[string]any) error {
	t.Helper()
	data, err := json.Marshal(map[string]any{"cases": []any{c}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Check(bytes.NewReader(data))
	return err
}

// at walks to a nested object.
func at(c map[string]any, path ...string) map[string]any {
	for _, p := range path {
		c = c[p].(map[string]any)
	}
	return c
}

func TestUnreadableCasesAreErrors(t *testing.T) {
	for _, tc := range []struct {
		name, base, says string
		spoil            func(c map[string]any)
	}{
		{"unknown authority", "C01", `ca: "KYZMAT"`, func(c map[string]any) { c["ca"] = "KYZMAT" }},
		{"unknown operation", "C01", `operation: "EXTEND"`, func(c map[string]any) { c["operation"] = "EXTEND" }},
		{"lower-case value", "C01", `storage: "rutoken"`, func(c map[string]any) { c["storage"] = "rutoken" }},
		{"unknown channel", "C01", "requested_channel", func(c map[string]any) { c["requested_channel"] = "POST" }},
		{"unknown office", "C01", "office", func(c map[string]any) { c["office"] = "NARYN" }},
		{"unknown requisite", "C01", "changed_requisites", func(c map[string]any) { c["changed_requisites"] = []any{"PHONE"} }},
		{"unknown signatory", "C01", "signatory_replaced", func(c map[string]any) { c["signatory_replaced"] = []any{"TRUSTED"} }},
		{"unknown certificate status", "C01", "status", func(c map[string]any) { at(c, "current_certificate")["status"] = "SUSPENDED" }},
		{"unknown applicant (A-23)", "C01", "applicant.kind", func(c map[string]any) { at(c, "applicant")["kind"] = "PATENT_HOLDER" }},
		{"private individual (A-23)", "C01", "applicant.kind", func(c map[string]any) { at(c, "applicant")["kind"] = "INDIVIDUAL" }},
		{"unknown reissue reason", "C10", "reissue_reason", func(c map[string]any) { c["reissue_reason"] = "BORED" }},
		{"unknown document type", "C01", "document.type", func(c map[string]any) { at(c, "head", "document")["type"] = "DRIVING_LICENCE" }},
		{"unknown managing kind", "C09", "managing_organisation.kind", func(c map[string]any) { at(c, "managing_organisation")["kind"] = "STATE" }},
		{"unknown key", "C01", "C01.colour: unknown key", func(c map[string]any) { c["colour"] = "red" }},
		{"unknown nested key", "C01", "head.document.colour: unknown key", func(c map[string]any) { at(c, "head", "document")["colour"] = "red" }},
		{"key in another case", "C01", "STORAGE: unknown key", func(c map[string]any) { c["STORAGE"] = c["storage"]; delete(c, "storage") }},
		{"missing storage", "C01", "storage: is missing", func(c map[string]any) { delete(c, "storage") }},
		{"missing nullable", "C01", "accountant: is missing", func(c map[string]any) { delete(c, "accountant") }},
		{"missing nested", "C01", "head.citizenship: is missing", func(c map[string]any) { delete(at(c, "head"), "citizenship") }},
		{"missing id", "C01", "id: is missing", func(c map[string]any) { delete(c, "id") }},
		{"null head", "C01", "head: may not be null", func(c map[string]any) { c["head"] = nil }},
		{"null applicant", "C01", "applicant: may not be null", func(c map[string]any) { c["applicant"] = nil }},
		{"null storage", "C01", "storage: may not be null", func(c map[string]any) { c["storage"] = nil }},
		{"null list", "C01", "changed_requisites: may not be null", func(c map[string]any) { c["changed_requisites"] = nil }},
		{"null instant", "C01", "submitted_at: may not be null", func(c map[string]any) { c["submitted_at"] = nil }},
		{"no such day", "C01", "submitted_at", func(c map[string]any) { c["submitted_at"] = "2026-02-30T11:00:00+06:00" }},
		{"no offset", "C01", "submitted_at", func(c map[string]any) { c["submitted_at"] = "2026-02-16T11:00:00" }},
		{"day without time", "C01", "accepted_at", func(c map[string]any) { c["accepted_at"] = "2026-02-16" }},
		{"no such birth date", "C01", "birth_date", func(c map[string]any) { at(c, "head")["birth_date"] = "1981-13-14" }},
		{"no such registration date", "C01", "registration_date", func(c map[string]any) { at(c, "applicant")["registration_date"] = "05.03.2017" }},
		{"INN without its leading zero", "C01", "applicant.inn", func(c map[string]any) { at(c, "applicant")["inn"] = "503201719901" }},
		{"INN as a number", "C01", "applicant.inn", func(c map[string]any) { at(c, "applicant")["inn"] = 503201719901 }},
		{"personal number with an impossible date", "C01", "head.pin", func(c map[string]any) { at(c, "head")["pin"] = "13113198199801" }},
		{"personal number of no sex", "C01", "head.pin", func(c map[string]any) { at(c, "head")["pin"] = "31405198199801" }},
		{"citizenship of two letters", "C01", "citizenship", func(c map[string]any) { at(c, "head")["citizenship"] = "KG" }},
		{"language in capitals", "C01", "languages", func(c map[string]any) { at(c, "head", "document")["languages"] = []any{"RU"} }},
		{"negative balance", "C03", "balance_tyiyn", func(c map[string]any) { c["balance_tyiyn"] = -1 }},
		{"half a tyiyn", "C03", "price_tyiyn", func(c map[string]any) { c["price_tyiyn"] = 142000.5 }},
		{"flag as text", "C01", "head_acts_as_accountant", func(c map[string]any) { c["head_acts_as_accountant"] = "false" }},
		{"list as text", "C01", "changed_requisites", func(c map[string]any) { c["changed_requisites"] = "ORG_NAME" }},
		{"end before beginning", "C01", "not_after", func(c map[string]any) { at(c, "current_certificate")["not_after"] = "2024-01-01T00:00:00Z" }},
		{"renewal of nothing", "C01", "current_certificate", func(c map[string]any) { c["current_certificate"] = nil }},
		{"reissue of nothing", "C10", "current_certificate", func(c map[string]any) { c["current_certificate"] = nil }},
		{"reissue without a reason", "C10", "reissue_reason", func(c map[string]any) { c["reissue_reason"] = nil }},
		{"reason without a reissue", "C08", "reissue_reason", func(c map[string]any) { c["reissue_reason"] = "COMPROMISED" }},
		{"UBR does not renew (UB-20)", "C10", "UBR does not do RENEWAL", func(c map[string]any) { c["operation"] = "RENEWAL"; c["reissue_reason"] = nil }},
		{"Dos Tek demands no extras", "C01", "additional_documents_requested", func(c map[string]any) {
			c["additional_documents_requested"] = []any{map[string]any{"code": "UB-EXTRA-1", "requested_title_ru": "а", "requested_title_ky": "а"}}
		}},
		{"extra of another code", "C09", "UB-EXTRA-n", func(c map[string]any) {
			c["additional_documents_requested"].([]any)[0].(map[string]any)["code"] = "UB-TAX-CERT"
		}},
		{"extra twice", "C09", "stands twice", func(c map[string]any) {
			l := c["additional_documents_requested"].([]any)
			c["additional_documents_requested"] = append(l, l[0])
		}},
		{"accepted before it was sent", "C01", "accepted_at", func(c map[string]any) { c["accepted_at"] = "2026-02-16T10:59:59+06:00" }},
		{"made before it was accepted", "C08", "manufactured_at", func(c map[string]any) { c["manufactured_at"] = "2026-04-30T14:00:00+06:00" }},
		{"expected is not an object", "C01", "expected", func(c map[string]any) { c["expected"] = 5 }},
		{"asked about no day", "C03", "usable_at_sometime", func(c map[string]any) {
			at(c, "expected", "new_certificate")["usable_at_sometime"] = true
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := firstCase(t, tc.base)
			if err := checkOne(t, c); err != nil {
				t.Fatalf("before it was spoilt: %v", err)
			}
			tc.spoil(c)
			err := checkOne(t, c)
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v, want an error with %q", err, tc.says)
			}
		})
	}
}

func TestUnreadableFilesAreErrors(t *testing.T) {
	for _, s := range []string{
		"", "null", "[]", "{}", "{\"cases\": null}", "{\"cases\": {}}", "{\"cases\": []} trailing", "{\"cases\": [], \"more\": 1}",
		"{\"cases\": [1]}", "{\"cases\": [null]}", "{\"cases\": [], \"cases\": []}", "\xff", "{\"cases\": [{\"id\": \"a\", \"id\": \"b\"}]}",
	} {
		if out, err := Check(strings.NewReader(s)); err == nil {
			t.Errorf("%q: no error, answered %s", s, out)
		}
	}
	c := firstCase(t, "C01")
	data, err := json.Marshal(map[string]any{"cases": []any{c, c}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Check(bytes.NewReader(data)); err == nil || !strings.Contains(err.Error(), "stands twice") {
		t.Errorf("the same id twice: %v", err)
	}
}

func TestWhatMayBeLeftOut(t *testing.T) {
	c := firstCase(t, "C03")
	delete(c, "title")
	delete(c, "expected")
	if err := checkOne(t, c); err != nil {
		t.Error(err)
	}
	out, err := Check(strings.NewReader(`{"cases": []}`))
	if err != nil || string(out) != "[]\n" {
		t.Errorf("no cases: %q, %v", out, err)
	}
}

// FuzzCheck begins with single cases: a whole file is too large to be changed
// quickly.
func FuzzCheck(f *testing.F) {
	for _, id := range []string{"C01", "C03", "C09", "C10"} {
		c := firstCase(f, id)
		delete(at(c, "expected"), "checklist")
		one, err := json.Marshal(map[string]any{"cases": []any{c}})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(one)
	}
	f.Add([]byte(`{"cases": [{"id": "a", "id": null, "head": {}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		out, err := Check(bytes.NewReader(data))
		if err == nil && !json.Valid(out) {
			t.Errorf("the answer is not JSON: %s", out)
		}
	})
}
