package templates

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"golang.org/x/text/unicode/norm"
)

var testWords = map[string]Words{
	"ky": {
		Sig:    Cases{Nom: "КЭК", Gen: "КЭКтин", Dat: "КЭКке", Acc: "КЭКти", Loc: "КЭКте", Abl: "КЭКтен"},
		Mark:   Cases{Nom: "колтамга", Gen: "колтамганын", Dat: "колтамгага", Acc: "колтамганы", Loc: "колтамгада", Abl: "колтамгадан"},
		System: Cases{Nom: "система", Gen: "системанын", Dat: "системага", Acc: "системаны", Loc: "системада", Abl: "системадан"},
	},
	"ru": {Sig: Cases{Nom: "КЭП"}, Mark: Cases{Nom: "подпись"}, System: Cases{Nom: "система"}},
	"en": {Sig: Cases{Nom: "CEP"}, Mark: Cases{Nom: "signature"}, System: Cases{Nom: "system"}},
}

// forms are a message's texts by plural form; "other" alone when it has none.
type forms map[string]string

func readCatalog(t *testing.T, lang string) map[string]forms {
	t.Helper()
	raw := map[string]any{}
	if _, err := toml.DecodeFile("locales/"+lang+".toml", &raw); err != nil {
		t.Fatalf("%s.toml: %v", lang, err)
	}
	out := map[string]forms{}
	for key, value := range raw {
		switch v := value.(type) {
		case string:
			out[key] = forms{"other": v}
		case map[string]any:
			f := forms{}
			for form, text := range v {
				s, ok := text.(string)
				if !ok {
					t.Fatalf("%s.toml: %q is a table of tables: put quotes around the whole key", lang, key)
				}
				f[form] = s
			}
			out[key] = f
		default:
			t.Fatalf("%s.toml: %q is neither a text nor plural forms", lang, key)
		}
	}
	return out
}

func eachText(t *testing.T, lang string, check func(key, form, text string)) {
	t.Helper()
	for key, fs := range readCatalog(t, lang) {
		for form, text := range fs {
			check(key, form, text)
		}
	}
}

func TestCatalogsHaveTheSameKeys(t *testing.T) {
	ky := readCatalog(t, "ky")
	for _, lang := range Languages[1:] {
		other := readCatalog(t, lang)
		for key := range ky {
			if _, ok := other[key]; !ok {
				t.Errorf("%s.toml lacks %q", lang, key)
			}
		}
		for key := range other {
			if _, ok := ky[key]; !ok {
				t.Errorf("ky.toml lacks %q", key)
			}
		}
	}
}

func TestCatalogsHaveNoEmptyText(t *testing.T) {
	for _, lang := range Languages {
		eachText(t, lang, func(key, form, text string) {
			if strings.TrimSpace(text) == "" || text != strings.TrimSpace(text) {
				t.Errorf("%s.toml: %q (%s) is empty or has spaces around it", lang, key, form)
			}
		})
	}
}

var placeholder = regexp.MustCompile(`\{\{\s*\.?([A-Za-z_.]*)\s*\}\}`)

var packWords = []string{"sig", "mark", "Mark", "system", "System"}

