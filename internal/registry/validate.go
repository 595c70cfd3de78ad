package registry

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxText is the longest value of one field, in characters.
const maxText = 250

// Validate says what is wrong with a declaration, each with its form field:
// the numbers, dates and names of domain.md §6.3, what a certificate cannot do
// without, and the consent of each person (§6.9). Whether an authority serves
// such an applicant is the pack's to say. now bounds dates.
func Validate(d *Declaration, now time.Time) Errors {
	v := &validation{now: now}
	v.oneOf("operation", string(d.Operation), string(FirstIssue), string(Renewal), string(Reissue))
	v.oneOf("channel", string(d.Channel), string(Office), string(Remote))
	v.oneOf("storage", string(d.Storage), string(Rutoken), string(ECloud))
	v.oneOf("language", string(d.Language), string(Kyrgyz), string(Russian), string(English))
	v.organisation(&d.Organisation)
	v.person("head.", &d.Head, true)
	if d.Organisation.Kind == SoleEntrepreneur && v.ok("organisation.inn") && v.ok("head.personal_number") &&
		string(d.Organisation.INN) != string(d.Head.PersonalNumber) {
		v.refuse("organisation.inn", "error.registry.inn_of_entrepreneur")
	}
	if d.Accountant != nil {
		v.person("accountant.", d.Accountant, true)
	}
	if d.Trusted != nil {
		v.person("trusted.", d.Trusted, false)
	}
	if m := d.Managing; m != nil {
		v.either("managing.name_ru", m.NameRu, m.NameKy)
		v.text("managing.name_ru", m.NameRu)
		v.text("managing.name_ky", m.NameKy)
		v.inn("managing.inn", m.INN)
	}
	if p := d.Predecessor; p != nil {
		v.predecessor(p)
	}
	for _, r := range d.Changed {
		if !slices.Contains(Requisites[:], r) {
			v.refuse("changed", "error.registry.choice")
		}
	}
	for _, r := range d.Replaced {
		if r != Head && r != Accountant {
			v.refuse("replaced", "error.registry.choice")
		}
	}
	return v.errs
}

type validation struct {
	now  time.Time
	errs Errors
}

func (v *validation) refuse(field, key string, args ...any) {
	v.errs = append(v.errs, Refuse(Invalid, key, args...).On(field))
}

// ok says that nothing is wrong with a field so far.
func (v *validation) ok(field string) bool {
	return !slices.ContainsFunc(v.errs, func(e *Error) bool { return e.Field == field })
}

func (v *validation) oneOf(field, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		v.refuse(field, "error.registry.choice")
	}
}

func (v *validation) required(field, value string) bool {
	if value == "" {
		v.refuse(field, "error.registry.required")
		return false
	}
	return v.text(field, value)
}

// either wants one of two spellings.
func (v *validation) either(field, a, b string) {
	if a == "" && b == "" {
		v.refuse(field, "error.registry.required")
	}
}

// text bounds a free text and refuses what no paper has in it.
func (v *validation) text(field, value string) bool {
	switch {
	case utf8.RuneCountInString(value) > maxText:
		v.refuse(field, "error.registry.too_long", "n", maxText)
	case !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl):
		v.refuse(field, "error.registry.letters")
	default:
		return true
	}
	return false
}

// asParsed wants a value to be exactly what its parser makes of it: what is
// stored is always in its normal form.
func asParsed[T ~string](v *validation, field string, value T, parse func(string) (T, error)) {
	got, err := parse(string(value))
	var e *Error
	switch {
	case errors.As(err, &e):
		v.errs = append(v.errs, e.On(field))
	case err != nil || got != value:
		v.refuse(field, "error.registry.letters")
	}
}

func (v *validation) inn(field string, n INN) {
	if v.required(field, string(n)) {
		asParsed(v, field, n, ParseINN)
	}
}

func (v *validation) organisation(o *OrganisationRequisites) {
	const f = "organisation."
	v.oneOf(f+"kind", string(o.Kind), string(LegalEntity), string(SoleEntrepreneur))
	v.inn(f+"inn", o.INN)
	if o.Kind == SoleEntrepreneur && v.ok(f+"inn") {
		if _, err := ParsePersonalNumber(string(o.INN), v.now); err != nil {
			v.refuse(f+"inn", "error.registry.inn_of_entrepreneur")
		}
	}
	v.either(f+"name_ru", o.NameRu, o.NameKy)
	v.either(f+"form_ru", o.FormRu, o.FormKy)
	v.either(f+"settlement.ru", o.Settlement.Ru, o.Settlement.Ky)
	for _, t := range [...]struct{ field, value string }{
		{"form_ru", o.FormRu}, {"form_ky", o.FormKy}, {"name_ru", o.NameRu}, {"name_ky", o.NameKy}, {"name_latin", o.NameLatin},
		{"settlement.ru", o.Settlement.Ru}, {"settlement.ky", o.Settlement.Ky}, {"street", o.Street},
	} {
		if v.text(f+t.field, t.value) && mixesAlphabets(t.value) {
			v.refuse(f+t.field, "error.registry.mixed_letters")
		}
	}
	v.date(f+"registration_date", o.RegistrationDate, true)
	if o.OKPO != "" {
		asParsed(v, f+"okpo", o.OKPO, ParseOKPO)
	}
	asParsed(v, f+"social_fund_no", o.SocialFundNo, ParseSocialFundNumber)
	if v.required(f+"phone", o.Phone) {
		asParsed(v, f+"phone", o.Phone, ParsePhone)
	}
	if v.required(f+"email", o.Email) {
		asParsed(v, f+"email", o.Email, ParseEmail)
	}
}

