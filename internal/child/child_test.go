package child_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/child"
)

func alive(pid int) bool {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err == nil && !strings.Contains(string(b), ") Z ")
}

func gone(t *testing.T, pid int) {
	t.Helper()
	for range 200 {
		if !alive(pid) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %d is still there", pid)
}

// grandchild starts a shell that starts a sleep, and returns the sleep's id.
func grandchild(t *testing.T, script string) (*child.Process, int) {
	t.Helper()
	cmd := exec.Command("sh", "-c", script)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p, err := child.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	return p, pid
}

func TestStopEndsTheWholeGroup(t *testing.T) {
	p, pid := grandchild(t, "sleep 100 >/dev/null & echo $!; wait")
	if err := p.Stop(5 * time.Second); err == nil {
		t.Error("ended by a signal, and no error says so")
	}
	gone(t, pid)
}

func TestStopKillsWhatDoesNotListen(t *testing.T) {
	p, pid := grandchild(t, "trap '' TERM; sleep 100 >/dev/null & echo $!; wait")
	if err := p.Stop(100 * time.Millisecond); err == nil || !strings.Contains(err.Error(), "had to be killed") {
		t.Errorf("got %v", err)
	}
	gone(t, pid)
}

func TestStopReturnsTheProgramsOwnEnd(t *testing.T) {
	p, _ := grandchild(t, "trap 'kill $!; exit 0' TERM; sleep 100 >/dev/null & echo $!; wait")
	if err := p.Stop(5 * time.Second); err != nil {
		t.Error(err)
	}
}

func TestChildEndsWithItsParent(t *testing.T) {
	if os.Getenv("CHILD_OF_CHILD") != "" {
		cmd := exec.Command("sleep", "100")
		if _, err := child.Start(cmd); err != nil {
			t.Fatal(err)
		}
		_, _ = os.Stdout.WriteString(strconv.Itoa(cmd.Process.Pid) + "\n")
		select {}
	}
	parent := exec.Command(os.Args[0], "-test.run=^TestChildEndsWithItsParent$")
	parent.Env = append(os.Environ(), "CHILD_OF_CHILD=1")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	if !alive(pid) {
		t.Fatal("not running")
	}
	_ = parent.Process.Signal(syscall.SIGKILL)
	_ = parent.Wait()
	gone(t, pid)
}

// A browser's library too starts its program with a parent-death signal, from
// whatever thread it happens to be on.
func TestTheEndOfOneSparesTheOthers(t *testing.T) {
	var others []*exec.Cmd
	t.Cleanup(func() {
		for _, other := range others {
			_ = other.Process.Kill()
			_ = other.Wait()
		}
	})
	for range 20 {
		other := exec.Command("sleep", "100")
		other.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := other.Start(); err != nil {
			t.Fatal(err)
		}
		others = append(others, other)
		var some sync.WaitGroup
		for range 10 {
			some.Go(func() {
				p, err := child.Start(exec.Command("true"))
				if err != nil {
					t.Error(err)
					return
				}
				if err := p.Wait(); err != nil {
					t.Error(err)
				}
			})
		}
		some.Wait()
	}
	for _, other := range others {
		if !alive(other.Process.Pid) {
			t.Error("a program that somebody else started was killed with the thread that had started it")
		}
	}
}
