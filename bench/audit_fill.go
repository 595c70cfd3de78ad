//go:build bench

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// firstRow is the id of the first certificate, enrolment and journal entry less
// one: those before it are the operators' own.
const firstRow = 1000

// searchYears is how far back the certificates go. They are spread evenly, so
// that one in so many is valid today.
const searchYears = 5

// fill puts n certificates of n/2 applications on file, of n/8 organisations,
// and entries of the journal, ten about each application if there are five times
// as many as certificates. Six in a hundred were reported, four revoked. What
// follows from what (marks, words to search by, changes of status) is what the
// program would have written; checkMarks compares some of it. The journal's tree
// is not grown: no page that is measured reads it.
func (r *register) fill(ctx context.Context, entries int) error {
	org, err := json.Marshal(fictional())
	if err != nil {
		return err
	}
	decl := declaration(0)
	decl.Organisation, decl.Accountant, decl.Trusted = fictional(), nil, nil
	text, err := json.Marshal(decl)
	if err != nil {
		return err
	}
	var causes, codes []string
	for _, c := range r.pack.Causes() {
		causes, codes = append(causes, c.Code), append(codes, fmt.Sprint(c.RFC5280))
	}
	var ways, clerks []string
	for _, w := range registry.ReportWays {
		ways = append(ways, string(w))
	}
	for _, c := range r.clerks {
		clerks = append(clerks, fmt.Sprint(c.Operator.ID))
	}
	patronymics := make([]string, len(givenNames))
	for i, name := range givenNames {
		patronymics[i] = name + "ович"
	}
	now := time.Now().UTC()
	put := strings.NewReplacer(
		"{certificates}", fmt.Sprint(r.n), "{applications}", fmt.Sprint(r.n/2), "{organisations}", fmt.Sprint(max(r.n/8, 1)), "{entries}", fmt.Sprint(entries),
		"{first}", fmt.Sprint(firstRow), "{now}", instant(now), "{start}", instant(now.AddDate(-searchYears, 0, 0)), "{span}", fmt.Sprint(int(now.Sub(now.AddDate(-searchYears, 0, 0)).Seconds())-3600),
		"{organisation}", literal(string(org)), "{declaration}", literal(string(text)),
		"{surnames}", arrayOf(surnames), "{given}", arrayOf(givenNames), "{patronymics}", arrayOf(patronymics), "{firstwords}", arrayOf(firstWords), "{otherwords}", arrayOf(otherWords),
		"{causes}", arrayOf(causes), "{codes}", "ARRAY["+strings.Join(codes, ",")+"]", "{ways}", arrayOf(ways),
		"{clerks}", "ARRAY["+strings.Join(clerks, ",")+"]::bigint[]", "{approver}", fmt.Sprint(r.approver.Operator.ID), "{auditor}", fmt.Sprint(r.auditor.Operator.ID),
	)
	statements := slices.Clone(searchFill)
	for i, s := range statements {
		statements[i] = put.Replace(s)
	}
	if err := bulk(ctx, r.dsn, statements); err != nil {
		return err
	}
	for _, through := range []int{r.n, r.n / 2} {
		if err := r.checkMarks(ctx, firstRow+through); err != nil {
			return err
		}
	}
	return nil
}

// fictional are the requisites of an organisation whose name and INN are filled
// in for each.
func fictional() registry.OrganisationRequisites {
	o := declaration(0).Organisation
	o.INN, o.NameRu, o.NameKy, o.NameLatin = "@inn@", "@name@", "@name@", ""
	return o
}

func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func instant(t time.Time) string { return literal(t.Format(time.RFC3339Nano)) + "::timestamptz" }

// arrayOf is an array of words, each of which folds to one word.
func arrayOf(all []string) string {
	quoted := make([]string, len(all))
	for i, w := range all {
		quoted[i] = literal(w)
	}
	return "ARRAY[" + strings.Join(quoted, ",") + "]"
}

// checkMarks has the program itself mark some certificates, and looks whether
// it comes to what was filled in.
func (r *register) checkMarks(ctx context.Context, through int) error {
	const some = 200
	db, err := r.open()
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	marks := func() (string, error) {
		var all string
		err := db.QueryRowContext(ctx, `SELECT COALESCE(string_agg(certificate_id || ' ' || mark || ' ' || issued_at, ', ' ORDER BY certificate_id, mark), '') FROM certificate_marks
			WHERE certificate_id > $1 AND certificate_id <= $2`, through-some, through).Scan(&all)
		return all, err
	}
	filled, err := marks()
	if err != nil {
		return err
	}
	for _, q := range []string{
		fmt.Sprintf(`DELETE FROM certificate_marks WHERE certificate_id > %d AND certificate_id <= %d`, through-some, through),
		`DELETE FROM certificate_marks_left`, fmt.Sprintf(`INSERT INTO certificate_marks_left (id, through) VALUES (1, %d)`, through),
	} {
		if _, err := db.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	if err := r.store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.MarkOlder(some)
		return err
	}); err != nil {
		return err
	}
	own, err := marks()
	if err != nil {
		return err
	}
	if own != filled {
		a, b := strings.Split(filled, ", "), strings.Split(own, ", ")
		return fmt.Errorf("filled in %d marks of %d certificates, the program itself makes %d; not the same: %v, %v", len(a), some, len(b), lacking(a, b), lacking(b, a))
	}
	_, err = db.ExecContext(ctx, `DELETE FROM certificate_marks_left`)
	return err
}

// lacking are the first few of a that are not in b.
func lacking(a, b []string) []string {
	a = slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
	return a[:min(len(a), 3)]
}
