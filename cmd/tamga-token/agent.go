package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/tamga-ca/tamga/internal/commandline"
	"github.com/tamga-ca/tamga/internal/token/agent"
)

// Agent is the command that serves pages; docs/agent.md describes its protocol.
type Agent struct {
	Library
	Origins string        `env:"TAMGA_TOKEN_ORIGINS" placeholder:"FILE" help:"File with the origins that may use the agent, one a line. Empty: ${origins}, which must be the administrator's."`
	Listen  string        `env:"TAMGA_TOKEN_LISTEN" default:"127.0.0.1:24114" placeholder:"ADDR" help:"Loopback address and port; pages look for this one unless the server tells them another."`
	Idle    time.Duration `env:"TAMGA_TOKEN_IDLE" default:"3m" help:"Time without a call after which a login to a token ends."`
}

func defaultOrigins() string {
	switch runtime.GOOS {
	case "darwin":
		return "/Library/Application Support/Tamga/origins"
	case "windows":
		data := os.Getenv("ProgramData")
		if data == "" {
			data = `C:\ProgramData`
		}
		return filepath.Join(data, "Tamga", "origins")
	}
	return "/etc/tamga-token/origins"
}

// Run serves until it is told to stop.
func (a *Agent) Run(ctx context.Context, c *Console) error {
	if a.Idle < 10*time.Second || a.Idle > time.Hour {
		return fmt.Errorf("--idle: %s is not between 10s and 1h", a.Idle)
	}
	path, administrator := a.Origins, false
	if path == "" {
		path, administrator = defaultOrigins(), true
	}
	origins, err := agent.ReadOrigins(path, administrator)
	if err != nil {
		return fmt.Errorf("reading who may use the agent: %w", err)
	}
	library, err := a.open(c)
	if err != nil {
		return err
	}
	server, err := agent.New(agent.Config{Listen: a.Listen, Origins: origins, Idle: a.Idle, Version: commandline.Version()}, library)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", a.Listen)
	if err != nil {
		return fmt.Errorf("%w (is another agent running?)", err)
	}
	log := slog.New(slog.NewTextHandler(c.Err, nil))
	if err := library.Start(); err != nil {
		log.Warn("the token library is not there yet; the agent runs and tries again", "library", a.path(), "error", err)
	}
	log.Info("listening", "address", a.Listen, "origins", origins, "library", a.path())
	return server.Serve(ctx, listener)
}
