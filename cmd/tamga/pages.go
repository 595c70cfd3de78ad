package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/tamga-ca/tamga/handlers"
	"github.com/tamga-ca/tamga/templates"
)

// facing is how the pages are reached and what they say about themselves.
type facing struct {
	baseURL  string
	agentURL string
	proxies  []netip.Prefix
	now      func() time.Time
	demo     bool
}

// pages builds the handler of everything people and machines reach.
func (i *installation) pages(f facing) (http.Handler, error) {
	renderer, err := templates.New(handlers.CatalogWords(i.pack))
	if err != nil {
		return nil, err
	}
	rootCRL, err := i.issuer.LoadRootCRL(i.place.layout().RootCRL())
	if err != nil {
		return nil, err
	}
	deps := handlers.Deps{
		Log:            slog.Default(),
		Now:            f.now,
		Renderer:       renderer,
		Sessions:       i.store.Sessions(time.Now),
		BaseURL:        f.baseURL,
		AgentURL:       f.agentURL,
		TrustedProxies: f.proxies,
		Demo:           f.demo,
		Ready:          i.ready,
		IssuingCA:      i.issuer.Certificate.Raw,
		RootCA:         i.issuer.Root.Raw,
		RootCRL:        rootCRL,
	}
	deps.UseWorkflow(i.flow, i.store)
	return handlers.New(deps)
}

// ready says whether requests can be served: the database answers. The CA may
// be away; enrolments wait for it.
func (i *installation) ready(ctx context.Context) error { return i.store.Ping(ctx) }
