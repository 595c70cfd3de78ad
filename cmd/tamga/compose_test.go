package main

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"gopkg.in/yaml.v3"
)

// compose is what docker-compose.yml says, as far as it concerns the program.
type compose struct {
	Services map[string]service    `yaml:"services"`
	Volumes  map[string]any        `yaml:"volumes"`
	Networks map[string]any        `yaml:"networks"`
	Secrets  map[string]secretFile `yaml:"secrets"`
}

type secretFile struct {
	File string `yaml:"file"`
}

type service struct {
	Build struct {
		Target string `yaml:"target"`
	} `yaml:"build"`
	Image       string            `yaml:"image"`
	Command     []string          `yaml:"command"`
	Environment map[string]string `yaml:"environment"`
	Secrets     []string          `yaml:"secrets"`
	Volumes     []string          `yaml:"volumes"`
	Networks    []string          `yaml:"networks"`
	Ports       []string          `yaml:"ports"`
	DependsOn   map[string]struct {
		Condition string `yaml:"condition"`
	} `yaml:"depends_on"`
	Healthcheck struct {
		Test []string `yaml:"test"`
	} `yaml:"healthcheck"`
}

func readCompose(t *testing.T) compose {
	t.Helper()
	b, err := os.ReadFile("../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	var c compose
	if err := yaml.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// stage is one target of the Dockerfile with what it inherits.
type stage struct {
	env         map[string]string
	expose      []string
	directories []string // made in it or a stage below
	entrypoint  []string
	command     []string
	healthcheck []string
	copied      []string // files copied in
}

var words = regexp.MustCompile(`"([^"]*)"`)

func list(s string) []string {
	var out []string
	for _, m := range words.FindAllStringSubmatch(s, -1) {
		out = append(out, m[1])
	}
	return out
}

func readDockerfile(t *testing.T) map[string]*stage {
	t.Helper()
	b, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(b), "\\\n", " ")
	stages := map[string]*stage{}
	var now *stage
	for line := range strings.SplitSeq(text, "\n") {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		rest = strings.TrimSpace(rest)
		switch word {
		case "FROM":
			from, name, _ := strings.Cut(rest, " AS ")
			now = &stage{env: map[string]string{}}
			if below := stages[from]; below != nil {
				now.directories, now.copied = slices.Clone(below.directories), slices.Clone(below.copied)
			}
			stages[name] = now
		case "ENV":
			for pair := range strings.FieldsSeq(rest) {
				k, v, _ := strings.Cut(pair, "=")
				now.env[k] = v
			}
		case "EXPOSE":
			now.expose = append(now.expose, strings.Fields(rest)...)
		case "RUN":
			now.directories = append(now.directories, made(rest)...)
		case "COPY":
			fields := strings.Fields(rest)
			now.copied = append(now.copied, fields[len(fields)-1])
		case "ENTRYPOINT":
			now.entrypoint = list(rest)
		case "CMD":
			now.command = list(rest)
		case "HEALTHCHECK":
			_, test, _ := strings.Cut(rest, "CMD")
			now.healthcheck = list(test)
		}
	}
	return stages
}

var (
	loop    = regexp.MustCompile(`for dir in ([^;]+); do install -d [^;]* (/[^ $]*)\$dir`)
	install = regexp.MustCompile(`install -d [^;&]* (/[^ $;]+)(?: |$)`)
)

// made returns the directories that a RUN makes.
func made(run string) []string {
	var out []string
	for _, m := range loop.FindAllStringSubmatch(run, -1) {
		for dir := range strings.FieldsSeq(m[1]) {
			out = append(out, m[2]+dir)
		}
	}
	for _, m := range install.FindAllStringSubmatch(run, -1) {
		out = append(out, m[1])
	}
	return out
}

// What the compose file says about the program is true of the program.
func TestComposeFile(t *testing.T) {
	file, stages, app := readCompose(t), readDockerfile(t), model(t)
	known := programs(t, app, file)
	for name, s := range file.Services {
		t.Run(name, func(t *testing.T) {
			if s.Image != "" {
				t.Errorf("image %s: every service is built from our Dockerfile", s.Image)
			}
			at := stages[s.Build.Target]
			if at == nil {
				t.Fatalf("the Dockerfile has no target %q", s.Build.Target)
			}
			command, env := orDefault(s.Command, at.command), merged(at.env, s.Environment)
			if at.entrypoint[0] == "tamga" {
				checkCommand(t, app, command, env)
			} else {
				checkOther(t, known[at.entrypoint[0]], at, command, env)
			}
			checkHealth(t, app, s, at)
			checkPorts(t, known[at.entrypoint[0]], at, at.env, nil)
			checkPorts(t, known[at.entrypoint[0]], at, env, s.Ports)
			for _, v := range s.Volumes {
				parts := strings.Split(v, ":")
				if _, ok := file.Volumes[parts[0]]; !ok {
					t.Errorf("volume %s is not declared", parts[0])
				}
				if !slices.Contains(at.directories, parts[1]) {
					t.Errorf("the image has no directory %s with the right owner, only %v", parts[1], at.directories)
				}
			}
			for _, n := range s.Networks {
				if _, ok := file.Networks[n]; !ok {
					t.Errorf("network %s is not declared", n)
				}
			}
			for _, n := range s.Secrets {
				if _, ok := file.Secrets[n]; !ok {
					t.Errorf("secret %s is not declared", n)
				}
			}
			for on, d := range s.DependsOn {
				other, ok := file.Services[on]
				if !ok {
					t.Errorf("depends on %s, which is not there", on)
				}
				if d.Condition == "service_healthy" && len(other.Healthcheck.Test) == 0 {
					t.Errorf("waits for the health of %s, which has no check", on)
				}
				if !sharesNetwork(s, other) {
					t.Errorf("depends on %s, but they share no network", on)
				}
			}
			checkEnvironment(t, file, known, s)
		})
	}
}

func orDefault(a, b []string) []string {
	if len(a) > 0 {
		return a
	}
	return b
}

func merged(a, b map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range a {
		out[k] = v
	}
	for k, v := range b {
		out[k] = v
	}
	return out
}

// checkCommand looks a command, its flags and variables up in the program.
func checkCommand(t *testing.T, app *kong.Application, command []string, env map[string]string) {
	t.Helper()
	node := app.Node
	var flags []string
	for _, word := range command {
		if strings.HasPrefix(word, "--") {
			flags = append(flags, strings.TrimPrefix(word, "--"))
			continue
		}
		for _, child := range node.Children {
			if child.Name == word {
				node = child
			}
		}
	}
	if !node.Leaf() || node.Type == kong.ApplicationNode {
		t.Fatalf("%v is no command of the program", command)
	}
	known, knownEnv := map[string]bool{}, map[string]bool{}
	for n := node; n != nil; n = n.Parent {
		for _, f := range n.Flags {
			known[f.Name] = true
			for _, e := range f.Envs {
				knownEnv[e] = true
			}
		}
	}
	for _, f := range flags {
		if !known[f] {
			t.Errorf("tamga %s has no flag --%s", node.Path(), f)
		}
	}
	for e := range env {
		if !knownEnv[e] && !anywhere(app, e) {
			t.Errorf("the program knows no variable %s", e)
		}
	}
	for _, f := range node.Flags {
		if f.Required && len(f.Envs) > 0 && env[f.Envs[0]] == "" && !slices.Contains(flags, f.Name) {
			t.Errorf("tamga %s needs %s", node.Path(), f.Envs[0])
		}
	}
}

// anywhere says whether some command knows a variable: the services share a
// block of them.
func anywhere(app *kong.Application, env string) bool {
	found := false
	walk(app.Node, func(n *kong.Node) {
		for _, f := range n.Flags {
			found = found || slices.Contains(f.Envs, env)
		}
	})
	return found
}

func checkHealth(t *testing.T, app *kong.Application, s service, at *stage) {
	t.Helper()
	test := s.Healthcheck.Test
	if len(test) == 0 {
		return // run once
	}
	if test[0] != "CMD" {
		t.Fatalf("health check %v: CMD, there may be no shell", test)
	}
	if !slices.Equal(test[1:], at.healthcheck) {
		t.Errorf("health check %v, the image's own is %v", test[1:], at.healthcheck)
	}
	if test[1] == "tamga" {
		checkCommand(t, app, test[2:], nil)
		if i := slices.Index(test, "--bundle"); i > 0 && !slices.Contains(at.directories, path.Dir(test[i+1])) {
			t.Errorf("health check reads %s, whose directory is not in the image", test[i+1])
		}
	}
	if !slices.Contains(at.copied, "/usr/local/bin/"+test[1]) {
		t.Errorf("health check runs %s, which is not in the image: %v", test[1], at.copied)
	}
}

// program is what an image's entrypoint can be told by variables.
type program struct {
	variables map[string]string // what each is where it is not set
	listens   []string          // those that say where it listens
}

var (
	tagged  = regexp.MustCompile(`env:"(\w+)" default:"([^"]*)"`)
	shelled = regexp.MustCompile(`\$\{(\w+):-([^}]*)\}`)
)

// programs are the entrypoints' own words for what they can be told.
func programs(t *testing.T, app *kong.Application, file compose) map[string]program {
	t.Helper()
	read := func(name string, variable *regexp.Regexp, listens string) program {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		p := program{variables: map[string]string{}}
		for _, m := range variable.FindAllStringSubmatch(string(b), -1) {
			p.variables[m[1]] = m[2]
			if strings.HasPrefix(m[1], listens) {
				p.listens = append(p.listens, m[1])
			}
		}
		return p
	}
	tamga := program{variables: map[string]string{}}
	walk(app.Node, func(n *kong.Node) {
		for _, f := range n.Flags {
			if n.Name == "serve" && strings.HasSuffix("-"+f.Name, "-listen") {
				tamga.variables[f.Envs[0]] = f.Default
				tamga.listens = append(tamga.listens, f.Envs[0])
			}
		}
	})
	// step-ca reads no variable: it listens where init told it that we shall ask.
	asked, err := url.Parse(file.Services["init"].Environment["TAMGA_CA_URL"])
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]program{
		"tamga":     tamga,
		"mailcatch": read("../../internal/mailtest/mailcatch/main.go", tagged, "MAILCATCH_"),
		"database":  read("../../scripts/docker/database", shelled, "DATABASE_PORT"),
		"step-ca":   {variables: map[string]string{"its configuration": ":" + asked.Port()}, listens: []string{"its configuration"}},
	}
	for name, p := range out {
		if len(p.listens) == 0 {
			t.Fatalf("%s listens nowhere", name)
		}
	}
	return out
}

