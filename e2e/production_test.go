//go:build e2e

package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/child"
	"github.com/tamga-ca/tamga/internal/mailtest"
	"github.com/tamga-ca/tamga/internal/pgtest"
)

// production is the topology of docker-compose.yml as plain processes:
// PostgreSQL, the stock step-ca with a database of its own, the server, mail.
type production struct {
	env    map[string]string
	stepCA []string // how to start it
	mail   *mailtest.Catcher
	codes  string // what init printed
	ca     *child.Process
	db     pgtest.Database
	step   pgtest.Database // step-ca's own
}

func makeProduction(t *testing.T, authority string) *production {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{"data", "ca", "step-ca", "step-ca-secrets"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	records, own := pgtest.New(t), pgtest.New(t)
	at := freeAddress(t)
	listen := freeAddress(t)
	p := &production{mail: mailtest.New(t), db: records, step: own}
	p.env = map[string]string{
		"TAMGA_AUTHORITY":     authority,
		"TAMGA_LISTEN":        listen,
		"TAMGA_BASE_URL":      "http://" + listen,
		"TAMGA_DB":            records.App,
		"TAMGA_DB_READ":       records.ReadOnly,
		"TAMGA_DATA_DIR":      filepath.Join(dir, "data"),
		"TAMGA_SECRETS_DIR":   filepath.Join(dir, "secrets"),
		"TAMGA_CA_DIR":        filepath.Join(dir, "ca"),
		"TAMGA_CA_URL":        "https://" + strings.Replace(at, "127.0.0.1", "localhost", 1),
		"TAMGA_SMTP":          p.mail.Addr(),
		"TAMGA_SMTP_SECURITY": "none",
		"TAMGA_MAIL_FROM":     "tamga@ca.example",
	}
	env := []string{
		"TAMGA_DB_OWNER=" + records.Owner, "TAMGA_DB_APP_ROLE=" + pgtest.AppRole, "TAMGA_DB_READ_ROLE=" + pgtest.ReadOnlyRole,
		"TAMGA_STEP_CA_DIR=" + filepath.Join(dir, "step-ca"), "TAMGA_STEP_CA_SECRETS=" + filepath.Join(dir, "step-ca-secrets"),
		"TAMGA_STEP_CA_DB=" + own.Owner,
	}
	for name, value := range p.env {
		env = append(env, name+"="+value)
	}
	p.codes = command(t, env, "init", "--administrators", administrators(t, dir))
	// What the installer is told to do.
	if err := os.RemoveAll(filepath.Join(dir, "step-ca-secrets", "root-offline")); err != nil {
		t.Fatal(err)
	}
	p.stepCA = []string{filepath.Join(dir, "step-ca", "ca.json"), "--password-file", filepath.Join(dir, "step-ca-secrets", "ca-password")}
	return p
}

func administrators(t *testing.T, dir string) string {
	t.Helper()
	b, err := json.Marshal([]any{
		employee("11503198600123", "F", "1986-03-15", "Асанова", "Айгүл"),
		employee("20707198000456", "M", "1980-07-07", "Бакиров", "Нурбек"),
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "administrators.json")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// employee is a person as the operator's commands read one.
func employee(number, sex, born, surname, given string) map[string]any {
	name := map[string]string{"surname": surname, "given": given}
	return map[string]any{
		"person": map[string]any{
			"personal_number": number, "sex": sex, "birth_date": born, "citizenship": "KGZ", "name_ky": name, "name_ru": name,
			"document": map[string]any{"type": "ID_CARD", "series": "ID", "number": "1234567", "languages": []string{"ky", "ru"}},
		},
		"office": "BISHKEK", "email": "employee@ca.example", "language": "ky",
	}
}

// startStepCA starts the stock binary as the compose file does.
func (p *production) startStepCA(t *testing.T) *child.Process {
	t.Helper()
	log := &output{}
	cmd := exec.Command(binary(t, stepCA), p.stepCA...)
	cmd.Env = append(clean(os.Environ()), "HOME="+t.TempDir())
	cmd.Stdout, cmd.Stderr = log, log
	process, err := child.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = process.Kill() })
	health := []string{"healthcheck", "--url", p.env["TAMGA_CA_URL"] + "/health", "--bundle", filepath.Join(p.env["TAMGA_CA_DIR"], "root.crt")}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) {
		if exec.CommandContext(t.Context(), binary(t, tamga), health...).Run() == nil {
			return process
		}
		if time.Now().After(deadline) {
			t.Fatalf("step-ca does not answer:\n%s", log.tail(30))
		}
	}
}

// The shape of docker-compose.yml runs: what init wrote starts the stock
// step-ca, and the server finds everything by its settings alone.
func TestProductionTopology(t *testing.T) {
	p := makeProduction(t, "dostek")
	if strings.Count(p.codes, "code on paper") != 2 {
		t.Errorf("init printed %q", p.codes)
	}
	authority := p.startStepCA(t)
	s := startServe(t, p.env)
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/login": 200, "/none": 404} {
		answer, err := http.Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s answers %d, want %d", path, answer.StatusCode, want)
		}
	}
	if out := command(t, []string{"TAMGA_LISTEN=" + p.env["TAMGA_LISTEN"]}, "healthcheck"); out != "" {
		t.Errorf("health check: %s", out)
	}
	before := tryExternalStatus(t, s, true)
	// A second server on the same PostgreSQL is welcome; this one may use the
	// issuing key, and its lists go on from step-ca's.
	second := map[string]string{}
	for name, value := range p.env {
		second[name] = value
	}
	delete(second, "TAMGA_LISTEN")
	delete(second, "TAMGA_BASE_URL")
	second["TAMGA_CRL_KMS"] = "softkms:path=" + filepath.Join(filepath.Dir(p.stepCA[0]), "issuing.key") + "?pin-source=" + p.stepCA[2]
	other := startServe(t, second)
	if after := tryExternalStatus(t, other, false); after <= before {
		t.Errorf("list %d follows step-ca's %d", after, before)
	}
	other.Stop(t)
	// Without the CA the pages go on.
	if err := authority.Kill(); err == nil {
		t.Error("step-ca ended in order though it was killed")
	}
	page := open(t, s)
	if status := page.Goto("/login"); status != http.StatusOK {
		t.Errorf("/login answers %d", status)
	}
	page.Accessible()
	page.Shot("login")
	s.Stop(t)
}
