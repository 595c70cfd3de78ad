// Package rooms_test proves that the linter's table of who may import whom
// (docs/adr/0001) is about files and packages that are there. A pattern that
// matches nothing forbids nothing, and no linter says so.
package rooms_test

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

const (
	root   = "../.."
	module = "github.com/tamga-ca/tamga"
)

// rule is one of depguard's in .golangci.yml.
type rule struct {
	Files []string `yaml:"files"`
	Allow []string `yaml:"allow"`
	Deny  []struct {
		Pkg string `yaml:"pkg"`
	} `yaml:"deny"`
}

func rules(t *testing.T) map[string]rule {
	t.Helper()
	b, err := os.ReadFile(root + "/.golangci.yml")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Linters struct {
			Settings struct {
				Depguard struct {
					Rules map[string]rule `yaml:"rules"`
				} `yaml:"depguard"`
			} `yaml:"settings"`
		} `yaml:"linters"`
	}
	if err := yaml.Unmarshal(b, &config); err != nil {
		t.Fatal(err)
	}
	if len(config.Linters.Settings.Depguard.Rules) == 0 {
		t.Fatal("the linter has no table of imports")
	}
	return config.Linters.Settings.Depguard.Rules
}

// goFiles are the paths of ours, from the top.
func goFiles(t *testing.T) []string {
	t.Helper()
	var out []string
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (slices.Contains([]string{"node_modules", "var", "bin"}, name) || name != "." && name[0] == '.') {
			return fs.SkipDir
		}
		if path.Ext(name) == ".go" {
			out = append(out, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// glob matches as depguard does: a star stops at a slash, two do not.
func glob(t *testing.T, pattern string) *regexp.Regexp {
	t.Helper()
	if strings.ContainsAny(pattern, `?[]{}\`) {
		t.Fatalf("pattern %s: this test knows stars alone", pattern)
	}
	parts := strings.Split(pattern, "**")
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(regexp.QuoteMeta(p), `\*`, `[^/]*`)
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$")
}

// folder is what a pattern has before its first star, but for the one that
// stands for whatever the checkout is in.
func folder(pattern string) string {
	before, _, _ := strings.Cut(strings.TrimPrefix(pattern, "**/"), "*")
	return path.Dir(before + "x")
}

// Each pattern of the table matches the files directly in its folder, each
// exception some file.
func TestPatternsOfTheTableMatch(t *testing.T) {
	all := goFiles(t)
	for name, r := range rules(t) {
		for _, pattern := range r.Files {
			if pattern == "!$test" {
				continue
			}
			pattern, except := strings.CutPrefix(pattern, "!")
			g := glob(t, pattern)
			direct := func(f string) bool { return path.Dir(f) == folder(pattern) }
			matches := func(f string) bool { return g.MatchString("/" + f) }
			if !slices.ContainsFunc(all, matches) {
				t.Errorf("rule %s: %s matches no file", name, pattern)
			}
			if i := slices.IndexFunc(all, func(f string) bool { return direct(f) && !matches(f) }); i >= 0 && !except {
				t.Errorf("rule %s: %s does not match %s", name, pattern, all[i])
			}
		}
	}
}

// Each package of ours that the table allows or denies is there.
func TestPackagesOfTheTableExist(t *testing.T) {
	for name, r := range rules(t) {
		packages := r.Allow
		for _, d := range r.Deny {
			packages = append(packages, d.Pkg)
		}
		for _, p := range packages {
			if in, ours := strings.CutPrefix(p, module); ours {
				if d, err := os.Stat(root + strings.TrimSuffix(in, "$")); err != nil || !d.IsDir() {
					t.Errorf("rule %s: there is no %s", name, p)
				}
			}
		}
	}
}
