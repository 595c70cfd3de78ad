//go:build bench

package main

import (
	"context"
	"database/sql"
	"fmt"
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
)

const aboutAudits = "One page over HTTP, as an auditor's browser gets it: session checked, the search (with its count of up to five hundred), rows, rendered; PostgreSQL with its default settings, five years of certificates, six in a hundred reported. Ours is the median of the long register, the peer that of the short one, asked in turns. Where the short register does not fill a page there are two lines: the first page, whose rows differ, and a page of as many rows: only that one is held to the ratio. A search looks at 600 certificates at most; where they do not fill a page, the page says so and leads on."

// auditTable is the part of the results; a register of another size than usual
// has one of its own.
func (b *bench) auditTable() string {
	name := "Auditor's search"
	if b.searched != full.searched {
		name += fmt.Sprintf(", %d certificates and %d entries", b.searched, b.searchedEntries)
	}
	explained[name] = aboutAudits
	return name
}

// clerksOnFile are the operators who had a hand in the certificates, besides the
// approver.
const clerksOnFile = 20

// register is a database of certificates with an auditor at it.
type register struct {
	*office
	n       int // certificates
	clerks  []*colleague
	auditor *colleague
	server  *httptest.Server
	cookie  *http.Cookie
	// searches are pages' addresses by what they look for.
	searches []auditSearch
}

type auditSearch struct{ name, path string }

func audits(ctx context.Context, b *bench) error {
	a, err := newAuthority(ctx, filepath.Join(b.dir, "audit"), ca.P256)
	if err != nil {
		return err
	}
	defer a.stop()
	cluster, err := pgtest.StartDurable(ctx)
	if err != nil {
		return err
	}
	defer cluster.Stop()
	open := func(certificates, entries int) (*register, error) {
		db, err := cluster.Create(ctx)
		if err != nil {
			return nil, err
		}
		began := time.Now()
		r, err := b.openRegister(ctx, a, db.Owner, certificates, entries)
		if err == nil {
			fmt.Fprintf(b.out, "%d certificates, %d entries in %s\n", certificates, entries, time.Since(began).Round(time.Second))
		}
		return r, err
	}
	short, err := open(b.searchedShort, 5*b.searchedShort)
	if err != nil {
		return err
	}
	defer short.close()
	long, err := open(b.searched, b.searchedEntries)
	if err != nil {
		return err
	}
	defer long.close()
	if err := cluster.Checkpoint(ctx); err != nil {
		return err
	}
	// Now: a session ends after half an hour in which nothing is asked.
	for _, r := range []*register{short, long} {
		if r.cookie, err = r.session(ctx, r.auditor); err != nil {
			return err
		}
	}
	return b.compareRegisters(long, short)
}

func (r *register) close() {
	if r.server != nil {
		r.server.Close()
	}
	r.office.close()
}

func (r *register) open() (*sql.DB, error) { return sql.Open("pgx", r.dsn) }

func (b *bench) openRegister(ctx context.Context, a *authority, dsn string, certificates, entries int) (_ *register, err error) {
	r := &register{n: certificates}
	if r.office, err = a.openOffice(ctx, "", dsn, b.dir); err != nil {
		return nil, err
	}
	for i := range clerksOnFile {
		c, err := r.hire(ctx, registry.Clerk, 100+i)
		if err != nil {
			return nil, err
		}
		r.clerks = append(r.clerks, c)
	}
	if r.auditor, err = r.hire(ctx, registry.Auditor, 200); err != nil {
		return nil, err
	}
	if err := r.fill(ctx, entries); err != nil {
		return nil, fmt.Errorf("filling: %w", err)
	}
	if r.server, err = r.serve(); err != nil {
		return nil, err
	}
	r.searches, err = r.seek(ctx)
	return r, err
}

