package handlers

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// registerExportsShown is how many exports the page lists.
const registerExportsShown = 20

type registerPage struct {
	templates.Page
	Date   string
	Items  []registerExport
	Errors templates.FieldErrors
}

// registerExport is an earlier export, as the journal tells of it.
type registerExport struct {
	At     time.Time
	By     string
	AsOf   time.Time `json:"as_of"`
	Count  int       `json:"count"`
	SHA256 string    `json:"sha256"`
}

// registerShow offers the register of qualified certificates and lists its exports.
func (s *Server) registerShow(c echo.Context) error {
	v, err := s.registerPage(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "register", v)
}

func (s *Server) registerPage(c echo.Context) (*registerPage, error) {
	v := &registerPage{Page: s.page(c, s.text(c, "register.title")), Errors: templates.FieldErrors{}}
	v.Date = registry.DateOf(s.deps.Now(), s.deps.Workflow.Pack().Zone()).Display()
	return v, s.read(c, func(tx *store.Tx) error {
		names, err := operatorNames(tx, lang(c))
		if err != nil {
			return err
		}
		entries, err := tx.Journal(store.JournalFilter{Kind: "register.exported", Limit: registerExportsShown})
		for _, e := range entries {
			item := registerExport{At: e.At, By: s.auditActor(c, e.Actor, actorNames{operators: names})}
			if err := json.Unmarshal([]byte(e.Details), &item); err != nil {
				return fmt.Errorf("reading journal entry %d: %w", e.ID, err)
			}
			v.Items = append(v.Items, item)
		}
		return err
	})
}

// registerDownload sends the register and its signature as a ZIP archive.
func (s *Server) registerDownload(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	day, err := registry.ParseInputDate(form.Get("date"))
	var reg *workflow.Register
	if err != nil {
		err = registry.Refuse(registry.Invalid, "error.date.invalid").On("date")
	} else {
		reg, err = s.deps.Workflow.MakeRegister(c.Request().Context(), who, day)
	}
	if errs, ok := s.fieldErrors(c, err); ok {
		v, err := s.registerPage(c)
		if err != nil {
			return err
		}
		v.Date, v.Errors = form.Get("date"), errs
		return s.render(c, http.StatusUnprocessableEntity, "register", v)
	}
	if err != nil {
		return err
	}
	defer func() { _ = reg.Close() }()
	return sendRegister(c, reg, "register-"+day.String())
}

func sendRegister(c echo.Context, reg *workflow.Register, name string) error {
	content, err := reg.Content()
	if err != nil {
		return err
	}
	attachment(c, name+".zip", zipType)
	z := zip.NewWriter(c.Response())
	w, err := z.CreateHeader(&zip.FileHeader{Name: name + ".json", Method: zip.Deflate, Modified: reg.AsOf})
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, content); err != nil {
		return fmt.Errorf("sending the register: %w", err)
	}
	if w, err = z.CreateHeader(&zip.FileHeader{Name: name + ".json.p7s", Method: zip.Store, Modified: reg.AsOf}); err != nil {
		return err
	}
	if _, err := w.Write(reg.Signature); err != nil {
		return fmt.Errorf("sending the register: %w", err)
	}
	return z.Close()
}
