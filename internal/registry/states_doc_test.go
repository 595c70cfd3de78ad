package registry_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

var update = flag.Bool("update", false, "write docs/states.md anew")

const statesDoc = "../../docs/states.md"

// The tables of moves, the databases' CHECK constraints and docs/states.md say
// the same.
func TestStatesAreWrittenDown(t *testing.T) {
	want := statesText(t)
	if *update {
		if err := os.WriteFile(statesDoc, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(statesDoc)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/states.md is not what the tables say; run: go test ./internal/registry -run States -update\n%s", diff)
	}
}

func TestStatesAreChecked(t *testing.T) {
	endings, err := store.CheckWords("orders", "ending")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(append([]string{""}, text(registry.OrderEndings[:])...), endings, cmpopts.SortSlices(strings.Compare)); diff != "" {
		t.Errorf("the CHECK constraint of orders.ending differs from package registry:\n%s", diff)
	}
	for _, c := range []struct {
		table string
		words []string
	}{
		{"applications", text(registry.ApplicationStatuses[:])},
		{"documents", text(registry.DocumentStatuses[:])},
		{"enrolments", text(registry.EnrolmentStatuses[:])},
		{"certificates", text(registry.CertificateStatuses[:])},
		{"token_keys", text(registry.TokenKeyStatuses[:])},
		{"revocation_reports", text(registry.ReportStatuses[:])},
		{"revocation_batches", text(registry.BatchStatuses[:])},
		{"data_requests", text(registry.DataRequestStatuses[:])},
	} {
		t.Run(c.table, func(t *testing.T) {
			got, err := store.CheckWords(c.table, "status")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(slices.Sorted(slices.Values(c.words)), slices.Sorted(slices.Values(got))); diff != "" {
				t.Errorf("the CHECK constraint differs from package registry:\n%s", diff)
			}
		})
	}
}

// Every status can be reached, and from each that is not final something leads
// on.
func TestStatesAreReachable(t *testing.T) {
	for name, m := range machines() {
		t.Run(name, func(t *testing.T) {
			into, out := map[string]bool{m.words[0]: true}, map[string]bool{}
			for _, e := range m.edges {
				if !slices.Contains(m.words, e.from) || !slices.Contains(m.words, e.to) {
					t.Errorf("%s → %s names a status that is not listed", e.from, e.to)
				}
				into[e.to], out[e.from] = true, true
			}
			for _, w := range m.words {
				if !into[w] {
					t.Errorf("nothing leads to %s", w)
				}
				if !out[w] != slices.Contains(m.final, w) {
					t.Errorf("%s: final %v, leads on %v", w, slices.Contains(m.final, w), out[w])
				}
			}
		})
	}
}

type edge struct{ from, to, label string }

type machine struct {
	typ   string // the Go type of its words
	words []string
	final []string
	edges []edge
}

func machines() map[string]machine {
	application := edgesOfMoves(registry.ApplicationMoves)
	return map[string]machine{
		"order":       orderMachine(),
		"application": {"ApplicationStatus", text(registry.ApplicationStatuses[:]), text([]registry.ApplicationStatus{registry.Completed, registry.Refused, registry.Withdrawn}), application},
		"enrolment":   {"EnrolmentStatus", text(registry.EnrolmentStatuses[:]), text([]registry.EnrolmentStatus{registry.HandedOver, registry.Cancelled}), edgesOf(registry.EnrolmentStatuses[:], registry.EnrolmentMoves)},
		"token key":   {"TokenKeyStatus", text(registry.TokenKeyStatuses[:]), []string{string(registry.KeyRemoved)}, edgesOf(registry.TokenKeyStatuses[:], registry.TokenKeyMoves)},
		"certificate": {"CertificateStatus", text(registry.CertificateStatuses[:]), []string{string(registry.CertRevoked)}, edgesOf(registry.CertificateStatuses[:], registry.CertificateMoves)},
		"report":      reportMachine(),
		"batch":       {"BatchStatus", text(registry.BatchStatuses[:]), text([]registry.BatchStatus{registry.BatchDone, registry.BatchRejected}), edgesOf(registry.BatchStatuses[:], registry.BatchMoves)},

		"data request": dataRequestMachine(),
	}
}

// dataRequestMachine is a request's: every final status is reached from
// received.
func dataRequestMachine() machine {
	var edges []edge
	for _, m := range registry.DataRequestMoves {
		if m.To != "" {
			edges = append(edges, edge{string(registry.DataReceived), string(m.To), string(m.Action)})
		}
	}
	return machine{"DataRequestStatus", text(registry.DataRequestStatuses[:]), text(registry.DataRequestStatuses[1:]), edges}
}

func edgesOfMoves(moves []registry.Move) []edge {
	var out []edge
	for _, m := range moves {
		if m.To == "" {
			continue
		}
		for _, from := range m.From {
			out = append(out, edge{string(from), string(m.To), string(m.Action)})
		}
	}
	return out
}

// reportMachine is a report's: every final status is reached from received.
func reportMachine() machine {
	var edges []edge
	for _, m := range registry.ReportMoves {
		if m.To != "" {
			edges = append(edges, edge{string(registry.ReportReceived), string(m.To), string(m.Action)})
		}
	}
	return machine{"ReportStatus", text(registry.ReportStatuses[:]), text(registry.ReportStatuses[1:]), edges}
}

// orderMachine is the application's, as far as an order goes.
func orderMachine() machine {
	edges := edgesOfMoves(registry.OrderMoves)
	words := slices.DeleteFunc(text(registry.ApplicationStatuses[:]), func(w string) bool {
		return !slices.ContainsFunc(edges, func(e edge) bool { return e.from == w || e.to == w })
	})
	return machine{"ApplicationStatus", words, text([]registry.ApplicationStatus{registry.Completed, registry.Refused, registry.Withdrawn}), edges}
}

func edgesOf[S ~string](order []S, moves map[S][]S) []edge {
	var out []edge
	for _, from := range order {
		for _, to := range moves[from] {
			out = append(out, edge{string(from), string(to), ""})
		}
	}
	return out
}

func text[S ~string](words []S) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return out
}

