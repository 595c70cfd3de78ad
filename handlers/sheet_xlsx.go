package handlers

import (
	"fmt"

	"github.com/labstack/echo/v4"
	"github.com/xuri/excelize/v2"
)

const xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// xlsxSheet is one sheet of an Office Open XML workbook (ISO/IEC 29500). All
// cells are texts, which no spreadsheet takes for formulas. Rows beyond a few
// thousand wait in a temporary file until the end, since the format is a ZIP
// archive.
func (s *Server) xlsxSheet(c echo.Context, name string) (sheet, error) {
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
	n    int // rows written
}

func (s *xlsxSheet) row(cells ...string) error {
	s.n++
	at, err := excelize.CoordinatesToCellName(1, s.n)
	if err != nil {
		return err
	}
	values := make([]any, len(cells))
	for i, cell := range cells {
		values[i] = harmless(cell)
	}
	return s.w.SetRow(at, values)
}

func (s *xlsxSheet) close() error {
	defer func() { _ = s.file.Close() }()
	if err := s.w.Flush(); err != nil {
		return err
	}
	attachment(s.c, s.name+".xlsx", xlsxType)
	_, err := s.file.WriteTo(s.c.Response())
	return err
}
