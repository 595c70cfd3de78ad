package handlers

import (
	"archive/zip"
	"bytes"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/paper"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// dataRequestExport puts a person's data together and sends them as a ZIP
// archive: data.json, a summary to print, the certificates, the person's own
// scans.
func (s *Server) dataRequestExport(c echo.Context) error {
	if _, err := postForm(c); err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	x, err := s.deps.Workflow.ExportData(c.Request().Context(), who, c.Param("number"))
	if errs, ok := s.fieldErrors(c, err); ok {
		v, err := s.dataRequestPage(c)
		if err != nil {
			return err
		}
		v.Errors = errs
		return s.render(c, http.StatusUnprocessableEntity, "data_request", v)
	}
	if err != nil {
		return err
	}
	summary, err := s.dataSummary(c, x)
	if err != nil {
		return err
	}
	attachment(c, x.Data.Request+".zip", zipType)
	z := zip.NewWriter(c.Response())
	add := func(name string, content []byte) error {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: x.Data.MadeAt})
		if err == nil {
			_, err = w.Write(content)
		}
		return err
	}
	if err := add("data.json", x.JSON); err != nil {
		return err
	}
	if err := add("summary.pdf", summary); err != nil {
		return err
	}
	for _, cert := range x.Data.Certificates {
		if err := add("certificates/"+string(cert.Serial)+".cer", cert.Certificate); err != nil {
			return err
		}
	}
	for _, file := range x.Files() {
		content, err := x.Open(c.Request().Context(), file)
		if err != nil {
			return fmt.Errorf("sending the data of request %s: %w", x.Data.Request, err)
		}
		if err := add(file.Path, content); err != nil {
			return err
		}
	}
	return z.Close()
}

// dataSummary is the same for people, as PDF.
func (s *Server) dataSummary(c echo.Context, x *workflow.DataExport) ([]byte, error) {
	l, d := lang(c), x.Data
	p := paper.Personal{
		Language: string(l), Authority: s.deps.Authority[l].Name, Printed: bishkekTime(d.MadeAt), PrintedAt: d.MadeAt,
		Number: d.Request, Numbers: string(d.PersonalNumber), SHA256: x.SHA256,
	}
	if d.OnFile != nil {
		p.Person = d.OnFile.Name(l).String()
	}
	none := s.text(c, "paper.personal.none")
	applications, certificates := paper.PersonalPart{Title: s.text(c, "nav.applications"), None: none}, paper.PersonalPart{Title: s.text(c, "nav.certificates"), None: none}
	reports, requests := paper.PersonalPart{Title: s.text(c, "revocation.title"), None: none}, paper.PersonalPart{Title: s.text(c, "data_request.title"), None: none}
	actsFor := paper.PersonalPart{Title: s.text(c, "holder.acts_for"), None: none}
	documents, views := paper.PersonalPart{Title: s.text(c, "nav.documents"), None: none}, paper.PersonalPart{Title: s.text(c, "journal.views"), None: none}
	for _, a := range d.Applications {
		applications.Lines = append(applications.Lines, a.Number+", "+templates.DateTime(a.CreatedAt)+", "+a.Organisation.In(l)+", "+s.text(c, "status.application."+string(a.Status)))
		for _, doc := range a.Documents {
			for _, f := range doc.Files {
				documents.Lines = append(documents.Lines, a.Number+", "+doc.Label.In(l)+": "+f.Path)
			}
		}
	}
	for _, cert := range d.Certificates {
		line := templates.Hex(cert.Serial) + ", " + templates.DateTime(cert.NotBefore) + " – " + templates.DateTime(cert.NotAfter)
		if cert.Organisation != nil {
			line += ", " + cert.Organisation.In(l)
		}
		certificates.Lines = append(certificates.Lines, line)
		for _, r := range cert.Reports {
			reports.Lines = append(reports.Lines, templates.Hex(cert.Serial)+": "+r.Number+", "+templates.DateTime(r.ReportedAt)+", "+r.Reporter+", "+
				s.text(c, "revocation.way."+string(r.Way))+", "+s.causeText(c, r.Cause)+", "+s.text(c, "status.report."+string(r.Status)))
		}
	}
	for _, r := range d.Requests {
		requests.Lines = append(requests.Lines, r.Number+", "+templates.DateTime(r.ReceivedAt)+", "+r.AskedBy+", "+s.text(c, "data_request.state."+string(r.Status)))
	}
	for _, o := range d.ActsFor {
		actsFor.Lines = append(actsFor.Lines, o.Organisation.In(l)+", "+string(o.INN)+", "+templates.DateTime(o.Since)+": "+o.Basis)
	}
	for _, look := range d.Views {
		views.Lines = append(views.Lines, templates.DateTime(look.At)+", "+look.Who+", "+look.Document.In(l))
	}
	p.Parts = []paper.PersonalPart{applications, certificates, reports, actsFor, documents, requests, views}
	var b bytes.Buffer
	err := p.Write(&b, func(key string, args ...any) string { return s.textIn(l, key, args...) })
	return b.Bytes(), err
}

// dataRequestRoutes are people's requests for their own data.
func (s *Server) dataRequestRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	readers, workers := Operator(registry.Clerk, registry.Approver, registry.Auditor), Operator(registry.Clerk, registry.Approver)
	return []route{
		{Method: get, Path: "/data-requests", Access: readers, Handle: s.dataRequests},
		{Method: post, Path: "/data-requests", Access: workers, Handle: s.dataRequestRecord},
		{Method: get, Path: "/data-requests/:number", Access: readers, Handle: s.dataRequest},
		{Method: post, Path: "/data-requests/:number/export", Access: workers, Handle: s.dataRequestExport},
		{Method: post, Path: "/data-requests/:number/hand-over", Access: workers, Handle: s.dataRequestHandOver},
		{Method: post, Path: "/data-requests/:number/refuse", Access: Operator(registry.Approver), Handle: s.dataRequestRefuse},
	}
}
