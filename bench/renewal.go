//go:build bench

package main

import (
	"context"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/pgtest"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/workflow"
)

const renewalTable = "Renewal"

const clerksAtWork = 20

func init() {
	explained[renewalTable] = "A storm on PostgreSQL: a tenth of the certificates ends in one month, and a hundredth is ordered and waits in the seven-day queue. The rules' clock walks over two months, and each holder is reminded on the pack's four days, each once: the peer writes the same rows and nothing else. Then twenty clerks are at work at once, each looking at the queue and taking the most urgent order, a second apart: over HTTP, session checked and page rendered, beside the same statements run bare by as many. The last rows are the same pages at a hundredth of the size."
}

// stormSize is how many certificates there are, of which a tenth ends in one
// month, and how often each clerk at work does something.
func (b *bench) stormSize() (size struct{ certificates, deskRounds int }) {
	size.certificates, size.deskRounds = 1_000_000, 60
	if b.sizes == quick {
		size.certificates, size.deskRounds = 20_000, 3
	}
	return size
}

// storm is one database with its certificates and orders.
type storm struct {
	*office
	n       int // certificates
	db      *sql.DB
	server  *httptest.Server
	clerks  []*http.Cookie
	workers []registry.OperatorID
}

func renewals(ctx context.Context, b *bench) error {
	a, err := newAuthority(ctx, filepath.Join(b.dir, "renewal"), ca.P256)
	if err != nil {
		return err
	}
	defer a.stop()
	cluster, err := pgtest.StartDurable(ctx)
	if err != nil {
		return err
	}
	defer cluster.Stop()
	open := func(n int) (*storm, error) {
		db, err := cluster.Create(ctx)
		if err != nil {
			return nil, err
		}
		began := time.Now()
		s, err := b.openStorm(ctx, a, db.Owner, n)
		if err == nil {
			fmt.Fprintf(b.out, "%d certificates in %s\n", n, time.Since(began).Round(time.Second))
		}
		return s, err
	}
	long, err := open(b.stormSize().certificates)
	if err != nil {
		return err
	}
	defer long.close()
	short, err := open(max(5000, b.stormSize().certificates/100))
	if err != nil {
		return err
	}
	defer short.close()
	if err := cluster.Checkpoint(ctx); err != nil {
		return err
	}
	if err := b.compareStorms(ctx, long, short); err != nil {
		return err
	}
	return b.remindAll(ctx, long)
}

func (s *storm) close() {
	if s.server != nil {
		s.server.Close()
	}
	_ = s.db.Close()
	s.office.close()
}

func (b *bench) openStorm(ctx context.Context, a *authority, dsn string, n int) (*storm, error) {
	o, err := a.openOffice(ctx, "", dsn, b.dir)
	if err != nil {
		return nil, err
	}
	s := &storm{office: o, n: n}
	if s.db, err = sql.Open("pgx", dsn); err != nil {
		return nil, err
	}
	s.db.SetMaxOpenConns(clerksAtWork)
	s.db.SetMaxIdleConns(clerksAtWork)
	if err := s.fill(ctx); err != nil {
		return nil, fmt.Errorf("filling: %w", err)
	}
	if s.server, err = o.serve(); err != nil {
		return nil, err
	}
	for i := range clerksAtWork {
		c, err := o.hire(ctx, registry.Clerk, 100+i)
		if err != nil {
			return nil, err
		}
		cookie, err := o.session(ctx, c)
		if err != nil {
			return nil, err
		}
		s.clerks, s.workers = append(s.clerks, cookie), append(s.workers, c.Operator.ID)
	}
	return s, nil
}

