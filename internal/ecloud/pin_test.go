package ecloud_test

import (
	"errors"
	"testing"

	"github.com/tamga-ca/tamga/internal/ecloud"
)

// The glossary's K06 and domain.md §6.3 (the personal number holds the birth
// date: here 1 January 1990).
func TestCheckPIN(t *testing.T) {
	const person, organisation = "20101199054321", "00207199610017"
	for pin, want := range map[string]error{
		"483915":                            nil,
		"70261935":                          nil,
		"112233":                            nil,
		"135790":                            nil,
		"48391548391548391548391548391548":  ecloud.ErrPINEasy,
		"48391572604839157260483915726093":  nil,                // 32 digits
		"483915726048391572604839157260931": ecloud.ErrPINShape, // 33
		"":                                  ecloud.ErrPINShape,
		"48391":                             ecloud.ErrPINShape,
		"48391a":                            ecloud.ErrPINShape,
		"483 915":                           ecloud.ErrPINShape,
		"-48391":                            ecloud.ErrPINShape,
		"٤٨٣٩١٥":                            ecloud.ErrPINShape,
		"111111":                            ecloud.ErrPINEasy,
		"123456":                            ecloud.ErrPINEasy,
		"654321":                            ecloud.ErrPINEasy,
		"890123":                            ecloud.ErrPINEasy,
		"210987":                            ecloud.ErrPINEasy,
		"481234":                            ecloud.ErrPINEasy,
		"777748":                            ecloud.ErrPINEasy,
		"121212":                            ecloud.ErrPINEasy,
		"485485":                            ecloud.ErrPINEasy,
		"474747":                            ecloud.ErrPINEasy,
		"110011":                            ecloud.ErrPINEasy,
		"010190":                            ecloud.ErrPINPersonal,
		"900101":                            ecloud.ErrPINPersonal,
		"01011990":                          ecloud.ErrPINPersonal,
		"19900101":                          ecloud.ErrPINPersonal,
		"011990":                            ecloud.ErrPINPersonal,
		"199001":                            ecloud.ErrPINPersonal,
		"7010190":                           ecloud.ErrPINPersonal,
		"054321":                            ecloud.ErrPINEasy,
		"990543":                            ecloud.ErrPINPersonal,
		"207199":                            ecloud.ErrPINPersonal,
	} {
		if err := ecloud.CheckPIN(pin, person, organisation); !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("%q: %v, want %v", pin, err, want)
		}
	}
	if err := ecloud.CheckPIN("483915", "", ""); err != nil {
		t.Errorf("without numbers: %v", err)
	}
}
