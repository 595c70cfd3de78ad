package main

import "github.com/alecthomas/kong"

// CLI is the whole command line. Each command's struct, with the groups of
// settings embedded in it, is its documented configuration. A setting of the
// installation can be given as a variable too, TAMGA_ and the flag's name in
// capitals; what one call is told (--administrators, --key, --url) is a flag alone.
type CLI struct {
	Log Log `embed:"" prefix:"log-"`

	Serve       Serve            `cmd:"" help:"Run the server."`
	Init        Init             `cmd:"" help:"Make an installation: keys, CA, schema and the first two administrators."`
	Demo        Demo             `cmd:"" help:"Run a whole installation with believable data, for trying out."`
	Migrate     Migrate          `cmd:"" help:"Bring the database's schema up to date."`
	Operator    Operators        `cmd:"" help:"People who work with Tamga, from the server's console."`
	CA          CA               `cmd:"" name:"ca" help:"The certification authority."`
	Journal     Journal          `cmd:"" help:"Export and check the tamper-evident log."`
	Audit       Audit            `cmd:"" help:"What auditors can do without the server."`
	Register    RegisterCommands `cmd:"" help:"The register of qualified certificates."`
	Rules       Rules            `cmd:"" help:"An authority's rules: try them on cases, put them in force."`
	Healthcheck Healthcheck      `cmd:"" help:"Ask a running server whether it is ready; exits non-zero if not."`
	Version     Version          `cmd:"" help:"Print the version."`
}

const description = `The back office of a certification authority: applications, documents, money,
certificates and the log of it all.`

func newParser(cli *CLI, options ...kong.Option) (*kong.Kong, error) {
	return kong.New(cli, append([]kong.Option{
		kong.Name("tamga"),
		kong.Description(description),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	}, options...)...)
}