// seek chooses what to look for: a certificate from the middle of the register
// and what is known of it, common things and rare ones, dates, states.
func (r *register) seek(ctx context.Context) (out []auditSearch, err error) {
	db, err := r.open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	var serial, number, surname, given, inn, rare, single string
	var held time.Time
	if err := db.QueryRowContext(ctx, `SELECT c.serial, c.personal_number, split_part(c.holder_name, ' ', 1), split_part(c.holder_name, ' ', 2), o.inn,
			(SELECT split_part(k.holder_name, ' ', 1) FROM certificates k WHERE k.id >= $1 AND k.holder_name LIKE 'Сейрек%' ORDER BY k.id LIMIT 1),
			(SELECT split_part(o.name_ru, ' ', 3) FROM organisations o WHERE o.name_ru LIKE '%Жетим%' ORDER BY o.id DESC LIMIT 1),
			(SELECT s.at FROM status_changes s WHERE s.status = 'suspended' ORDER BY s.id OFFSET (SELECT COUNT(*) / 2 FROM status_changes WHERE status = 'suspended') LIMIT 1)
		FROM certificates c JOIN organisations o ON o.id = c.organisation_id WHERE c.id >= $1 AND c.holder_name NOT LIKE 'Сейрек%' ORDER BY c.id LIMIT 1`, firstRow+r.n/2).
		Scan(&serial, &number, &surname, &given, &inn, &rare, &single, &held); err != nil {
		return nil, err
	}
	now := time.Now().In(r.pack.Zone())
	day := func(daysAgo int) string { return now.AddDate(0, 0, -daysAgo).Format(time.DateOnly) }
	moment := func(t time.Time) string { return t.In(r.pack.Zone()).Format("02.01.2006 15:04") }
	causes := r.pack.Causes()
	common, seldom := "cause:"+causes[0].Code, "cause:"+causes[len(causes)-1].Code
	clerk, approver := fmt.Sprint(r.clerks[3].Operator.ID), fmt.Sprint(r.approver.Operator.ID)
	add := func(path, name string, pairs ...string) {
		q := url.Values{}
		for i := 0; i+1 < len(pairs); i += 2 {
			q.Set(pairs[i], pairs[i+1])
		}
		out = append(out, auditSearch{name, path + "?" + q.Encode()})
	}
	certificates := func(name string, pairs ...string) { add("/audit/certificates", name, pairs...) }
	certificates("all")
	certificates("serial", "serial", serial)
	certificates("beginning of a serial", "serial", serial[:8])
	certificates("INN", "inn", inn)
	certificates("organisation: a common word", "org", "ак")
	certificates("organisation: two common words", "org", "кара базар")
	certificates("organisation: a rare name", "org", single)
	certificates("organisation: a common word, and a reason", "org", "ак", "reason", common)
	certificates("person: number", "person", number)
	certificates("person: a surname", "person", surname)
	certificates("person: surname and name", "person", surname+" "+given)
	certificates("person: a rare surname", "person", rare)
	certificates("person: nothing found", "person", "ыыыы")
	certificates("person: a surname, an office, a storage", "person", surname, "office", "OSH", "storage", "RUTOKEN")
	certificates("person: a surname, a reason", "person", surname, "reason", common)
	certificates("reason: a common one", "reason", common)
	certificates("reason: a rare one", "reason", seldom)
	certificates("reason: RFC 5280", "reason", "rfc:1")
	certificates("way of the report", "way", string(registry.ByPhone))
	certificates("office", "office", "OSH")
	certificates("operator", "operator", clerk)
	certificates("approver", "operator", approver)
	certificates("channel and storage", "channel", "OFFICE", "storage", "ECLOUD")
	certificates("channel and storage: nothing found", "channel", "REMOTE", "storage", "RUTOKEN")
	certificates("office, operator, storage, a reason", "office", "OSH", "operator", clerk, "storage", "ECLOUD", "reason", common)
	certificates("issued in a month", "issued_from", day(800), "issued_to", day(770))
	certificates("issued in a month, by an operator", "issued_from", day(800), "issued_to", day(770), "operator", clerk)
	certificates("ends in a month", "ends_from", day(-60), "ends_to", day(-90))
	certificates("reported in a quarter", "reported_from", day(890), "reported_to", day(800))
	certificates("decided in a quarter, a reason", "decided_from", day(890), "decided_to", day(800), "reason", common)
	certificates("revoked in a quarter", "revoked_from", day(890), "revoked_to", day(800))
	certificates("revoked in a quarter, an office", "revoked_from", day(890), "revoked_to", day(800), "office", "OSH")
	certificates("public in a quarter", "public_from", day(890), "public_to", day(800))
	certificates("issued in a year, revoked in a quarter", "issued_from", day(1200), "issued_to", day(835), "revoked_from", day(890), "revoked_to", day(800))
	certificates("valid two years ago", "state", "valid", "at", moment(now.AddDate(-2, 0, 0)))
	certificates("valid two years ago, an office", "state", "valid", "at", moment(now.AddDate(-2, 0, 0)), "office", "OSH")
	certificates("revoked two years ago", "state", "revoked", "at", moment(now.AddDate(-2, 0, 0)))
	certificates("ended two years ago", "state", "ended", "at", moment(now.AddDate(-2, 0, 0)))
	certificates("suspended at an instant", "state", "suspended", "at", moment(held.Add(time.Minute)))
	certificates("ended by now, a surname", "state", "ended", "person", surname)
	certificates("a page from the middle", "after", fmt.Sprintf("%d.1", now.AddDate(0, 0, -900).UnixMicro()))
	certificates("a surname, a page from the middle", "person", surname, "after", fmt.Sprintf("%d.1", now.AddDate(0, 0, -900).UnixMicro()))
	journal := func(name string, pairs ...string) { add("/audit", "journal: "+name, pairs...) }
	journal("the last year")
	journal("a week two years ago", "from", day(736), "to", day(730))
	journal("a kind, a month two years ago", "from", day(760), "to", day(730), "kind", "enrolment.issued")
	journal("a rare kind", "from", day(1500), "to", day(0), "kind", "register.exported")
	journal("an operator, a year", "from", day(1095), "to", day(730), "actor", "operator", "actor_id", clerk)
	journal("an operator and a kind", "actor", "operator", "actor_id", clerk, "kind", "application.verify")
	journal("about a certificate", "from", day(1825), "to", day(0), "subject", "certificate", "subject_id", serial)
	journal("about an application", "from", day(1825), "to", day(0), "subject", "application", "subject_id", fmt.Sprint(r.n/4))
	return out, nil
}

