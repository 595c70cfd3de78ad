package handlers

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

const (
	batchesShown    = 20
	batchItemsShown = 100
	batchOrdersRead = 200
)

type batchesPage struct {
	templates.Page
	Form    url.Values
	Choices []choice
	Models  []choice
	// Storages and Offices narrow what was issued between two instants.
	Storages []choice
	Offices  []choice
	Causes   []causeChoice
	Batches  []batchRow
	// Preview of what was chosen; nil before. First are the first of its
	// certificates, PreviewCSV the address of the table of all.
	Preview    *store.BatchPreview
	First      []batchItem
	PreviewCSV string
	MayPropose bool
	Errors     templates.FieldErrors
}

type batchRow struct {
	*registry.Batch
	What  string
	Cause string
	State templates.State
}

// batches chooses certificates to revoke at once and shows what would happen;
// nothing is stored before it is proposed.
func (s *Server) batches(c echo.Context) error {
	v, err := s.batchesPage(c, c.QueryParams())
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "batches", v)
}

func (s *Server) batchesPage(c echo.Context, form url.Values) (*batchesPage, error) {
	v := &batchesPage{Page: s.page(c, s.text(c, "batch.title")), Form: form, Errors: templates.FieldErrors{}, MayPropose: identity(c).Role == registry.Approver}
	for _, ch := range registry.BatchChoices {
		v.Choices = append(v.Choices, choice{Value: string(ch), Label: s.text(c, "batch.by."+string(ch)), Chosen: form.Get("choice") == string(ch)})
	}
	pack := s.deps.Workflow.Pack()
	for _, cause := range pack.Causes() {
		v.Causes = append(v.Causes, causeChoice{
			choice: choice{Value: cause.Code, Label: cause.Text.In(lang(c)), Chosen: cause.Code == form.Get("cause")}, Code: rfcReason(cause.RFC5280),
		})
	}
	for _, st := range pack.Storages {
		v.Storages = append(v.Storages, choice{Value: string(st), Label: s.text(c, "storage."+string(st)), Chosen: form.Get("storage") == string(st)})
	}
	for _, o := range pack.Offices {
		v.Offices = append(v.Offices, choice{Value: string(o.Code), Label: o.Name.In(lang(c)), Chosen: form.Get("office") == string(o.Code)})
	}
	in, err := s.batchChoice(form)
	if form.Get("choice") != "" {
		if errs, refused := s.fieldErrors(c, err); refused {
			v.Errors = errs
		} else if err != nil {
			return nil, err
		}
	}
	return v, s.read(c, func(tx *store.Tx) error {
		models, err := tx.TokenModels()
		if err != nil {
			return err
		}
		for _, m := range models {
			v.Models = append(v.Models, choice{Value: m, Label: m, Chosen: m == form.Get("model")})
		}
		all, err := tx.Batches(batchesShown)
		if err != nil {
			return err
		}
		for _, b := range all {
			v.Batches = append(v.Batches, s.batchRow(c, b))
		}
		if form.Get("choice") == "" || len(v.Errors) > 0 {
			return nil
		}
		return s.previewBatch(c, tx, v, in)
	})
}

func (s *Server) previewBatch(c echo.Context, tx *store.Tx, v *batchesPage, in workflow.NewBatch) error {
	p, err := tx.PreviewBatch(in.Choice, in.Criteria, s.deps.Now())
	if err != nil {
		return err
	}
	lines, err := tx.PreviewLines(in.Choice, in.Criteria, s.deps.Now(), 0, batchItemsShown)
	if err != nil {
		return err
	}
	v.Preview, v.First = &p, s.batchItems(c, lines)
	query := url.Values{}
	for _, name := range v.Names() {
		query.Set(name, v.Form.Get(name))
	}
	v.PreviewCSV = "/revocations/bulk/preview.csv?" + query.Encode()
	return nil
}

