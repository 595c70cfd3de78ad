package handlers

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// fileRemove takes a file off its document.
func (s *Server) fileRemove(c echo.Context) error {
	id, err := number[registry.FileID](c, "id")
	if err != nil {
		return err
	}
	var doc registry.DocumentID
	if err := s.read(c, func(tx *store.Tx) error {
		f, err := tx.File(id)
		if err == nil {
			doc = f.DocumentID
		}
		return err
	}); err != nil {
		return err
	}
	app, err := s.applicationOfDocument(c, doc)
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	place := strconv.FormatInt(int64(doc), 10)
	if err := s.deps.Workflow.RemoveFile(c.Request().Context(), who, id); err != nil {
		return s.refusedMove(c, app.Number, map[string][]string{"document": {place}}, err)
	}
	s.flash(c, "good", "flash.file_removed")
	return s.redirect(c, "/applications/"+app.Number+"?document="+place)
}
