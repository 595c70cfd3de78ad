package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

func catalogs(t *testing.T) map[string]map[string]string {
	t.Helper()
	out := map[string]map[string]string{}
	for _, l := range languages {
		w, err := loadWords(l)
		if err != nil {
			t.Fatal(err)
		}
		out[l] = w.texts
	}
	return out
}

var value = regexp.MustCompile(`\{[a-z]+\}`)

func TestWordsAreComplete(t *testing.T) {
	all := catalogs(t)
	sorted := func(s string) []string {
		v := value.FindAllString(s, -1)
		slices.Sort(v)
		return v
	}
	for _, l := range languages {
		for key, text := range all[l] {
			ky, ok := all["ky"][key]
			if !ok || text == "" || text != strings.TrimSpace(text) {
				t.Errorf("%s: %q: %q", l, key, text)
			}
			if !slices.Equal(sorted(ky), sorted(text)) {
				t.Errorf("%s: %q has other values than in ky", l, key)
			}
		}
		if len(all[l]) != len(all["ky"]) {
			t.Errorf("%s has %d texts, ky %d", l, len(all[l]), len(all["ky"]))
		}
	}
}

func TestR4_NoSuffixTouchesAValue(t *testing.T) {
	bad := regexp.MustCompile(`\}(\p{Cyrillic}|[-‑])|\}[» ]+(чейин|карата|ылайык|кийин|мурда|мурун|тартып|баштап)(\P{L}|$)`)
	for l, texts := range catalogs(t) {
		for key, text := range texts {
			if l != "en" && bad.MatchString(text) {
				t.Errorf("%s: %q: %s", l, key, text)
			}
		}
	}
}

func TestR6_R7_LettersAndPINCode(t *testing.T) {
	pin := regexp.MustCompile(`(?i)(^|\P{L})(пин|pin)(\P{L}|$)`)
	mixed := regexp.MustCompile(`\p{Latin}\p{Cyrillic}|\p{Cyrillic}\p{Latin}`)
	for l, texts := range catalogs(t) {
		for key, text := range texts {
			rest := text
			for _, good := range []string{"ПИН-код", "PIN-code"} {
				rest = strings.ReplaceAll(rest, good, "")
			}
			if pin.MatchString(rest) || mixed.MatchString(value.ReplaceAllString(text, " ")) || !norm.NFC.IsNormalString(text) || strings.ContainsAny(text, "ѳѲѵѴ") {
				t.Errorf("%s: %q: %s", l, key, text)
			}
		}
	}
}

// Every text is said somewhere, and everything that is said has a text.
func TestWordsAreUsed(t *testing.T) {
	ky := catalogs(t)["ky"]
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	literal := regexp.MustCompile(`"((?:devices|ask|login|enrol|step|trouble|server)\.[A-Za-z_.]*|factory|pin_changed|last_try)"`)
	used := map[string]bool{}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range literal.FindAllStringSubmatch(string(b), -1) {
			used[m[1]] = true
			if _, ok := ky[m[1]]; !ok && !strings.HasSuffix(m[1], ".") {
				t.Errorf("%s says %q, which has no text", f, m[1])
			}
		}
	}
	for key := range ky {
		i := strings.LastIndex(key, ".") + 1
		if !used[key] && !used[key[:i]] {
			t.Errorf("nobody says %q", key)
		}
	}
}
