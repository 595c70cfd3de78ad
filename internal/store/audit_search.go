package store

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/migrations"
)

// CertificateDate is one of the dates of a certificate's life.
type CertificateDate string

const (
	DateIssued    CertificateDate = "issued"
	DateBegins    CertificateDate = "begins" // of the term; later than the issue where it was renewed ahead
	DateEnds      CertificateDate = "ends"
	DateReported  CertificateDate = "reported" // a report, as it was said
	DateSuspended CertificateDate = "suspended"
	DateDecided   CertificateDate = "decided" // a report concluded
	DateRevoked   CertificateDate = "revoked"
	DatePublic    CertificateDate = "public" // OCSP or the CRL first told of a suspension or revocation
)

// CertificateDates lists them.
var CertificateDates = [...]CertificateDate{DateIssued, DateBegins, DateEnds, DateReported, DateSuspended, DateDecided, DateRevoked, DatePublic}

// ofChange says that it is of one of the changes of a certificate's status.
func (d CertificateDate) ofChange() bool { return d == DateSuspended || d == DatePublic }

// Between is a stretch of time, From in it and To not; a zero one is open.
type Between struct{ From, To time.Time }

func (b Between) open() bool { return b.From.IsZero() && b.To.IsZero() }

// CertificateSearch chooses certificates; what is empty chooses all.
type CertificateSearch struct {
	Serial       registry.Serial // from six digits on its beginning will do
	INN          registry.INN
	Organisation string // the beginnings of words of its names
	Person       string // a personal number, or words of the holder's name
	Cause        string // of a report, a code of the pack
	Code         string // RFC 5280 §5.3.1, in decimal, of a report or a change of status
	Office       registry.OfficeCode
	Operator     registry.OperatorID // who had a hand in it
	Way          registry.ReportWay
	Channel      registry.Channel
	Storage      registry.Storage
	Dates        map[CertificateDate]Between
	// State that it was in at At.
	State registry.CertificateState
	At    time.Time
	// Order is the date by which the list goes, the latest first.
	Order CertificateDate
	After SearchPlace
	Limit int
	// Look is how many rows a page looks at, at most: what bounds its time,
	// however many certificates there are. 0: searchLooked.
	Look int
}

// SearchPlace is a row's place in the order; the zero one is before the first.
type SearchPlace struct {
	At time.Time
	ID int64
}

// CertificatesFound is a page of a search.
type CertificatesFound struct {
	IDs []registry.CertificateID
	// More says that the list goes on after Next.
	More bool
	Next SearchPlace
	// Total is how many there are at least, on the first page; Exact: that is
	// all.
	Total int
	Exact bool
	// Cut says that only part of what may match was looked at: the list goes
	// on, though few or none may be on this page.
	Cut bool
	// Narrow says that the words name so many organisations that only the
	// newest were looked at.
	Narrow bool
}

const (
	searchLooked = 600
	// searchSteps: a search first looks at one in so many of these rows, and at
	// more only if they do not fill a page.
	searchSteps = 2
	// searchChosen: of a condition that lies in no order that could be read, it
	// looks at so many times as many.
	searchChosen = 2
	// searchTotal is up to where results are counted.
	searchTotal = 500
	// SearchOrganisations is how many organisations of a name are looked at.
	SearchOrganisations = 60
)

// chooser is a condition that an index answers.
type chooser struct {
	mark  string // empty: not one of certificate_marks
	from  string // a query of certificates' ids
	where string // the same as a condition on certificates c; empty: another says it
	args  []any
	n     int // how many it chooses; math.MaxInt: more than are looked at
	// reach is when the oldest of so many of a mark's newest was issued: the
	// fewer have it lately, the further back that is.
	reach time.Time
}

// placed is a certificate at its place in the order.
type placed struct {
	At          time.Time
	Place, Cert int64
}

