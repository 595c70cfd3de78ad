package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// applicationEdit shows the form of an application as last typed.
func (s *Server) applicationEdit(c echo.Context) error {
	app, err := s.byNumber(c)
	if err != nil {
		return err
	}
	in := registry.FormInput{}
	for name, values := range storedForm(app, s.deps.Workflow.Pack().Zone()) {
		if name != fieldTab {
			in[name] = values
		}
	}
	return s.render(c, http.StatusOK, "application_form", s.formPage(c, app, in))
}

// byNumber is the application that the address names.
func (s *Server) byNumber(c echo.Context) (app *registry.Application, err error) {
	err = s.read(c, func(tx *store.Tx) error {
		app, err = tx.ApplicationByNumber(c.Param("number"))
		return err
	})
	return app, err
}