// statesText is the text of docs/states.md.
func statesText(t *testing.T) string {
	t.Helper()
	meanings := constantDocs(t, "status.go")
	maps.Copy(meanings, constantDocs(t, "token.go"))
	maps.Copy(meanings, constantDocs(t, "report.go"))
	maps.Copy(meanings, constantDocs(t, "batch.go"))
	maps.Copy(meanings, constantDocs(t, "data_request.go"))
	var b strings.Builder
	b.WriteString("# States\n\n" +
		"What can happen to an application, its documents, the making of a certificate,\n" +
		"and a certificate. What is not drawn is not allowed: the tables of moves in\n" +
		"`internal/registry/status.go` are the whole of it, and each transition is one file\n" +
		"of `workflow`. The databases hold the same words in CHECK constraints.\n\n" +
		"This page is made from the tables: `go test ./internal/registry -run States -update`.\n")
	all := machines()
	for _, s := range []struct{ name, title, note string }{
		{"application", "Application", ""},
		{"enrolment", "Enrolment", "One for each signatory of an application.\n\n"},
		{"token key", "Key on a token", "One for each key that a token was told to make. Between issued and handed over the\n" +
			"enrolment waits while its key goes from made to proven.\n\n"},
		{"certificate", "Certificate", "\"Not yet usable\", \"valid\" and \"expired\" are computed from the clock and never stored.\n\n"},
		{"report", "Report", "Somebody's word that a certificate must not be used any more. The table of moves is in\n`internal/registry/report.go`.\n\n"},
		{"batch", "Many revoked at once", "A list that one approver proposes and another signs.\n\n"},
		{"data request", "Request for one's own data", "A person asks for what is kept about them; a week runs (domain.md §6.9). The table of\nmoves is in `internal/registry/data_request.go`.\n\n"},
	} {
		m := all[s.name]
		fmt.Fprintf(&b, "\n## %s\n\n%s%s\n%s", s.title, s.note, diagram(m), statusTable(m.words, meanings[m.typ]))
		if s.name == "application" {
			b.WriteString("\n" + moveTable(registry.ApplicationMoves))
			b.WriteString("\n## Remote order\n\nAn application whose channel is remote (DT-18). Its statuses are those above; a draft\n" +
				"waits for a signature. What was signed is not edited, so its moves are fewer.\n\n" + diagram(orderMachine()) + "\n" + moveTable(registry.OrderMoves) +
				"\nWhy one came to nothing:\n\n" + statusTable(text(registry.OrderEndings[:]), constantDocs(t, "order.go")["OrderEnding"]))
		}
		if s.name == "report" {
			b.WriteString("\n" + reportMoveTable())
		}
		if s.name == "data request" {
			b.WriteString("\n" + dataRequestMoveTable())
		}
	}
	b.WriteString("\n## Document\n\nA clerk judges each document, in any order and again; only an accepted or waived one\n" +
		"no longer stands in the way of verification. When an edit puts another person or\n" +
		"organisation in the place, what was judged of the former is judged anew.\n\n" + statusTable(text(registry.DocumentStatuses[:]), meanings["DocumentStatus"]))
	return b.String()
}