// SearchCertificates finds certificates. It reads an index in the order asked
// for, at most Look rows of it, or, where one condition chooses no more than
// that, exactly what it chooses: no search reads a whole table. What fills a
// page sooner ends sooner.
func (tx *Tx) SearchCertificates(f CertificateSearch) (found CertificatesFound, err error) {
	if tx.dialect == migrations.PostgreSQL {
		// What is left to the planner is the order of lookups. It takes them for
		// dear, and compiling them or sharing them out among workers would cost
		// more than doing them.
		if _, err := tx.exec(`SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0`); err != nil {
			return found, err
		}
	}
	if f.Look == 0 {
		f.Look = searchLooked
	}
	if f.Order == "" {
		f.Order = DateIssued
	}
	choosers, none, err := tx.choosers(f, &found)
	if err != nil || none {
		found.Exact = true
		return found, err
	}
	q := searchQuery{CertificateSearch: f, choosers: choosers}
	if q.lead, err = tx.leading(choosers, q.Look); err != nil {
		return found, err
	}
	q.step = max(q.Look/searchSteps, 1)
	q.few = q.lead != nil && (q.lead.n <= q.step || q.lead.mark == "" || q.lead.n <= q.Look && q.Order != DateIssued)
	limit, first := f.Limit+1, f.After == SearchPlace{}
	if first {
		limit = max(limit, searchTotal+1)
	}
	rows, err := tx.searchRows(q, limit, &found)
	if err != nil {
		return found, err
	}
	found.Total, found.Exact = len(rows), len(rows) < limit && !found.Cut
	if first && len(rows) == limit {
		found.Total = limit - 1
	}
	found.More = found.Cut
	if len(rows) > f.Limit {
		rows = rows[:f.Limit]
		last := rows[f.Limit-1]
		found.More, found.Next = true, SearchPlace{last.At.UTC(), last.Place}
	}
	for _, r := range rows {
		found.IDs = append(found.IDs, registry.CertificateID(r.Cert))
	}
	return found, nil
}

// searchRows reads what matches, at most limit: step by step, until the page is
// full or Look rows were looked at; found then says where to go on.
func (tx *Tx) searchRows(q searchQuery, limit int, found *CertificatesFound) (rows []placed, err error) {
	for looked := 0; ; q.step *= 2 {
		q.step = min(q.step, q.Look-looked)
		window, args := q.window()
		from, more := q.conditions()
		var some []placed
		if err := tx.query(&some, `SELECT d.at, d.place, d.cert FROM (`+window+`) d`+from+` ORDER BY d.at DESC, d.place DESC LIMIT `+strconv.Itoa(limit-len(rows)),
			slices.Concat(args, more)...); err != nil {
			return nil, err
		}
		if rows = append(rows, some...); q.few || len(rows) == limit {
			return rows, nil
		}
		if found.Cut, err = tx.searchEnd(window, args, q.step, &found.Next); err != nil || !found.Cut {
			return rows, err
		}
		if looked += q.step; len(rows) > q.Limit || looked == q.Look {
			return rows, nil
		}
		q.After = found.Next
	}
}

// searchEnd tells whether a window is full, and its last place.
func (tx *Tx) searchEnd(window string, args []any, size int, next *SearchPlace) (full bool, err error) {
	var last placed
	full, err = tx.scan(&last, `SELECT d.at, d.place, d.cert FROM (`+window+`) d ORDER BY d.at DESC, d.place DESC LIMIT 1 OFFSET `+strconv.Itoa(size-1), args...)
	*next = SearchPlace{last.At.UTC(), last.Place}
	return full, err
}

// choosers are the conditions that an index answers; none says that nothing
// can match.
func (tx *Tx) choosers(f CertificateSearch, found *CertificatesFound) (out []*chooser, none bool, err error) {
	add := func(cond string, args ...any) {
		out = append(out, &chooser{from: `SELECT id FROM certificates c WHERE ` + cond, where: cond, args: args})
	}
	if f.Serial != "" {
		if len(f.Serial) >= 6 {
			add(`(c.serial >= ? AND c.serial < ?)`, f.Serial, f.Serial+"g")
		} else {
			add(`c.serial = ?`, f.Serial)
		}
	}
	if f.INN != "" {
		add(`c.organisation_id = (SELECT o.id FROM organisations o WHERE o.inn = ?)`, f.INN)
	}
	if f.Organisation != "" {
		ids, err := tx.organisationsNamed(f.Organisation)
		if err != nil || len(ids) == 0 {
			return nil, true, err
		}
		found.Narrow = len(ids) == SearchOrganisations
		add(`c.organisation_id IN ?`, ids)
	}
	if f.State == registry.StateSuspended {
		out = append(out, heldAt(f.At))
	}
	marks, number := f.marks()
	if number != "" {
		add(`c.personal_number = ?`, number)
	}
	for _, m := range marks {
		out = append(out, &chooser{mark: m, from: `SELECT certificate_id AS id FROM certificate_marks WHERE mark = ?`, args: []any{m}})
	}
	return out, false, nil
}

