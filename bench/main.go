//go:build bench

// Command bench measures what the program promises: each figure beside a peer
// that does the same without it, in the same run on the same machine. It writes
// RESULTS.md and ends with status 1 when a limit is missed. It must not be part
// of the tests: what it measures is the machine as well.
//
//	go run -tags bench ./bench [-only issuing,login,worklist,journal,ocsp,crl,renewal,audit] [-on DATABASE] [-small] [-certificates N [-entries N]] [-out FILE]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/pprof"
	"slices"
	"strings"
	"syscall"
	"time"
)

// sizes of what is measured.
type sizes struct {
	applications int // approved in a round; each has two certificates
	logins       int // in a round
	rounds       int
	small        int // applications of the worklist to compare with
	postgres     int // applications of the long worklists
	sqlite       int
	requests     int // of each page
	entries      int // of the journal
	revoked      int // certificates of a long list
	revocations  int // until the world knows
	// The registers that an auditor searches: certificates and entries of the
	// journal, and how many certificates the one to compare with has.
	searched, searchedEntries, searchedShort int
}

var (
	full  = sizes{applications: 400, logins: 2000, rounds: 3, small: 1000, postgres: 1_000_000, sqlite: 100_000, requests: 200, entries: 20_000, revoked: 1_000_000, revocations: 60, searched: 200_000, searchedEntries: 1_000_000, searchedShort: 10_000}
	quick = sizes{applications: 20, logins: 100, rounds: 1, small: 1000, postgres: 5000, sqlite: 2000, requests: 60, entries: 1000, revoked: 10_000, revocations: 3, searched: 10_000, searchedEntries: 50_000, searchedShort: 2000}
)

// section is a part of the run that may be asked for by itself.
type section struct {
	name string
	run  func(context.Context, *bench) error
}

var sections = []section{{"issuing", issuing}, {"login", logins}, {"worklist", worklists}, {"journal", journals}, {"ocsp", answers}, {"crl", lists}, {"renewal", renewals}, {"audit", audits}}

// bench is one run.
type bench struct {
	sizes
	dir string // for files; removed at the end
	// database is the only one to measure; empty: both.
	database string
	out      io.Writer
	report   report
}

func main() { os.Exit(run(os.Args[1:], os.Stdout)) }

func run(args []string, out io.Writer) int {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	only := flags.String("only", "", "sections to run, separated by commas; empty: all")
	small := flags.Bool("small", false, "sizes that only show that it works")
	file := flags.String("out", "", "the file of results, where those of this run take the place of earlier ones; empty: only print them")
	on := flags.String("on", "", "database to measure: sqlite or postgresql; empty: both")
	rounds := flags.Int("rounds", 0, "how often each is measured; 0: as often as usual")
	certificates := flags.Int("certificates", 0, "how many certificates an auditor searches; 0: as many as usual")
	entries := flags.Int("entries", 0, "and how many entries the journal has; 0: five times as many as there are certificates")
	kills := flags.String("kills", "", "a file of kills that make soak counted: put it into the results, and measure nothing")
	profile := flags.String("cpuprofile", "", "where to write a CPU profile")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if *kills != "" {
		if err := writeKills(*kills, *file); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			return 1
		}
		return 0
	}
	slog.SetDefault(slog.New(slog.DiscardHandler)) // step-ca announces its address
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if *profile != "" {
		stop, err := profiled(*profile)
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			return 1
		}
		defer stop()
	}
	dir, err := os.MkdirTemp("", "tamga-bench")
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	b := &bench{sizes: full, dir: dir, database: *on, out: out}
	if *small {
		b.sizes = quick
	}
	if *rounds > 0 {
		b.rounds = *rounds
	}
	if *certificates > 0 {
		b.searched, b.searchedEntries, b.searchedShort = *certificates, 5**certificates, full.searchedShort
	}
	if *entries > 0 {
		b.searchedEntries = *entries
	}
	for _, s := range sections {
		if *only != "" && !slices.Contains(strings.Split(*only, ","), s.name) {
			continue
		}
		began := time.Now()
		if err := s.run(ctx, b); err != nil {
			fmt.Fprintf(os.Stderr, "bench: %s: %v\n", s.name, err)
			return 1
		}
		fmt.Fprintf(out, "%s took %s\n", s.name, time.Since(began).Round(time.Second))
	}
	if *file != "" {
		if err := writeResults(*file, b.report.parts()); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			return 1
		}
	}
	missed := b.report.missed()
	for _, f := range missed {
		fmt.Fprintf(out, "missed: %s: %s, limit %s\n", f.what, f.ratio(), f.bound())
	}
	if len(missed) > 0 {
		return 1
	}
	fmt.Fprintln(out, "every limit was kept")
	return 0
}

// measured adds a figure to the report and prints it.
func (b *bench) measured(table string, f figure) {
	b.report.add(table, f)
	fmt.Fprintf(b.out, "%-10s %s: %s beside %s, ratio %s (%s)\n", table, f.what, f.value(f.ours), f.value(f.peer), f.ratio(), f.bound())
}

// profiled writes a CPU profile until stop is called.
func profiled(file string) (stop func(), err error) {
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() {
		pprof.StopCPUProfile()
		_ = f.Close()
	}, nil
}
