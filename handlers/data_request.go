package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

type dataRequestPage struct {
	templates.Page
	dataRequestItem
	Received    string // who entered it
	Exported    string // who put the data together last
	MayExport   bool
	MayHandOver bool
	MayRefuse   bool
	Remark      string
	Errors      templates.FieldErrors
}

// dataRequest is one request with what may be done about it.
func (s *Server) dataRequest(c echo.Context) error {
	v, err := s.dataRequestPage(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "data_request", v)
}

func (s *Server) dataRequestPage(c echo.Context) (*dataRequestPage, error) {
	v := &dataRequestPage{Errors: templates.FieldErrors{}}
	err := s.read(c, func(tx *store.Tx) error {
		r, err := tx.DataRequest(c.Param("number"))
		if err != nil {
			return err
		}
		items, err := s.dataRequestItems(c, tx, []*registry.DataRequest{r})
		if err != nil {
			return err
		}
		v.dataRequestItem = items[0]
		names, err := operatorNames(tx, lang(c))
		v.Received, v.Exported = names[r.CreatedBy], names[r.ExportedBy]
		return err
	})
	if err != nil {
		return nil, err
	}
	may := func(act registry.DataRequestAction) bool {
		_, err := registry.MoveDataRequest(v.dataRequestItem.Status, act, registry.Actor(identity(c).Role))
		return err == nil
	}
	v.MayExport, v.MayHandOver, v.MayRefuse = may(registry.DataExport), may(registry.DataHandOver) && v.ExportedAt != nil, may(registry.DataRefuse)
	v.Page = s.page(c, s.text(c, "data_request.one", "number", v.Number))
	return v, nil
}

// dataRequestHandOver says that the person has their data.
func (s *Server) dataRequestHandOver(c echo.Context) error {
	return s.dataRequestConclude(c, "data_request.handed_over")
}

// dataRequestRefuse ends a request with reasons.
func (s *Server) dataRequestRefuse(c echo.Context) error {
	return s.dataRequestConclude(c, "data_request.refused")
}

func (s *Server) dataRequestConclude(c echo.Context, done string) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	conclude := s.deps.Workflow.HandOverData
	if done == "data_request.refused" {
		conclude = s.deps.Workflow.RefuseData
	}
	err = conclude(c.Request().Context(), who, c.Param("number"), version(form.Get("version")), form.Get("remark"))
	if errs, ok := s.fieldErrors(c, err); ok {
		v, err := s.dataRequestPage(c)
		if err != nil {
			return err
		}
		v.Remark, v.Errors = form.Get("remark"), errs
		return s.render(c, http.StatusUnprocessableEntity, "data_request", v)
	}
	if err != nil {
		return err
	}
	s.flash(c, "good", done)
	return s.redirect(c, "/data-requests/"+c.Param("number"))
}
