//go:build bench

package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/tamga-ca/tamga/handlers"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
)

// serve has a server show the office's pages.
func (o *office) serve() (*httptest.Server, error) {
	renderer, err := templates.New(handlers.CatalogWords(o.pack))
	if err != nil {
		return nil, err
	}
	deps := handlers.Deps{Log: slog.New(slog.DiscardHandler), Now: time.Now, Renderer: renderer, Sessions: o.store.Sessions(time.Now), BaseURL: "http://127.0.0.1"}
	deps.UseWorkflow(o.flow, o.store)
	handler, err := handlers.New(deps)
	if err != nil {
		return nil, err
	}
	return httptest.NewServer(handler), nil
}

// session logs a clerk in as the handlers would.
func (o *office) session(ctx context.Context, c *colleague) (*http.Cookie, error) {
	m := scs.New()
	m.Store, m.HashTokenInStore, m.Lifetime = o.store.Sessions(time.Now), true, time.Hour
	ctx, err := m.Load(ctx, "")
	if err != nil {
		return nil, err
	}
	now := time.Now()
	id, err := json.Marshal(handlers.Identity{
		Kind: handlers.OperatorSession, Name: "Иманов Т. Н.", OperatorID: c.Operator.ID, Role: registry.Clerk,
		PersonalNumber: c.Operator.Person.PersonalNumber, Serial: rowOf(c.cert, registry.Certificate{}).Serial,
		CertEnds: c.cert.NotAfter, Began: now, Seen: now, Who: "bench",
	})
	if err != nil {
		return nil, err
	}
	m.Put(ctx, "identity", id)
	token, _, err := m.Commit(ctx)
	return &http.Cookie{Name: "tamga-session", Value: token}, err
}
