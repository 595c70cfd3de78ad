package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/tamga-ca/tamga/handlers"
	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
)

// facing is how the pages are reached and what they say about themselves.
type facing struct {
	baseURL string
	proxies []netip.Prefix
	now     func() time.Time
	demo    bool
}

// pages builds the handler of everything people and machines reach.
func (i *installation) pages(f facing) (http.Handler, error) {
	renderer, err := templates.New(packWords(i.pack))
	if err != nil {
		return nil, err
	}
	return handlers.New(handlers.Deps{
		Log:             slog.Default(),
		Now:             f.now,
		Renderer:        renderer,
		Sessions:        i.store.Sessions(time.Now),
		Authority:       packAuthority(i.pack),
		Landing:         "/" + string(i.pack.Login.PostLoginPage),
		BaseURL:         f.baseURL,
		TrustedProxies:  f.proxies,
		Demo:            f.demo,
		Workflow:        i.flow,
		Store:           i.store,
		CertificateStep: i.pack.Login.CertificateStep,
		CompanyStep:     i.pack.Login.CompanyStep,
		Ready:           i.ready,
		CheckSession: func(ctx context.Context, id handlers.Identity) error {
			return i.flow.CheckSession(ctx, id.OperatorID, id.Role, id.Serial)
		},
	})
}

// ready says whether requests can be served: the database answers. The CA may
// be away; enrolments wait for it.
func (i *installation) ready(ctx context.Context) error { return i.store.Ping(ctx) }

// packWords are the authority's words for its product, as the catalogs insert
// them.
func packWords(p *authorities.Pack) map[string]templates.Words {
	out := map[string]templates.Words{}
	for _, l := range registry.Languages {
		out[string(l)] = templates.Words{
			Sig:    cases(p.Words.Sig.In(l)),
			Mark:   cases(p.Words.Mark.In(l)),
			System: cases(p.Words.System.In(l)),
		}
	}
	return out
}

func cases(c authorities.Cases) templates.Cases {
	return templates.Cases{Nom: c.Nom, Gen: c.Gen, Dat: c.Dat, Acc: c.Acc, Loc: c.Loc, Abl: c.Abl}
}

func packAuthority(p *authorities.Pack) map[registry.Language]templates.Authority {
	out := map[registry.Language]templates.Authority{}
	for _, l := range registry.Languages {
		out[l] = templates.Authority{Name: p.Authority.Name.In(l), Phones: p.Authority.Phones, Site: p.Authority.Sites[0]}
	}
	return out
}
