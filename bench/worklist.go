//go:build bench

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/tamga-ca/tamga/handlers"
	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/pgtest"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
)

const worklistTable = "Worklist"

func init() {
	explained[worklistTable] = "One page of the worklist over HTTP, as a clerk's browser gets it: session checked, counts of all filters, rows, rendered. Ours is the median of the long list, the peer that of the short one, taken in turns. A fifth of the applications is open."
}

// pages of the worklist; %s are words that the list's first open application
// has.
func pages(n int) map[string]string {
	var a application
	for i := n / 2; ; i++ {
		if a = company(i); a.status == registry.InReview {
			break
		}
	}
	common := a.decl.Organisation.NameRu[:strings.IndexByte(a.decl.Organisation.NameRu, ' ')]
	q := func(s string) string { return "?" + url.Values{"q": {s}}.Encode() }
	return map[string]string{
		"all": "", "mine": "?who=mine", "nobody's": "?who=nobody", "overdue": "?due=overdue", "awaiting documents": "?status=awaiting_documents",
		"completed": "?status=completed", "an office": "?office=OSH", "an office, mine, in review": "?office=OSH&who=mine&status=in_review",
		"a page from the middle": fmt.Sprintf("?after=%d.1", time.Now().Add(72*time.Hour).UnixMicro()),
		"search: INN":            q(string(a.decl.Organisation.INN)), "search: number": q(a.number), "search: common words": q(common),
		"search: one common word": q("ак"), "search: person": q(a.decl.Head.NameRu.Surname + " " + a.decl.Head.NameRu.Given),
		"search: legal form and word": q("ЖЧК булак"), "search: rare name": q("жетим" + fmt.Sprint(n / 2)[:2]), "search: nothing found": q("ыыыы"),
	}
}

func worklists(ctx context.Context, b *bench) error {
	a, err := newAuthority(ctx, filepath.Join(b.dir, "worklist"))
	if err != nil {
		return err
	}
	defer a.stop()
	cluster, err := pgtest.Start(ctx)
	if err != nil {
		return err
	}
	defer cluster.Stop()
	openPostgres := func(n int) (*desk, error) {
		db, err := cluster.Create(ctx)
		if err != nil {
			return nil, err
		}
		return b.openDesk(ctx, a, db.Owner, n, fillPostgres)
	}
	openSQLite := func(n int) (*desk, error) {
		return b.openDesk(ctx, a, filepath.Join(b.dir, fmt.Sprintf("worklist-%d.db", n)), n, fillSQLite)
	}
	for _, on := range []struct {
		name string
		n    int
		open func(int) (*desk, error)
	}{{"PostgreSQL", b.postgres, openPostgres}, {"SQLite", b.sqlite, openSQLite}} {
		short, err := on.open(b.small)
		if err != nil {
			return fmt.Errorf("%s: %w", on.name, err)
		}
		began := time.Now()
		long, err := on.open(on.n)
		if err != nil {
			return fmt.Errorf("%s: %w", on.name, err)
		}
		fmt.Fprintf(b.out, "%s: %d applications in %s\n", on.name, on.n, time.Since(began).Round(time.Second))
		err = b.compareDesks(on.name, on.n, short, long)
		short.close()
		long.close()
		if err != nil {
			return fmt.Errorf("%s: %w", on.name, err)
		}
	}
	return nil
}

// desk is a clerk's browser before a worklist.
type desk struct {
	office *office
	server *httptest.Server
	cookie *http.Cookie
	pages  map[string]string
}

func (d *desk) close() {
	d.server.Close()
	d.office.close()
}

