//go:build bench

package main

import (
	"context"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/pgtest"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

const worklistTable = "Worklist"

func init() {
	explained[worklistTable] = "One page of the worklist over HTTP, as a clerk's browser gets it: session checked, counts of all filters, rows, rendered. Ours is the median of the long list, the peer that of the short one, taken in turns. Both show as many rows: where the short list does not fill a page, the long one is asked for its last ones. A fifth of the applications is open."
}

// page is a filter of the worklist, as the address and the store know it.
type page struct {
	query  string
	filter store.WorklistFilter
}

// pages of a list of n applications, as one clerk sees it.
func pages(n int, me registry.OperatorID) map[string]page {
	var a application
	for i := n / 2; ; i++ {
		if a = company(i); a.status == registry.InReview {
			break
		}
	}
	common := a.decl.Organisation.NameRu[:strings.IndexByte(a.decl.Organisation.NameRu, ' ')]
	now := time.Now()
	search := func(s string) page {
		return page{"?" + url.Values{"q": {s}}.Encode(), store.WorklistFilter{Query: s}}
	}
	return map[string]page{
		"all": {}, "mine": {"?who=mine", store.WorklistFilter{Assignee: me}}, "nobody's": {"?who=nobody", store.WorklistFilter{Nobody: true}},
		"overdue": {"?due=overdue", store.WorklistFilter{Due: store.Overdue, Now: now}}, "awaiting documents": {"?status=awaiting_documents", store.WorklistFilter{Status: registry.AwaitingDocuments}},
		"completed": {"?status=completed", store.WorklistFilter{Status: registry.Completed}}, "an office": {"?office=OSH", store.WorklistFilter{Office: "OSH"}},
		"an office, mine, in review": {"?office=OSH&who=mine&status=in_review", store.WorklistFilter{Office: "OSH", Assignee: me, Status: registry.InReview}},
		"a page from the middle":     {query: fmt.Sprintf("?after=%d.1", now.Add(72*time.Hour).UnixMicro())},
		"search: INN":                search(string(a.decl.Organisation.INN)), "search: number": search(a.number), "search: common words": search(common),
		"search: one common word": search("ак"), "search: person": search(a.decl.Head.NameRu.Surname + " " + a.decl.Head.NameRu.Given),
		"search: legal form and word": search("ЖЧК булак"), "search: rare name": search("жетим" + fmt.Sprint(n / 2)[:2]), "search: nothing found": search("ыыыы"),
	}
}

func worklists(ctx context.Context, b *bench) error {
	a, err := newAuthority(ctx, filepath.Join(b.dir, "worklist"), ca.P256)
	if err != nil {
		return err
	}
	defer a.stop()
	cluster, err := pgtest.StartDurable(ctx)
	if err != nil {
		return err
	}
	defer cluster.Stop()
	openPostgres := func(n int) (*desk, error) {
		db, err := cluster.Create(ctx)
		if err != nil {
			return nil, err
		}
		d, err := b.openDesk(ctx, a, db.Owner, n, fillPostgres)
		if err != nil {
			return nil, err
		}
		return d, cluster.Checkpoint(ctx)
	}
	openSQLite := func(n int) (*desk, error) {
		return b.openDesk(ctx, a, filepath.Join(b.dir, fmt.Sprintf("worklist-%d.db", n)), n, fillSQLite)
	}
	for _, on := range []struct {
		name string
		n    int
		open func(int) (*desk, error)
	}{{"PostgreSQL", b.postgres, openPostgres}, {"SQLite", b.sqlite, openSQLite}} {
		if b.database != "" && !strings.EqualFold(b.database, on.name) {
			continue
		}
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
		err = b.compareDesks(ctx, on.name, on.n, short, long)
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
	pages  map[string]page
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
	d := &desk{office: o, pages: pages(n, o.clerk.Operator.ID)}
	if d.server, err = o.serve(); err != nil {
		return nil, err
	}
	d.cookie, err = o.session(ctx, o.clerk)
	return d, err
}

// get asks for one page and returns how many rows it has and how long it took,
// in milliseconds.
func (d *desk) get(name string) (rows int, ms float64, err error) {
	text, ms, err := get(d.server, d.cookie, "/worklist"+d.pages[name].query)
	return strings.Count(text, "data-row="), ms, err
}

// last turns to the last rows of a filter.
func (d *desk) last(ctx context.Context, name string, rows int) error {
	p := d.pages[name]
	p.filter.Limit = math.MaxInt32
	return d.office.store.Read(ctx, func(tx *store.Tx) error {
		w, err := tx.Worklist(p.filter)
		if err != nil || len(w.Items) <= rows {
			return err
		}
		before := w.Items[len(w.Items)-rows-1].Place()
		p.query += fmt.Sprintf("&after=%d.%d", before.QueueAt.UnixMicro(), before.ID)
		d.pages[name] = p
		return nil
	})
}

// compareDesks asks for each page of the short and the long list in turns.
func (b *bench) compareDesks(ctx context.Context, name string, n int, short, long *desk) error {
	for _, page := range slices.Sorted(maps.Keys(long.pages)) {
		rows, _, err := short.get(page)
		if err != nil {
			return err
		}
		if full, _, err := long.get(page); err != nil {
			return err
		} else if rows < full {
			if err := long.last(ctx, page, rows); err != nil {
				return err
			}
		}
		var ours, peer []float64
		for range b.requests {
			_, p, err := short.get(page)
			if err != nil {
				return err
			}
			_, o, err := long.get(page)
			if err != nil {
				return err
			}
			ours, peer = append(ours, o), append(peer, p)
		}
		f := figure{what: fmt.Sprintf("%s, %d rows, %s, %d beside %d", page, rows, name, n, b.small), unit: "ms", ours: median(ours), peer: median(peer), atMost: 2, within: 50}
		f.rounds = []float64{f.ours / f.peer}
		slices.Sort(ours)
		f.p99 = ours[len(ours)*99/100]
		b.measured(worklistTable, f)
	}
	return nil
}