func placeholders(f forms) []string {
	seen := map[string]bool{}
	for _, text := range f {
		for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
			word, _, _ := strings.Cut(m[1], ".")
			if !slices.Contains(packWords, word) {
				seen[m[1]] = true
			}
		}
	}
	var out []string
	for name := range seen {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

func TestCatalogsHaveTheSamePlaceholders(t *testing.T) {
	ky := readCatalog(t, "ky")
	for _, lang := range Languages[1:] {
		for key, f := range readCatalog(t, lang) {
			if want, got := placeholders(ky[key]), placeholders(f); !slices.Equal(want, got) {
				t.Errorf("%q: placeholders %v in ky, %v in %s", key, want, got, lang)
			}
		}
	}
}

func TestCatalogsHaveThePluralFormsOfTheirLanguage(t *testing.T) {
	want := map[string][]string{"ky": {"one", "other"}, "ru": {"few", "many", "one", "other"}, "en": {"one", "other"}}
	ky := readCatalog(t, "ky")
	for _, lang := range Languages {
		for key, f := range readCatalog(t, lang) {
			plural := len(f) > 1
			if plural != (len(ky[key]) > 1) {
				t.Errorf("%q has plural forms in one of ky and %s only", key, lang)
			}
			if !plural {
				continue
			}
			var got []string
			for form := range f {
				got = append(got, form)
			}
			sort.Strings(got)
			if !slices.Equal(got, want[lang]) {
				t.Errorf("%s.toml: %q has the forms %v, needs %v", lang, key, got, want[lang])
			}
		}
	}
}

func TestR4_NoSuffixTouchesAnInsertedValue(t *testing.T) {
	suffix := regexp.MustCompile(`\}\}(\p{Cyrillic}|[-‑])`)
	// These ask for a case, which the value cannot take.
	governed := regexp.MustCompile(`\}\}[» ]+(чейин|карата|ылайык|кийин|мурда|мурун|тартып|баштап)(\P{L}|$)`)
	for _, lang := range []string{"ky", "ru"} {
		eachText(t, lang, func(key, form, text string) {
			if suffix.MatchString(text) {
				t.Errorf("%s.toml: %q: a suffix touches a value: %s", lang, key, text)
			}
			if lang == "ky" && governed.MatchString(text) {
				t.Errorf("ky.toml: %q: the word after the value wants it in a case: %s", key, text)
			}
		})
	}
}

func TestR6_PINCodeIsNeverCalledPIN(t *testing.T) {
	for _, lang := range Languages {
		eachText(t, lang, func(key, form, text string) {
			rest := text
			for _, good := range []string{"ПИН-код", "PIN-code"} {
				rest = strings.ReplaceAll(rest, good, "")
			}
			if strings.Contains(rest, "ерсонал") {
				rest = strings.ReplaceAll(rest, "(ПИН)", "")
			}
			if regexp.MustCompile(`(?i)(^|\P{L})(пин|pin)(\P{L}|$)`).MatchString(rest) {
				t.Errorf("%s.toml: %q: neither PIN-code nor personal number: %s", lang, key, text)
			}
			if lang != "en" && strings.Contains(text, "PIN") {
				t.Errorf("%s.toml: %q: PIN in Latin letters: %s", lang, key, text)
			}
		})
	}
}

func TestR7_Letters(t *testing.T) {
	mixed := regexp.MustCompile(`\p{Latin}\p{Cyrillic}|\p{Cyrillic}\p{Latin}`)
	for _, lang := range Languages {
		eachText(t, lang, func(key, form, text string) {
			if !norm.NFC.IsNormalString(text) {
				t.Errorf("%s.toml: %q is not in Unicode NFC", lang, key)
			}
			if strings.ContainsAny(text, "ѳѲѵѴ") {
				t.Errorf("%s.toml: %q: a look-alike of ө or ү: %s", lang, key, text)
			}
			if bare := placeholder.ReplaceAllString(text, " "); mixed.MatchString(bare) {
				t.Errorf("%s.toml: %q mixes Latin and Cyrillic letters in a word: %s", lang, key, text)
			}
		})
	}
}

func TestR8_NoBreakSpaceAfterNumberSign(t *testing.T) {
	c, err := LoadCatalog(testWords)
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"ky", "ru"} {
		if got, err := c.Text(lang, "application.number", "number", "26-0401"); err != nil || !strings.Contains(got, "№\u00a026-0401") {
			t.Errorf("%s: %q, %v", lang, got, err)
		}
		eachText(t, lang, func(key, form, text string) {
			if strings.Contains(text, "№{") {
				t.Errorf("%s.toml: %q: no space after №: %s", lang, key, text)
			}
		})
	}
}

// source reads our Go files without tests, and our pages.
func source(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			switch d.Name() {
			case ".git", "node_modules", "vendor", "testdata", "bin", "var":
				return filepath.SkipDir
			}
			return nil
		}
		name := d.Name()
		if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") && name != "doc.go" || strings.HasSuffix(name, ".html") {
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			out[path] = string(raw)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const keyPattern = `"([a-z_0-9]+(?:\.[A-Za-z_0-9]+)+)"`

// uses are the places where a key stands and nothing else could.
var uses = []*regexp.Regexp{
	regexp.MustCompile(`Refuse\(\s*(?:registry\.)?\w+,\s*` + keyPattern),
	regexp.MustCompile(`"(error(?:\.[a-z_0-9]+)+)"`),
	regexp.MustCompile(`\.text\(c,\s*` + keyPattern),
	regexp.MustCompile(`\.flash\(c,\s*"[a-z]+",\s*` + keyPattern),
	regexp.MustCompile(`\bT ` + keyPattern),
	regexp.MustCompile(`field "[a-z_0-9]+" ` + keyPattern),
	regexp.MustCompile(`\.(?:Hint|Placeholder) ` + keyPattern),
}