// ask gets a page and returns how many rows it has and how many milliseconds it
// took.
func (r *register) ask(path string) (rows int, ms float64, err error) {
	text, ms, err := get(r.server, r.cookie, path)
	return strings.Count(text, "data-row=") + strings.Count(text, `<tr><td class="tg-num">`), ms, err
}

// turn looks for the place in a list from which on a page has so many rows.
func (r *register) turn(path string, rows int) (turned string, found bool, err error) {
	from, to := time.Now().AddDate(-searchYears-1, 0, 0).UnixMicro(), time.Now().AddDate(1, 0, 0).UnixMicro()
	for from <= to {
		at := from + (to-from)/2
		turned = fmt.Sprintf("%s&after=%d.0", path, at)
		n, _, err := r.ask(turned)
		if err != nil || n == rows {
			return turned, err == nil, err
		}
		if n > rows {
			to = at - 1
		} else {
			from = at + 1
		}
	}
	return path, false, nil
}

func (b *bench) compareRegisters(long, short *register) error {
	for i, s := range long.searches {
		less, path := short.searches[i].path, s.path
		rows, _, err := short.ask(less)
		if err != nil {
			return err
		}
		full, _, err := long.ask(path)
		if err != nil {
			return err
		}
		of := fmt.Sprintf("%d certificates beside %d", long.n, short.n)
		if full == rows {
			if err := b.compareSearches(long, short, fmt.Sprintf("%s, %d rows, %s", s.name, rows, of), path, less, 2); err != nil {
				return err
			}
			continue
		}
		if err := b.compareSearches(long, short, fmt.Sprintf("%s, %d rows beside %d, %s", s.name, full, rows, of), path, less, 0); err != nil {
			return err
		}
		turned, found, err := long.turn(path, rows)
		if err != nil {
			return err
		}
		if found {
			if err := b.compareSearches(long, short, fmt.Sprintf("%s, the last %d rows, %s", s.name, rows, of), turned, less, 2); err != nil {
				return err
			}
		}
	}
	return nil
}

// compareSearches asks for a page of the long register and one of the short one
// in turns. atMost bounds the ratio; 0: nothing does.
func (b *bench) compareSearches(long, short *register, what, path, less string, atMost float64) error {
	var ours, peer, all, allPeer []float64
	for range b.rounds {
		var took, peerTook []float64
		for range b.requests / 2 {
			_, p, err := short.ask(less)
			if err != nil {
				return err
			}
			_, o, err := long.ask(path)
			if err != nil {
				return err
			}
			took, peerTook = append(took, o), append(peerTook, p)
		}
		ours, peer, all, allPeer = append(ours, median(took)), append(peer, median(peerTook)), slices.Concat(all, took), slices.Concat(allPeer, peerTook)
	}
	f := compare(what, "ms", ours, peer)
	f.atMost, f.within, f.p99, f.peerP99 = atMost, 200, p99(all), p99(allPeer)
	b.measured(b.auditTable(), f)
	return nil
}
