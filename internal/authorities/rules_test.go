package authorities

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
)

var lineOfPack = regexp.MustCompile(`^mine\.yaml:[0-9]+: .`)

func itoa(n int) string { return strconv.Itoa(n) }

// heldInCode are the rules that no pack can hold, because they say what is not
// asked or how a page reads: each is held by the test named here.
var heldInCode = map[string]string{
	"A-08": "TestFurtherCasesExactly",
	"A-27": "TestA27_TheExitButtonSaysVyiti",
}

// TestEveryRuleIsHeld walks all rules of the two authorities and all readings
// and says where each is held: in a pack, or in a named test.
func TestEveryRuleIsHeld(t *testing.T) {
	places := map[string][]string{}
	for _, name := range Names {
		p := pack(t, name)
		collectRules(reflect.ValueOf(*p), name, places)
	}
	tests := testNames(t)
	for rule, test := range heldInCode {
		if !slices.Contains(tests, test) {
			t.Errorf("%s is said to be held by %s, which does not exist", rule, test)
		}
		places[rule] = append(places[rule], test)
	}
	for _, family := range []struct {
		prefix string
		last   int
	}{{"DT", 30}, {"UB", 31}, {"A", 35}} {
		for n := 1; n <= family.last; n++ {
			rule := fmt.Sprintf("%s-%02d", family.prefix, n)
			if len(places[rule]) == 0 {
				t.Errorf("%s is held nowhere", rule)
				continue
			}
			t.Logf("%s: %s", rule, strings.Join(places[rule], "; "))
		}
	}
}

// TestNoRuleCrosses: no pack holds a rule of the other authority.
func TestNoRuleCrosses(t *testing.T) {
	for name, foreign := range map[string][]string{"dostek": {"UB-", "EN-"}, "ubr": {"DT-", "LG-"}} {
		places := map[string][]string{}
		collectRules(reflect.ValueOf(*pack(t, name)), name, places)
		for rule := range places {
			if slices.ContainsFunc(foreign, func(f string) bool { return strings.HasPrefix(rule, f) }) {
				t.Errorf("%s holds %s", name, rule)
			}
		}
	}
}

// collectRules finds every RuleID and ambiguity under v.
func collectRules(v reflect.Value, path string, into map[string][]string) {
	note := func(rule string) {
		if rule != "" && !slices.Contains(into[rule], path) {
			into[rule] = append(into[rule], path)
		}
	}
	switch v.Kind() {
	case reflect.Struct:
		if code := v.FieldByName("Code"); code.IsValid() && code.Kind() == reflect.String && path != "dostek" && path != "ubr" {
			path += " " + code.String()
		}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			switch {
			case !f.IsExported():
			case f.Name == "Ambiguity":
				note(v.Field(i).String())
			case f.Name == "Rules":
				collectRules(v.Field(i), path, into)
			default:
				collectRules(v.Field(i), path+" "+f.Tag.Get("yaml"), into)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if id, ok := v.Index(i).Interface().(registry.RuleID); ok {
				note(string(id))
				continue
			}
			collectRules(v.Index(i), path, into)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			collectRules(v.MapIndex(k), path+" "+k.String(), into)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			collectRules(v.Elem(), path, into)
		}
	}
}

// testNames are the tests of this package and of the domain.
func testNames(t *testing.T) []string {
	t.Helper()
	var names []string
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	for _, dir := range []string{".", "../registry"} {
		files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range declared.FindAllStringSubmatch(string(data), -1) {
				names = append(names, m[1])
			}
		}
	}
	return names
}
