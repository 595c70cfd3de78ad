package store

import (
	"strconv"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// QueueFilter says which orders of the seven-day queue are shown. The zero
// value is all of them.
type QueueFilter struct {
	Assignee registry.OperatorID // whose; 0: anybody's
	Nobody   bool                // only those that nobody has
	Late     bool                // only those whose seven days are over at Now, and that do not wait for money
	Unpaid   bool                // only those that wait for money
	Now      time.Time
	After    QueuePlace
	Limit    int
}

// QueuePlace is a row's place in the queue.
type QueuePlace struct {
	Rank registry.OrderRank
	At   time.Time
	ID   registry.ApplicationID
}

// QueueItem is a row of the queue.
type QueueItem struct {
	ID          registry.ApplicationID
	Number      string
	Status      registry.ApplicationStatus
	INN         registry.INN `gorm:"column:inn"`
	TitleRu     string
	TitleKy     string
	Assignee    registry.OperatorID
	SubmittedAt time.Time
	DueAt       *time.Time
	Rank        registry.OrderRank
	OrderAt     time.Time
	// EndsAt is the end of the certificate that ends first.
	EndsAt  time.Time
	Signed  int // signatures
	Balance registry.Tyiyn
	// Missing is what the client was told; 0: it does not wait for money.
	Missing     registry.Tyiyn
	Declaration registry.Declaration `gorm:"-"`
}

// Place of the row.
func (q QueueItem) Place() QueuePlace { return QueuePlace{q.Rank, q.OrderAt, q.ID} }

// QueuePage is one page.
type QueuePage struct {
	Items []QueueItem
	More  bool // there are rows after the last
}

// Queue returns a page of remote orders that wait for the authority: first
// those whose money has come, then by the earlier of the instant promised
// and the end of the certificate that ends first, last those that wait
// for money. It reads an index from the place of the page, however long the
// queue.
func (tx *Tx) Queue(f QueueFilter) (*QueuePage, error) {
	conds, args := f.conditions()
	if !f.After.At.IsZero() {
		conds, args = append(conds, `(a.order_rank, a.order_at, a.id) > (?, ?, ?)`), append(args, f.After.Rank, f.After.At, f.After.ID)
	}
	var rows []struct {
		QueueItem
		DeclarationText string
	}
	err := tx.query(&rows, `SELECT a.id, a.number, a.status, a.inn, a.title_ru, a.title_ky, COALESCE(a.assignee, 0) AS assignee, a.submitted_at, a.due_at,
			a.order_rank AS rank, a.order_at, o.sign_by AS ends_at, a.declaration AS declaration_text, COALESCE(b.balance, 0) AS balance, COALESCE(h.missing, 0) AS missing,
			(SELECT COUNT(*) FROM order_signatures s WHERE s.application_id = a.id) AS signed
		FROM applications a JOIN orders o ON o.application_id = a.id LEFT JOIN account_balances b ON b.organisation_id = a.organisation_id
			LEFT JOIN order_holds h ON h.application_id = a.id
		WHERE `+strings.Join(conds, " AND ")+` ORDER BY a.order_rank, a.order_at, a.id LIMIT ?`, append(args, f.Limit+1)...)
	if err != nil {
		return nil, err
	}
	p := &QueuePage{More: len(rows) > f.Limit}
	for _, r := range rows[:min(len(rows), f.Limit)] {
		it := r.QueueItem
		it.SubmittedAt, it.DueAt, it.OrderAt, it.EndsAt = it.SubmittedAt.UTC(), utc(it.DueAt), it.OrderAt.UTC(), it.EndsAt.UTC()
		if err := decode(r.DeclarationText, &it.Declaration); err != nil {
			return nil, err
		}
		p.Items = append(p.Items, it)
	}
	return p, nil
}

func (f *QueueFilter) conditions() (conds []string, args []any) {
	conds = []string{`a.order_rank IS NOT NULL`}
	add := func(cond string, v ...any) { conds, args = append(conds, cond), append(args, v...) }
	switch {
	case f.Nobody:
		add(`a.assignee IS NULL`)
	case f.Assignee != 0:
		add(`a.assignee = ?`, f.Assignee)
	}
	if f.Late {
		add(`a.order_rank IN (0, 1) AND a.due_at < ?`, f.Now)
	}
	if f.Unpaid {
		add(`a.order_rank = 2`)
	}
	return conds, args
}

// QueueCounts are what the filters of the queue hold, each at most MaxCount.
type QueueCounts struct {
	All, Mine, Nobody, Late, Unpaid int
}

// QueueCounts counts what each filter alone would show an operator. Every count
// ends in an index.
func (tx *Tx) QueueCounts(me registry.OperatorID, now time.Time) (*QueueCounts, error) {
	c := new(QueueCounts)
	var parts []string
	var args []any
	var into []*int
	add := func(n *int, f QueueFilter, order string) {
		conds, a := f.conditions()
		i := strconv.Itoa(len(parts))
		parts = append(parts, `SELECT `+i+` AS place, COUNT(*) AS n FROM (SELECT 1 AS one FROM applications a WHERE `+strings.Join(conds, " AND ")+
			` ORDER BY `+order+` LIMIT `+strconv.Itoa(MaxCount)+`) AS rows`+i)
		args, into = append(args, a...), append(into, n)
	}
	const place = `a.order_rank, a.order_at, a.id`
	add(&c.All, QueueFilter{}, place)
	add(&c.Mine, QueueFilter{Assignee: me}, place)
	add(&c.Nobody, QueueFilter{Nobody: true}, place)
	add(&c.Unpaid, QueueFilter{Unpaid: true}, place)
	add(&c.Late, QueueFilter{Late: true, Now: now}, `a.due_at, a.id`)
	var rows []struct{ Place, N int }
	if err := tx.query(&rows, strings.Join(parts, " UNION ALL "), args...); err != nil {
		return nil, err
	}
	for _, r := range rows {
		*into[r.Place] = r.N
	}
	return c, nil
}
