package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// certificatesShown is how many certificates a client's page has.
const certificatesShown = 100

type cabinetPage struct {
	templates.Page
	Org     *registry.Organisation
	Name    string
	Place   string
	Balance registry.Tyiyn
	Current []certificateView // that work, will work, or are on hold
	Earlier []certificateView
	Soon    *certificateView // the holder's own, if it ends soon
	None    bool             // nothing works and nothing will
	Advice  []string         // the pack's words on what to do
	Renew   *renewHelp
	Order   *cabinetOrder // how the own certificate is renewed remotely; nil: it is not
	PINPath string        // where the PIN-code is changed; empty: no such page
}

// cabinet shows a holder the certificates and requisites of their
// organisation.
func (s *Server) cabinet(c echo.Context) error {
	v := &cabinetPage{Page: s.page(c, s.text(c, "nav.certificates"))}
	err := s.read(c, func(tx *store.Tx) (err error) {
		if v.Org, err = s.ownOrganisation(c, tx); err != nil {
			return err
		}
		if v.Balance, err = tx.Balance(v.Org.ID); err != nil {
			return err
		}
		mine, err := tx.CertificateBySerial(identity(c).Serial)
		if err != nil && registry.KindOf(err) != registry.NotFound {
			return err
		}
		certs, err := tx.CertificatesOf(v.Org.ID, certificatesShown)
		for _, cert := range certs {
			view := s.certificateView(c, cert)
			if !view.Over && workflow.MayReport(mine, cert) {
				view.StopPath = "/cabinet/certificates/" + string(cert.Serial) + "/stop"
			}
			if workflow.MayReport(mine, cert) && len(s.reissueReasons(cert)) > 0 {
				view.ReissuePath = "/cabinet/certificates/" + string(cert.Serial) + "/reissue"
			}
			if view.Over {
				v.Earlier = append(v.Earlier, view)
			} else {
				v.Current = append(v.Current, view)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	l := lang(c)
	v.Name = v.Org.FullName(l)
	v.Place = v.Org.Settlement.In(l)
	v.PINPath = s.pageAt("/cabinet/pin")
	s.cabinetAdvice(c, v)
	if v.Order, err = s.cabinetOrder(c); err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "cabinet", v)
}

// cabinetAdvice says what to do about the holder's own certificate when it
// ends soon and nothing follows it.
func (s *Server) cabinetAdvice(c echo.Context, v *cabinetPage) {
	pack := s.deps.Workflow.Pack()
	v.None = len(v.Current) == 0
	for i := range v.Current {
		cert := &v.Current[i]
		if cert.Usable && cert.Serial == identity(c).Serial && len(pack.Times.ReminderDays) > 0 && cert.DaysLeft <= pack.Times.ReminderDays[0] && !v.followed(cert) {
			v.Soon = cert
		}
	}
	if v.Soon == nil && !v.None {
		return
	}
	v.Renew = s.renewHelp(c, identity(c).Signatory)
	for _, st := range pack.Stated {
		if st.Where == "reminder" {
			v.Advice = append(v.Advice, st.Text.In(lang(c)))
		}
	}
}

// followed says whether the same person has another certificate that goes on
// after this one.
func (v *cabinetPage) followed(cert *certificateView) bool {
	for _, other := range v.Current {
		if other.PersonalNumber == cert.PersonalNumber && other.NotAfter.After(cert.NotAfter) {
			return true
		}
	}
	return false
}

// pageAt is a path if there is a page at it.
func (s *Server) pageAt(path string) string {
	if _, ok := s.routes[http.MethodGet+" "+path]; ok {
		return path
	}
	return ""
}