// ports are those that a program listens on, with what says so; reached tells
// whether from other machines.
func (p program) ports(env map[string]string) (listens map[string]string, reached map[string]bool) {
	listens, reached = map[string]string{}, map[string]bool{}
	for _, v := range p.listens {
		address := orSet(env, v, p.variables[v])
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			port = address
		}
		if port != "" {
			listens[port], reached[port] = v+"="+address, host == "" || host == "0.0.0.0" || host == "::"
		}
	}
	return listens, reached
}

func orSet(env map[string]string, name, otherwise string) string {
	if v, ok := env[name]; ok {
		return v
	}
	return otherwise
}

// checkOther is checkCommand of a program that is told nothing but the files it
// reads.
func checkOther(t *testing.T, p program, at *stage, command []string, env map[string]string) {
	t.Helper()
	for _, word := range command {
		if path.IsAbs(word) && !slices.Contains(at.directories, path.Dir(word)) {
			t.Errorf("reads %s, whose directory is not in the image", word)
		}
		if at.entrypoint[0] != "step-ca" {
			t.Errorf("%s takes no argument: %s", at.entrypoint[0], word)
		}
	}
	for e := range env {
		if _, ok := p.variables[e]; !ok {
			t.Errorf("the program knows no variable %s", e)
		}
	}
}

