package handlers

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
)

// journalEndings are how kinds that the code puts together end.
func journalEndings() map[string][]string {
	return map[string][]string{
		"application.":  wordsOf(registry.Actions[:]),
		"document.":     wordsOf(registry.DocumentActions[:]),
		"enrolment.":    wordsOf(registry.EnrolmentStatuses[:]),
		"certificate.":  wordsOf(registry.CertificateStatuses[:]),
		"report.":       wordsOf(registry.ReportStatuses[:]),
		"data_request.": wordsOf(registry.DataRequestStatuses[:]),
	}
}

var journalKind = regexp.MustCompile(`^[a-z_]+\.[a-z_.]*$`)

// journalKinds reads the source for every kind of entry that the code can
// write.
func journalKinds(t *testing.T) map[string]string {
	t.Helper()
	kinds := map[string]string{}
	add := func(where string, e ast.Expr) {
		switch e := e.(type) {
		case *ast.BasicLit:
			if kind, err := strconv.Unquote(e.Value); err == nil && journalKind.MatchString(kind) && !strings.HasSuffix(kind, ".") {
				kinds[kind] = where
			}
		case *ast.BinaryExpr:
			lit, ok := e.X.(*ast.BasicLit)
			if !ok {
				return // <what>.exported, from NoteExport
			}
			prefix, _ := strconv.Unquote(lit.Value)
			endings := journalEndings()[prefix]
			if len(endings) == 0 {
				t.Errorf("%s: nobody knows how kinds of the journal end that begin with %q", where, prefix)
			}
			for _, ending := range endings {
				kinds[prefix+ending] = where
			}
		}
	}
	for _, dir := range []string{"../workflow", "../cmd/tamga", "../handlers"} {
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			src, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			f, err := parser.ParseFile(token.NewFileSet(), name, src, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool { journalKindsOf(n, name, add, kinds); return true })
		}
	}
	return kinds
}

func journalKindsOf(n ast.Node, name string, add func(string, ast.Expr), kinds map[string]string) {
	switch n := n.(type) {
	case *ast.CallExpr:
		sel, ok := n.Fun.(*ast.SelectorExpr)
		if !ok {
			return
		}
		switch sel.Sel.Name {
		case "record", "entry", "tell":
			if lit, ok := n.Args[min(2, len(n.Args)-1)].(*ast.BasicLit); ok && sel.Sel.Name == "record" {
				kind, _ := strconv.Unquote(lit.Value)
				kinds[kind] = name // logout has no dot
			}
			for _, arg := range n.Args[:min(3, len(n.Args))] {
				add(name, arg)
			}
		case "NoteExport":
			if lit, ok := n.Args[2].(*ast.BasicLit); ok {
				what, _ := strconv.Unquote(lit.Value)
				kinds[what+".exported"] = name
			}
		}
	case *ast.AssignStmt:
		for i, left := range n.Lhs {
			id, isID := left.(*ast.Ident)
			sel, isSel := left.(*ast.SelectorExpr)
			if i < len(n.Rhs) && (isID && id.Name == "kind" || isSel && sel.Sel.Name == "kind") {
				add(name, n.Rhs[i])
			}
		}
	case *ast.KeyValueExpr:
		if id, ok := n.Key.(*ast.Ident); ok && id.Name == "Kind" {
			add(name, n.Value)
		}
	}
}

// Whatever the code can write into the journal has words on the auditor's page.
func TestEveryKindOfTheJournalHasWords(t *testing.T) {
	h := newCounter(t, "dostek")
	kinds := journalKinds(t)
	for _, known := range []string{"application.approve", "document.accept", "enrolment.issued", "certificate.revoked", "login.operator", "crl.published", "search.exported", "logout"} {
		if kinds[known] == "" {
			t.Errorf("the source was not read well: it writes %s", known)
		}
	}
	for kind, where := range kinds {
		if !h.s.deps.Renderer.Has("history." + kind) {
			t.Errorf("%s: no text history.%s", where, kind)
		}
	}
}