// heldAt chooses what was suspended at an instant, by when the suspension began
// and ended. The state's own condition judges it again.
func heldAt(at time.Time) *chooser {
	const held = `SELECT c.id FROM status_changes s JOIN certificates c ON c.serial = s.serial WHERE s.status = 'suspended' AND (s.held_until IS NULL OR s.held_until > ?) AND s.at <= ?`
	return &chooser{
		from: held + ` AND s.at >= ? UNION ` + held + ` AND (s.held_long OR s.held_until IS NULL)`,
		args: []any{at, at, at.Add(-heldLong), at, at},
	}
}

// marks that the search asks for, and the personal number, if it is one.
func (f CertificateSearch) marks() (marks []string, number string) {
	for _, m := range []struct{ kind, value string }{
		{markCause, f.Cause},
		{markCode, f.Code},
		{markWay, string(f.Way)},
		{markOffice, string(f.Office)},
		{markChannel, string(f.Channel)},
		{markStorage, string(f.Storage)},
	} {
		if m.value != "" {
			marks = append(marks, m.kind+m.value)
		}
	}
	if f.Operator != 0 {
		marks = append(marks, byOperator(f.Operator))
	}
	switch {
	case f.Order == DateRevoked: // has no others
	case f.State == registry.StateRevoked || !f.Dates[DateRevoked].open():
		marks = append(marks, markRevoked)
	}
	if n := strings.ReplaceAll(f.Person, " ", ""); len(n) == 14 && strings.Trim(n, "0123456789") == "" {
		return marks, n
	}
	for _, word := range terms(f.Person) {
		marks = append(marks, markName+word)
	}
	return marks, ""
}

func (tx *Tx) organisationsNamed(query string) (ids []int64, err error) {
	cond, args, _, err := tx.searching("organisation", query)
	if err != nil {
		return nil, err
	}
	err = tx.query(&ids, `SELECT id FROM organisations WHERE `+cond+` ORDER BY id DESC LIMIT `+strconv.Itoa(SearchOrganisations), args...)
	return ids, err
}

// leading is the condition that chooses the fewest, nil without any. The others
// are put in order, those that choose few first.
func (tx *Tx) leading(choosers []*chooser, look int) (lead *chooser, err error) {
	for _, ch := range choosers {
		most := look + 1
		if ch.mark == "" {
			most = look*searchChosen + 1
		}
		if err := tx.query(&ch.n, `SELECT COUNT(*) FROM (`+ch.from+` LIMIT `+strconv.Itoa(most)+`) n`, ch.args...); err != nil {
			return nil, err
		}
		if ch.n == most {
			ch.n = math.MaxInt
			if ch.mark == "" {
				continue // lies in another order
			}
			if len(choosers) == 1 {
				return ch, nil
			}
			if ch.reach, err = tx.markReach(ch.mark, look); err != nil {
				return nil, err
			}
		}
		if lead == nil || ch.fewer(lead) < 0 {
			lead = ch
		}
	}
	slices.SortStableFunc(choosers, (*chooser).fewer)
	return lead, nil
}

// markReach is when the last of so many of a mark's newest was issued.
func (tx *Tx) markReach(mark string, many int) (time.Time, error) {
	var last struct{ IssuedAt time.Time }
	err := tx.query(&last, `SELECT issued_at FROM certificate_marks WHERE mark = ? ORDER BY issued_at DESC, certificate_id DESC LIMIT 1 OFFSET `+strconv.Itoa(many), mark)
	return last.IssuedAt, err
}

// fewer compares what two conditions choose; negative: ch chooses less.
func (ch *chooser) fewer(other *chooser) int {
	return cmp.Or(cmp.Compare(ch.n, other.n), ch.reach.Compare(other.reach))
}

// searchQuery writes the SQL of one search.
type searchQuery struct {
	CertificateSearch
	choosers []*chooser
	lead     *chooser // the condition that chooses the fewest, nil without any
	few      bool     // so few that all of them are looked at
	step     int      // how many rows the next window has, unless few
}