func TestEveryKeyThatIsUsedExists(t *testing.T) {
	ky := readCatalog(t, "ky")
	for path, text := range source(t) {
		for _, use := range uses {
			for _, m := range use.FindAllStringSubmatch(text, -1) {
				if _, ok := ky[m[1]]; !ok {
					t.Errorf("%s uses %q, which no catalog has", path, m[1])
				}
			}
		}
	}
}

// A line marked with a row of the glossary or "# word" is vocabulary and may be unused.
var glossaryMark = regexp.MustCompile(`(?m)^"([^"]+)" = .*# (?:[A-Q][0-9]{2}|word)$`)

func TestEveryKeyIsUsed(t *testing.T) {
	vocabulary := map[string]bool{}
	raw, err := os.ReadFile("locales/ky.toml")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range glossaryMark.FindAllStringSubmatch(string(raw), -1) {
		vocabulary[m[1]] = true
	}
	literal := regexp.MustCompile(`"([a-z_0-9]+(?:\.[A-Za-z_0-9]*)+)"`)
	prefix := regexp.MustCompile(`\bword "([a-z_.]+)"`)
	used, prefixes := map[string]bool{}, []string{}
	for _, text := range source(t) {
		for _, m := range literal.FindAllStringSubmatch(text, -1) {
			used[m[1]] = true
			if strings.HasSuffix(m[1], ".") {
				prefixes = append(prefixes, m[1])
			}
		}
		for _, m := range prefix.FindAllStringSubmatch(text, -1) {
			prefixes = append(prefixes, m[1]+".")
		}
	}
	for key := range readCatalog(t, "ky") {
		if used[key] || vocabulary[key] || slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(key, p) }) {
			continue
		}
		t.Errorf("nobody uses %q", key)
	}
}

func TestR3_WordsOfTheAuthority(t *testing.T) {
	c, err := LoadCatalog(testWords)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ lang, key, want string }{
		{"ky", "mail.subject.ended", "КЭКтин мөөнөтү аяктады"},
		{"ky", "error.signature.invalid", "Колтамга текшерүүдөн өткөн жок."},
		{"ky", "error.signature.sha1", "Колтамгада эскирген алгоритм (SHA-1) колдонулган, ал кабыл алынбайт."},
		{"ru", "mail.subject.ended", "Срок КЭП истёк"},
	} {
		if got, err := c.Text(tc.lang, tc.key); err != nil || got != tc.want {
			t.Errorf("%s %s: %q, %v; want %q", tc.lang, tc.key, got, err, tc.want)
		}
	}
	if _, err := LoadCatalog(map[string]Words{"ky": {}, "ru": {}, "en": {}}); err == nil {
		t.Error("catalogs were loaded without the authority's words")
	}
}

func TestR5_PluralForms(t *testing.T) {
	c, err := LoadCatalog(testWords)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		lang string
		n    int
		want string
	}{
		{"ru", 1, "остался 1 день"}, {"ru", 3, "осталось 3 дня"}, {"ru", 11, "осталось 11 дней"}, {"ru", 21, "остался 21 день"}, {"ru", 0, "осталось 0 дней"},
		{"ky", 1, "1 күн калды"}, {"ky", 7, "7 күн калды"},
		{"en", 1, "1 day left"}, {"en", 2, "2 days left"},
	} {
		if got, err := c.Text(tc.lang, "count.days_left", "n", tc.n); err != nil || got != tc.want {
			t.Errorf("%s %d: %q, %v; want %q", tc.lang, tc.n, got, err, tc.want)
		}
	}
}

func TestTextOfAnUnknownKeyIsAnError(t *testing.T) {
	c, err := LoadCatalog(testWords)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.Text("ky", "no.such.key"); err == nil || got != "no.such.key" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := c.Text("ky", "error.inn.digits", "n"); err == nil {
		t.Error("an odd number of arguments passed")
	}
	if _, err := c.Text("ky", "error.inn.digits"); err == nil {
		t.Error("a missing argument passed")
	}
}
