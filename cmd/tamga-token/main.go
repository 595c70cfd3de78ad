// Command tamga-token is the workstation's half: the agent through which a page
// reaches the tokens of this machine, and the same work from a terminal. It owns
// the command line and what is said in a terminal; what may be asked of a token,
// and by whom, is decided in package agent. It must not know the server's inside:
// it speaks HTTP to it, like a page.
package main

import (
	"io"
	"os"

	"github.com/alecthomas/kong"

	"github.com/tamga-ca/tamga/internal/commandline"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// Console is where a command reads and writes.
type Console = commandline.Console

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

// run returns the exit status.
func run(args []string, in io.Reader, out, errOut io.Writer) int {
	parser := func(options ...kong.Option) (*kong.Kong, error) {
		return kong.New(new(CLI), append(options, kong.Name("tamga-token"), kong.Description(description),
			kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}), kong.Vars{"origins": defaultOrigins()})...)
	}
	return commandline.Run("tamga-token", args, &Console{In: in, Out: out, Err: errOut}, parser, nil)
}