func (s *Server) batchRow(c echo.Context, b *registry.Batch) batchRow {
	class := map[registry.BatchStatus]string{
		registry.BatchProposed: "you", registry.BatchRunning: "half", registry.BatchDone: "full", registry.BatchRejected: "none",
	}[b.Status]
	k := b.Criteria
	value := string(k.INN) + k.Model + k.Key
	if k.From != nil && k.To != nil {
		value = templates.DateTime(k.From) + " – " + templates.DateTime(k.To)
	}
	if k.Storage != "" {
		value += " · " + s.text(c, "storage."+string(k.Storage))
	}
	if k.Office != "" {
		value += " · " + s.officeName(c, k.Office)
	}
	return batchRow{
		Batch: b, What: s.text(c, "batch.by."+string(b.Choice)) + ": " + value, Cause: s.causeText(c, b.Cause),
		State: templates.State{Class: class, Word: s.text(c, "status.batch."+string(b.Status))},
	}
}

// Names are the fields of the choice, which the proposal repeats.
func (v *batchesPage) Names() []string {
	return []string{"choice", "inn", "model", "key", "from", "to", "storage", "office"}
}

// batchChoice reads what was chosen, and judges it.
func (s *Server) batchChoice(form url.Values) (in workflow.NewBatch, err error) {
	get := func(name string) string { return strings.TrimSpace(form.Get(name)) }
	in.Choice = registry.BatchChoice(get("choice"))
	zone := s.deps.Workflow.Pack().Zone()
	switch in.Choice {
	case registry.ChosenByOrganisation:
		in.Criteria.INN = registry.INN(get("inn"))
	case registry.ChosenByTokenModel:
		in.Criteria.Model = get("model")
	case registry.ChosenByKey:
		if in.Criteria.Key, err = workflow.KeyHash(get("key")); err != nil {
			return in, registry.Refuse(registry.Invalid, "error.batch.key").On("key")
		}
	case registry.ChosenByIncident:
		if in.Criteria.From, err = readMoment(zone, "from", get("from")); err != nil {
			return in, err
		}
		if in.Criteria.To, err = readMoment(zone, "to", get("to")); err != nil {
			return in, err
		}
		if to := in.Criteria.To; to != nil && strings.Count(get("to"), ":") == 1 { // the whole of that minute
			end := to.Add(time.Minute - time.Microsecond)
			in.Criteria.To = &end
		}
		in.Criteria.Storage, in.Criteria.Office = registry.Storage(get("storage")), registry.OfficeCode(get("office"))
	}
	return in, workflow.CheckBatch(in.Choice, in.Criteria)
}

// batchInput reads what is proposed.
func (s *Server) batchInput(form url.Values) (in workflow.NewBatch, err error) {
	if in, err = s.batchChoice(form); err != nil {
		return in, err
	}
	in.Cause, in.Remark = form.Get("cause"), form.Get("remark")
	if in.InvalidSince, err = readMoment(s.deps.Workflow.Pack().Zone(), "since", strings.TrimSpace(form.Get("since"))); err != nil {
		return in, err
	}
	if in.Confirm, err = strconv.Atoi(strings.TrimSpace(form.Get("confirm"))); err != nil {
		return in, registry.Refuse(registry.Invalid, "error.required").On("confirm")
	}
	return in, nil
}

// batchPropose fixes the list for a second approver.
func (s *Server) batchPropose(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	in, err := s.batchInput(form)
	var b *registry.Batch
	if err == nil {
		b, err = s.deps.Workflow.ProposeBatch(c.Request().Context(), who, in)
	}
	if errs, refused := s.fieldErrors(c, err); refused {
		v, err := s.batchesPage(c, form)
		if err != nil {
			return err
		}
		v.Errors = errs
		return s.render(c, http.StatusUnprocessableEntity, "batches", v)
	}
	if err != nil {
		return err
	}
	s.flash(c, "good", "batch.proposed", "number", b.Number)
	return s.redirect(c, "/revocations/bulk/"+b.Number)
}
