package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/configuration.md anew")

const configurationDoc = "../../docs/configuration.md"

func TestConfigurationIsDocumented(t *testing.T) {
	want := configuration(model(t))
	if *update {
		if err := os.WriteFile(configurationDoc, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(configurationDoc)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/configuration.md is not what the program knows; run: go test ./cmd/tamga -run Configuration -update\n%s", diff)
	}
}

// Every setting has a help text, and a variable is named after its flag.
func TestSettingsAreNamedAlike(t *testing.T) {
	walk(model(t).Node, func(command *kong.Node) {
		for _, f := range command.Flags {
			if f.Name == "help" {
				continue
			}
			if f.Help == "" || !strings.HasSuffix(f.Help, ".") {
				t.Errorf("%s --%s: help %q is not a sentence", command.FullPath(), f.Name, f.Help)
			}
			for _, env := range f.Envs {
				if env != variable(f.Name) {
					t.Errorf("%s --%s has the variable %s, want %s", command.FullPath(), f.Name, env, variable(f.Name))
				}
			}
		}
	})
}

func model(t *testing.T) *kong.Application {
	t.Helper()
	parser, err := newParser(&CLI{})
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model
}

func walk(n *kong.Node, do func(*kong.Node)) {
	do(n)
	for _, child := range n.Children {
		walk(child, do)
	}
}

// configuration is the text of docs/configuration.md.
func configuration(app *kong.Application) string {
	var b strings.Builder
	b.WriteString("# Configuration\n\n" +
		"Every setting is a flag and, where a variable is named, also a variable of the\n" +
		"environment; the flag wins. A wrong value stops the start with a sentence that\n" +
		"says which and why. Durations are written `15s`, `2m`, `1h`.\n\n" +
		"This page is made from the program: `go test ./cmd/tamga -run Configuration -update`.\n")
	walk(app.Node, func(n *kong.Node) {
		if n.Type != kong.ApplicationNode && !n.Leaf() {
			return
		}
		title := "Every command"
		if n.Type != kong.ApplicationNode {
			title = "`" + n.Path() + "`"
		}
		flags := flagsOf(n)
		fmt.Fprintf(&b, "\n## %s\n\n", title)
		if n.Type != kong.ApplicationNode {
			b.WriteString(n.Help + "\n")
		}
		for _, p := range n.Positional {
			fmt.Fprintf(&b, "\n- `%s`: %s\n", p.Summary(), p.Help)
		}
		if len(flags) == 0 {
			return
		}
		b.WriteString("\n| variable | flag | default | |\n|---|---|---|---|\n")
		for _, f := range flags {
			env := ""
			if len(f.Envs) > 0 {
				env = "`" + f.Envs[0] + "`"
			}
			value := ""
			switch {
			case f.HasDefault:
				value = "`" + f.Default + "`"
			case f.Required:
				value = "required"
			}
			fmt.Fprintf(&b, "| %s | `--%s` | %s | %s |\n", env, f.Name, value, strings.ReplaceAll(f.Help, "|", "\\|"))
		}
	})
	return b.String()
}

func flagsOf(n *kong.Node) []*kong.Flag {
	var out []*kong.Flag
	for _, f := range n.Flags {
		if f.Name != "help" && !f.Hidden {
			out = append(out, f)
		}
	}
	return out
}