// orders say for each date where it lies: the column, the rows' id, the
// certificate's id, and what else the index asks for.
var orders = map[CertificateDate]struct{ table, at, place, cert, only string }{
	DateIssued:    {"certificates k", "k.issued_at", "k.id", "k.id", ""},
	DateBegins:    {"certificates k", "k.not_before", "k.id", "k.id", ""},
	DateEnds:      {"certificates k", "k.not_after", "k.id", "k.id", ""},
	DateRevoked:   {"certificates k", "k.status_at", "k.id", "k.id", " AND k.status = 'revoked'"},
	DateReported:  {"revocation_reports r", "r.reported_at", "r.id", "r.certificate_id", ""},
	DateDecided:   {"revocation_reports r", "r.concluded_at", "r.id", "r.certificate_id", " AND r.concluded_at IS NOT NULL"},
	DateSuspended: {"status_changes s JOIN certificates k ON k.serial = s.serial", "s.at", "s.id", "k.id", " AND s.status = 'suspended'"},
	DatePublic:    {"status_changes s JOIN certificates k ON k.serial = s.serial", "s.public_at", "s.id", "k.id", " AND s.public_at IS NOT NULL AND s.status <> 'issued'"},
}

// window is a query of at, place and cert: the next rows of an index in the order, or all that a few certificates have.
func (q searchQuery) window() (string, []any) {
	o, lead := orders[q.Order], q.lead
	if q.few {
		table, args := `(`+lead.from+`) l JOIN `+o.table+` ON `+o.cert+` = l.id`, slices.Clone(lead.args)
		if q.Order.ofChange() { // from the certificate to its changes
			table = `(` + lead.from + `) l JOIN certificates k ON k.id = l.id JOIN status_changes s ON s.serial = k.serial`
		}
		where, more := q.stretch(o.at, o.place)
		return `SELECT ` + o.at + ` AS at, ` + o.place + ` AS place, ` + o.cert + ` AS cert FROM ` + table + ` WHERE TRUE` + o.only + where + ` LIMIT 1000000`, append(args, more...)
	}
	if q.Order == DateIssued && lead != nil {
		where, args := q.stretch("m.issued_at", "m.certificate_id")
		return `SELECT m.issued_at AS at, m.certificate_id AS place, m.certificate_id AS cert FROM certificate_marks m WHERE m.mark = ?` + where +
			` ORDER BY m.issued_at DESC, m.certificate_id DESC LIMIT ` + strconv.Itoa(q.step), slices.Concat(lead.args, args)
	}
	where, args := q.stretch(o.at, o.place)
	return `SELECT ` + o.at + ` AS at, ` + o.place + ` AS place, ` + o.cert + ` AS cert FROM ` + o.table + ` WHERE TRUE` + o.only + where +
		` ORDER BY ` + o.at + ` DESC, ` + o.place + ` DESC LIMIT ` + strconv.Itoa(q.step), args
}

// stretch bounds the window by the place reached, by the date's own limits, and
// by what the state at an instant says of it.
func (q searchQuery) stretch(at, place string) (where string, args []any) {
	b := q.Dates[q.Order]
	if !b.From.IsZero() {
		where, args = where+` AND `+at+` >= ?`, append(args, b.From)
	}
	if !b.To.IsZero() {
		where, args = where+` AND `+at+` < ?`, append(args, b.To)
	}
	if q.State != "" {
		switch {
		case q.Order == DateIssued && q.State == registry.StateUnissued:
			where, args = where+` AND `+at+` > ?`, append(args, q.At)
		case q.Order == DateIssued, q.Order == DateRevoked && q.State == registry.StateRevoked:
			where, args = where+` AND `+at+` <= ?`, append(args, q.At)
		case q.Order == DateBegins && q.State == registry.StateNotYet:
			where, args = where+` AND `+at+` > ?`, append(args, q.At)
		case q.Order == DateBegins && q.State == registry.StateValid:
			where, args = where+` AND `+at+` <= ?`, append(args, q.At)
		case q.Order == DateEnds && q.State == registry.StateEnded:
			where, args = where+` AND `+at+` < ?`, append(args, q.At)
		case q.Order == DateEnds && (q.State == registry.StateValid || q.State == registry.StateNotYet):
			where, args = where+` AND `+at+` >= ?`, append(args, q.At)
		}
	}
	if q.After != (SearchPlace{}) {
		where, args = where+` AND (`+at+`, `+place+`) < (?, ?)`, append(args, q.After.At, q.After.ID)
	}
	return where, args
}

