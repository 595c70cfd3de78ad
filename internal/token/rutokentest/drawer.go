package rutokentest

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

//go:embed wrapper/rutoken.c
var source []byte

// The factory's PIN-codes of a Rutoken.
const (
	FactoryPIN      = "12345678"
	FactoryAdminPIN = "87654321"
)

// store is where Debian puts SoftHSM2's library.
const store = "/usr/lib/softhsm/libsofthsm2.so"

// Token is what a token is made as. The zero value is a Rutoken ECP 2.0, plugged
// in, with the factory's PIN-code.
type Token struct {
	Label string
	// Serial is eight hexadecimal digits, as a Rutoken's; empty: one is given.
	Serial string
	// PIN is the user's; empty: the factory's.
	PIN string
	// Release is "1.0", "2.0" (also for "") or "3.0", which alone has elliptic
	// curves.
	Release string
	// Tries of the PIN-code; 0: ten.
	Tries int
	// Memory that is free, in bytes; 0: 64 KiB. A pair of RSA keys takes 2 KiB,
	// a certificate its own size.
	Memory int
	// Absent: it is not plugged in at first.
	Absent bool
}

// versions of a release, hardware and firmware, as major<<8 | minor.
var versions = map[string][2]uint64{
	"1.0": {20 << 8, 18 << 8},
	"2.0": {54<<8 | 1, 23<<8 | 2},
	"3.0": {60<<8 | 1, 30<<8 | 1},
}

// Drawer holds the tokens of one test and the library that shows them.
type Drawer struct {
	// Library is the path of the PKCS #11 library.
	Library string
	// Tokens in the order they were made.
	Tokens []*Plugged

	control *control
	config  string
}

// New compiles the library and makes the tokens. Everything ends with the test.
func New(t testing.TB, tokens ...Token) *Drawer {
	t.Helper()
	if len(tokens) > maxTokens {
		t.Fatalf("a drawer holds %d tokens", maxTokens)
	}
	dir := t.TempDir()
	d := &Drawer{Library: compile(t, dir), control: newControl(t, dir), config: filepath.Join(dir, "softhsm2.conf")}
	if err := os.Mkdir(filepath.Join(dir, "tokens"), 0o700); err != nil {
		t.Fatal(err)
	}
	settings := "directories.tokendir = " + filepath.Join(dir, "tokens") + "\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = true\n"
	if err := os.WriteFile(d.config, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, token := range tokens {
		d.Tokens = append(d.Tokens, d.make(t, i, token))
	}
	d.control.set(wordCount, uint64(len(tokens)))
	return d
}

// Env is what a process that loads the library needs in its environment.
func (d *Drawer) Env() []string {
	return []string{"SOFTHSM2_CONF=" + d.config, "RUTOKENTEST_STORE=" + store, "RUTOKENTEST_CONTROL=" + d.control.path}
}

// Setenv sets Env in this process until the test ends.
func (d *Drawer) Setenv(t testing.TB) {
	for _, e := range d.Env() {
		name, value, _ := strings.Cut(e, "=")
		t.Setenv(name, value)
	}
}

func compile(t testing.TB, dir string) string {
	t.Helper()
	file, library := filepath.Join(dir, "rutoken.c"), filepath.Join(dir, "librutokentest.so")
	if err := os.WriteFile(file, source, 0o600); err != nil {
		t.Fatal(err)
	}
	headers := run(t, nil, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/miekg/pkcs11")
	run(t, nil, "gcc", "-O1", "-shared", "-fPIC", "-I", strings.TrimSpace(headers), "-o", library, file, "-ldl", "-lpthread")
	return library
}

var newSlot = regexp.MustCompile(`reassigned to slot (\d+)`)

func (d *Drawer) make(t testing.TB, i int, token Token) *Plugged {
	t.Helper()
	p := &Plugged{PIN: token.PIN, Serial: token.Serial, drawer: d, index: i}
	if p.PIN == "" {
		p.PIN = FactoryPIN
	}
	if p.Serial == "" {
		p.Serial = fmt.Sprintf("3a1f60c%x", i)
	}
	release := token.Release
	if release == "" {
		release = "2.0"
	}
	v, ok := versions[release]
	if !ok {
		t.Fatalf("no release %q", release)
	}
	label := token.Label
	if label == "" {
		label = " " // SoftHSM wants one
	}
	env := append(os.Environ(), d.Env()...)
	out := run(t, env, "softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", FactoryAdminPIN, "--pin", p.PIN)
	slot := newSlot.FindStringSubmatch(out)
	if slot == nil {
		t.Fatalf("softhsm2-util: %s", out)
	}
	p.set(wordTries, uint64(or(token.Tries, 10)))
	p.set(wordLeft, uint64(or(token.Tries, 10)))
	p.set(wordHardware, v[0])
	p.set(wordFirmware, v[1])
	p.set(wordTotal, 128<<10)
	p.set(wordFree, uint64(or(token.Memory, 64<<10)))
	p.set(wordPINMin, 6)
	p.set(wordPINMax, 32)
	if release == "3.0" {
		p.set(wordEC, 1)
	}
	if p.PIN == FactoryPIN {
		p.set(wordFactory, 1)
	}
	d.control.text(p.word(wordStore), serialOf(t, env, slot[1]))
	d.control.text(p.word(wordSerial), p.Serial)
	d.control.text(p.word(wordModel), "Rutoken ECP")
	if !token.Absent {
		p.Plug()
	}
	return p
}

// serialOf is SoftHSM's serial number of the token in a slot.
func serialOf(t testing.TB, env []string, slot string) string {
	t.Helper()
	shown := run(t, env, "softhsm2-util", "--show-slots")
	_, mine, _ := strings.Cut(shown, "Slot "+slot+"\n")
	_, after, ok := strings.Cut(mine, "Serial number:")
	if !ok {
		t.Fatalf("softhsm2-util: no slot %s in %s", slot, shown)
	}
	serial, _, _ := strings.Cut(after, "\n")
	return strings.TrimSpace(serial)
}

func run(t testing.TB, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), name, args...)
	cmd.Env = env
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", name, err, out, errs.String())
	}
	return string(out)
}

func or(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}
