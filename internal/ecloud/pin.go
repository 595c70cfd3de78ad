package ecloud

import (
	"strings"

	"github.com/tamga-ca/tamga/internal/registry"
)

// Length of a PIN-code in digits.
const (
	minPIN = 6
	maxPIN = 32
)

var (
	ErrPINShape    = registry.Refuse(registry.Invalid, "error.ecloud.pin_shape").On("pin")
	ErrPINEasy     = registry.Refuse(registry.Invalid, "error.ecloud.pin_easy").On("pin")
	ErrPINPersonal = registry.Refuse(registry.Invalid, "error.ecloud.pin_personal").On("pin")
)

// CheckPIN judges a PIN-code that a holder chose: 6 to 32 digits; no four
// digits in a row that are equal, rising or falling; at least three different
// digits; no shorter block repeated; and nothing of the holder's own numbers:
// no birth date (day, month and year in the usual orders, with two or four
// digits of the year) and no six digits in a row of the personal number or the
// organisation's INN.
func CheckPIN(pin string, person registry.PersonalNumber, organisation registry.INN) error {
	if err := checkShape(pin); err != nil {
		return err
	}
	if easy(pin) {
		return ErrPINEasy
	}
	for _, date := range birthDates(person) {
		if strings.Contains(pin, date) {
			return ErrPINPersonal
		}
	}
	for _, own := range []string{string(person), string(organisation)} {
		for i := 0; i+minPIN <= len(own); i++ {
			if strings.Contains(pin, own[i:i+minPIN]) {
				return ErrPINPersonal
			}
		}
	}
	return nil
}

func checkShape(pin string) error {
	if len(pin) < minPIN || len(pin) > maxPIN {
		return ErrPINShape
	}
	for i := range len(pin) {
		if pin[i] < '0' || pin[i] > '9' {
			return ErrPINShape
		}
	}
	return nil
}

func easy(pin string) bool {
	distinct := map[byte]bool{}
	var step, run int
	for i := range len(pin) {
		distinct[pin[i]] = true
		if i == 0 {
			continue
		}
		d := (int(pin[i]) - int(pin[i-1]) + 10) % 10
		if d != 0 && d != 1 && d != 9 {
			run = 0
			continue
		}
		if run == 0 || d != step {
			step, run = d, 1
		} else {
			run++
		}
		if run >= 3 {
			return true
		}
	}
	if len(distinct) < 3 {
		return true
	}
	for block := 2; block <= len(pin)/2; block++ {
		if pin[block:] == pin[:len(pin)-block] {
			return true
		}
	}
	return false
}

// birthDates writes the birth date of a personal number (digits 2 to 9,
// DDMMYYYY; domain.md §6.3) in the orders that people use.
func birthDates(person registry.PersonalNumber) []string {
	if len(person) != 14 {
		return nil
	}
	dd, mm, yyyy := string(person[1:3]), string(person[3:5]), string(person[5:9])
	yy := yyyy[2:]
	return []string{
		dd + mm + yy, yy + mm + dd, mm + dd + yy, yy + dd + mm,
		dd + mm + yyyy, yyyy + mm + dd, mm + dd + yyyy, mm + yyyy, yyyy + mm, dd + yyyy, yyyy + dd,
	}
}
