package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// applicantPage is an application as its applicant sees it.
type applicantPage struct {
	templates.Page
	App       *registry.Application
	Org       string
	State     templates.State
	Says      string // what the state means for the applicant: message key
	Documents []applicantDocument
	Missing   int
	Remark    string     // what this applicant is to read
	Money     *fileMoney // nil: nothing is to be paid, or it was taken
	Ways      []string   // how the balance is topped up
	Office    registry.Text
	Address   string
	Hours     string
	Withdraw  bool
	Forms     []formLink // to be filled in and signed
	Errors    templates.FieldErrors
}

type applicantDocument struct {
	documentRow
	Upload bool // it can be handed in here
	Bring  bool // it has to be brought
	Wanted bool // the applicant is waited for
}

// applicant shows the application of the secret link: its state, the reasons,
// what is missing.
func (s *Server) applicant(c echo.Context) error {
	v, err := s.applicantPage(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "applicant", v)
}

func (s *Server) applicantPage(c echo.Context) (*applicantPage, error) {
	v := &applicantPage{Errors: templates.FieldErrors{}}
	who := workflow.ByApplicant(identity(c).ApplicationID)
	err := s.read(c, func(tx *store.Tx) (err error) {
		if v.App, err = tx.Application(identity(c).ApplicationID); err != nil {
			return err
		}
		docs, err := tx.Documents(v.App.ID)
		if err != nil {
			return err
		}
		files, err := tx.FilesOf(v.App.ID)
		if err != nil {
			return err
		}
		if v.Money, err = s.fileMoney(tx, v.App); err != nil {
			return err
		}
		for _, d := range docs {
			if !d.Required {
				continue
			}
			s.applicantDocument(c, v, who, s.documentRow(c, d, files[d.ID], nil))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	l := lang(c)
	v.Page = s.page(c, s.text(c, "application.number", "number", v.App.Number))
	v.Org = v.App.Declaration.Organisation.FullName(l)
	v.State = s.applicationState(c, v.App.Status)
	v.Says = "applicant.says." + string(v.App.Status)
	// Other remarks are the staff's, or were followed.
	if v.App.Status == registry.AwaitingDocuments || v.App.Status == registry.Refused {
		v.Remark = v.App.Remark
	}
	for _, w := range s.deps.Workflow.Pack().Money.Ways {
		v.Ways = append(v.Ways, w.Label.In(l))
	}
	v.Withdraw = who.May(v.App, registry.ActWithdraw)
	if v.App.Status.Open() && v.App.Declaration.Channel != registry.Remote {
		v.Forms = s.formLinks(c, "/documents/forms")
	}
	if o, ok := s.deps.Workflow.Pack().Office(v.App.Declaration.Office); ok {
		v.Office, v.Address, v.Hours = o.Name, o.Address.In(l), o.Hours.In(l)
	}
	return v, nil
}

// applicantDocument adds a document as its applicant sees it: what is missing
// or rejected first.
func (s *Server) applicantDocument(c echo.Context, v *applicantPage, who workflow.Actor, row documentRow) {
	d := applicantDocument{documentRow: row}
	wanted := row.Status == registry.DocMissing || row.Status == registry.DocRejected
	if wanted {
		v.Missing++
	}
	_, err := registry.MoveDocument(row.Status, registry.DocUpload, registry.ByApplicant)
	d.Upload = err == nil && row.Form.Scanned() && who.May(v.App, registry.ActUpload)
	d.Wanted = wanted && v.App.Status == registry.AwaitingDocuments
	d.Bring = wanted && !row.Form.Scanned() && row.Form != registry.FormData
	if row.Status == registry.DocWaived {
		d.Reason = "" // a note of the staff to the approver
		doc := *row.Document
		doc.Reason = ""
		d.Document = &doc
	}
	v.Documents = append(v.Documents, d)
}

// applicantUpload adds the applicant's files to a document of the
// application.
func (s *Server) applicantUpload(c echo.Context) error {
	id, err := number[registry.DocumentID](c, "id")
	if err != nil {
		return err
	}
	err = s.upload(c, workflow.ByApplicant(identity(c).ApplicationID), id)
	if errs, ok := s.fieldErrors(c, err); err != nil && ok {
		v, err := s.applicantPage(c)
		if err != nil {
			return err
		}
		for _, text := range errs {
			v.Errors = templates.FieldErrors{c.Param("id"): text, "": text}
		}
		return s.render(c, http.StatusUnprocessableEntity, "applicant", v)
	}
	if err != nil {
		return err
	}
	s.flash(c, "good", "flash.uploaded")
	return s.redirect(c, "/application")
}

// applicantWithdraw ends the application at the applicant's wish.
func (s *Server) applicantWithdraw(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	id := identity(c).ApplicationID
	err = s.deps.Workflow.Withdraw(c.Request().Context(), workflow.ByApplicant(id), id, version(form.Get("version")))
	if errs, ok := s.fieldErrors(c, err); err != nil && ok {
		v, err := s.applicantPage(c)
		if err != nil {
			return err
		}
		v.Errors = errs
		return s.render(c, http.StatusUnprocessableEntity, "applicant", v)
	}
	if err != nil {
		return err
	}
	s.flash(c, "good", "flash.withdrawn")
	return s.redirect(c, "/application")
}

// Language of the page.
func (v *applicantPage) Language() registry.Language { return registry.Language(v.Lang) }
