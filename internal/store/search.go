package store

import (
	"strconv"
	"strings"

	"github.com/tamga-ca/tamga/internal/registry"
)

// maxTerms bounds how many words of a query are searched for.
const maxTerms = 6

// maxTerm is how many bytes of a word count, maxTermsOf how many words of a
// row: an index of PostgreSQL holds no longer ones, and a statement no more.
const (
	maxTerm    = 128
	maxTermsOf = 200
)

// short cuts a word, between two letters.
func short(word string) string {
	return strings.ToValidUTF8(word[:min(len(word), maxTerm)], "")
}

// commonTerm is from how many places on a word is common: only its newest
// places are looked at, because each costs reads of its own.
const commonTerm = 800

// setTerms replaces the search terms of a row: each word of the texts, folded
// (registry.Fold), is found by its beginning.
func (tx *Tx) setTerms(kind string, ref int64, texts ...string) error {
	if _, err := tx.exec(`DELETE FROM search_terms WHERE kind = ? AND ref_id = ?`, kind, ref); err != nil {
		return err
	}
	var rows []string
	var args []any
	seen := map[string]bool{}
	for _, text := range texts {
		for _, term := range strings.Fields(registry.Fold(text)) {
			if term = short(term); seen[term] || len(rows) == maxTermsOf {
				continue
			}
			seen[term] = true
			rows, args = append(rows, `(?, ?, ?)`), append(args, kind, term, ref)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := tx.exec(`INSERT INTO search_terms (kind, term, ref_id) VALUES `+strings.Join(rows, ", "), args...)
	return err
}

// terms are the words of a query. An INN typed with spaces is one word.
func terms(query string) []string {
	if inn, err := registry.ParseINN(query); err == nil {
		return []string{string(inn)}
	}
	words := strings.Fields(registry.Fold(query))
	words = words[:min(len(words), maxTerms)]
	for i, w := range words {
		words[i] = short(w)
	}
	return words
}

// prefix bounds the terms that begin with a word.
func prefix(word string) (from, to string) { return word, word + "\U0010FFFF" }

// searching is a condition on rows of a kind that have a term beginning with
// every word of the query. The rarest word leads; if even that is common, only
// its newest places are looked at, and narrow says so.
func (tx *Tx) searching(kind, query string) (cond string, args []any, narrow bool, err error) {
	words := terms(query)
	if len(words) == 0 {
		return `FALSE`, nil, false, nil
	}
	limit := strconv.Itoa(commonTerm) // written out, for the planner to see
	rarest, least := 0, commonTerm+1
	for i, w := range words {
		from, to := prefix(w)
		var n int
		if err := tx.query(&n, `SELECT COUNT(*) FROM (SELECT 1 AS one FROM search_terms WHERE kind = ? AND term >= ? AND term < ?
			ORDER BY term, ref_id DESC LIMIT `+limit+`) AS places`, kind, from, to); err != nil {
			return "", nil, false, err
		}
		if n < least {
			rarest, least = i, n
		}
	}
	from, to := prefix(words[rarest])
	cond = `id IN (SELECT ref_id FROM (SELECT ref_id FROM search_terms WHERE kind = ? AND term >= ? AND term < ?
		ORDER BY term, ref_id DESC LIMIT ` + limit + `) AS places WHERE TRUE`
	args = append(args, kind, from, to)
	for i, w := range words {
		if i == rarest {
			continue
		}
		from, to := prefix(w)
		// Not EXISTS: PostgreSQL would join, and so read every place of a word.
		cond += ` AND (SELECT t.ref_id FROM search_terms t WHERE t.kind = ? AND t.ref_id = places.ref_id AND t.term >= ? AND t.term < ? LIMIT 1) IS NOT NULL`
		args = append(args, kind, from, to)
	}
	return cond + `)`, args, least >= commonTerm, nil
}

// FindOrganisations returns organisations whose names or INN have a word
// beginning with every word of the query, all for no word, at most limit; where
// all words are common, of the newest.
func (tx *Tx) FindOrganisations(query string, limit int) ([]*registry.Organisation, error) {
	cond, args := `TRUE`, []any(nil)
	if len(terms(query)) > 0 {
		var err error
		if cond, args, _, err = tx.searching("organisation", query); err != nil {
			return nil, err
		}
	}
	var rows []organisationRow
	if err := tx.query(&rows, organisationColumns+` WHERE `+cond+` ORDER BY id DESC LIMIT ?`, append(args, limit)...); err != nil {
		return nil, err
	}
	out := make([]*registry.Organisation, len(rows))
	for i, r := range rows {
		o, err := r.organisation()
		if err != nil {
			return nil, err
		}
		out[i] = o
	}
	return out, nil
}
