//go:build bench

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
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

// session logs somebody in as the handlers would.
func (o *office) session(ctx context.Context, c *colleague) (*http.Cookie, error) {
	m := scs.New()
	m.Store, m.HashTokenInStore, m.Lifetime = o.store.Sessions(time.Now), true, 12*time.Hour
	ctx, err := m.Load(ctx, "")
	if err != nil {
		return nil, err
	}
	now := time.Now()
	id, err := json.Marshal(handlers.Identity{
		Kind: handlers.OperatorSession, Name: "Иманов Т. Н.", OperatorID: c.Operator.ID, Role: c.Operator.Role,
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

// get asks for a page and returns its text and how many milliseconds it took. A
// page that is cut off or leads elsewhere (to the login, say) is an error.
func get(server *httptest.Server, cookie *http.Cookie, path string) (text string, ms float64, err error) {
	r, err := http.NewRequest(http.MethodGet, server.URL+path, nil)
	if err != nil {
		return "", 0, err
	}
	r.AddCookie(cookie)
	asked := r.URL.Path
	began := time.Now()
	answer, err := server.Client().Do(r)
	if err != nil {
		return "", 0, err
	}
	body, err := io.ReadAll(answer.Body)
	ms = float64(time.Since(began).Microseconds()) / 1000
	_ = answer.Body.Close()
	if err == nil && (answer.StatusCode != http.StatusOK || answer.Request.URL.Path != asked || !bytes.Contains(body, []byte("</html>"))) {
		err = fmt.Errorf("%s: %d, %s", path, answer.StatusCode, answer.Request.URL)
	}
	return string(body), ms, err
}
