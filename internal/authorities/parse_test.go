package authorities

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
)

func pack(t testing.TB, name string) *Pack {
	t.Helper()
	p, err := Load(name)
	if err != nil {
		t.Fatalf("%s:\n%v", name, err)
	}
	return p
}

func source(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("packs", name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestShippedPacksParse(t *testing.T) {
	for _, name := range Names {
		p := pack(t, name)
		if p.Name != name || len(p.Hash()) != 64 || p.Zone().String() != "Asia/Bishkek" {
			t.Errorf("%s: name %q, hash %q, zone %s", name, p.Name, p.Hash(), p.Zone())
		}
		file, err := LoadFile(filepath.Join("packs", name+".yaml"))
		if err != nil || file.Hash() != p.Hash() {
			t.Errorf("%s from its file: %v, %v", name, file, err)
		}
	}
	if _, err := Load("../pack"); err == nil {
		t.Error("a pack outside of the folder was read")
	}
	if _, err := LoadFile("packs/none.yaml"); err == nil {
		t.Error("a missing file was read")
	}
}

// TestBadPacksAreRefusedWithTheirLines spoils the Dos Tek pack in one place
// and expects the finding on the spoilt line, or on that of its block.
func TestBadPacksAreRefusedWithTheirLines(t *testing.T) {
	for _, tc := range []struct{ name, old, new, says string }{
		{"unknown key", "code: DOSTEK", "code: DOSTEK\ncolour: red", `unknown key "colour"`},
		{"unknown nested key", "      som: 1510", "      som: 1510\n        vat: 12", "unknown key"},
		{"missing key", "time_zone: Asia/Bishkek\n", "", `key "time_zone" is missing`},
		{"key twice", "code: DOSTEK", "code: DOSTEK\ncode: DOSTEK", "twice"},
		{"missing label", "      ru: \"Копия ID-карты руководителя\"\n", "", `key "ru" is missing`},
		{"empty label", "ru: \"Копия ID-карты руководителя\"", "ru: \" \"", `the text in "ru" is empty`},
		{"suffix on a value (R4)", "жаран: {head}.", "{head}дын жараны.", "glossary R4"},
		{"look-alike letter (R7)", "Жетекчинин ID-картасынын көчүрмөсү", "Жетекчинин ID-картасынын кѳчүрмөсү", "look-alike"},
		{"Latin in a Cyrillic word", "Копия ID-карты руководителя", "Копия ID-карты рукoводителя", "mixes Latin and Cyrillic"},
		{"unknown insertion", "Because the head is a foreign citizen: {head}.", "Because: {boss}.", "{boss}"},
		{"insertion of the extras", "Because the head is a foreign citizen: {head}.", "Because: {reason}.", "documents.extra only"},
		{"unknown fact", "when: { channel: OFFICE, head.citizenship: KG }", "when: { channel: OFFICE, head.shoe: 43 }", `unknown fact "head.shoe"`},
		{"unknown value", "when: { channel: OFFICE, head.citizenship: KG }", "when: { channel: OFFICE, head.citizenship: TUR }", `no value "TUR"`},
		{"unknown office", "office: [OSH, JALAL_ABAD] }\n    parts_of", "office: [OSH, NARYN] }\n    parts_of", `no value "NARYN"`},
		{"unknown switch", "- switch.ask_device_for_ecloud: true", "- switch.ask_device: true", "unknown fact"},
		{"contradiction", "when: { channel: OFFICE, head.citizenship: KG }", "when: { channel: OFFICE, not: { channel: OFFICE } }", "contradicts itself"},
		{"contradiction of people", "when: { channel: OFFICE, accountant.citizenship: KG }", "when: { channel: OFFICE, accountant: false, accountant.citizenship: KG }", "contradicts itself"},
		{"contradiction of operation and reason", "when: { channel: OFFICE, accountant.citizenship: KG }", "when: { operation: RENEWAL, reason: DEVICE_LOST }", "contradicts itself"},
		{"unreachable", "when: { channel: OFFICE, accountant.citizenship: KG }", "when: { channel: REMOTE, storage: RUTOKEN }", "unreachable"},
		{"unreachable reason", "when: { channel: OFFICE, accountant.citizenship: KG }", "when: { reason: EXPIRED }", "unreachable"},
		{"always", "when: { channel: OFFICE, accountant.citizenship: KG }", "when: { any: [ { storage: RUTOKEN }, { storage: ECLOUD } ] }", "always holds"},
		{"all values", "when: { channel: OFFICE, accountant.citizenship: KG }", "when: { storage: [RUTOKEN, ECLOUD] }", "says nothing"},
		{"dead alternative", "- storage: RUTOKEN", "- { storage: RUTOKEN, channel: REMOTE }", "alternative can never hold"},
		{"dead value", "when: { channel: OFFICE, operation: [FIRST_ISSUE, REISSUE] }", "when: { channel: REMOTE, operation: [RENEWAL, REISSUE] }", "can never hold here"},
		{"fact twice", "when: { channel: OFFICE, head.citizenship: KG }", "when: { channel: OFFICE, channel: REMOTE }", "twice"},
		{"empty condition", "when: { channel: OFFICE, head.citizenship: KG }", "when: {}", "not empty"},
		{"too large a condition", "when: { channel: OFFICE, head.citizenship: KG }",
			"when: { changed: [ORG_NAME, ORG_INN, ORG_SETTLEMENT, OWNER_FULL_NAME, OWNER_POSITION], replaced: [HEAD, ACCOUNTANT], head.citizenship: KG, head.number: GIVEN, accountant.citizenship: KG, trusted.number: GIVEN, office: OSH, managing: NONE, reason: NONE }", "too large"},
		{"alias", "storages: [RUTOKEN, ECLOUD]", "storages: &s [RUTOKEN, ECLOUD]", "anchors and aliases"},
		{"two documents", "code: DOSTEK", "---\ncode: DOSTEK\n---\n", "one YAML document"},
		{"not YAML", "code: DOSTEK", "code: [", ""},
		{"yes for true", "company_step: true", "company_step: yes", "true or false"},
		{"steps contradict the setting", "company_step: true", "company_step: false", "company_step and steps"},
		{"a step that the pages cannot ask there", "[carrier, device, pin_code, company]", "[carrier, device, company, pin_code]", "stand in the order"},
		{"no PIN-code", "[carrier, device, pin_code, company]", "[carrier, device, company]", "pin_code is missing"},
		{"a number for a text", "code: DOSTEK", "code: 12", "a text is needed"},
		{"no such day", "from: 2025-01-07", "from: 2025-01-32", "a date YYYY-MM-DD"},
		{"day twice", "from: 2025-01-07", "from: 2025-01-06", "twice"},
		{"no such kind of day", "from: 2025-01-07, day: off", "from: 2025-01-07, day: free", "off, working or as_week"},
		{"reminder too late (A-22)", "reminder_days: [30, 14, 7, 1]", "reminder_days: [7, 1]", "A-22"},
		{"lapses before the warning", "unpaid_warn_days: 7", "unpaid_warn_days: 30", "unpaid_days"},
		{"reminders rise", "reminder_days: [30, 14, 7, 1]", "reminder_days: [30, 7, 14]", "fall"},
		{"two prices", "code: CLOUD_COMPLEX_5", "code: CLOUD_HEAD", "stands twice"},
		{"no price", "roles: [ACCOUNTANT]\n", "roles: []\n", "has 0 prices"},
		{"price not in som", "som: 1510", "som: 1510,50", "an amount in som"},
		{"refund", "refund_percent: 100", "refund_percent: 101", "refund_percent"},
		{"one policy for all", "operator_policy: 1.3.6.1.4.1.32473.417.1.2", "operator_policy: 1.3.6.1.4.1.32473.417.1.1", "policies of their own"},
		{"bad policy", "operator_policy: 1.3.6.1.4.1.32473.417.1.2", "operator_policy: 1.3.99999999999", "object identifier"},
		{"bad anchor", "validity_anchor: PREDECESSOR_END", "validity_anchor: YESTERDAY", "validity_anchor"},
		{"no such zone", "time_zone: Asia/Bishkek", "time_zone: Asia/Frunze", "time_zone"},
		{"bad rule", "rules: [DT-04]", "rules: [DT-4]", "is not like DT-07"},
		{"item twice", "code: DT-SEAL", "code: DT-REG-CERT", "stands twice"},
		{"bad form", "form: PACKAGE", "form: PARCEL", "form"},
		{"a form that nobody makes", "download: m2a", "download: m3b", "download"},
		{"a page that shows nothing", "where: late", "where: later", "where"},
		{"bad phone", "+996312960360", "0312960360", "phone"},
		{"plain http", "https://www.dostek.kg/", "http://www.dostek.kg/", "https"},
		{"a renewal that anybody orders", "DT-18, A-35]\n", "DT-18, A-35]\n    public_order: true\n", "public_order is not for RENEWAL"},
		{"remote operation", "operations: [RENEWAL]\n", "operations: [FIRST_ISSUE]\n", "contradict"},
		{"no such head office", "head_office: BISHKEK", "head_office: NARYN", "head_office"},
		{"unused switch", "- switch.ask_device_for_ecloud: true", "- trusted: true", "no condition"},
		{"revocation code 7", "rfc5280: 6", "rfc5280: 7", "revocation reason"},
		{"package within itself", "operation: RENEWAL, office: [OSH, JALAL_ABAD] }\n    parts_of", "office: [OSH, JALAL_ABAD] }\n    parts_of", "part of itself"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			src := source(t, "dostek")
			if !strings.Contains(src, tc.old) {
				t.Fatalf("the pack has no %q", tc.old)
			}
			_, err := Parse("mine.yaml", []byte(strings.Replace(src, tc.old, tc.new, 1)))
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Fatalf("got %v, want %q", err, tc.says)
			}
			for _, line := range strings.Split(err.Error(), "\n") {
				if !lineOfPack.MatchString(line) {
					t.Errorf("no file and line: %s", line)
				}
			}
		})
	}
}