// fill makes the certificates: a tenth ends in the month that begins thirty days
// from now, the rest later. A hundredth, of the former, is ordered.
func (s *storm) fill(ctx context.Context) error {
	decl := company(1).decl
	decl.Operation, decl.Channel, decl.Storage, decl.Office, decl.Trusted, decl.Accountant = registry.Renewal, registry.Remote, registry.ECloud, "", nil, nil
	text, err := json.Marshal(decl)
	if err != nil {
		return err
	}
	for _, q := range []string{
		fmt.Sprintf(`INSERT INTO organisations (id, inn, kind, name_ru, name_ky, requisites, created_at, updated_at) SELECT i, '0' || lpad(i::text, 13, '0'), 'LEGAL_ENTITY',
			'Ак-Булак ' || i, 'Ак-Булак ' || i, '{"kind":"LEGAL_ENTITY","inn":"0' || lpad(i::text, 13, '0') || '","form_ru":"ОсОО","form_ky":"ЖЧК","name_ru":"Ак-Булак","name_ky":"Ак-Булак","settlement":{"ru":"г. Бишкек","ky":"Бишкек ш."},"phone":"+996312000101","email":"o' || i || '@akbulak.example"}',
			now(), now() FROM generate_series(11, %d) i`, s.n+10),
		fmt.Sprintf(`INSERT INTO certificates (id, serial, profile, organisation_id, personal_number, holder_name, role, storage, not_before, not_after, der, sha256, public_key_hash, status, issued_at)
			SELECT i, 'ec' || lpad(to_hex(i), 30, '0'), 'holder', i, '2' || lpad(i::text, 13, '0'), 'Асанова Гүлнара Бектуровна', 'HEAD', 'ECLOUD', e - interval '365 days', e,
				decode(repeat('30', 300), 'hex'), lpad(to_hex(i), 64, '0'), lpad(to_hex(i), 64, '0'), 'issued', e - interval '365 days'
			FROM (SELECT i, date_trunc('second', now()) + CASE WHEN i %% 10 = 0 THEN interval '30 days' + (i * 26 %% 2592000) * interval '1 second' ELSE interval '93 days' + (i * 23 %% 23000000) * interval '1 second' END AS e
				FROM generate_series(11, %d) i) x`, s.n+10),
		`INSERT INTO reminder_plan (certificate_id, due_at) SELECT id, not_after - interval '30 days' FROM certificates WHERE organisation_id IS NOT NULL`,
		fmt.Sprintf(`INSERT INTO applications (id, number, link_hash, status, is_open, operation, channel, storage, office, organisation_id, inn, title_ru, title_ky, declaration, input, language,
				created_at, updated_at, submitted_at, due_at, queue_at, order_rank, order_at)
			SELECT 10 * i, '26-' || i, 'l' || i, 'submitted', TRUE, 'RENEWAL', 'REMOTE', 'ECLOUD', '', 10 * i, '0' || lpad((10 * i)::text, 13, '0'), 'ОсОО Ак-Булак ' || i, 'ЖЧК Ак-Булак ' || i,
				'%s', '{}', 'ky', at, now(), at, at + interval '7 days', at + interval '7 days', CASE WHEN i %% 10 = 0 THEN 2 ELSE 1 END, at + interval '7 days'
			FROM (SELECT i, now() - (i %% 540000) * interval '1 second' AS at FROM generate_series(2, %d) i) x`, strings.ReplaceAll(string(text), "'", "''"), s.n/100+1),
		`INSERT INTO orders (application_id, content, content_sha256, sign_by) SELECT a.id, '{}', repeat('0', 64), c.not_after FROM applications a JOIN certificates c ON c.id = a.id`,
		`INSERT INTO order_signatories (application_id, role, personal_number, certificate_id) SELECT a.id, 'HEAD', c.personal_number, c.id FROM applications a JOIN certificates c ON c.id = a.id`,
		`INSERT INTO signatories (application_id, role, personal_number, requisites) SELECT a.id, 'HEAD', c.personal_number, '{}' FROM applications a JOIN certificates c ON c.id = a.id`,
		`INSERT INTO order_holds (application_id, organisation_id, missing, held_at, lapse_at) SELECT id, organisation_id, 100, now(), now() + interval '30 days' FROM applications WHERE order_rank = 2`,
		`ALTER TABLE certificates ALTER COLUMN id RESTART WITH 100000000`, `VACUUM ANALYZE`,
	} {
		if err := execAll(ctx, s.dsn, q); err != nil {
			return err
		}
	}
	return nil
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// atDesks lets every clerk do something once a second or so, rounds times, and
// returns how long each took, in milliseconds.
func atDesks(rounds int, do func(clerk int) (float64, error)) ([]float64, error) {
	var all sync.WaitGroup
	var mu sync.Mutex
	var took []float64
	var failed error
	for clerk := range clerksAtWork {
		all.Go(func() {
			for range rounds {
				time.Sleep(time.Duration(rand.IntN(2000)) * time.Millisecond)
				ms, err := do(clerk)
				mu.Lock()
				if err != nil {
					failed = err
				} else {
					took = append(took, ms)
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	all.Wait()
	return took, failed
}

// page asks for the queue as a clerk's browser does.
func (s *storm) page(clerk int, form url.Values, path string) (body string, ms float64, cookies []*http.Cookie, err error) {
	method, in := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, in = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequest(method, s.server.URL+path, in)
	if err != nil {
		return "", 0, nil, err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.AddCookie(s.clerks[clerk])
	for _, c := range s.tokens(clerk) {
		r.AddCookie(c)
	}
	began := time.Now()
	answer, err := s.client().Do(r)
	if err != nil {
		return "", 0, nil, err
	}
	page, err := io.ReadAll(answer.Body)
	ms = float64(time.Since(began).Microseconds()) / 1000
	_ = answer.Body.Close()
	want := http.StatusOK
	if form != nil {
		want = http.StatusSeeOther
	}
	if err == nil && answer.StatusCode != want {
		err = fmt.Errorf("%s %s: %d: %.300s", method, path, answer.StatusCode, page)
	}
	return string(page), ms, answer.Cookies(), err
}

var csrfCookies sync.Map // of a server and clerk

func (s *storm) tokens(clerk int) []*http.Cookie {
	c, _ := csrfCookies.Load(fmt.Sprint(s.server.URL, clerk))
	kept, _ := c.([]*http.Cookie)
	return kept
}

// client follows no redirect: the page after it is measured by itself.
func (s *storm) client() *http.Client {
	c := *s.server.Client()
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

// look is one clerk's look at the queue.
func (s *storm) look(clerk int) (float64, error) {
	body, ms, _, err := s.page(clerk, nil, "/queue")
	if err == nil && !strings.Contains(body, "</html>") {
		err = fmt.Errorf("the queue is cut off")
	}
	return ms, err
}

// take has one clerk take the most urgent order.
func (s *storm) take(forms []url.Values) func(clerk int) (float64, error) {
	return func(clerk int) (float64, error) {
		_, ms, _, err := s.page(clerk, forms[clerk], "/queue/next")
		if err != nil {
			return 0, err
		}
		return ms, s.giveBack(clerk)
	}
}

// giveBack returns what a clerk took, so that the queue stays as long as it is;
// it is not measured.
func (s *storm) giveBack(clerk int) error {
	_, err := s.db.Exec(`UPDATE applications SET assignee = NULL, version = version + 1 WHERE assignee = $1`, s.workers[clerk])
	return err
}

// forms are what each clerk's page posts.
func (s *storm) forms() ([]url.Values, error) {
	out := make([]url.Values, clerksAtWork)
	for clerk := range out {
		body, _, cookies, err := s.page(clerk, nil, "/queue")
		if err != nil {
			return nil, err
		}
		found := csrfField.FindStringSubmatch(body)
		if found == nil {
			return nil, fmt.Errorf("the queue's page has no form")
		}
		csrfCookies.Store(fmt.Sprint(s.server.URL, clerk), slices.DeleteFunc(cookies, func(c *http.Cookie) bool { return c.Name == s.clerks[clerk].Name }))
		out[clerk] = url.Values{"csrf": {found[1]}}
	}
	return out, nil
}

// bareLook runs the statements of the page and nothing else.
func (s *storm) bareLook(clerk int) (float64, error) {
	began := time.Now()
	for _, q := range []string{
		`SELECT a.id, a.number, a.status, a.inn, a.title_ru, a.title_ky, a.assignee, a.submitted_at, a.due_at, a.order_rank, a.order_at, o.sign_by, a.declaration, b.balance, h.missing,
			(SELECT COUNT(*) FROM order_signatures s WHERE s.application_id = a.id)
			FROM applications a JOIN orders o ON o.application_id = a.id LEFT JOIN account_balances b ON b.organisation_id = a.organisation_id LEFT JOIN order_holds h ON h.application_id = a.id
			WHERE a.order_rank IS NOT NULL ORDER BY a.order_rank, a.order_at, a.id LIMIT 51`,
		`SELECT COUNT(*) FROM (SELECT 1 FROM applications WHERE order_rank IS NOT NULL ORDER BY order_rank, order_at, id LIMIT 100) x`,
		fmt.Sprintf(`SELECT COUNT(*) FROM (SELECT 1 FROM applications WHERE order_rank IS NOT NULL AND assignee = %d ORDER BY order_rank, order_at, id LIMIT 100) x`, s.workers[clerk]),
		`SELECT COUNT(*) FROM (SELECT 1 FROM applications WHERE order_rank IS NOT NULL AND assignee IS NULL ORDER BY order_rank, order_at, id LIMIT 100) x`,
		`SELECT COUNT(*) FROM (SELECT 1 FROM applications WHERE order_rank = 2 ORDER BY order_rank, order_at, id LIMIT 100) x`,
		`SELECT COUNT(*) FROM (SELECT 1 FROM applications WHERE order_rank IN (0, 1) AND due_at < now() ORDER BY due_at, id LIMIT 100) x`,
		`SELECT id, requisites FROM operators`,
	} {
		rows, err := s.db.Query(q)
		if err != nil {
			return 0, err
		}
		for rows.Next() {
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil { //nolint:sqlclosecheck // in a loop
			return 0, err
		}
	}
	return float64(time.Since(began).Microseconds()) / 1000, nil
}

// bareTake takes an order and writes a line of journal, and nothing else.
func (s *storm) bareTake(clerk int) (float64, error) {
	began := time.Now()
	tx, err := s.db.Begin()
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }()
	var id int64
	if err := tx.QueryRow(`SELECT id FROM applications WHERE order_rank IN (0, 1) AND assignee IS NULL AND order_rank IS NOT NULL ORDER BY order_rank, order_at, id LIMIT 1 FOR UPDATE SKIP LOCKED`).Scan(&id); err != nil {
		return 0, err
	}
	if _, err := tx.Exec(`UPDATE applications SET status = 'in_review', assignee = $1, assigned_at = now(), updated_at = now(), version = version + 1 WHERE id = $2`, s.workers[clerk], id); err != nil {
		return 0, err
	}
	var entry int64
	if err := tx.QueryRow(`INSERT INTO journal_entries (at, kind, actor_kind, actor_id, details, commitments) VALUES (now(), 'application.take', 'operator', '1', '{}', '{}') RETURNING id`).Scan(&entry); err != nil {
		return 0, err
	}
	if _, err := tx.Exec(`INSERT INTO journal_subjects (entry_id, position, kind, subject_id) VALUES ($1, 0, 'application', $2)`, entry, fmt.Sprint(id)); err != nil {
		return 0, err
	}
	if err := tx.Commit(); err != nil {
		return 0, err
	}
	ms := float64(time.Since(began).Microseconds()) / 1000
	return ms, s.giveBack(clerk)
}

func p99(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[len(s)*99/100]
}

// compareStorms has the clerks at work in the long queue, beside the bare
// statements and beside the short one.
func (b *bench) compareStorms(ctx context.Context, long, short *storm) error {
	forms := map[*storm][]url.Values{}
	for _, s := range []*storm{long, short} {
		f, err := s.forms()
		if err != nil {
			return err
		}
		forms[s] = f
	}
	for _, x := range []struct {
		what             string
		ours, bare, less func(int) (float64, error)
	}{
		{"the queue page", long.look, long.bareLook, short.look},
		{"taking the most urgent order", long.take(forms[long]), long.bareTake, short.take(forms[short])},
	} {
		var took [3][]float64
		for i, do := range []func(int) (float64, error){x.ours, x.bare, x.less} {
			if _, err := atDesks(2, do); err != nil { // warm
				return fmt.Errorf("%s: %w", x.what, err)
			}
			var err error
			if took[i], err = atDesks(b.stormSize().deskRounds, do); err != nil {
				return fmt.Errorf("%s: %w", x.what, err)
			}
		}
		f := figure{what: fmt.Sprintf("%s, %d clerks, %d certificates, beside the bare statements", x.what, clerksAtWork, long.n), unit: "ms", ours: median(took[0]), peer: median(took[1]), within: 50, p99: p99(took[0])}
		f.rounds = []float64{f.ours / f.peer}
		b.measured(renewalTable, f)
		g := figure{what: fmt.Sprintf("%s, %d certificates beside %d", x.what, long.n, short.n), unit: "ms", ours: median(took[0]), peer: median(took[2]), atMost: 2}
		g.rounds = []float64{g.ours / g.peer}
		b.measured(renewalTable, g)
	}
	return ctx.Err()
}

// remindAll walks over two months a day at a time, and looks whether each holder
// was reminded on each of the pack's days, once.
func (b *bench) remindAll(ctx context.Context, s *storm) error {
	start := time.Now()
	clock := start
	flow, err := s.flowAt(b.dir, func() time.Time { return clock })
	if err != nil {
		return err
	}
	began, n := time.Now(), 0
	for range 62 {
		for {
			k, err := flow.Remind(ctx, 500)
			if err != nil {
				return err
			}
			if n += k; k == 0 {
				break
			}
		}
		clock = clock.Add(24 * time.Hour)
	}
	took := time.Since(began)
	// Those of the month, less the ones who have ordered.
	want := (s.n/10 - s.n/100) * len(s.pack.Times.ReminderDays)
	var rows, letters, told, different int
	if err := s.db.QueryRowContext(ctx, `SELECT COUNT(*), (SELECT COUNT(*) FROM outbox WHERE payload LIKE '%"kind":"reminder%'),
		(SELECT COUNT(*) FROM journal_entries WHERE kind = 'reminder.sent'), COUNT(DISTINCT (r.certificate_id, r.days))
		FROM reminders r JOIN certificates c ON c.id = r.certificate_id WHERE c.id % 10 = 0`).Scan(&rows, &letters, &told, &different); err != nil {
		return err
	}
	if rows != want || different != want || letters != want || told != want {
		return fmt.Errorf("reminded %d times (%d different), %d letters, %d entries; want %d", rows, different, letters, told, want)
	}
	fmt.Fprintf(b.out, "%d certificates end in a month: %d reminders, each once\n", s.n/10, rows)
	bare, err := s.bareReminders(ctx, min(letters, 20_000)/500*500)
	if err != nil {
		return err
	}
	b.measured(renewalTable, compare(fmt.Sprintf("reminders of %d certificates that end in a month, each sent once", s.n/10), "/s", []float64{float64(letters) / took.Seconds()}, []float64{bare}))
	return nil
}

// bareReminders writes the rows of n reminders, five hundred a transaction, and
// nothing else, and returns how many a second.
func (s *storm) bareReminders(ctx context.Context, n int) (float64, error) {
	const batch = 500
	began := time.Now()
	for i := 0; i < n; i += batch {
		tx, err := s.db.BeginTx(ctx, nil)
		if err != nil {
			return 0, err
		}
		for _, q := range []string{
			fmt.Sprintf(`UPDATE reminder_plan SET due_at = now() WHERE certificate_id > %d AND certificate_id <= %d`, i+10, i+10+batch),
			fmt.Sprintf(`INSERT INTO reminders (certificate_id, days, letter, at) SELECT %d + i, 180, TRUE, now() FROM generate_series(11, %d) i`, i, batch+10),
			fmt.Sprintf(`INSERT INTO outbox (kind, unique_key, payload, status, run_at, created_at) SELECT 'mail', 'bare/' || (%d + i), repeat('x', 400), 'ready', now(), now() FROM generate_series(1, %d) i`, i, batch),
			fmt.Sprintf(`WITH e AS (INSERT INTO journal_entries (at, kind, actor_kind, actor_id, details, commitments) SELECT now(), 'bare', 'system', '', '{"days":180}', '{}' FROM generate_series(1, %d) i RETURNING id)
				INSERT INTO journal_subjects (entry_id, position, kind, subject_id) SELECT id, p, 'certificate', 'ec' FROM e, generate_series(0, 1) p`, batch),
		} {
			if _, err := tx.ExecContext(ctx, q); err != nil {
				return 0, err
			}
		}
		if err := tx.Commit(); err != nil {
			return 0, err
		}
	}
	return float64(n) / time.Since(began).Seconds(), nil
}

// flowAt is the same program under another clock.
func (o *office) flowAt(dir string, now func() time.Time) (*workflow.Flow, error) {
	issuer := o.client.Issuer()
	cfg := workflow.Config{
		Store: o.store, Pack: o.pack, Now: now, Log: slog.New(slog.DiscardHandler), BaseURL: origin,
		SourceKey: make([]byte, 32), Trust: workflow.Trust{Root: issuer.Root, Issuer: issuer.Certificate},
	}
	var err error
	if cfg.Trust.HolderPolicy, err = x509.ParseOID(o.pack.Certificate.HolderPolicy); err != nil {
		return nil, err
	}
	if cfg.Trust.OperatorPolicy, err = x509.ParseOID(o.pack.Certificate.OperatorPolicy); err != nil {
		return nil, err
	}
	if cfg.Vault, err = newVault(dir); err != nil {
		return nil, err
	}
	return workflow.New(cfg)
}