func (v *validation) person(f string, p *PersonRequisites, signatory bool) {
	if p.NameRu.Surname == "" && p.NameKy.Surname == "" {
		v.refuse(f+"name_ru.surname", "error.registry.required")
	}
	if p.NameRu.Given == "" && p.NameKy.Given == "" {
		v.refuse(f+"name_ru.given", "error.registry.required")
	}
	v.name(f+"name_ru.", p.NameRu)
	v.name(f+"name_ky.", p.NameKy)
	if v.text(f+"latin", p.Latin) && !latinName.MatchString(p.Latin) {
		v.refuse(f+"latin", "error.registry.latin")
	}
	if !countryCode.MatchString(p.Citizenship) {
		v.refuse(f+"citizenship", "error.registry.citizenship")
	}
	// A certificate names its holder by this number (DT-08); a citizen always
	// has one.
	if signatory || p.PersonalNumber != "" || p.Citizenship == CitizenOfKyrgyzstan {
		if v.required(f+"personal_number", string(p.PersonalNumber)) {
			asParsed(v, f+"personal_number", p.PersonalNumber, func(s string) (PersonalNumber, error) { return ParsePersonalNumber(s, v.now) })
		}
	}
	if signatory {
		v.either(f+"position_ru", p.PositionRu, p.PositionKy)
	}
	v.text(f+"position_ru", p.PositionRu)
	v.text(f+"position_ky", p.PositionKy)
	v.document(f+"document.", p)
	if p.Phone != "" {
		asParsed(v, f+"phone", p.Phone, ParsePhone)
	}
	if p.Email != "" {
		asParsed(v, f+"email", p.Email, ParseEmail)
	}
	if !p.Consent {
		v.refuse(f+"consent", "error.registry.consent")
	}
}

var (
	countryCode    = regexp.MustCompile(`^[A-Z]{3}$`)
	latinName      = regexp.MustCompile(`^[A-Z' -]*$`)
	kyrgyzPassport = regexp.MustCompile(`^[A-Z]{2}\d{7}$`)
	otherPassport  = regexp.MustCompile(`^[A-Z0-9]{5,12}$`)
	serialNumber   = regexp.MustCompile(`^[1-9a-f][0-9a-f]{0,39}$`)
)

// document judges the passport: two Latin letters and seven digits of a
// citizen, otherwise 5 to 12 letters and digits (domain.md §6.3).
func (v *validation) document(f string, p *PersonRequisites) {
	number := p.Document.Series + p.Document.Number
	switch {
	case number == "":
		v.refuse(f+"number", "error.registry.required")
	case p.Citizenship == CitizenOfKyrgyzstan && !kyrgyzPassport.MatchString(number):
		v.refuse(f+"number", "error.registry.passport")
	case !otherPassport.MatchString(number):
		v.refuse(f+"number", "error.registry.passport_foreign")
	}
	v.text(f+"issued_by", p.Document.IssuedBy)
	v.date(f+"issued_on", p.Document.IssuedOn, true)
	if v.date(f+"valid_until", p.Document.ValidUntil, false) && p.Document.ValidUntil != "" {
		if until, err := ParseDate(p.Document.ValidUntil); err == nil && until.End(time.UTC).Before(v.now) {
			v.refuse(f+"valid_until", "error.registry.document_expired")
		}
	}
}

func (v *validation) name(f string, n PersonName) {
	for _, part := range [...]struct{ field, value string }{{"surname", n.Surname}, {"given", n.Given}, {"patronymic", n.Patronymic}} {
		if !v.text(f+part.field, part.value) || part.value == "" {
			continue
		}
		switch {
		case strings.ContainsFunc(part.value, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) && !strings.ContainsRune(" -'’.", r)
		}):
			v.refuse(f+part.field, "error.registry.letters")
		case mixesAlphabets(part.value):
			v.refuse(f+part.field, "error.registry.mixed_letters")
		}
	}
}

// mixesAlphabets finds a word with both Cyrillic and Latin letters: one of
// them is a look-alike, and such a name is never found again.
func mixesAlphabets(s string) bool {
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) }) {
		if strings.ContainsFunc(word, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }) &&
			strings.ContainsFunc(word, func(r rune) bool { return unicode.Is(unicode.Latin, r) }) {
			return true
		}
	}
	return false
}

// date wants YYYY-MM-DD or nothing; past: not later than today.
func (v *validation) date(field, value string, past bool) bool {
	if value == "" {
		return true
	}
	d, err := ParseDate(value)
	switch {
	case err != nil:
		v.refuse(field, "error.registry.date")
	case past && d.Compare(DateOf(v.now.Add(14*time.Hour), time.UTC)) > 0:
		v.refuse(field, "error.registry.date_future")
	default:
		return true
	}
	return false
}

func (v *validation) predecessor(p *Predecessor) {
	if v.required("predecessor.serial", string(p.Serial)) && !serialNumber.MatchString(string(p.Serial)) {
		v.refuse("predecessor.serial", "error.registry.serial")
	}
	if p.NotAfter.IsZero() {
		v.refuse("predecessor.not_after", "error.registry.date")
	}
}