func TestFindingNamesItsLine(t *testing.T) {
	src := source(t, "dostek")
	i := strings.Index(src, "head.citizenship: KG")
	line := 1 + strings.Count(src[:i], "\n")
	_, err := Parse("mine.yaml", []byte(strings.Replace(src, "head.citizenship: KG", "head.citizen: KG", 1)))
	want := "mine.yaml:" + itoa(line) + ": unknown fact \"head.citizen\""
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestDayTableOverridesTheWeekBothWays(t *testing.T) {
	src := strings.Replace(source(t, "ubr"), "\nholidays:\n", "\nholidays:\n"+
		"  - { from: 2026-02-07, day: working, public: false, name: { ky: \"Жумуш күнү\", ru: \"Рабочая суббота\", en: \"Working Saturday\" } }\n", 1)
	p, err := Parse("mine.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	if !p.Calendar().IsBusinessDay(registry.Date{Year: 2026, Month: 2, Day: 7}) {
		t.Error("the working Saturday is not a business day")
	}
	if p.Calendar().IsBusinessDay(registry.Date{Year: 2026, Month: 3, Day: 20}) {
		t.Error("Orozo Ait is a business day")
	}
	if p.Hash() == pack(t, "ubr").Hash() {
		t.Error("another source has the same hash")
	}
}

// FuzzParse begins with a small pack: the shipped ones are too large to be
// changed quickly.
func FuzzParse(f *testing.F) {
	small, err := os.ReadFile("testdata/small.yaml")
	if err != nil {
		f.Fatal(err)
	}
	if _, err := Parse("small.yaml", small); err != nil {
		f.Fatal(err)
	}
	f.Add(small)
	f.Add([]byte("code: X\nitems: [{ when: { any: [ {}, { not: {} } ] } }]"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse("fuzz.yaml", data)
		if err != nil {
			return
		}
		for _, op := range p.Operations {
			p.Checklist(registry.Facts{Operation: op.Operation, Channel: registry.Office})
		}
	})
}