// checkPorts compares what is exposed, published and asked for health with where
// the program listens.
func checkPorts(t *testing.T, p program, at *stage, env map[string]string, published []string) {
	t.Helper()
	listens, reached := p.ports(env)
	for _, port := range at.expose {
		if !reached[port] {
			t.Errorf("exposes port %s, the program listens on %v", port, listens)
		}
	}
	for port, said := range listens {
		if !slices.Contains(at.expose, port) {
			t.Errorf("%s, the image exposes %v", said, at.expose)
		}
	}
	for _, s := range published {
		if port := s[strings.LastIndex(s, ":")+1:]; !reached[port] {
			t.Errorf("publishes port %s, the program listens on %v", port, listens)
		}
	}
	if len(at.healthcheck) == 0 || at.healthcheck[0] != "tamga" {
		return
	}
	asked := "http://" + orSet(env, "TAMGA_LISTEN", p.variables["TAMGA_LISTEN"])
	if i := slices.Index(at.healthcheck, "--url"); i > 0 {
		asked = at.healthcheck[i+1]
	}
	u, err := url.Parse(asked)
	if err != nil || listens[u.Port()] == "" {
		t.Errorf("health check asks %s, the program listens on %v: %v", asked, listens, err)
	}
}

func sharesNetwork(a, b service) bool {
	return slices.ContainsFunc(a.Networks, func(n string) bool { return slices.Contains(b.Networks, n) })
}

