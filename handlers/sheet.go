package handlers

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"io"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/store"
)

const (
	csvType = "text/csv; charset=utf-8"
	// csvBatch is how many rows are read at a time.
	csvBatch = 500
)

// sheet is a table that is sent as a file for spreadsheets, row by row. No cell
// is taken for a formula.
type sheet interface {
	row(cells ...string)
	// close ends the file, unless err kept its rows from being whole, and tells
	// what went wrong.
	close(err error) error
}

// sentCSV is a table that is sent as it is written.
func (s *Server) sentCSV(c echo.Context, name string) (sheet, error) {
	attachment(c, name+".csv", csvType)
	return newCSV(c.Response())
}

// wholeCSV sends a table, read as of one instant, whole or not at all. write
// fills it and returns its name.
func (s *Server) wholeCSV(c echo.Context, write func(tx *store.Tx, out sheet) (name string, err error)) error {
	var b bytes.Buffer
	out, err := newCSV(&b)
	if err != nil {
		return err
	}
	var name string
	if err := out.close(s.read(c, func(tx *store.Tx) (err error) {
		name, err = write(tx, out)
		return err
	})); err != nil {
		return err
	}
	return sendFile(c, name+".csv", csvType, b.Bytes())
}

// csvSheet is UTF-8 with a byte order mark, semicolons, as spreadsheets here
// read it.
type csvSheet struct{ w *csv.Writer }

func newCSV(to io.Writer) (sheet, error) {
	if _, err := io.WriteString(to, "\ufeff"); err != nil {
		return nil, err
	}
	w := csv.NewWriter(to)
	w.Comma, w.UseCRLF = ';', true
	return csvSheet{w}, nil
}

func (s csvSheet) row(cells ...string) {
	for i, cell := range cells {
		cells[i] = harmless(cell)
	}
	_ = s.w.Write(cells) // Error remembers it
}

func (s csvSheet) close(err error) error {
	s.w.Flush()
	return cmp.Or(err, s.w.Error())
}

// harmless keeps a spreadsheet from taking a cell for a formula.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n|%", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
