package journal

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSampleSizeIsThreePerCentRoundedUp(t *testing.T) {
	for n, want := range map[int]int{0: 0, 1: 1, 33: 1, 34: 2, 66: 2, 67: 3, 100: 3, 101: 4, 1000: 30, 1_000_000: 30_000} {
		if got := SampleSize(n); got != want {
			t.Errorf("of %d: %d, want %d", n, got, want)
		}
	}
}

// The draw as docs/self-audit.md tells others to do it: with openssl and sort.
func TestDrawIsWhatOpenSSLDraws(t *testing.T) {
	root := LeafHash([]byte("root"))
	var serials, ranks []string
	for n := range 40 {
		serial := fmt.Sprintf("%x", 0xec035f+n*7919)
		serials = append(serials, serial)
		cmd := exec.CommandContext(t.Context(), "openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", "hexkey:"+hex.EncodeToString(root[:]), "-r")
		cmd.Stdin = strings.NewReader(serial)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		ranks = append(ranks, string(out[:64])+" "+serial)
	}
	slices.Sort(ranks)
	got := Draw(root, serials)
	if len(got) != 2 {
		t.Fatalf("%d drawn", len(got))
	}
	for i, serial := range got {
		if _, want, _ := strings.Cut(ranks[i], " "); serial != want {
			t.Errorf("number %d is %s, openssl says %s", i+1, serial, want)
		}
	}
	slices.Reverse(serials)
	if again := Draw(root, serials); !slices.Equal(got, again) {
		t.Errorf("in another order: %v, then %v", got, again)
	}
}

func TestDrawFromWhatIsNoExport(t *testing.T) {
	m := newMemory(t)
	m.grow(t, 5)
	export := m.export(t, false)
	if _, err := DrawFrom(bytes.NewReader(export), nil, start.AddDate(1, 0, 0), start.AddDate(1, 3, 0)); !errors.Is(err, ErrNoCheckpoint) {
		t.Errorf("a period to come: %v", err)
	}
	s, err := DrawFrom(bytes.NewReader(export), nil, start.AddDate(-1, 0, 0), start.AddDate(0, 0, -1))
	if err != nil || s.Population != 0 || len(s.Serials) != 0 {
		t.Errorf("a period without issues: %+v, %v", s, err)
	}
	for name, broken := range map[string][]byte{"nothing": nil, "cut": export[:len(export)-20], "no header": []byte("{}\n")} {
		if _, err := DrawFrom(bytes.NewReader(broken), nil, start.AddDate(1, 0, 0), start.AddDate(2, 0, 0)); !errors.Is(err, ErrExport) {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := newMemory(t)
	if _, err := DrawFrom(bytes.NewReader(export), []string{other.key}, start.AddDate(-1, 0, 0), start); !errors.Is(err, ErrCheckpoint) {
		t.Errorf("another key: %v", err)
	}
}

// FuzzDrawFrom: whatever the bytes, no panic, and a sample only out of what
// is signed.
func FuzzDrawFrom(f *testing.F) {
	m := newMemory(f)
	m.grow(f, 5)
	m.put(f, 2)
	m.sequence(f)
	f.Add(m.export(f, false))
	f.Add(m.export(f, true))
	f.Fuzz(func(t *testing.T, export []byte) {
		s, err := DrawFrom(bytes.NewReader(export), []string{m.key}, start.Add(-time.Hour), start)
		if err == nil && (len(s.Serials) != SampleSize(s.Population) || s.Checkpoint.At.Before(start)) {
			t.Errorf("drawn: %+v", s)
		}
	})
}
