package handlers

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// reissuePage begins the reissue of a certificate, for a clerk and for its
// holder: the reason leads.
type reissuePage struct {
	templates.Page
	Certificate certificateView
	Org         string
	Action      string // where the form goes
	Back        string
	Reasons     []reissueChoice
	Storages    []choice
	Offices     []choice
	Changed     []choice
	Since       string
	Stated      []string // the pack's words on reissue (UB-26…28)
	Done        *workflow.Draft
	Link        string
	Errors      templates.FieldErrors
}

type reissueChoice struct {
	choice
	Lead  string
	Rules []registry.RuleID
}

// reissueStart asks a clerk why, and where the new key goes.
func (s *Server) reissueStart(c echo.Context) error {
	if c.QueryParam("serial") == "" { // the certificate is found there first
		return c.Redirect(http.StatusSeeOther, "/revocations/new")
	}
	v, err := s.reissuePage(c, registry.Serial(c.QueryParam("serial")), url.Values{})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "reissue", v)
}

// reissueBegin makes the draft, with what is on file, for the clerk to go on
// with.
func (s *Server) reissueBegin(c echo.Context) error {
	return s.reissueDone(c, func(d *workflow.Draft, _ url.Values) error {
		s.flash(c, "good", "reissue.begun", "number", d.Number)
		return s.redirect(c, "/applications/"+d.Number+"/edit")
	})
}

// cabinetReissue is reissueStart for the holder.
func (s *Server) cabinetReissue(c echo.Context) error {
	v, err := s.reissuePage(c, registry.Serial(c.Param("serial")), url.Values{})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "reissue", v)
}

// cabinetReissueBegin takes the holder's order: from here it is a report, and
// the page says what to bring, with the file's number and its secret link.
func (s *Server) cabinetReissueBegin(c echo.Context) error {
	return s.reissueDone(c, func(d *workflow.Draft, form url.Values) error {
		v, err := s.reissuePage(c, registry.Serial(c.Param("serial")), form) // the certificate may be suspended now
		if err != nil {
			return err
		}
		v.Done = d
		if d.Link != "" {
			v.Link = s.deps.BaseURL + "/track/" + d.Link
		}
		return s.render(c, http.StatusOK, "reissue", v)
	})
}

// reissueDone begins the reissue that the form asks for; done answers then.
func (s *Server) reissueDone(c echo.Context, done func(*workflow.Draft, url.Values) error) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	v, err := s.reissuePage(c, registry.Serial(cmp.Or(c.Param("serial"), form.Get("serial"))), form)
	if err != nil {
		return err
	}
	d, err := s.beginReissue(c, v, form)
	if errs, refused := s.fieldErrors(c, err); refused {
		v.Errors = errs
		return s.render(c, http.StatusUnprocessableEntity, "reissue", v)
	}
	if err != nil {
		return err
	}
	return done(d, form)
}

func (s *Server) beginReissue(c echo.Context, v *reissuePage, form url.Values) (*workflow.Draft, error) {
	who, err := s.actor(c)
	if err != nil {
		return nil, err
	}
	since, err := readMoment(s.deps.Workflow.Pack().Zone(), "invalid_since", form.Get("invalid_since"))
	if err != nil {
		return nil, err
	}
	in := workflow.ReissueStart{
		Serial: v.Certificate.Serial, Reason: registry.ReissueReason(form.Get("reason")), Storage: registry.Storage(form.Get("storage")),
		Office: registry.OfficeCode(form.Get("office")), InvalidSince: since,
	}
	for _, r := range form["changed"] {
		in.Changed = append(in.Changed, registry.Requisite(r))
	}
	return s.deps.Workflow.StartReissue(c.Request().Context(), who, in)
}

// reissueReasons are those for which a certificate may be reissued now: before
// its end UB-21…25, after it UB-20. None: the authority renews it, or there is no
// such thing.
func (s *Server) reissueReasons(cert *registry.Certificate) (out []authorities.Reason) {
	op, _ := s.deps.Workflow.Pack().Operation(registry.Reissue)
	over := cert.ValidityAt(s.deps.Now()) == registry.Expired
	for _, r := range op.Reasons {
		if (r.Code == registry.ReasonExpired) == over {
			out = append(out, r)
		}
	}
	return out
}

func (s *Server) reissuePage(c echo.Context, serial registry.Serial, form url.Values) (*reissuePage, error) {
	v := &reissuePage{Page: s.page(c, s.text(c, "reissue.title")), Since: form.Get("invalid_since"), Errors: templates.FieldErrors{}}
	id, pack, l := identity(c), s.deps.Workflow.Pack(), lang(c)
	err := s.read(c, func(tx *store.Tx) error {
		cert, err := tx.CertificateBySerial(serial)
		if err != nil {
			return err
		}
		if id.Kind == HolderSession {
			mine, err := tx.CertificateBySerial(id.Serial)
			if err != nil {
				return err
			}
			if !workflow.MayReport(mine, cert) {
				return registry.Refuse(registry.NotFound, "error.not_found")
			}
		}
		if cert.Profile != registry.HolderProfile {
			return registry.Refuse(registry.NotFound, "error.not_found")
		}
		v.Certificate = s.certificateView(c, cert)
		v.Org, err = s.orgOf(c, tx, cert)
		return err
	})
	if err != nil {
		return nil, err
	}
	reasons := s.reissueReasons(v.Certificate.Certificate)
	if len(reasons) == 0 {
		return nil, registry.Refuse(registry.NotFound, "error.not_found")
	}
	v.Action, v.Back = "/reissue", "/revocations"
	if id.Kind == HolderSession {
		v.Action, v.Back = "/cabinet/certificates/"+string(serial)+"/reissue", "/cabinet"
	}
	chosen := registry.ReissueReason(form.Get("reason"))
	over := v.Certificate.ValidityAt(s.deps.Now()) == registry.Expired
	for _, r := range reasons {
		v.Reasons = append(v.Reasons, reissueChoice{
			choice{Value: string(r.Code), Label: r.Label.In(l), Chosen: r.Code == chosen || over}, s.text(c, "reissue.lead."+string(r.Code)), r.Rules,
		})
	}
	storage := registry.Storage(form.Get("storage"))
	if storage == "" {
		storage = v.Certificate.Storage
	}
	for _, st := range pack.Storages {
		v.Storages = append(v.Storages, choice{Value: string(st), Label: s.text(c, "storage."+string(st)), Chosen: st == storage})
	}
	office := registry.OfficeCode(form.Get("office"))
	if office == "" {
		office = pack.HeadOffice
	}
	for _, o := range pack.Offices {
		v.Offices = append(v.Offices, choice{Value: string(o.Code), Label: o.Name.In(l), Chosen: o.Code == office})
	}
	for _, r := range registry.Requisites {
		v.Changed = append(v.Changed, choice{Value: string(r), Label: s.requisiteName(l, r), Chosen: slices.Contains(form["changed"], string(r))})
	}
	for _, st := range pack.Stated {
		if st.Where == "reissue" {
			v.Stated = append(v.Stated, st.Text.In(l))
		}
	}
	return v, nil
}
