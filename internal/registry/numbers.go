package registry

import (
	"net/mail"
	"strings"
	"time"
	"unicode"
)

// INN is a tax number: 14 digits, kept as text because every legal entity's
// begins with 0 (domain.md §6.3). A sole entrepreneur's is their personal
// number.
type INN string

// PersonalNumber is the 14-digit personal number (ПИН; never "PIN"): sex
// digit 1 or 2, birth date DDMMYYYY, five more digits.
type PersonalNumber string

const numberLength = 14

// ParseINN reads a tax number as typed: spaces and hyphens are dropped, digits
// are never added or removed. Only the length is a rule; Plausible judges the
// rest.
func ParseINN(s string) (INN, error) {
	digits, ok := onlyDigits(s)
	if !ok || len(digits) != numberLength {
		return "", Refuse(Invalid, "error.registry.inn", "n", len(digits))
	}
	return INN(digits), nil
}

// Plausible says whether the number has the shape seen in published samples
// for its kind; false is a warning, never a refusal (domain.md §6.3).
func (n INN) Plausible(kind OrganisationKind, now time.Time) bool {
	s := string(n)
	if len(s) != numberLength {
		return false
	}
	if kind == SoleEntrepreneur {
		_, err := ParsePersonalNumber(s, now)
		return err == nil
	}
	d, ok := ddmmyyyy(s[1:9])
	return ok && s[0] == '0' && s[9] == '1' && d.Compare(DateOf(now, time.UTC)) <= 0
}

// ParsePersonalNumber reads a personal number as typed: 14 digits, the first
// 1 (female) or 2 (male), then a real birth date DDMMYYYY not later than now.
// There is no check digit.
func ParsePersonalNumber(s string, now time.Time) (PersonalNumber, error) {
	digits, ok := onlyDigits(s)
	if !ok || len(digits) != numberLength {
		return "", Refuse(Invalid, "error.registry.personal_number", "n", len(digits))
	}
	if digits[0] != '1' && digits[0] != '2' {
		return "", Refuse(Invalid, "error.registry.personal_number_sex")
	}
	d, ok := ddmmyyyy(digits[1:9])
	if !ok {
		return "", Refuse(Invalid, "error.registry.personal_number_date")
	}
	// The last zone on Earth may already be in the next day.
	if d.Compare(DateOf(now.Add(14*time.Hour), time.UTC)) > 0 {
		return "", Refuse(Invalid, "error.registry.date_future")
	}
	return PersonalNumber(digits), nil
}

// Sex encoded in the number; empty if it is not one.
func (n PersonalNumber) Sex() Sex {
	switch {
	case len(n) == numberLength && n[0] == '1':
		return Female
	case len(n) == numberLength && n[0] == '2':
		return Male
	}
	return ""
}

// BirthDate encoded in the number; zero if it is not one.
func (n PersonalNumber) BirthDate() Date {
	if len(n) != numberLength {
		return Date{}
	}
	d, _ := ddmmyyyy(string(n[1:9]))
	return d
}

// Masked shows the last four digits only, for lists (domain.md §6.9).
func (n PersonalNumber) Masked() string {
	if len(n) < 4 {
		return strings.Repeat("•", len(n))
	}
	return strings.Repeat("•", len(n)-4) + string(n[len(n)-4:])
}

// ParseOKPO reads the 8-digit classifier number; empty stays empty.
func ParseOKPO(s string) (string, error) {
	if trimSpace(s) == "" {
		return "", nil
	}
	digits, ok := onlyDigits(s)
	if !ok || len(digits) != 8 {
		return "", Refuse(Invalid, "error.registry.okpo", "n", len(digits))
	}
	return digits, nil
}

// ParseSocialFundNumber keeps the free text, at most 20 characters.
func ParseSocialFundNumber(s string) (string, error) {
	s = strings.Join(strings.Fields(s), " ")
	if n := len([]rune(s)); n > 20 {
		return "", Refuse(Invalid, "error.registry.social_fund", "n", n)
	}
	return s, nil
}

// ParseEmail reads one bare address.
func ParseEmail(s string) (string, error) {
	s = trimSpace(s)
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > 254 || !strings.Contains(s[strings.LastIndexByte(s, '@')+1:], ".") ||
		strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII || unicode.IsSpace(r) }) {
		return "", Refuse(Invalid, "error.registry.email")
	}
	return s, nil
}

// ParsePhone reads a Kyrgyz number in any of the usual spellings
// (+996 312 960 360, 0312 98-68-66, (0312)98 68 66, 00996…) and returns E.164.
func ParsePhone(s string) (string, error) {
	var b strings.Builder
	plus := false
	for i, r := range trimSpace(s) {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == '+' && i == 0:
			plus = true
		case strings.ContainsRune(" ()-–—.\u00a0\u2011", r):
		default:
			return "", Refuse(Invalid, "error.registry.phone")
		}
	}
	d := b.String()
	switch {
	case plus:
	case strings.HasPrefix(d, "00996"):
		d = d[2:]
	case len(d) == 10 && d[0] == '0':
		d = "996" + d[1:]
	case len(d) == 9 && d[0] != '0':
		d = "996" + d
	}
	// +996 (0312) …: the trunk prefix is kept by mistake.
	if len(d) == 13 && strings.HasPrefix(d, "9960") {
		d = "996" + d[4:]
	}
	if len(d) != 12 || !strings.HasPrefix(d, "996") || d[3] == '0' {
		return "", Refuse(Invalid, "error.registry.phone")
	}
	return "+" + d, nil
}

// trimSpace drops white space, no-break spaces and invisible marks at both
// ends.
func trimSpace(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
}

// onlyDigits drops spaces and hyphens; ok is false if anything but ASCII
// digits is left.
func onlyDigits(s string) (string, bool) {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune("-–\u2011", r):
		default:
			return b.String(), false
		}
	}
	return b.String(), true
}

func ddmmyyyy(s string) (Date, bool) {
	t, err := time.Parse("02012006", s)
	if err != nil || t.Year() < 1900 {
		return Date{}, false
	}
	return DateOf(t, time.UTC), true
}
