//go:build bench

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// killsHeading begins the part of the results that make soak writes; make bench
// leaves it as it is.
const killsHeading = "\n## Kills\n"

// killsOf is that part of a file of results, empty if there is none.
func killsOf(results string) ([]byte, error) {
	b, err := os.ReadFile(results)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if i := bytes.Index(b, []byte(killsHeading)); i >= 0 {
		return b[i:], err
	}
	return nil, err
}

// writeKills puts what make soak counted, a line a kill, into a file of
// results.
func writeKills(counted, results string) error {
	b, err := os.ReadFile(counted)
	if err != nil {
		return err
	}
	steps, faults := map[string]int{}, 0
	for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		word, step, _ := strings.Cut(line, " after ")
		steps[step]++
		if word != "whole" {
			faults++
		}
	}
	var out bytes.Buffer
	all := 0
	for _, n := range steps {
		all += n
	}
	fmt.Fprintf(&out, "%s\nBy `make soak` on %s: the program that accepts a renewal order and issues its certificate was killed with kill -9 %d times, on SQLite and PostgreSQL, and started again. Something was lost or doubled: %d times.\n\n| killed after | times |\n|---|---|\n",
		killsHeading, time.Now().UTC().Format(time.DateOnly), all, faults)
	for _, step := range slices.Sorted(maps.Keys(steps)) {
		fmt.Fprintf(&out, "| %s | %d |\n", step, steps[step])
	}
	have, err := os.ReadFile(results)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if i := bytes.Index(have, []byte(killsHeading)); i >= 0 {
		have = have[:i]
	}
	if err := os.WriteFile(results, append(have, out.Bytes()...), 0o644); err != nil {
		return err
	}
	if faults > 0 {
		return fmt.Errorf("%d kills of %d left something lost or doubled", faults, all)
	}
	return nil
}
