//go:build bench

package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

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
	fmt.Fprintf(&out, "%s\n\nPrograms that accept a renewal order and issue its certificate, that revoke, and that revoke many at once were killed with kill -9, or met a full disk, a CA that was away, a clock set back by an hour or a PostgreSQL that crashed: %d times, on SQLite and PostgreSQL. They were started again. Something was lost or doubled: %d times.\n\n| doing what, killed after what | times |\n|---|---|\n",
		measuredOn(), all, faults)
	for _, step := range slices.Sorted(maps.Keys(steps)) {
		fmt.Fprintf(&out, "| %s | %d |\n", step, steps[step])
	}
	if err := writeResults(results, []part{{"Kills", strings.TrimSpace(out.String())}}); err != nil {
		return err
	}
	if faults > 0 {
		return fmt.Errorf("%d kills of %d left something lost or doubled", faults, all)
	}
	return nil
}
