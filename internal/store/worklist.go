package store

import (
	"strconv"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// DueFilter chooses applications by their clocks.
type DueFilter string

const (
	AnyDue  DueFilter = ""
	Overdue DueFilter = "overdue"
	// DueToday: due before the end of the day, and not overdue.
	DueToday DueFilter = "today"
	// Paused: the clock stopped while documents are awaited.
	Paused DueFilter = "paused"
)

// WorklistFilter says which applications a worklist shows. The zero value is
// everything open.
type WorklistFilter struct {
	Assignee registry.OperatorID // whose; 0: anybody's
	Nobody   bool                // only those that nobody has
	Status   registry.ApplicationStatus
	Office   registry.OfficeCode
	Due      DueFilter
	// Query searches names, INNs and numbers, closed applications too.
	Query string
	After WorklistPlace
	Limit int // rows of a page
	// Now and EndOfDay divide the clocks.
	Now, EndOfDay time.Time
}

// WorklistPlace is a row's place in the order of the worklist: by the instant
// it is due, those whose clock does not run last.
type WorklistPlace struct {
	QueueAt time.Time
	ID      registry.ApplicationID
}

// WorkItem is a row of a worklist.
type WorkItem struct {
	ID        registry.ApplicationID
	Number    string
	Status    registry.ApplicationStatus
	Operation registry.Operation
	Channel   registry.Channel
	Storage   registry.Storage
	Office    registry.OfficeCode
	INN       registry.INN `gorm:"column:inn"`
	TitleRu   string
	TitleKy   string
	Assignee  registry.OperatorID
	DueAt     *time.Time
	PausedAt  *time.Time
	UpdatedAt time.Time
	QueueAt   time.Time
}

// Place of the row.
func (w WorkItem) Place() WorklistPlace { return WorklistPlace{w.QueueAt, w.ID} }

// Worklist is one page.
type Worklist struct {
	Items []WorkItem
	// More: there are rows after the last.
	More bool
	// Narrow: the words searched for are so common that not every
	// application with all of them was looked at.
	Narrow bool
}

const workColumns = `SELECT id, number, status, operation, channel, storage, office, inn, title_ru, title_ky,
	COALESCE(assignee, 0) AS assignee, due_at, paused_at, updated_at, queue_at FROM applications`

// Worklist returns a page of applications, overdue first, then by the instant
// they are due; those whose clock stands last. It reads an index from the
// place of the page, however long the list.
func (tx *Tx) Worklist(f WorklistFilter) (*Worklist, error) {
	w := new(Worklist)
	conds, args := f.conditions()
	if f.Query != "" {
		cond, more, narrow, err := tx.searching("application", f.Query)
		if err != nil {
			return nil, err
		}
		conds, args, w.Narrow = append(conds, cond), append(args, more...), narrow
	}
	if !f.After.QueueAt.IsZero() {
		conds, args = append(conds, `(queue_at, id) > (?, ?)`), append(args, f.After.QueueAt, f.After.ID)
	}
	err := tx.query(&w.Items, workColumns+` WHERE `+strings.Join(conds, " AND ")+` ORDER BY queue_at, id LIMIT ?`, append(args, f.Limit+1)...)
	if err != nil {
		return nil, err
	}
	if w.More = len(w.Items) > f.Limit; w.More {
		w.Items = w.Items[:f.Limit]
	}
	for i := range w.Items {
		it := &w.Items[i]
		it.DueAt, it.PausedAt, it.UpdatedAt, it.QueueAt = utc(it.DueAt), utc(it.PausedAt), it.UpdatedAt.UTC(), it.QueueAt.UTC()
	}
	return w, nil
}

// handedIn leaves out an order that lacks a signature: it waits for nobody at
// the office.
const handedIn = `NOT (status = 'draft' AND channel = 'REMOTE')`

func (f *WorklistFilter) conditions() (conds []string, args []any) {
	add := func(cond string, a ...any) { conds, args = append(conds, cond), append(args, a...) }
	switch {
	case f.Status != "":
		add(`status = ?`, f.Status)
	case f.Query == "":
		add(`is_open`)
	}
	add(handedIn)
	switch {
	case f.Nobody:
		add(`is_open AND assignee IS NULL`)
	case f.Assignee != 0:
		add(`is_open AND assignee = ?`, f.Assignee)
	}
	if f.Office != "" {
		add(`office = ?`, f.Office)
	}
	switch f.Due {
	case Overdue:
		add(`is_open AND queue_at <= ?`, f.Now)
	case DueToday:
		add(`is_open AND queue_at > ? AND queue_at <= ?`, f.Now, f.EndOfDay)
	case Paused:
		add(`status = ? AND queue_at = ?`, registry.AwaitingDocuments, farFuture)
	}
	if len(conds) == 0 {
		add(`TRUE`)
	}
	return conds, args
}

// MaxCount is the most that a worklist counts; more reads "100+". Each row
// counted may be a page read.
const MaxCount = 100

// WorklistCounts are what the worklist's filters hold, each at most MaxCount.
type WorklistCounts struct {
	All, Mine, Nobody         int
	Overdue, DueToday, Paused int
	Statuses                  map[registry.ApplicationStatus]int
	Offices                   map[registry.OfficeCode]int
}

// WorklistCounts counts what each filter alone would show an operator. The
// order makes the planner take the index that ends after MaxCount rows.
func (tx *Tx) WorklistCounts(me registry.OperatorID, offices []registry.OfficeCode, now, endOfDay time.Time) (*WorklistCounts, error) {
	c := &WorklistCounts{Statuses: map[registry.ApplicationStatus]int{}, Offices: map[registry.OfficeCode]int{}}
	f := func(due DueFilter) WorklistFilter { return WorklistFilter{Due: due, Now: now, EndOfDay: endOfDay} }
	var counted []func(int)
	var parts []string
	var args []any
	add := func(f WorklistFilter, set func(int)) {
		conds, a := f.conditions()
		parts = append(parts, `SELECT `+strconv.Itoa(len(parts))+` AS place, COUNT(*) AS n FROM (SELECT 1 AS one FROM applications WHERE `+
			strings.Join(conds, " AND ")+` ORDER BY queue_at, id LIMIT `+strconv.Itoa(MaxCount)+`) AS rows`+strconv.Itoa(len(parts)))
		args, counted = append(args, a...), append(counted, set)
	}
	add(f(AnyDue), func(n int) { c.All = n })
	add(WorklistFilter{Assignee: me}, func(n int) { c.Mine = n })
	add(WorklistFilter{Nobody: true}, func(n int) { c.Nobody = n })
	add(f(Overdue), func(n int) { c.Overdue = n })
	add(f(DueToday), func(n int) { c.DueToday = n })
	add(f(Paused), func(n int) { c.Paused = n })
	for _, s := range registry.ApplicationStatuses {
		add(WorklistFilter{Status: s}, func(n int) { c.Statuses[s] = n })
	}
	for _, o := range offices {
		add(WorklistFilter{Office: o}, func(n int) { c.Offices[o] = n })
	}
	var rows []struct{ Place, N int }
	if err := tx.query(&rows, strings.Join(parts, " UNION ALL "), args...); err != nil {
		return nil, err
	}
	for _, r := range rows {
		counted[r.Place](r.N)
	}
	return c, nil
}
