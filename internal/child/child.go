// Package child runs the servers and programs that tests need, so that none
// outlives the test: each is a process group of its own that ends when told, and
// also when this process ends, killed or not. For tests; it knows nothing of
// what it runs.
package child

import (
	"errors"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Process is a running program.
type Process struct {
	cmd   *exec.Cmd
	ended chan struct{}
	err   error // how it ended; read after ended is closed
}

// Start starts a command that gets SIGTERM when this process ends. Its
// SysProcAttr may be set before, e.g. to another user.
func Start(cmd *exec.Cmd) (*Process, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	cmd.SysProcAttr.Pdeathsig = syscall.SIGTERM
	p := &Process{cmd: cmd, ended: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The kernel sends the parent-death signal when the *thread* that
		// forked ends, so that thread is kept until the program has ended. It
		// is given back then: a goroutine that ends with its thread locked takes
		// the thread along, and with it whatever others had started from it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.ended)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// Ended is closed when the program has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Wait waits for the end and returns how it came.
func (p *Process) Wait() error {
	<-p.ended
	return p.err
}

// Signal sends a signal to the program alone.
func (p *Process) Signal(s syscall.Signal) error { return p.cmd.Process.Signal(s) }

// Stop asks the program to end, and after grace kills what is left of its
// group. It returns how the program ended.
func (p *Process) Stop(grace time.Duration) error {
	_ = p.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(grace):
		return errors.Join(errors.New("had to be killed"), p.Kill())
	}
	p.killGroup()
	return p.err
}

// Kill ends the program's whole group at once, as a crash would.
func (p *Process) Kill() error {
	p.killGroup()
	return p.Wait()
}

// killGroup reaches grandchildren too: the group outlives its leader.
func (p *Process) killGroup() { _ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) }
