package main

import (
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tamga-ca/tamga/internal/token/rutokentest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tamga-token": main})
}

// TestCommands runs the scripts of testdata over a drawer with a token of release
// 2.0 that has a name, one of 1.0 and one of 3.0. `unplug N` and `plug N` move
// them; `tries N COUNT` leaves tries.
func TestCommands(t *testing.T) {
	var drawers sync.Map // by the script's directory: the scripts run at once
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			d := rutokentest.New(t,
				rutokentest.Token{Label: "Айдай", PIN: "246813"},
				rutokentest.Token{Release: "1.0"},
				rutokentest.Token{Release: "3.0", PIN: "246813"})
			drawers.Store(e.WorkDir, d)
			e.Vars = append(e.Vars, d.Env()...)
			e.Vars = append(e.Vars, "TAMGA_TOKEN_MODULE="+d.Library)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"unplug": func(ts *testscript.TestScript, _ bool, args []string) { plugged(ts, &drawers, args).Unplug() },
			"plug":   func(ts *testscript.TestScript, _ bool, args []string) { plugged(ts, &drawers, args).Plug() },
			"tries": func(ts *testscript.TestScript, _ bool, args []string) {
				plugged(ts, &drawers, args).SetTriesLeft(int(args[1][0] - '0'))
			},
		},
	})
}

func plugged(ts *testscript.TestScript, drawers *sync.Map, args []string) *rutokentest.Plugged {
	if len(args) == 0 || len(args[0]) != 1 {
		ts.Fatalf("which token?")
	}
	d, _ := drawers.Load(ts.Getenv("WORK"))
	return d.(*rutokentest.Drawer).Tokens[args[0][0]-'0']
}

func TestLanguageOfTheEnvironment(t *testing.T) {
	for env, want := range map[string]string{
		"":                              "ky",
		"LANG=C.UTF-8":                  "ky",
		"LANG=ru_RU.UTF-8":              "ru",
		"LANG=ky_KG":                    "ky",
		"LANG=en_US.UTF-8":              "en",
		"LANG=de_DE.UTF-8":              "ky",
		"LC_ALL=en_GB LANG=ru_RU.UTF-8": "en",
		"LC_ALL=C LANG=ru_RU.UTF-8":     "ru",
		"LANG=run":                      "ky",
	} {
		vars := map[string]string{}
		for _, v := range strings.Fields(env) {
			name, value, _ := strings.Cut(v, "=")
			vars[name] = value
		}
		if got := languageOf(func(name string) string { return vars[name] }); got != want {
			t.Errorf("%s: %s, want %s", env, got, want)
		}
	}
}
