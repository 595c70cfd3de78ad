package store

import (
	"strconv"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
)

// AccessKinds are the kinds of entries that tell of somebody's look at people's
// papers, or into the list of such looks.
var AccessKinds = []string{"file.viewed", "access.searched", "data_request.exported"}

// AccessFilter chooses looks at papers; what is empty chooses all.
type AccessFilter struct {
	// Query finds the applications whose papers they are: words of a person's
	// or an organisation's name, a personal number, an INN, a number of an
	// application.
	Query    string
	Document registry.DocumentID
	Operator registry.OperatorID
	From, To time.Time // from the one up to the other
	Before   int64     // entries with an id less than this
	Limit    int
}

// Access is one look. Purpose is what was stated for it, or what was asked for
// in this list; empty: nothing.
type Access struct {
	journal.Entry
	Purpose string
}

// accessApplications is how many applications a query finds at most, the
// newest.
const accessApplications = 1000

// ApplicationsAbout are those that a query finds: of the words in their terms,
// or by the personal number of whoever consented with them. The newest, at most
// accessApplications; more says that there may be others.
func (tx *Tx) ApplicationsAbout(query string) (ids []registry.ApplicationID, more bool, err error) {
	cond, args, narrow, err := tx.searching("application", query)
	if err != nil {
		return nil, false, err
	}
	number := strings.ReplaceAll(strings.TrimSpace(query), " ", "")
	err = tx.query(&ids, `SELECT id FROM applications WHERE `+cond+` OR id IN (SELECT application_id FROM consents WHERE personal_number = ? AND personal_number <> '')
		ORDER BY id DESC LIMIT ?`, append(args, number, accessApplications)...)
	return ids, narrow || len(ids) == accessApplications, err
}

// AccessLog returns looks, the newest first; more says that the query's words
// are so common that only the newest applications were considered.
func (tx *Tx) AccessLog(f AccessFilter) (out []Access, more bool, err error) {
	if f.Before <= 0 {
		f.Before = 1<<63 - 1
	}
	conds, args := []string{`e.kind IN ?`, `e.id < ?`}, []any{AccessKinds, f.Before}
	add := func(cond string, a ...any) { conds, args = append(conds, cond), append(args, a...) }
	if f.Query != "" {
		ids, common, err := tx.ApplicationsAbout(f.Query)
		if err != nil || len(ids) == 0 {
			return nil, common, err
		}
		more = common
		texts := make([]string, len(ids))
		for i, id := range ids {
			texts[i] = strconv.FormatInt(int64(id), 10)
		}
		add(`e.id IN (SELECT s.entry_id FROM journal_subjects s WHERE s.kind = 'application' AND s.subject_id IN ?)`, texts)
	}
	if f.Document != 0 {
		add(`e.id IN (SELECT s.entry_id FROM journal_subjects s WHERE s.kind = 'document' AND s.subject_id = ?)`, strconv.FormatInt(int64(f.Document), 10))
	}
	if f.Operator != 0 {
		add(`e.actor_kind = 'operator' AND e.actor_id = ?`, strconv.FormatInt(int64(f.Operator), 10))
	}
	if !f.From.IsZero() {
		add(`e.at >= ?`, f.From)
	}
	if !f.To.IsZero() {
		add(`e.at < ?`, f.To)
	}
	var rows []journalRow
	if err := tx.query(&rows, `SELECT `+journalColumns+` FROM journal_entries e WHERE `+strings.Join(conds, " AND ")+` ORDER BY e.id DESC LIMIT ?`, append(args, f.Limit)...); err != nil {
		return nil, false, err
	}
	out, err = tx.looks(rows)
	return out, more, err
}

func (tx *Tx) looks(rows []journalRow) ([]Access, error) {
	entries, err := tx.entries(rows)
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	purposes, err := tx.purposes(entries)
	out := make([]Access, len(entries))
	for i, e := range entries {
		out[i] = Access{e, purposes[e.ID]}
	}
	return out, err
}

// purposes are those of looks by entry, as far as they are kept.
func (tx *Tx) purposes(entries []journal.Entry) (map[int64]string, error) {
	ids := make([]int64, len(entries))
	for i, e := range entries {
		ids[i] = e.ID
	}
	var rows []struct {
		EntryID int64
		Value   string
	}
	if err := tx.query(&rows, `SELECT entry_id, value FROM journal_reveals WHERE name IN ('purpose', 'query') AND entry_id IN ?`, ids); err != nil {
		return nil, err
	}
	out := make(map[int64]string, len(rows))
	for _, r := range rows {
		out[r.EntryID] = r.Value
	}
	return out, nil
}

// FileNames are the names of files, removed ones too.
func (tx *Tx) FileNames(ids []registry.FileID) (map[registry.FileID]string, error) {
	out := map[registry.FileID]string{}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []struct {
		ID   int64
		Name string
	}
	if err := tx.query(&rows, `SELECT id, name FROM files WHERE id IN ?`, ids); err != nil {
		return nil, err
	}
	for _, r := range rows {
		out[registry.FileID(r.ID)] = r.Name
	}
	return out, nil
}