// conditions are the rest: what the window d and its certificate c must be. The
// certificate is looked up only where something is asked of it. Subqueries are
// written so that no planner makes a join of them, which would read all that
// they could find.
func (q searchQuery) conditions() (string, []any) {
	where, args, join := ` WHERE TRUE`, []any(nil), ``
	and := func(cond string, more ...any) { where, args = where+` AND `+cond, append(args, more...) }
	ofCertificate := func(cond string, more ...any) {
		join = ` JOIN certificates c ON c.id = d.cert`
		and(cond, more...)
	}
	for _, ch := range q.choosers {
		switch {
		case ch == q.lead && (q.few || q.Order == DateIssued), ch.mark == "" && ch.where == "":
		case ch.mark == "":
			ofCertificate(ch.where, ch.args...)
		case q.Order == DateIssued:
			and(marked(`d.at`), ch.mark)
		default:
			ofCertificate(marked(`c.issued_at`), ch.mark)
		}
	}
	for date, b := range q.Dates {
		if date != q.Order && !b.open() {
			cond, more := dated(date, b)
			ofCertificate(cond, more...)
		}
	}
	if at, place := orders[q.Order].at, orders[q.Order].place; q.Order == DateReported || q.Order == DateDecided || q.Order.ofChange() {
		// A certificate stands where its latest such row does.
		later, more := q.latest(at, place)
		ofCertificate(later, more...)
	}
	if q.State != "" && (q.State != registry.StateRevoked || q.Order != DateRevoked) { // revoked for good: the stretch says it
		cond, more := stateSQL(q.State, q.At)
		ofCertificate(cond, more...)
	}
	return join + where, args
}

// marked is a condition that the certificate has a mark.
func marked(issuedAt string) string {
	return `(SELECT m.certificate_id FROM certificate_marks m WHERE m.mark = ? AND m.issued_at = ` + issuedAt + ` AND m.certificate_id = d.cert LIMIT 1) IS NOT NULL`
}

// latest says that no other row of the certificate in the stretch is later.
func (q searchQuery) latest(at, place string) (string, []any) {
	table, of := `revocation_reports r`, `r.certificate_id = d.cert`
	if q.Order.ofChange() {
		table, of = `status_changes s`, `s.serial = c.serial`
	}
	q.After = SearchPlace{}
	where, args := q.stretch(at, place)
	return `(SELECT 1 FROM ` + table + ` WHERE ` + of + orders[q.Order].only + where + ` AND (` + at + `, ` + place + `) > (d.at, d.place) LIMIT 1) IS NULL`, args
}

// dated is a condition on a date that the list does not go by.
func dated(date CertificateDate, b Between) (string, []any) {
	o := orders[date]
	column := strings.Replace(o.at, "k.", "c.", 1)
	var cond string
	var args []any
	if !b.From.IsZero() {
		cond, args = ` AND `+column+` >= ?`, append(args, b.From)
	}
	if !b.To.IsZero() {
		cond, args = cond+` AND `+column+` < ?`, append(args, b.To)
	}
	switch date {
	case DateReported, DateDecided:
		return `(SELECT 1 FROM revocation_reports r WHERE r.certificate_id = c.id` + o.only + cond + ` LIMIT 1) IS NOT NULL`, args
	case DateSuspended, DatePublic:
		return `(SELECT 1 FROM status_changes s WHERE s.serial = c.serial` + o.only + cond + ` LIMIT 1) IS NOT NULL`, args
	}
	return `(TRUE` + strings.Replace(o.only, "k.", "c.", 1) + cond + `)`, args
}

// stateSQL is registry.Certificate.StateAt as a condition.
func stateSQL(state registry.CertificateState, at time.Time) (string, []any) {
	// status_at is empty where nothing ever changed.
	const status = `CASE WHEN c.status_at IS NULL THEN 'issued' ELSE COALESCE((SELECT s.status FROM status_changes s WHERE s.serial = c.serial AND s.at <= ? ORDER BY s.id DESC LIMIT 1), 'issued') END`
	switch state {
	case registry.StateUnissued:
		return `c.issued_at > ?`, []any{at}
	case registry.StateSuspended, registry.StateRevoked:
		return `c.issued_at <= ? AND ` + status + ` = ?`, []any{at, at, state}
	case registry.StateNotYet:
		return `c.issued_at <= ? AND c.not_before > ? AND ` + status + ` = 'issued'`, []any{at, at, at}
	case registry.StateEnded:
		return `c.issued_at <= ? AND c.not_after < ? AND ` + status + ` = 'issued'`, []any{at, at, at}
	case registry.StateValid:
		return `c.issued_at <= ? AND c.not_before <= ? AND c.not_after >= ? AND ` + status + ` = 'issued'`, []any{at, at, at, at}
	}
	return `FALSE`, nil
}
