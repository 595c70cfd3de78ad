// Command tamga is the back office's server and its operators' commands. It
// owns the command line, the configuration and the processes' life: it reads
// and checks settings, opens what they name, wires the packages together and
// shuts down in order. It must not decide anything about applications,
// certificates or pages.
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

// run returns the exit status.
func run(args []string, in io.Reader, out, errOut io.Writer) int {
	var cli CLI
	parser := func(options ...kong.Option) (*kong.Kong, error) { return newParser(&cli, options...) }
	return commandline.Run("tamga", args, &Console{In: in, Out: out, Err: errOut}, parser, func() { cli.Log.install(errOut) })
}
