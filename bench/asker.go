//go:build bench

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// rate asks a server with whole HTTP requests in turn for a while, atOnce at a
// time, and returns how many it answered a second.
func (r *responder) rate(address string, requests [][]byte) (float64, error) {
	var n atomic.Int64
	var mu sync.Mutex
	var failed error
	var all sync.WaitGroup
	began := time.Now()
	for first := range atOnce {
		all.Go(func() {
			a := asker{address: address}
			defer a.hangUp()
			for i := first; time.Since(began) < ocspFor; i++ {
				if err := a.ask(requests[i%len(requests)]); err != nil {
					mu.Lock()
					failed = errors.Join(failed, err)
					mu.Unlock()
					return
				}
				n.Add(1)
			}
		})
	}
	all.Wait()
	return float64(n.Load()) / time.Since(began).Seconds(), failed
}

// asker is a client that costs little: the requests are ready, of the answers
// only what must be is read.
type asker struct {
	address string
	conn    net.Conn
	in      *bufio.Reader
	body    []byte
}

func (a *asker) hangUp() {
	if a.conn != nil {
		_ = a.conn.Close()
		a.conn = nil
	}
}

func (a *asker) ask(request []byte) error {
	if a.conn == nil {
		conn, err := net.Dial("tcp", a.address)
		if err != nil {
			return err
		}
		a.conn, a.in = conn, bufio.NewReader(conn)
	}
	if err := a.conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return err
	}
	if _, err := a.conn.Write(request); err != nil {
		return err
	}
	status, err := a.in.ReadSlice('\n')
	if err != nil {
		return fmt.Errorf("reading an answer: %w", err)
	}
	if !bytes.Contains(status, []byte(" 200 ")) {
		return fmt.Errorf("answered %q", status)
	}
	last := bytes.HasPrefix(status, []byte("HTTP/1.0"))
	length := -1
	for {
		line, err := a.in.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("reading an answer: %w", err)
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		case bytes.EqualFold(name, []byte("Connection")):
			last = last || bytes.EqualFold(bytes.TrimSpace(value), []byte("close"))
		}
	}
	if length < 0 || length > 1<<20 {
		return fmt.Errorf("an answer of %d bytes", length)
	}
	if cap(a.body) < length {
		a.body = make([]byte, length)
	}
	a.body = a.body[:length]
	if _, err := io.ReadFull(a.in, a.body); err != nil {
		return err
	}
	if length < 100 || a.body[0] != 0x30 { // a refusal has five bytes
		return fmt.Errorf("no answer: %x", a.body)
	}
	if last {
		a.hangUp()
	}
	return nil
}
