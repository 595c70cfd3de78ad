package authorities

import (
	"errors"
	"io"
)

func check(io.Reader) ([]byte, error) { return nil, errors.New("cases are not read yet") }
