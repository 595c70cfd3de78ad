package handlers

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/workflow"
)

// documentUpload adds files to a document.
func (s *Server) documentUpload(c echo.Context) error {
	id, err := number[registry.DocumentID](c, "id")
	if err != nil {
		return err
	}
	app, err := s.applicationOfDocument(c, id)
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	if err := s.upload(c, who, id); err != nil {
		return s.refusedMove(c, app.Number, map[string][]string{"document": {c.Param("id")}}, err)
	}
	s.flash(c, "good", "flash.uploaded")
	return s.redirect(c, "/applications/"+app.Number+"?document="+strconv.FormatInt(int64(id), 10))
}

// upload adds the files of the field "files" one by one; the first that is
// refused ends it, and those before it are kept.
func (s *Server) upload(c echo.Context, who workflow.Actor, id registry.DocumentID) error {
	form, err := c.MultipartForm()
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	if err != nil {
		return registry.Refuse(registry.Invalid, "error.bad_request")
	}
	defer func() { _ = form.RemoveAll() }()
	if len(form.File["files"]) == 0 {
		return registry.Refuse(registry.Invalid, "error.file.none").On("files")
	}
	for _, header := range form.File["files"] {
		if err := s.uploadOne(c, who, id, header); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) uploadOne(c echo.Context, who workflow.Actor, id registry.DocumentID, header *multipart.FileHeader) error {
	file, err := header.Open()
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = s.deps.Workflow.AddFile(c.Request().Context(), who, id, header.Filename, io.Reader(file))
	return err
}
