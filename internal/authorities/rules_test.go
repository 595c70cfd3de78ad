package authorities

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
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

// heldElsewhere are the rules of the logins that pages hold: each with the test
// that shows it, in whatever package.
var heldElsewhere = map[string]string{
	"LG-01": "TestLoginWithATokenIsRefusedInItsOwnWords", "EN-01": "TestLoginWithATokenIsRefusedInItsOwnWords",
	"LG-02": "TestTokenLogin", "LG-03": "TestEveryPublicPageAnswers", "EN-02": "TestEveryPublicPageAnswers",
	"LG-04": "TestLG04_TheCarrierIsAskedFirst", "LG-05": "TestTokenLogin", "LG-06": "TestTokenLogin", "LG-07": "TestTokenLogin",
	"LG-09": "TestTokenLogin", "LG-10": "TestTokenLogin", "EN-06": "TestTokenLogin",
	"LG-14": "TestLG14_HeaderOfAHolder", "LG-15": "TestLG15_LogoutEndsTheSessionAndIsJournalled", "EN-08": "TestLG15_LogoutEndsTheSessionAndIsJournalled",
	"LG-16": "TestLG16_LG18_EN09_SupportIsNamed", "LG-17": "TestLG16_LG18_EN09_SupportIsNamed", "LG-18": "TestLG16_LG18_EN09_SupportIsNamed",
	"EN-09": "TestLG16_LG18_EN09_SupportIsNamed",
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
	everywhere := testsOfTheModule(t)
	for rule, test := range heldElsewhere {
		if !everywhere[test] {
			t.Errorf("%s is said to be held by %s, which does not exist", rule, test)
		}
		places[rule] = append(places[rule], test)
	}
	for _, family := range []struct {
		prefix string
		last   int
	}{{"DT", 30}, {"UB", 31}, {"A", 35}, {"LG", 18}, {"EN", 9}} {
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

// testsOfTheModule are the names of all tests.
func testsOfTheModule(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	eachSource(t, func(path, source string) {
		if strings.HasSuffix(path, "_test.go") {
			for _, m := range declared.FindAllStringSubmatch(source, -1) {
				names[m[1]] = true
			}
		}
	})
	return names
}

// eachSource visits the Go files of the module.
func eachSource(t *testing.T, visit func(path, source string)) {
	t.Helper()
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (e.Name() == "node_modules" || strings.HasPrefix(e.Name(), ".") && path != root):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go"):
			return nil
		}
		data, err := os.ReadFile(path)
		visit(path, string(data))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestEverySettingHasAnEffect: what a pack may set is read outside of the check
// of packs, so that nobody turns a switch which is connected to nothing. A
// setting is its field of its struct: many things have Steps, or a Label.
func TestEverySettingHasAnEffect(t *testing.T) {
	read := fieldsRead(t)
	read["authorities.Pack.TimeZone"] = true // as Zone
	// What a line of the file is called there.
	read["authorities.Switch.Label"], read["authorities.Rejection.Code"] = true, true
	var settings func(typ reflect.Type)
	settings = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			settings(typ.Elem())
		case reflect.Struct:
			for f := range typ.Fields() {
				if tag := f.Tag.Get("yaml"); tag == "" || tag == "-" || f.Name == "Rules" || f.Name == "Ambiguity" {
					continue // no setting, or where one comes from
				}
				if name := typ.String() + "." + f.Name; !read[name] {
					t.Errorf("%s is read nowhere", name)
				}
				settings(f.Type)
			}
		}
	}
	settings(reflect.TypeFor[Pack]())
}

// fieldsRead are the fields that the program reads, "authorities.Login.Steps",
// but for the check of packs.
func fieldsRead(t *testing.T) map[string]bool {
	t.Helper()
	m := module{fset: token.NewFileSet(), files: map[string][]*ast.File{}, done: map[string]*types.Package{}}
	m.info.Selections = map[*ast.SelectorExpr]*types.Selection{}
	eachSource(t, func(path, source string) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		f, err := parser.ParseFile(m.fset, path, source, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		dir, _ := filepath.Rel(filepath.Join("..", ".."), filepath.Dir(path))
		m.files[modulePath+filepath.ToSlash(dir)] = append(m.files[modulePath+filepath.ToSlash(dir)], f)
	})
	for path := range m.files {
		_, _ = m.Import(path)
	}
	read := map[string]bool{}
	for at, s := range m.info.Selections {
		owner := s.Recv()
		if p, ok := owner.(*types.Pointer); ok {
			owner = p.Elem()
		}
		if named, ok := owner.(*types.Named); ok && s.Kind() == types.FieldVal && filepath.Base(m.fset.File(at.Pos()).Name()) != "validate.go" {
			read[named.Obj().Pkg().Name()+"."+named.Obj().Name()+"."+s.Obj().Name()] = true
		}
	}
	return read
}

const modulePath = "github.com/tamga-ca/tamga/"

// module checks the types of our own code. What it takes from elsewhere stays
// unknown, which settings never are.
type module struct {
	fset  *token.FileSet
	files map[string][]*ast.File // by import path
	done  map[string]*types.Package
	info  types.Info
}

func (m *module) Import(path string) (*types.Package, error) {
	if m.files[path] == nil {
		return nil, errors.New("not ours")
	}
	if m.done[path] == nil {
		config := types.Config{Importer: m, Error: func(error) {}}
		m.done[path], _ = config.Check(path, m.fset, m.files[path], &m.info)
	}
	return m.done[path], nil
}
