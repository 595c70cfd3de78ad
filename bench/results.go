//go:build bench

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// part is what a file of results says under one heading.
type part struct {
	name, text string
}

// measuredOn begins a part: when it was measured, and with what.
func measuredOn() string {
	return fmt.Sprintf("%s, %s/%s, %s.", time.Now().UTC().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH, runtime.Version())
}

// writeResults puts parts into a file of results in place of the earlier ones
// of the same names; the others stay as they were measured.
func writeResults(file string, fresh []part) error {
	have, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parts := partsOf(string(have))
	for _, p := range fresh {
		if i := slices.IndexFunc(parts, func(old part) bool { return old.name == p.name }); i >= 0 {
			parts[i] = p
		} else {
			parts = append(parts, p)
		}
	}
	var b bytes.Buffer
	b.WriteString("# What was measured\n\n" +
		"By `make bench`, and the kills by `make soak`, on two shared cores. A figure is worth what it is beside its peer, which the same run measured on the same machine; in brackets the least and the greatest ratio of the rounds. A missed limit makes `make bench` fail.\n")
	for _, p := range parts {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", p.name, p.text)
	}
	return os.WriteFile(file, b.Bytes(), 0o644)
}

// partsOf finds the parts of a file of results.
func partsOf(file string) (parts []part) {
	for _, text := range strings.Split("\n"+file, "\n## ")[1:] {
		name, text, _ := strings.Cut(text, "\n")
		parts = append(parts, part{name, strings.TrimSpace(text)})
	}
	return parts
}
