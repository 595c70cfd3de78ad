// Command tamga is the back office's server and its operators' commands. It
// owns the command line, the configuration and the processes' life: it reads
// and checks settings, opens what they name, wires the packages together and
// shuts down in order. It must not decide anything about applications,
// certificates or pages.
package main

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

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// Console is where a command reads and writes.
type Console struct {
	In       io.Reader
	Out, Err io.Writer
}

// exitStatus is an error that a command has already explained on its output.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// run returns the exit status: 0, 1 for a failure, 2 for a wrong setting or
// command line.
func run(args []string, in io.Reader, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var cli CLI
	exited := -1
	parser, err := newParser(&cli, kong.Writers(out, errOut), kong.Exit(func(code int) { exited = code }))
	if err != nil {
		_, _ = fmt.Fprintln(errOut, "tamga:", err)
		return 2
	}
	command, err := parser.Parse(args)
	if exited >= 0 { // --help has been answered
		return exited
	}
	if err != nil {
		_, _ = fmt.Fprintf(errOut, "tamga: %v\nSee tamga --help.\n", err)
		return 2
	}
	cli.Log.install(errOut)
	command.BindTo(ctx, (*context.Context)(nil))
	command.Bind(&Console{In: in, Out: out, Err: errOut})
	if err := command.Run(); err != nil {
		if status, ok := errors.AsType[exitStatus](err); ok {
			return int(status)
		}
		_, _ = fmt.Fprintln(errOut, "tamga:", err)
		return 1
	}
	return 0
}