func diagram(m machine) string {
	var b strings.Builder
	b.WriteString("```mermaid\nstateDiagram-v2\n")
	fmt.Fprintf(&b, "    [*] --> %s\n", m.words[0])
	labels := map[[2]string][]string{}
	var order [][2]string
	for _, e := range m.edges {
		k := [2]string{e.from, e.to}
		if _, known := labels[k]; !known {
			order = append(order, k)
			labels[k] = nil
		}
		if e.label != "" && !slices.Contains(labels[k], e.label) {
			labels[k] = append(labels[k], e.label)
		}
	}
	for _, k := range order {
		label := ""
		if len(labels[k]) > 0 {
			label = " : " + strings.Join(labels[k], ", ")
		}
		fmt.Fprintf(&b, "    %s --> %s%s\n", k[0], k[1], label)
	}
	for _, f := range m.final {
		fmt.Fprintf(&b, "    %s --> [*]\n", f)
	}
	b.WriteString("```\n")
	return b.String()
}

func statusTable(words []string, meaning map[string]string) string {
	var b strings.Builder
	b.WriteString("| status | |\n|---|---|\n")
	for _, w := range words {
		fmt.Fprintf(&b, "| `%s` | %s |\n", w, meaning[w])
	}
	return b.String()
}

func moveTable(moves []registry.Move) string {
	var b strings.Builder
	b.WriteString("| action | from | to | by |\n|---|---|---|---|\n")
	for _, m := range moves {
		to := "stays"
		if m.To != "" {
			to = "`" + string(m.To) + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", m.Action, strings.Join(text(m.From), ", "), to, strings.Join(text(m.By), ", "))
	}
	return b.String()
}

func reportMoveTable() string {
	var b strings.Builder
	b.WriteString("| action | to | by |\n|---|---|---|\n")
	for _, m := range registry.ReportMoves {
		to := "stays"
		if m.To != "" {
			to = "`" + string(m.To) + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", m.Action, to, strings.Join(text(m.By), ", "))
	}
	return b.String()
}

func dataRequestMoveTable() string {
	var b strings.Builder
	b.WriteString("| action | to | by |\n|---|---|---|\n")
	for _, m := range registry.DataRequestMoves {
		to := "stays"
		if m.To != "" {
			to = "`" + string(m.To) + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", m.Action, to, strings.Join(text(m.By), ", "))
	}
	return b.String()
}

// constantDocs returns the comment of each string constant of a file, without
// the constant's name where it begins with it, by type and value.
func constantDocs(t *testing.T, file string) map[string]map[string]string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Doc == nil || len(spec.Values) != 1 {
			return true
		}
		lit, isLit := spec.Values[0].(*ast.BasicLit)
		typ, isName := spec.Type.(*ast.Ident)
		if !isLit || !isName || lit.Kind != token.STRING {
			return true
		}
		value, err := strconv.Unquote(lit.Value)
		if err != nil {
			t.Fatal(err)
		}
		if out[typ.Name] == nil {
			out[typ.Name] = map[string]string{}
		}
		text := strings.Join(strings.Fields(spec.Doc.Text()), " ")
		text = strings.TrimPrefix(text, spec.Names[0].Name)
		out[typ.Name][value] = strings.TrimSpace(strings.TrimPrefix(text, ":"))
		return true
	})
	return out
}