func (b *bench) openDesk(ctx context.Context, a *authority, dsn string, n int, fill func(context.Context, string, int, []int64) error) (*desk, error) {
	o, err := a.openOffice(ctx, "", dsn, b.dir)
	if err != nil {
		return nil, err
	}
	if err := fill(ctx, dsn, n, []int64{int64(o.clerk.Operator.ID), int64(o.cashier.Operator.ID)}); err != nil {
		return nil, fmt.Errorf("filling: %w", err)
	}
	d := &desk{office: o, pages: pages(n)}
	renderer, err := templates.New(words(o.pack))
	if err != nil {
		return nil, err
	}
	sessions := o.store.Sessions(time.Now)
	deps := handlers.Deps{Log: slog.New(slog.DiscardHandler), Now: time.Now, Renderer: renderer, Sessions: sessions, BaseURL: "http://127.0.0.1"}
	deps.UseWorkflow(o.flow, o.store)
	handler, err := handlers.New(deps)
	if err != nil {
		return nil, err
	}
	d.server = httptest.NewServer(handler)
	d.cookie, err = o.session(ctx, sessions)
	return d, err
}

// session logs the clerk in as the handlers would.
func (o *office) session(ctx context.Context, keep scs.Store) (*http.Cookie, error) {
	m := scs.New()
	m.Store, m.HashTokenInStore, m.Lifetime = keep, true, time.Hour
	ctx, err := m.Load(ctx, "")
	if err != nil {
		return nil, err
	}
	now := time.Now()
	id, err := json.Marshal(handlers.Identity{
		Kind: handlers.OperatorSession, Name: "Иманов Т. Н.", OperatorID: o.clerk.Operator.ID, Role: registry.Clerk,
		PersonalNumber: o.clerk.Operator.Person.PersonalNumber, Serial: rowOf(o.clerk.cert, registry.Certificate{}).Serial,
		CertEnds: o.clerk.cert.NotAfter, Began: now, Seen: now, Who: "bench",
	})
	if err != nil {
		return nil, err
	}
	m.Put(ctx, "identity", id)
	token, _, err := m.Commit(ctx)
	return &http.Cookie{Name: "tamga-session", Value: token}, err
}

// words are the authority's, as the catalogs insert them.
func words(p *authorities.Pack) map[string]templates.Words {
	cases := func(c authorities.Cases) templates.Cases {
		return templates.Cases{Nom: c.Nom, Gen: c.Gen, Dat: c.Dat, Acc: c.Acc, Loc: c.Loc, Abl: c.Abl}
	}
	out := map[string]templates.Words{}
	for _, l := range registry.Languages {
		out[string(l)] = templates.Words{Sig: cases(p.Words.Sig.In(l)), Mark: cases(p.Words.Mark.In(l)), System: cases(p.Words.System.In(l))}
	}
	return out
}

// get asks for one page and returns how long it took, in milliseconds.
func (d *desk) get(name string) (float64, error) {
	r, err := http.NewRequest(http.MethodGet, d.server.URL+"/worklist"+d.pages[name], nil)
	if err != nil {
		return 0, err
	}
	r.AddCookie(d.cookie)
	began := time.Now()
	answer, err := d.server.Client().Do(r)
	if err != nil {
		return 0, err
	}
	page, err := io.ReadAll(answer.Body)
	took := float64(time.Since(began).Microseconds()) / 1000
	_ = answer.Body.Close()
	if err == nil && (answer.StatusCode != http.StatusOK || !strings.Contains(string(page), "</html>") || answer.Request.URL.Path != "/worklist") {
		err = fmt.Errorf("page %q: %d, %s", name, answer.StatusCode, answer.Request.URL)
	}
	return took, err
}

// compareDesks asks for each page of the short and the long list in turns.
func (b *bench) compareDesks(name string, n int, short, long *desk) error {
	for _, page := range slices.Sorted(maps.Keys(long.pages)) {
		var ours, peer []float64
		for i := range b.requests + 5 {
			p, err := short.get(page)
			if err != nil {
				return err
			}
			o, err := long.get(page)
			if err != nil {
				return err
			}
			if i >= 5 { // the first warm the caches
				ours, peer = append(ours, o), append(peer, p)
			}
		}
		f := figure{what: fmt.Sprintf("%s, %s, %d beside %d", page, name, n, b.small), unit: "ms", ours: median(ours), peer: median(peer), atMost: 2, within: 50}
		f.rounds = []float64{f.ours / f.peer}
		slices.Sort(ours)
		f.p99 = ours[len(ours)*99/100]
		b.measured(worklistTable, f)
	}
	return nil
}
