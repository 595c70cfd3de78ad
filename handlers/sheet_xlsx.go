package handlers

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/labstack/echo/v4"
	"github.com/xuri/excelize/v2"
)

const xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// sentXLSX is one sheet of an Office Open XML workbook (ISO/IEC 29500). All
// cells are texts, which no spreadsheet takes for formulas. Rows beyond a few
// thousand wait in a temporary file until the end, since the format is a ZIP
// archive.
func (s *Server) sentXLSX(c echo.Context, name string) (sheet, error) {
	f := excelize.NewFile()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		return nil, fmt.Errorf("beginning a spreadsheet: %w", err)
	}
	return &xlsxSheet{c: c, name: name, file: f, w: w}, nil
}

type xlsxSheet struct {
	c    echo.Context
	name string
	file *excelize.File
	w    *excelize.StreamWriter
	n    int   // rows written
	err  error // the first
}

func (s *xlsxSheet) row(cells ...string) {
	if s.err != nil {
		return
	}
	s.n++
	values := make([]any, len(cells))
	for i, cell := range cells {
		values[i] = harmless(cell)
	}
	s.err = s.w.SetRow("A"+strconv.Itoa(s.n), values)
}

func (s *xlsxSheet) close(err error) error {
	defer func() { _ = s.file.Close() }()
	if err = cmp.Or(err, s.err); err == nil {
		err = s.w.Flush()
	}
	if err != nil {
		return err
	}
	attachment(s.c, s.name+".xlsx", xlsxType)
	_, err = s.file.WriteTo(s.c.Response())
	return err
}
