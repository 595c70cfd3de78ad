package store

import (
	"strings"

	"github.com/tamga-ca/tamga/internal/registry"
)

// maxTerms bounds how many words of a query are searched for.
const maxTerms = 6

// setTerms replaces the search terms of a row: each word of the texts, folded
// (registry.Fold), is found by its beginning.
func (tx *Tx) setTerms(kind string, ref int64, texts ...string) error {
	if _, err := tx.exec(`DELETE FROM search_terms WHERE kind = ? AND ref_id = ?`, kind, ref); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, text := range texts {
		for _, term := range strings.Fields(registry.Fold(text)) {
			if seen[term] {
				continue
			}
			seen[term] = true
			if _, err := tx.exec(`INSERT INTO search_terms (kind, term, ref_id) VALUES (?, ?, ?)`, kind, term, ref); err != nil {
				return err
			}
		}
	}
	return nil
}

// matching is a condition that a row's id has a term beginning with every
// word of the query.
func matching(kind, idColumn, query string) (string, []any) {
	var conds []string
	var args []any
	for i, term := range strings.Fields(registry.Fold(query)) {
		if i == maxTerms {
			break
		}
		conds = append(conds, idColumn+` IN (SELECT ref_id FROM search_terms WHERE kind = ? AND term >= ? AND term < ?)`)
		args = append(args, kind, term, term+"\U0010FFFF")
	}
	if len(conds) == 0 {
		return "TRUE", nil
	}
	return strings.Join(conds, " AND "), args
}
