package agent

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/tamga-ca/tamga/internal/token/pkcs11"
)

// limits of a call: how long it may wait for the one before it, and how long it
// may take once begun. Making an RSA key takes a real token up to a minute.
type limits struct{ wait, take time.Duration }

var usual = map[verb]limits{
	doDevices:      {2 * time.Second, 10 * time.Second},
	doCertificates: {5 * time.Second, 15 * time.Second},
	doGenerateKey:  {10 * time.Second, 2 * time.Minute},
}

var otherwise = limits{10 * time.Second, 30 * time.Second}

// Library is a token library in a process of its own, which is started when it is
// needed and ended when it does not answer. It is safe for concurrent use; calls
// are done one at a time.
type Library struct {
	path    string
	command func() *exec.Cmd
	scale   float64 // of the limits, for tests
	turn    chan struct{}

	mu     sync.Mutex // of what follows
	worker *worker
	about  pkcs11.Library
	fault  *pkcs11.Error // why the last start failed
	failed time.Time
	lost   func()
	last   uint64
}

// worker is a process that runs Work.
type worker struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	reports chan report // closed when the process's output ends
}

// NewLibrary takes the library's path and what makes the command that runs Work
// with it.
func NewLibrary(path string, command func() *exec.Cmd) *Library {
	return &Library{path: path, command: command, scale: 1, turn: make(chan struct{}, 1)}
}

// OnLost says what to do when the worker is gone, and every login with it.
func (l *Library) OnLost(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost = f
}

// State is "ready", "missing" or "failed", and what the library says about
// itself once it was loaded.
func (l *Library) State() (state string, about pkcs11.Library) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := os.Stat(l.path); err != nil {
		return "missing", pkcs11.Library{}
	}
	if l.fault != nil {
		return "failed", l.about
	}
	return "ready", l.about
}

// Start loads the library now rather than with the first call.
func (l *Library) Start() error {
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	_, err := l.ensure()
	return err
}

// Close ends the worker.
func (l *Library) Close() {
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	l.end(time.Second)
}

// do has a worker carry out an order and decodes the result into out, which may
// be nil.
func (l *Library) do(o order, out any) error {
	limit, ok := usual[o.Verb]
	if !ok {
		limit = otherwise
	}
	select {
	case l.turn <- struct{}{}:
	case <-time.After(l.scaled(limit.wait)):
		return pkcs11.Refuse(Busy, "another call is under way")
	}
	defer func() { <-l.turn }()
	w, err := l.ensure()
	if err != nil {
		return err
	}
	r, err := l.exchange(w, o, l.scaled(limit.take))
	if err != nil {
		return err
	}
	if r.Error != nil {
		return r.Error
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(r.Result, out); err != nil {
		return pkcs11.Refuse(pkcs11.DeviceError, "the worker's answer: %v", err)
	}
	return nil
}

// scaled shortens a limit in tests, to a second at the least.
func (l *Library) scaled(d time.Duration) time.Duration {
	return max(time.Duration(float64(d)*l.scale), time.Second)
}

func (l *Library) exchange(w *worker, o order, limit time.Duration) (report, error) {
	l.last++ // by the one whose turn it is
	o.ID = l.last
	line, err := json.Marshal(o)
	if err != nil {
		return report{}, pkcs11.Refuse(pkcs11.BadParams, "%v", err)
	}
	if _, err := w.in.Write(append(line, '\n')); err != nil {
		l.end(0)
		return report{}, pkcs11.Refuse(LibraryCrashed, "the worker ended: %v", err)
	}
	deadline := time.After(limit)
	for {
		select {
		case r, ok := <-w.reports:
			if !ok {
				l.end(0)
				return report{}, pkcs11.Refuse(LibraryCrashed, "the worker ended during %s", o.Verb)
			}
			if r.ID == o.ID {
				return r, nil
			}
		case <-deadline:
			l.end(0)
			return report{}, pkcs11.Refuse(LibraryHung, "%s took longer than %s", o.Verb, limit)
		}
	}
}

// retryLoad is how long a failed start is remembered, so that polling does not
// start processes without end.
const retryLoad = 2 * time.Second

// ensure returns the running worker, or starts one.
func (l *Library) ensure() (*worker, error) {
	l.mu.Lock()
	w, fault, failed := l.worker, l.fault, l.failed
	l.mu.Unlock()
	if w != nil {
		return w, nil
	}
	if fault != nil && time.Since(failed) < retryLoad {
		return nil, fault
	}
	w, about, err := l.start()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.fault, l.failed = err, time.Now()
		return nil, err
	}
	l.worker, l.about, l.fault = w, about, nil
	return w, nil
}

func (l *Library) start() (*worker, pkcs11.Library, *pkcs11.Error) {
	none := pkcs11.Library{}
	if _, err := os.Stat(l.path); err != nil {
		return nil, none, pkcs11.Refuse(pkcs11.LoadFailed, "there is no library %s", l.path)
	}
	cmd := l.command()
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, none, pkcs11.Refuse(pkcs11.LoadFailed, "%v", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, none, pkcs11.Refuse(pkcs11.LoadFailed, "%v", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, none, pkcs11.Refuse(pkcs11.LoadFailed, "starting the worker: %v", err)
	}
	w := &worker{cmd: cmd, in: in, reports: make(chan report, 16)}
	go w.listen(out)
	select {
	case r, ok := <-w.reports:
		var about pkcs11.Library
		switch {
		case !ok:
			w.kill()
			return nil, none, pkcs11.Refuse(pkcs11.LoadFailed, "the worker ended while it loaded %s", l.path)
		case r.Error != nil:
			w.kill()
			return nil, none, r.Error
		}
		_ = json.Unmarshal(r.Result, &about) // a name to show
		return w, about, nil
	case <-time.After(otherwise.take):
		w.kill()
		return nil, none, pkcs11.Refuse(pkcs11.LoadFailed, "%s did not load in time", l.path)
	}
}

// listen reads reports; what a library prints is passed over.
func (w *worker) listen(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	for lines.Scan() {
		var r report
		if json.Unmarshal(lines.Bytes(), &r) == nil && r.Worker == workerMark {
			w.reports <- r
		}
	}
	close(w.reports)
	_ = w.cmd.Wait()
}

func (w *worker) kill() {
	_ = w.in.Close()
	_ = w.cmd.Process.Kill()
	go func() { // so that listen can end
		for range w.reports {
		}
	}()
}

// end takes leave of the worker: politely where there is time, else by force.
func (l *Library) end(grace time.Duration) {
	l.mu.Lock()
	w, lost := l.worker, l.lost
	l.worker = nil
	l.mu.Unlock()
	if w == nil {
		return
	}
	if grace > 0 {
		_ = w.in.Close()
		deadline := time.After(grace)
		for open := true; open; {
			select {
			case _, open = <-w.reports:
			case <-deadline:
				open = false
			}
		}
	}
	w.kill()
	if lost != nil {
		lost()
	}
}
