package handlers

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// dataRequestsShown is how many of each kind the list shows.
const dataRequestsShown = 100

type dataRequestsPage struct {
	templates.Page
	Open, Concluded []dataRequestItem
	MayRecord       bool
	Form            url.Values
	Ways            []choice
	Errors          templates.FieldErrors
}

type dataRequestItem struct {
	*registry.DataRequest
	Name  string // of the person, if we know them
	State templates.State
	Due   templates.Due
	By    string // who concluded it
}

// dataRequests lists people's requests for their own data, the one due first on
// top, with the form for another.
func (s *Server) dataRequests(c echo.Context) error {
	v, err := s.dataRequestsPage(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "data_requests", v)
}

func (s *Server) dataRequestsPage(c echo.Context) (*dataRequestsPage, error) {
	v := &dataRequestsPage{Page: s.page(c, s.text(c, "data_request.title")), Form: url.Values{}, Errors: templates.FieldErrors{}}
	v.Form.Set("received_at", s.deps.Now().In(s.deps.Workflow.Pack().Zone()).Format(momentForm))
	v.MayRecord = identity(c).Role != registry.Auditor
	err := s.read(c, func(tx *store.Tx) error {
		open, err := tx.OpenDataRequests(dataRequestsShown)
		if err != nil {
			return err
		}
		over, err := tx.ConcludedDataRequests(dataRequestsShown)
		if err != nil {
			return err
		}
		if v.Open, err = s.dataRequestItems(c, tx, open); err != nil {
			return err
		}
		v.Concluded, err = s.dataRequestItems(c, tx, over)
		return err
	})
	v.Ways = s.dataRequestWays(c, "")
	return v, err
}

func (s *Server) dataRequestWays(c echo.Context, chosen string) (out []choice) {
	for _, w := range registry.DataRequestWays {
		out = append(out, choice{Value: string(w), Label: s.text(c, "data_request.way."+string(w)), Chosen: string(w) == chosen})
	}
	return out
}

func (s *Server) dataRequestItems(c echo.Context, tx *store.Tx, all []*registry.DataRequest) (out []dataRequestItem, err error) {
	names, err := operatorNames(tx, lang(c))
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		item := dataRequestItem{DataRequest: r, State: s.dataRequestState(c, r), Due: s.deps.Renderer.DueAt(string(lang(c)), s.deps.Now(), r.DueAt, nil), By: names[r.ConcludedBy]}
		if item.Name, err = personName(tx, lang(c), r.PersonalNumber); err != nil {
			return nil, err
		}
		out = append(out, item)
	}
	return out, nil
}

// personName is the name on file of a person, or empty.
func personName(tx *store.Tx, l registry.Language, n registry.PersonalNumber) (string, error) {
	p, err := tx.Person(n)
	if registry.KindOf(err) == registry.NotFound {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return p.Name(l).String(), nil
}

func (s *Server) dataRequestState(c echo.Context, r *registry.DataRequest) templates.State {
	class, key := "act", "data_request.state.received"
	switch {
	case r.Status == registry.DataHandedOver:
		class, key = "good", "data_request.state.handed_over"
	case r.Status == registry.DataRefused:
		class, key = "stop", "data_request.state.refused"
	case r.ExportedAt != nil:
		class, key = "half", "data_request.state.exported"
	}
	return templates.State{Class: class, Word: s.text(c, key)}
}

// dataRequestRecord enters a request.
func (s *Server) dataRequestRecord(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	r, err := s.recordDataRequest(c, who, form)
	if errs, ok := s.fieldErrors(c, err); ok {
		v, err := s.dataRequestsPage(c)
		if err != nil {
			return err
		}
		v.Form, v.Errors, v.Ways = form, errs, s.dataRequestWays(c, form.Get("way"))
		return s.render(c, http.StatusUnprocessableEntity, "data_requests", v)
	}
	if err != nil {
		return err
	}
	s.flash(c, "good", "data_request.recorded", "number", r.Number)
	return s.redirect(c, "/data-requests/"+r.Number)
}

func (s *Server) recordDataRequest(c echo.Context, who workflow.Actor, form url.Values) (*registry.DataRequest, error) {
	in := workflow.DataRequestInput{
		PersonalNumber: registry.PersonalNumber(form.Get("personal_number")), AskedBy: form.Get("asked_by"), Way: registry.DataRequestWay(form.Get("way")),
		Identified: form.Get("identified"), Note: form.Get("note"),
	}
	at, err := readMoment(s.deps.Workflow.Pack().Zone(), "received_at", form.Get("received_at"))
	if at != nil {
		in.ReceivedAt = *at
	}
	if err != nil {
		return nil, err
	}
	return s.deps.Workflow.RecordDataRequest(c.Request().Context(), who, in)
}
