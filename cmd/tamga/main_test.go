package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tamga-ca/tamga/internal/pgtest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tamga": main})
}

// TestCommands runs the scripts of testdata. `pgdb NAME` sets NAME to the DSN
// of an empty PostgreSQL database's owner; mine.yaml is a pack of one's own.
func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			cases, err := os.ReadFile("../../internal/authorities/testdata/cases.json")
			if err != nil {
				return err
			}
			if err := os.WriteFile(e.WorkDir+"/cases.json", cases, 0o600); err != nil {
				return err
			}
			pack, err := os.ReadFile("../../internal/authorities/packs/dostek.yaml")
			if err != nil {
				return err
			}
			return os.WriteFile(e.WorkDir+"/mine.yaml", bytes.Replace(pack, []byte("unpaid_days: 30"), []byte("unpaid_days: 45"), 1), 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"pgdb": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) != 1 {
					ts.Fatalf("usage: pgdb NAME")
				}
				ts.Setenv(args[0], pgtest.DSN(t))
			},
		},
	})
}
