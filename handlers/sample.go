package handlers

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

const sampleShown = 100

type samplePage struct {
	templates.Page
	Sample        *registry.Sample
	From, To      registry.Date
	Root          string
	By            string
	Count         store.SampleCount
	Items         []sampledCertificate
	Before, After string // addresses of the pages beside this one
}

// sampledCertificate is one drawn certificate with what was found.
type sampledCertificate struct {
	registry.SampleItem
	Certificate *registry.Certificate
	Org         string
	State       templates.State
	By          string
}

// sample lists a quarter's drawn certificates.
func (s *Server) sample(c echo.Context) error {
	q, err := registry.ParseQuarter(c.Param("quarter"))
	if err != nil {
		return registry.Refuse(registry.NotFound, "error.not_found")
	}
	v := &samplePage{Page: s.page(c, s.text(c, "sample.of", "quarter", q.String())), From: q.First(), To: q.Last()}
	from := max(1, int(min(version(c.QueryParam("from")), 1<<30)))
	err = s.read(c, func(tx *store.Tx) error {
		names, err := operatorNames(tx, lang(c))
		if err != nil {
			return err
		}
		counts, err := tx.Samples()
		if err != nil {
			return err
		}
		for _, n := range counts {
			if n.Quarter == q {
				v.Count, v.Sample = n, n.Sample
			}
		}
		if v.Sample == nil {
			return registry.Refuse(registry.NotFound, "error.not_found")
		}
		v.Root, v.By = hex.EncodeToString(v.Sample.Root[:]), names[v.Sample.DrawnBy]
		items, err := tx.SampleItems(v.Sample.ID, from, sampleShown+1)
		if err != nil {
			return err
		}
		if len(items) > sampleShown {
			items, v.After = items[:sampleShown], samplePath(q, from+sampleShown)
		}
		if from > 1 {
			v.Before = samplePath(q, max(1, from-sampleShown))
		}
		for _, i := range items {
			row, err := s.sampled(c, tx, i, names)
			if err != nil {
				return err
			}
			v.Items = append(v.Items, *row)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "sample", v)
}

func samplePath(q registry.Quarter, from int) string {
	return "/audit/samples/" + q.String() + "?from=" + strconv.Itoa(from)
}

func (s *Server) sampled(c echo.Context, tx *store.Tx, i registry.SampleItem, names map[registry.OperatorID]string) (*sampledCertificate, error) {
	cert, err := tx.CertificateBySerial(i.Serial)
	if err != nil {
		return nil, err
	}
	row := &sampledCertificate{SampleItem: i, Certificate: cert, State: templates.State{Class: "none", Word: s.text(c, "finding.not_checked")}}
	if row.Org, err = s.orgOf(c, tx, cert); err != nil {
		return nil, err
	}
	if i.Last != nil {
		row.State, row.By = s.findingState(c, i.Last), names[i.Last.OperatorID]
	}
	return row, nil
}

func (s *Server) findingState(c echo.Context, f *registry.Finding) templates.State {
	if f.Outcome == registry.NothingFound {
		return templates.State{Class: "good", Word: s.text(c, "finding.outcome.none")}
	}
	class := "stop"
	if f.Severity == registry.Minor {
		class = "wait"
	}
	return templates.State{Class: class, Word: s.text(c, "finding.severity."+string(f.Severity))}
}

// lifePath is where everything about a certificate is read.
func (s *Server) lifePath(serial registry.Serial) string {
	if _, ok := s.routes[http.MethodGet+" /audit/certificates/:serial"]; ok {
		return "/audit/certificates/" + string(serial)
	}
	return "/audit?" + url.Values{"subject": {"certificate"}, "subject_id": {string(serial)}}.Encode()
}
