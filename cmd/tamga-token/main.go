// Command tamga-token is the workstation's half: the agent through which a page
// reaches the tokens of this machine, and the same work from a terminal. It owns
// the command line and what is said in a terminal; what may be asked of a token,
// and by whom, is decided in package agent. It must not know the server's inside:
// it speaks HTTP to it, like a page.
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

// CLI is the whole command line; each flag can be a variable too.
type CLI struct {
	Agent   Agent   `cmd:"" help:"Let the pages of the allowed origins reach the tokens of this machine."`
	Devices Devices `cmd:"" help:"List the tokens that are plugged in."`
	Enroll  Enroll  `cmd:"" help:"Get a certificate onto a client's token, from a terminal."`
	Login   Login   `cmd:"" help:"Log in to the server with a token, from a terminal."`
	Version Version `cmd:"" help:"Print the version."`

	Worker Worker `cmd:"" hidden:"" help:"Work a token library for the agent; started by it."`
}

const description = `Tokens of this machine, for the pages of Tamga and for the terminal.`

// exitStatus is an error that a command has already explained on its output.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// run returns the exit status: 0, 1 for a failure, 2 for a wrong command line.
func run(args []string, in io.Reader, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var cli CLI
	exited := -1
	parser, err := kong.New(&cli, kong.Name("tamga-token"), kong.Description(description), kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Writers(out, errOut), kong.Exit(func(code int) { exited = code }), kong.Vars{"origins": defaultOrigins()})
	if err != nil {
		_, _ = fmt.Fprintln(errOut, "tamga-token:", err)
		return 2
	}
	command, err := parser.Parse(args)
	if exited >= 0 { // --help has been answered
		return exited
	}
	if err != nil {
		_, _ = fmt.Fprintf(errOut, "tamga-token: %v\nSee tamga-token --help.\n", err)
		return 2
	}
	command.BindTo(ctx, (*context.Context)(nil))
	command.Bind(&Console{In: in, Out: out, Err: errOut})
	if err := command.Run(); err != nil {
		if status, ok := errors.AsType[exitStatus](err); ok {
			return int(status)
		}
		_, _ = fmt.Fprintln(errOut, "tamga-token:", err)
		return 1
	}
	return 0
}
