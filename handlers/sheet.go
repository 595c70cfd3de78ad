package handlers

import (
	"encoding/csv"
	"fmt"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"
)

// sheet is a table that is sent as a file for spreadsheets, row by row. No cell
// is taken for a formula.
type sheet interface {
	row(cells ...string) error
	close() error
}

func attachment(c echo.Context, file, mediaType string) {
	c.Response().Header().Set(echo.HeaderContentDisposition, fmt.Sprintf(`attachment; filename="%s"`, file))
	c.Response().Header().Set(echo.HeaderContentType, mediaType)
	c.Response().WriteHeader(http.StatusOK)
}

// csvSheet is UTF-8 with a byte order mark, semicolons, as spreadsheets here
// read it; it is sent as it is written.
func (s *Server) csvSheet(c echo.Context, name string) (sheet, error) {
	attachment(c, name+".csv", "text/csv; charset=utf-8")
	if _, err := io.WriteString(c.Response(), "\ufeff"); err != nil {
		return nil, err
	}
	w := csv.NewWriter(c.Response())
	w.Comma, w.UseCRLF = ';', true
	return csvSheet{w}, nil
}

type csvSheet struct{ w *csv.Writer }

func (s csvSheet) row(cells ...string) error {
	for i, cell := range cells {
		cells[i] = harmless(cell)
	}
	return s.w.Write(cells)
}

func (s csvSheet) close() error {
	s.w.Flush()
	return s.w.Error()
}
