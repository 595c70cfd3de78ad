//go:build bench

package main

import (
	"errors"
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
