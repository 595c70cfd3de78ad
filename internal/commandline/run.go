// Package commandline is what our commands have in common: how a command line is
// read and carried out, where a command reads and writes, how it ends, and which
// version it is. It must know nothing of what a command does.
package commandline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// Console is where a command reads and writes.
type Console struct {
	In       io.Reader
	Out, Err io.Writer
}

// Status is the exit status of a command that has already explained on its
// output why it failed.
type Status int

func (s Status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// Run reads a command line and carries it out; ready, if any, is called between.
// It returns the exit status: 0, 1 for a failure, 2 for a wrong setting or
// command line. Commands are given the console, and a context that ends with an
// interrupt.
func Run(name string, args []string, c *Console, parser func(...kong.Option) (*kong.Kong, error), ready func()) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exited := -1
	p, err := parser(kong.Writers(c.Out, c.Err), kong.Exit(func(code int) { exited = code }))
	if err != nil {
		_, _ = fmt.Fprintf(c.Err, "%s: %v\n", name, err)
		return 2
	}
	command, err := p.Parse(args)
	if exited >= 0 { // --help has been answered
		return exited
	}
	if err != nil {
		_, _ = fmt.Fprintf(c.Err, "%s: %v\nSee %s --help.\n", name, err, name)
		return 2
	}
	if ready != nil {
		ready()
	}
	command.BindTo(ctx, (*context.Context)(nil))
	command.Bind(c)
	if err := command.Run(); err != nil {
		if status, ok := errors.AsType[Status](err); ok {
			return int(status)
		}
		_, _ = fmt.Fprintf(c.Err, "%s: %v\n", name, err)
		return 1
	}
	return 0
}
