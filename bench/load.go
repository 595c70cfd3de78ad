//go:build bench

package main

import (
	"context"
	"errors"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// atOnce is how many askers there are, ours and the peers': as many as the
// workflow asks the CA for in parallel.
const atOnce = 8

// rate does something n times, atOnce in parallel, and returns how often a
// second.
func rate(n int, do func(i int) error) (float64, error) {
	began := time.Now()
	if err := forEach(n, do); err != nil {
		return 0, err
	}
	return float64(n) / time.Since(began).Seconds(), nil
}

func forEach(n int, do func(i int) error) error {
	var next atomic.Int64
	var all sync.WaitGroup
	var mu sync.Mutex
	var failed error
	for range min(n, atOnce) {
		all.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := do(i); err != nil {
					mu.Lock()
					failed = errors.Join(failed, err)
					mu.Unlock()
					return
				}
			}
		})
	}
	all.Wait()
	return failed
}

// processorTime is what this process has used, in milliseconds of one core. It
// leaves out PostgreSQL's.
func processorTime() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e6
}

// usage is what n repetitions took.
type usage struct {
	n    int
	wall time.Duration
	cpu  float64 // milliseconds
}

// measure runs do, which does something n times; a profile knows it by name.
func measure(n int, name string, do func() error) (u usage, err error) {
	used, began := processorTime(), time.Now()
	pprof.Do(context.Background(), pprof.Labels("measured", name), func(context.Context) { err = do() })
	return usage{n, time.Since(began), processorTime() - used}, err
}

type usages []usage

// rates are how often a second.
func (us usages) rates() []float64 {
	var out []float64
	for _, u := range us {
		out = append(out, float64(u.n)/u.wall.Seconds())
	}
	return out
}

// processor is the time of each repetition in milliseconds.
func (us usages) processor() []float64 {
	var out []float64
	for _, u := range us {
		out = append(out, u.cpu/float64(u.n))
	}
	return out
}
