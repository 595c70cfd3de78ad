package handlers

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

const blockedKeysShown = 100

// blockedKeysPage is the list of keys that are never certified again.
type blockedKeysPage struct {
	templates.Page
	Query    string // the key that is looked for, as typed
	Items    []blockedKeyItem
	MayBlock bool
	Form     url.Values
	Errors   templates.FieldErrors
}

type blockedKeyItem struct {
	store.BlockedKey
	By string
}

// blockedKeys shows the latest of the list, or one key of it.
func (s *Server) blockedKeys(c echo.Context) error {
	v, err := s.blockedKeysPage(c, url.Values{})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "blocked_keys", v)
}

func (s *Server) blockedKeysPage(c echo.Context, form url.Values) (*blockedKeysPage, error) {
	v := &blockedKeysPage{
		Page: s.page(c, s.text(c, "blocked.title")), Query: strings.TrimSpace(c.QueryParam("q")), MayBlock: identity(c).Role == registry.Approver,
		Form: form, Errors: templates.FieldErrors{},
	}
	hash := ""
	if v.Query != "" {
		var err error
		if hash, err = workflow.KeyHash(v.Query); err != nil {
			v.Errors["q"] = s.text(c, "error.key.typed")
			return v, nil
		}
	}
	return v, s.read(c, func(tx *store.Tx) error {
		names, err := operatorNames(tx, lang(c))
		if err != nil {
			return err
		}
		found, err := tx.BlockedKeys(hash, blockedKeysShown)
		for _, k := range found {
			v.Items = append(v.Items, blockedKeyItem{k, names[k.BlockedBy]})
		}
		return err
	})
}

// blockedKeyAdd puts a key on the list.
func (s *Server) blockedKeyAdd(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	_, err = s.deps.Workflow.BlockKey(c.Request().Context(), who, form.Get("key"), form.Get("note"))
	if errs, refused := s.fieldErrors(c, err); refused {
		v, err := s.blockedKeysPage(c, form)
		if err != nil {
			return err
		}
		v.Errors = errs
		return s.render(c, http.StatusUnprocessableEntity, "blocked_keys", v)
	}
	if err != nil {
		return err
	}
	s.flash(c, "good", "blocked.done")
	return s.redirect(c, "/revocations/keys")
}
