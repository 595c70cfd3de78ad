package rutokentest

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"unsafe"
)

// Words of the control file; wrapper/rutoken.c has the same.
const (
	words = 512

	wordCalls     = 0
	wordFaultAt   = 1
	wordFaultKind = 2
	wordFaultArg  = 3
	wordHung      = 4
	wordCount     = 5

	firstToken = 16
	tokenWords = 32
	maxTokens  = 8
)

// Words of one token.
const (
	wordPresent = iota
	wordEpoch
	wordLeft
	wordTries
	wordFactory
	wordHardware
	wordFirmware
	wordFree
	wordTotal
	wordEC
	wordPINMin
	wordPINMax
	wordStore  // two words: SoftHSM's serial number
	_          //
	wordSerial // two words
	_          //
	wordModel  // two words
)

// Kinds of faults.
const (
	faultUnplug = iota + 1
	faultHang
	faultError
	faultUnplugAfter
	faultCrash
)

// control is the file that the library and the test share.
type control struct {
	path  string
	words []uint64
}

func newControl(t testing.TB, dir string) *control {
	t.Helper()
	c := &control{path: filepath.Join(dir, "control")}
	if err := os.WriteFile(c.path, make([]byte, words*8), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(c.path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	m, err := syscall.Mmap(int(f.Fd()), 0, words*8, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Munmap(m) })
	c.words = unsafe.Slice((*uint64)(unsafe.Pointer(&m[0])), words) //nolint:gosec // memory shared with the library under test
	return c
}

func (c *control) get(word int) uint64    { return atomic.LoadUint64(&c.words[word]) }
func (c *control) set(word int, v uint64) { atomic.StoreUint64(&c.words[word], v) }
func (c *control) add(word int, v uint64) { atomic.AddUint64(&c.words[word], v) }
func (c *control) text(word int, s string) {
	b := unsafe.Slice((*byte)(unsafe.Pointer(&c.words[word])), 16) //nolint:gosec // two words of the shared memory as text
	for i := range b {
		b[i] = ' '
	}
	copy(b, s)
}
