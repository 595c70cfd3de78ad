package main

import (
	"net/netip"
	"net/url"
)

// Tokens is how pages reach the tokens on people's own computers.
type Tokens struct {
	AgentURL string `name:"agent-url" env:"TAMGA_AGENT_URL" default:"http://127.0.0.1:24114" placeholder:"URL" help:"Address of the workstation agent (tamga-token agent) on people's own computers, which pages ask where the Rutoken Plugin is missing: http, a loopback host and a port. Empty: tokens are reached through the plug-in only."`
}

func (t Tokens) check() error {
	if t.AgentURL == "" {
		return nil
	}
	if err := checkURL("agent-url", t.AgentURL, "http"); err != nil {
		return err
	}
	u, err := url.Parse(t.AgentURL)
	if err != nil {
		return wrong("agent-url", "%q is not a URL", t.AgentURL)
	}
	if ip, err := netip.ParseAddr(u.Hostname()); u.Hostname() != "localhost" && (err != nil || !ip.IsLoopback()) {
		return wrong("agent-url", "%q is not this machine: the agent answers on 127.0.0.1 or localhost only", t.AgentURL)
	}
	return nil
}
