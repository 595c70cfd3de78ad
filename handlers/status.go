package handlers

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// statusDigits is how many last characters of a serial must be known beside the
// INN, which is public: 24 bits of it, at the pace that throttle allows.
const statusDigits = 6

// statusPage is what anybody may know of a certificate: its status and dates.
// Whose it is stands in the certificate itself, for whoever has it.
type statusPage struct {
	templates.Page
	Serial, INN, End string
	Errors           templates.FieldErrors
	Asked            bool
	Found            []statusItem
	Unknown          string // the sentence where nothing was found
}

type statusItem struct {
	Serial              registry.Serial
	State               templates.State
	Sentence            string
	NotBefore, NotAfter *time.Time
	Stopped             string // the label of StoppedAt
	StoppedAt           *time.Time
	Reason              string
}

// status asks which certificate; a serial in the query leads to its page.
func (s *Server) status(c echo.Context) error {
	if text := c.QueryParam("serial"); text != "" {
		if serial, ok := registry.ParseSerial(text); ok {
			return c.Redirect(http.StatusSeeOther, "/status/"+string(serial))
		}
	}
	return s.render(c, http.StatusOK, "status", s.statusPage(c))
}

func (s *Server) statusPage(c echo.Context) *statusPage {
	v := &statusPage{Page: s.page(c, s.text(c, "action.check_certificate")), Errors: templates.FieldErrors{}}
	v.Shell = templates.Plain
	return v
}

// statusOf shows one certificate: the address in QR codes.
func (s *Server) statusOf(c echo.Context) error {
	v := s.statusPage(c)
	serial, ok := registry.ParseSerial(c.Param("serial"))
	if !ok || string(serial) != c.Param("serial") {
		return registry.Refuse(registry.NotFound, "error.not_found")
	}
	v.Serial, v.Asked = string(serial), true
	if err := s.statusFind(c, v, serial); err != nil {
		return err
	}
	return s.statusAnswer(c, v)
}

// statusAsk takes either form: a serial, or an INN with the last characters. An
// INN never stands in an address.
func (s *Server) statusAsk(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	v := s.statusPage(c)
	v.Serial, v.INN, v.End = strings.TrimSpace(form.Get("serial")), strings.TrimSpace(form.Get("inn")), strings.TrimSpace(form.Get("end"))
	if v.INN == "" && v.End == "" {
		serial, ok := registry.ParseSerial(v.Serial)
		if !ok {
			v.Errors["serial"] = s.text(c, "status.serial_wrong")
			return s.render(c, http.StatusUnprocessableEntity, "status", v)
		}
		return c.Redirect(http.StatusSeeOther, "/status/"+string(serial))
	}
	inn, err := registry.ParseINN(v.INN)
	if e := refusalOf(err); e != nil {
		v.Errors["inn"] = s.sentence(c, e)
	}
	end, ok := registry.ParseSerialEnd(v.End)
	if !ok || len(end) < statusDigits {
		v.Errors["end"] = s.text(c, "status.end_wrong", "n", statusDigits)
	}
	if len(v.Errors) > 0 {
		return s.render(c, http.StatusUnprocessableEntity, "status", v)
	}
	v.Asked = true
	if err := s.statusFindEnd(c, v, inn, end); err != nil {
		return err
	}
	return s.statusAnswer(c, v)
}

func (s *Server) statusAnswer(c echo.Context, v *statusPage) error {
	if len(v.Found) == 0 {
		return s.render(c, http.StatusNotFound, "status", v)
	}
	return s.render(c, http.StatusOK, "status", v)
}

func (s *Server) statusFind(c echo.Context, v *statusPage, serial registry.Serial) error {
	return s.read(c, func(tx *store.Tx) error {
		cert, err := tx.CertificateBySerial(serial)
		if err == nil {
			v.Found = append(v.Found, s.statusItem(c, cert))
			return nil
		}
		if registry.KindOf(err) != registry.NotFound {
			return err
		}
		standing, err := tx.Standing(serial)
		if err != nil {
			return err
		}
		if standing.Known && standing.Status == registry.CertRevoked { // its issuing was given up
			cert := &registry.Certificate{Serial: serial, Status: standing.Status, StatusReason: standing.Reason, StatusAt: &standing.At}
			item := s.statusItem(c, cert)
			item.NotBefore, item.NotAfter = nil, nil
			v.Found = append(v.Found, item)
			return nil
		}
		v.Unknown = s.text(c, "status.unknown")
		return nil
	})
}

// statusFindEnd looks among an organisation's certificates. A wrong INN and
// wrong characters look the same.
func (s *Server) statusFindEnd(c echo.Context, v *statusPage, inn registry.INN, end string) error {
	return s.read(c, func(tx *store.Tx) error {
		v.Unknown = s.text(c, "status.unknown_end")
		org, err := tx.OrganisationByINN(inn)
		if registry.KindOf(err) == registry.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		const most = 500
		all, err := tx.CertificatesOf(org.ID, most)
		for _, cert := range all {
			if strings.HasSuffix(string(cert.Serial), end) {
				v.Found = append(v.Found, s.statusItem(c, cert))
			}
		}
		return err
	})
}

func (s *Server) statusItem(c echo.Context, cert *registry.Certificate) statusItem {
	now := s.deps.Now()
	item := statusItem{Serial: cert.Serial, State: s.certificateView(c, cert).State, NotBefore: &cert.NotBefore, NotAfter: &cert.NotAfter}
	key := "status.valid"
	switch {
	case cert.Status == registry.CertRevoked:
		key, item.Stopped = "status.revoked", s.text(c, "revocation.revoked_at")
	case cert.Status == registry.CertSuspended:
		key, item.Stopped = "status.suspended", s.text(c, "status.suspended_at")
	case cert.ValidityAt(now) == registry.Expired:
		key = "status.expired"
	case cert.ValidityAt(now) == registry.NotYetUsable:
		key = "status.not_yet"
	}
	item.Sentence = s.text(c, key)
	if item.Stopped != "" {
		item.StoppedAt = cert.StatusAt
		if word := "status.reason." + strconv.Itoa(cert.StatusReason); s.deps.Renderer.Has(word) {
			item.Reason = s.text(c, word)
		}
	}
	return item
}