var (
	passfile = regexp.MustCompile(`/run/secrets/([\w-]+)`)
	hostPort = regexp.MustCompile(`(?:@|https://|^)([a-z-]+):(\d+)`)
)

// checkEnvironment finds the files, hosts and ports that variables and commands
// name.
func checkEnvironment(t *testing.T, file compose, known map[string]program, s service) {
	t.Helper()
	stages := readDockerfile(t)
	for k, v := range s.Environment {
		for _, m := range hostPort.FindAllStringSubmatch(v, -1) {
			if m[1] == "localhost" {
				continue
			}
			other, ok := file.Services[m[1]]
			if !ok {
				t.Errorf("%s names the host %s, which is no service", k, m[1])
				continue
			}
			at := stages[other.Build.Target]
			if listens, reached := known[at.entrypoint[0]].ports(merged(at.env, other.Environment)); !reached[m[2]] {
				t.Errorf("%s names port %s of %s, which listens on %v", k, m[2], m[1], listens)
			}
			// step-ca's DSN is written into its configuration, not used here.
			if k != "TAMGA_STEP_CA_DB" && s.Build.Target == "tamga" && slices.Contains(s.Command, "serve") && !sharesNetwork(s, other) {
				t.Errorf("%s names %s, but they share no network", k, m[1])
			}
		}
	}
	for _, text := range append(slices.Collect(values(s.Environment)), s.Command...) {
		if strings.Contains(text, "step_ca@") {
			continue
		}
		for _, m := range passfile.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(s.Secrets, m[1]) {
				t.Errorf("reads /run/secrets/%s, which it is not given", m[1])
			}
		}
	}
}

func values(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, v := range m {
			if !yield(v) {
				return
			}
		}
	}
}

// step-ca's database is not ours, and its DSN sets the isolation level without
// which its tokens could be used twice.
func TestComposeFileIsolatesStepCA(t *testing.T) {
	file := readCompose(t)
	dsn := file.Services["init"].Environment["TAMGA_STEP_CA_DB"]
	if !strings.Contains(dsn, "default_transaction_isolation=repeatable%20read") || !strings.Contains(dsn, "/step_ca?") {
		t.Errorf("step-ca's database: %s", dsn)
	}
	for name, s := range file.Services {
		for k, v := range s.Environment {
			if k != "TAMGA_STEP_CA_DB" && strings.Contains(v, "/step_ca?") {
				t.Errorf("%s of %s is step-ca's database", k, name)
			}
		}
		if name != "init" && slices.Contains(s.Volumes, "secrets:/var/lib/tamga/secrets") {
			t.Errorf("%s may write the secrets", name)
		}
		if slices.ContainsFunc(s.Volumes, func(v string) bool { return strings.HasPrefix(v, "step-ca-secrets:") }) && name != "init" && name != "step-ca" {
			t.Errorf("%s sees step-ca's password", name)
		}
	}
}

// Every file that a secret names is made by scripts/compose-secrets, or asked
// for in docs.
func TestComposeSecretsAreMade(t *testing.T) {
	script, err := os.ReadFile("../../scripts/compose-secrets")
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range readCompose(t).Secrets {
		if suffix, ok := strings.CutPrefix(path.Base(s.File), "pgpass-"); ok {
			if !strings.Contains(string(script), fmt.Sprintf("make_one %s ", suffix)) {
				t.Errorf("nothing makes the secret %s", name)
			}
		}
	}
}
