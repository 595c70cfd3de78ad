package handlers

import (
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

const (
	// exportMost is how many certificates an export names at most; its last
	// rows say where it ended, and what was not looked at.
	exportMost = 50_000
	// exportBatch is how many are read at a time, exportLook how many rows are
	// looked at for them.
	exportBatch = 500
	exportLook  = 20_000
)

// auditCSV is what a search finds as a file for spreadsheets.
func (s *Server) auditCSV(c echo.Context) error { return s.auditExport(c, s.sentCSV) }

// auditXLSX is the same as a workbook.
func (s *Server) auditXLSX(c echo.Context) error { return s.auditExport(c, s.sentXLSX) }

// auditExport sends what a search finds, as it is read. The journal tells who
// took it.
func (s *Server) auditExport(c echo.Context, begin func(echo.Context, string) (sheet, error)) error {
	typed := searchTyped(c.QueryParams())
	f, errs := s.readSearch(c, typed)
	if len(errs) > 0 {
		return s.redirect(c, "/audit/certificates?"+typed.Encode())
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	if err := s.deps.Workflow.NoteExport(c.Request().Context(), who, "search", map[string]any{"conditions": keysOf(typed), "at": f.At.UTC(), "most": exportMost}); err != nil {
		return err
	}
	out, err := begin(c, "certificates-"+f.At.In(s.deps.Workflow.Pack().Zone()).Format("20060102-150405"))
	if err != nil {
		return err
	}
	return out.close(s.writeSearch(c, out, f))
}

func keysOf(typed url.Values) (keys []string) {
	for _, field := range searchFields {
		if typed.Has(field) {
			keys = append(keys, field)
		}
	}
	return keys
}

func (s *Server) writeSearch(c echo.Context, out sheet, f store.CertificateSearch) error {
	f.Look = exportLook
	head := []string{
		"certificate.serial", "person.holder", "organisation.organisation", "organisation.inn", "storage.storage", "office.office", "application.application",
		"audit.date.issued", "certificate.valid_from", "audit.date.ends", "audit.state_at", "audit.state_now", "audit.date.reported", "audit.way", "word.reason",
		"audit.date.decided", "audit.date.revoked", "audit.reason.rfc", "audit.date.public",
	}
	for i, key := range head {
		head[i] = s.text(c, key)
	}
	out.row(head...)
	found, err := s.findAll(c, f, exportMost, func(lines []store.CertificateLine) {
		for _, l := range lines {
			out.row(s.exportCells(c, l)...)
		}
	})
	if found.Narrow {
		out.row(s.text(c, "audit.narrow", "n", store.SearchOrganisations))
	}
	if found.More {
		out.row(s.text(c, "audit.export_cut", "n", exportMost))
	}
	return err
}

// findAll hands over what a search finds, page by page, most certificates at
// most. What it returns is the last page: More says that there are others.
func (s *Server) findAll(c echo.Context, f store.CertificateSearch, most int, each func([]store.CertificateLine)) (found store.CertificatesFound, err error) {
	for {
		f.Limit = min(exportBatch, most)
		var lines []store.CertificateLine
		if err := s.read(c, func(tx *store.Tx) (err error) {
			if found, err = tx.SearchCertificates(f); err != nil {
				return err
			}
			lines, err = tx.CertificateLines(found.IDs, f.At, s.deps.Now())
			return err
		}); err != nil {
			return store.CertificatesFound{}, err
		}
		each(lines)
		if most -= len(lines); !found.More || most <= 0 {
			return found, nil
		}
		f.After = found.Next
	}
}

func (s *Server) exportCells(c echo.Context, l store.CertificateLine) []string {
	v := s.auditLine(c, l)
	cells := []string{
		templates.Hex(l.Serial), l.HolderName, v.Org, v.INN, s.text(c, "storage."+string(l.Storage)), v.Office, l.Application,
		templates.DateTime(l.IssuedAt), templates.DateTime(l.NotBefore), templates.DateTime(l.NotAfter), v.State.Word, s.stateWord(c, l.StateNow).Word,
		"", "", "", "", "", "", "",
	}
	if r := l.Report; r != nil {
		cells[12], cells[13], cells[14] = templates.DateTime(r.ReportedAt), s.text(c, "revocation.way."+string(r.Way)), v.Cause
		if r.ConcludedAt != nil {
			cells[15] = templates.DateTime(*r.ConcludedAt)
		}
	}
	if l.RevokedAt != nil {
		cells[16], cells[17] = templates.DateTime(*l.RevokedAt), rfcReason(l.Reason)
	}
	if l.PublicAt != nil {
		cells[18] = templates.DateTime(*l.PublicAt)
	}
	if l.StateNow != registry.StateRevoked && l.StateNow != registry.StateSuspended {
		cells[17] = ""
	}
	return cells
}
