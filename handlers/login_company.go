package handlers

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

const (
	pendingKey = "login.pending"
	// pendingLife is how long a person may think about the organisation.
	pendingLife = 5 * time.Minute
)

type loginCompanyPage struct {
	loginPage
	Person    string
	Companies []company
}

type company struct {
	ID                 registry.OrganisationID
	Name, INN, Balance string
	Position           string
}

// askCompany keeps a login whose signature is checked until its holder has
// chosen an organisation (LG-11): the session belongs to nobody before that.
func (s *Server) askCompany(c echo.Context, id Identity, next string) (string, error) {
	id.Began = s.deps.Machine()
	raw, err := json.Marshal(id)
	if err != nil {
		return "", fmt.Errorf("keeping a login: %w", err)
	}
	s.sessions.Put(c.Request().Context(), pendingKey, raw)
	if next == "" {
		return "/login/company", nil
	}
	return loginNext("/login/company", next), nil
}

// pending is the login that waits for its organisation; nil is none.
func (s *Server) pending(c echo.Context) (*Identity, error) {
	raw := s.sessions.GetBytes(c.Request().Context(), pendingKey)
	if raw == nil {
		return nil, nil
	}
	id := new(Identity)
	if err := json.Unmarshal(raw, id); err != nil {
		return nil, fmt.Errorf("reading a login: %w", err)
	}
	if s.deps.Machine().Sub(id.Began) > pendingLife {
		return nil, nil
	}
	return id, nil
}

// loginCompany asks for which organisation the holder logs in.
func (s *Server) loginCompany(c echo.Context) error {
	id, err := s.pending(c)
	if err != nil {
		return err
	}
	if id == nil {
		return c.Redirect(http.StatusSeeOther, "/login?ended=1")
	}
	v, err := s.companyPage(c, id)
	if err != nil {
		return err
	}
	v.Next = nextOr(c.QueryParam("next"), "")
	return s.render(c, http.StatusOK, "login_company", v)
}

func (s *Server) companyPage(c echo.Context, id *Identity) (*loginCompanyPage, error) {
	v := &loginCompanyPage{loginPage: *s.loginPage(c, "")}
	v.Title = s.text(c, "login.company_title")
	v.Steps = s.companySteps(id.Carrier)
	v.Errors = templates.FieldErrors{}
	l := lang(c)
	return v, s.read(c, func(tx *store.Tx) error {
		cert, err := tx.CertificateBySerial(id.Serial)
		if err != nil {
			return err
		}
		v.Person = cert.HolderName
		ids, err := tx.CompaniesOf(id.PersonalNumber, s.deps.Now())
		if err != nil {
			return err
		}
		all, err := tx.Organisations(ids)
		if err != nil {
			return err
		}
		for _, org := range ids {
			balance, err := tx.Balance(org)
			if err != nil {
				return err
			}
			v.Companies = append(v.Companies, company{ID: org, Name: all[org].FullName(l), INN: string(all[org].INN), Balance: templates.Money(string(l), balance)})
		}
		return nil
	})
}

// companySteps ends in the choice of the organisation; the steps of a cloud
// login do not name it, since most holders have one.
func (s *Server) companySteps(carrier string) []loginStep {
	steps := s.loginSteps(carrier != carrierToken, 9)
	if carrier == carrierToken {
		steps = steps[:len(steps)-1]
	}
	return append(steps, loginStep{Label: "login.step.company", Now: true})
}

// loginCompanyChosen binds the session to the organisation (LG-12).
func (s *Server) loginCompanyChosen(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	id, err := s.pending(c)
	if err != nil {
		return err
	}
	if id == nil {
		return c.Redirect(http.StatusSeeOther, "/login?ended=1")
	}
	chosen, err := strconv.ParseInt(form.Get("organisation"), 10, 64)
	if err != nil {
		v, err := s.companyPage(c, id)
		if err != nil {
			return err
		}
		v.Next, v.Errors[""] = nextOr(form.Get("next"), ""), s.text(c, "error.required")
		return s.render(c, http.StatusUnprocessableEntity, "login_company", v)
	}
	org, err := s.deps.Workflow.ChooseCompany(c.Request().Context(), id.Serial, registry.OrganisationID(chosen))
	if err != nil {
		return err
	}
	id.OrganisationID, id.Name = org.ID, org.FullName(registry.Kyrgyz)
	if err := s.enter(c, *id); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, s.afterLogin(c, *id, nextOr(form.Get("next"), "")))
}
