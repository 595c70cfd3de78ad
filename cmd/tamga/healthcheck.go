package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Healthcheck asks a server on this machine, or any other address.
type Healthcheck struct {
	Listen  string        `env:"TAMGA_LISTEN" default:"127.0.0.1:8080" placeholder:"ADDR" help:"Address that the server listens on, as it was told itself."`
	TLSCert string        `name:"tls-cert" env:"TAMGA_TLS_CERT" placeholder:"FILE" help:"Certificate of the server, where it speaks HTTPS itself: exactly this one is accepted."`
	URL     string        `name:"url" placeholder:"URL" help:"Ask this address instead; anything but 200 is unhealthy."`
	Bundle  string        `placeholder:"FILE" help:"PEM file that the HTTPS of --url is trusted by. Empty: the system's."`
	Timeout time.Duration `default:"5s" help:"Longest wait for the answer."`
}

// Validate implements kong's check of a command.
func (h Healthcheck) Validate() error {
	if h.URL != "" {
		if u, err := url.Parse(h.URL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return fmt.Errorf("--url: %q is not an http address", h.URL)
		}
	}
	return checkListen("listen", h.Listen)
}

// Run the command.
func (h Healthcheck) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	address, client, err := h.whom()
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", address, answer.Status)
	}
	return nil
}

// whom returns the address to ask and the client that trusts it.
func (h Healthcheck) whom() (string, *http.Client, error) {
	if h.URL != "" {
		if h.Bundle == "" {
			return h.URL, &http.Client{}, nil
		}
		trust, err := trustBundle(h.Bundle)
		return h.URL, &http.Client{Transport: trust}, err
	}
	host, port, err := net.SplitHostPort(h.Listen)
	if err != nil {
		return "", nil, err
	}
	if host == "" || host == "0.0.0.0" || host == "::" {
		host = "localhost"
	}
	ready := url.URL{Scheme: "http", Host: net.JoinHostPort(host, port), Path: "/readyz"}
	if h.TLSCert == "" {
		return ready.String(), &http.Client{}, nil
	}
	ready.Scheme = "https"
	trust, err := trustOwn(h.TLSCert)
	return ready.String(), &http.Client{Transport: trust}, err
}
