//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/child"
)

// Server is a running `tamga serve` or `tamga demo`.
type Server struct {
	URL     string
	Dir     string
	Log     *output
	process *child.Process
}

// Demo is the file demo.json.
type Demo struct {
	BaseURL      string   `json:"base_url"`
	People       []Person `json:"people"`
	Certificates []struct {
		Serial string `json:"serial"`
		Status string `json:"status"`
		File   string `json:"file"`
		Holder string `json:"holder"`
	} `json:"certificates"`
	Applications []struct {
		Number  string `json:"number"`
		Status  string `json:"status"`
		Storage string `json:"storage"`
		Link    string `json:"link"`
	} `json:"applications"`
}

// Person is somebody of the demo with a key.
type Person struct {
	Name        string     `json:"name"`
	Role        string     `json:"role"`
	Login       string     `json:"login"`
	Identifier  string     `json:"identifier"`
	Choice      string     `json:"choice"`
	PIN         string     `json:"pin_code"`
	Certificate string     `json:"certificate"` // its status
	Ends        *time.Time `json:"ends"`        // where it ends soon
}

// startDemo starts a demo of an authority with data of its own.
func startDemo(t *testing.T, authority string, flags ...string) *Server {
	t.Helper()
	dir := t.TempDir()
	listen := freeAddress(t)
	args := append([]string{"demo", "--authority", authority, "--listen", listen, "--data", dir}, flags...)
	s := start(t, "http://"+listen, dir, nil, args...)
	s.waitReady(t, 3*time.Minute)
	return s
}

// startServe starts the server with settings of the test's own (TAMGA_…); its
// address is chosen here.
func startServe(t *testing.T, settings map[string]string) *Server {
	t.Helper()
	listen := settings["TAMGA_LISTEN"]
	if listen == "" {
		listen = freeAddress(t)
	}
	env := []string{"TAMGA_LISTEN=" + listen, "TAMGA_METRICS_LISTEN=" + freeAddress(t), "TAMGA_BASE_URL=http://" + listen}
	for name, value := range settings {
		env = append(env, name+"="+value)
	}
	s := start(t, "http://"+listen, settings["TAMGA_DATA_DIR"], env, "serve")
	s.waitReady(t, time.Minute)
	return s
}

func start(t *testing.T, url, dir string, env []string, args ...string) *Server {
	t.Helper()
	s := &Server{URL: url, Dir: dir, Log: &output{}}
	cmd := exec.Command(binary(t, tamga), args...)
	cmd.Dir = dir
	cmd.Env = append(clean(os.Environ()), env...)
	cmd.Stdout, cmd.Stderr = s.Log, s.Log
	var err error
	if s.process, err = child.Start(cmd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.process.Kill()
		if t.Failed() {
			t.Logf("log of tamga %s:\n%s", args[0], s.Log.tail(80))
		}
	})
	return s
}

// clean drops settings that the developer's own shell may have.
func clean(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(v string) bool { return strings.HasPrefix(v, "TAMGA_") })
}

// command runs one of the operator's commands to its end and returns what it
// printed; a failure fails the test.
func command(t *testing.T, env []string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary(t, tamga), args...)
	cmd.Env = append(clean(os.Environ()), env...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		t.Fatalf("tamga %s: %v\n%s%s", strings.Join(args, " "), err, &out, &errOut)
	}
	return out.String()
}

func (s *Server) waitReady(t *testing.T, patience time.Duration) {
	t.Helper()
	client := &http.Client{Timeout: 5 * time.Second}
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		select {
		case <-s.process.Ended():
			t.Fatalf("ended at once: %v\n%s", s.process.Wait(), s.Log.tail(40))
		default:
		}
		if answer, err := client.Get(s.URL + "/readyz"); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("not ready after %s\n%s", patience, s.Log.tail(40))
}

// Stop ends the server in order; it must finish without an error.
func (s *Server) Stop(t *testing.T) {
	t.Helper()
	if err := s.process.Stop(30 * time.Second); err != nil {
		t.Errorf("stopping: %v\n%s", err, s.Log.tail(20))
	}
}

// Kill ends it as a power cut would.
func (s *Server) Kill() { _ = s.process.Kill() }

// Demo reads what the demo says about itself.
func (s *Server) Demo(t *testing.T) Demo {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(s.Dir, "demo.json"))
	if err != nil {
		t.Fatal(err)
	}
	var d Demo
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatalf("demo.json: %v", err)
	}
	return d
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// output keeps what a program prints.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func (o *output) tail(lines int) string {
	all := strings.Split(strings.TrimSpace(o.String()), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
