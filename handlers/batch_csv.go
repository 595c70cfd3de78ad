package handlers

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// batchPreviewCSV names each certificate that a choice would find now.
func (s *Server) batchPreviewCSV(c echo.Context) error {
	in, err := s.batchChoice(c.QueryParams())
	if err != nil {
		return err
	}
	return s.wholeCSV(c, func(tx *store.Tx, out sheet) (string, error) {
		return "revocations-preview", s.writeBatch(c, out, func(after int) ([]store.BatchLine, error) {
			return tx.PreviewLines(in.Choice, in.Criteria, s.deps.Now(), after, csvBatch)
		})
	})
}

// batchCSV is the report that names each certificate of a batch.
func (s *Server) batchCSV(c echo.Context) error {
	return s.wholeCSV(c, func(tx *store.Tx, out sheet) (string, error) {
		b, err := tx.BatchByNumber(c.Param("number"))
		if err != nil {
			return "", err
		}
		return "revocations-" + b.Number, s.writeBatch(c, out, func(after int) ([]store.BatchLine, error) { return tx.BatchLines(b.ID, after, csvBatch) })
	})
}

// writeBatch writes what next returns after a position, until there is no more.
func (s *Server) writeBatch(c echo.Context, out sheet, next func(after int) ([]store.BatchLine, error)) error {
	out.row("№", s.text(c, "person.holder"), s.text(c, "organisation.organisation"), s.text(c, "organisation.inn"), s.text(c, "certificate.serial"),
		s.text(c, "certificate.valid_to"), s.text(c, "worklist.state"), s.text(c, "journal.when"), "step-ca")
	for after, n := 0, 0; ; {
		lines, err := next(after)
		if err != nil {
			return err
		}
		for _, it := range s.batchItems(c, lines) {
			n++
			out.row(strconv.Itoa(n), it.Holder, it.Org, string(it.Organisation.INN), string(it.Serial), templates.DateTime(it.NotAfter),
				it.State.Word, templates.DateTime(it.DoneAt), it.CA.Word)
			after = it.Position
		}
		if len(lines) < csvBatch {
			return nil
		}
	}
}
