package registry

import (
	"strings"
	"time"
)

// The values of the form field "accountant".
const (
	NoAccountant     = "NONE"
	AccountantPerson = "PERSON"
	AccountantIsHead = "HEAD"
)

// Get is the first value of a field, without white space at its ends.
func (in FormInput) Get(field string) string {
	if v := in[field]; len(v) > 0 {
		return trimSpace(v[0])
	}
	return ""
}

// ReadDeclaration reads a declaration out of a form as typed. What can be read
// is brought to its form of storage; what cannot is kept as typed, so that
// Validate names it. It never fails. Field names are the paths of the
// declaration's JSON; zone is that of the dates typed.
func ReadDeclaration(in FormInput, zone *time.Location) Declaration {
	d := Declaration{
		Operation: Operation(in.Get("operation")), Channel: Channel(in.Get("channel")),
		Storage: Storage(in.Get("storage")), Office: OfficeCode(in.Get("office")),
		Language: Language(in.Get("language")), Organisation: readOrganisation(in),
		Head: readPerson(in, "head.", true),
	}
	switch in.Get("accountant") {
	case AccountantIsHead:
		d.HeadActsAsAccountant = true
	case AccountantPerson:
		p := readPerson(in, "accountant.", true)
		d.Accountant = &p
	}
	if d.Channel != Remote && in.Get("trusted") != "" {
		p := readPerson(in, "trusted.", false)
		d.Trusted = &p
	}
	if kind := ManagingKind(in.Get("managing")); kind == ManagedByOrganisation || kind == ManagedByIndividual {
		d.Managing = &ManagingOrganisation{
			NameRu: line(in.Get("managing.name_ru")), NameKy: line(in.Get("managing.name_ky")),
			INN: readINN(in.Get("managing.inn")), Individual: kind == ManagedByIndividual,
		}
	}
	if d.Operation == Renewal || d.Operation == Reissue {
		d.Predecessor = readPredecessor(in, zone)
		for _, r := range in["changed"] {
			d.Changed = append(d.Changed, Requisite(r))
		}
		for _, r := range in["replaced"] {
			d.Replaced = append(d.Replaced, SignatoryRole(r))
		}
	}
	if d.Operation == Reissue {
		d.Reason = ReissueReason(in.Get("reason"))
	}
	return d
}

func readOrganisation(in FormInput) OrganisationRequisites {
	get := func(f string) string { return line(in.Get("organisation." + f)) }
	o := OrganisationRequisites{
		Kind: OrganisationKind(get("kind")), INN: readINN(get("inn")),
		FormRu: get("form_ru"), FormKy: get("form_ky"),
		NameRu: get("name_ru"), NameKy: get("name_ky"), NameLatin: get("name_latin"),
		RegistrationDate: readDate(get("registration_date")),
		OKPO:             readOr(get("okpo"), ParseOKPO), SocialFundNo: get("social_fund_no"),
		Settlement: Settlement{
			Code: get("settlement.code"), Ru: get("settlement.ru"), Ky: get("settlement.ky"), Region: get("settlement.region"),
		},
		Street: get("street"), Phone: readOr(get("phone"), ParsePhone), Email: get("email"),
	}
	if o.FormKy == "" {
		o.FormKy = legalFormKy[o.FormRu]
	}
	return o
}

// legalFormKy are the Kyrgyz abbreviations of legal forms (domain.md §6.7).
var legalFormKy = map[string]string{
	"ОсОО": "ЖЧК", "ОсДО": "КЖК", "ОАО": "ААК", "ЗАО": "ЖАК", "ИП": "ЖИ", "ЧП": "ЖИ", "ГП": "МИ",
}

// LegalForms lists the usual abbreviations, Russian first.
func LegalForms() [][2]string {
	var out [][2]string
	for _, ru := range [...]string{"ОсОО", "ОАО", "ЗАО", "ОсДО", "ГП", "ИП", "ЧП"} {
		out = append(out, [2]string{ru, legalFormKy[ru]})
	}
	return out
}

// readPerson reads the fields that begin with prefix. A signatory's position
// is asked, a trusted person's may be empty.
func readPerson(in FormInput, prefix string, signatory bool) PersonRequisites {
	get := func(f string) string { return line(in.Get(prefix + f)) }
	p := PersonRequisites{
		NameRu: PersonName{get("name_ru.surname"), get("name_ru.given"), get("name_ru.patronymic")},
		NameKy: PersonName{get("name_ky.surname"), get("name_ky.given"), get("name_ky.patronymic")},
		Latin:  strings.ToUpper(get("latin")), Citizenship: strings.ToUpper(get("citizenship")),
		PositionRu: get("position_ru"), PositionKy: get("position_ky"),
		Phone: readOr(get("phone"), ParsePhone), Email: get("email"), Consent: get("consent") != "",
	}
	if p.Citizenship == "" {
		p.Citizenship = CitizenOfKyrgyzstan
	}
	p.PersonalNumber = PersonalNumber(get("personal_number"))
	if digits, ok := onlyDigits(string(p.PersonalNumber)); ok {
		p.PersonalNumber = PersonalNumber(digits)
	}
	p.Sex = p.PersonalNumber.Sex()
	if born := p.PersonalNumber.BirthDate(); !born.IsZero() {
		p.BirthDate = born.String()
	}
	series, number := SplitPassport(get("document.number"))
	p.Document = IdentityDocument{
		Type: Passport, Series: series, Number: number, IssuedBy: get("document.issued_by"),
		IssuedOn: readDate(get("document.issued_on")), ValidUntil: readDate(get("document.valid_until")),
	}
	switch {
	case p.Citizenship == CitizenOfKyrgyzstan:
		p.Document.Type, p.Document.Languages = IDCard, []string{"ky", "ru"}
		if series == "AC" {
			p.Document.Type = Passport
		}
	case get("document.local") != "":
		p.Document.Languages = []string{"ru"}
	}
	return p
}

// SplitPassport reads a series and number as typed together: capitals, Latin
// letters for the Cyrillic ones that look alike, no spaces or signs between.
func SplitPassport(s string) (series, number string) {
	s = cyrillicTwins.Replace(strings.ToUpper(s))
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -–№.\u00a0\u2011", r) {
			return -1
		}
		return r
	}, s)
	i := strings.IndexFunc(s, func(r rune) bool { return r < 'A' || r > 'Z' })
	if i < 0 {
		return "", s
	}
	return s[:i], s[i:]
}

func readPredecessor(in FormInput, zone *time.Location) *Predecessor {
	serial := strings.ToLower(strings.NewReplacer(" ", "", ":", "").Replace(in.Get("predecessor.serial")))
	end := in.Get("predecessor.not_after")
	if serial == "" && end == "" {
		return nil
	}
	p := &Predecessor{Serial: Serial(strings.TrimLeft(serial, "0")), Revoked: in.Get("predecessor.revoked") != ""}
	if t, err := time.ParseInLocation("02.01.2006 15:04:05", end, zone); err == nil {
		p.NotAfter = t.UTC()
	} else if day, err := ParseInputDate(end); err == nil {
		p.NotAfter = day.End(zone).Add(-time.Second).UTC()
	}
	if !p.NotAfter.IsZero() {
		p.NotBefore = p.NotAfter.AddDate(-1, 0, 0)
	}
	return p
}

func readINN(s string) INN { return INN(readOr(s, func(s string) (INN, error) { return ParseINN(s) })) }

func readDate(s string) string {
	if d, err := ParseInputDate(s); err == nil {
		return d.String()
	}
	return s
}

// readOr is what parse makes of s, or s itself.
func readOr[T ~string](s string, parse func(string) (T, error)) string {
	if s == "" {
		return ""
	}
	if v, err := parse(s); err == nil {
		return string(v)
	}
	return s
}

// line is a text without line breaks, control and invisible characters and
// double spaces.
func line(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\ufeff' || r == '\u200b' || r == '\ufffd' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return strings.Join(strings.Fields(s), " ")
}

// InputOf is a form that reads as the declaration.
func InputOf(d *Declaration, zone *time.Location) FormInput {
	in := FormInput{}
	set := func(f, v string) {
		if v != "" {
			in[f] = []string{v}
		}
	}
	set("operation", string(d.Operation))
	set("channel", string(d.Channel))
	set("storage", string(d.Storage))
	set("office", string(d.Office))
	set("language", string(d.Language))
	set("reason", string(d.Reason))
	OrganisationInput(in, &d.Organisation)
	PersonInput(in, "head.", &d.Head)
	set("accountant", NoAccountant)
	switch {
	case d.HeadActsAsAccountant:
		set("accountant", AccountantIsHead)
	case d.Accountant != nil:
		set("accountant", AccountantPerson)
		PersonInput(in, "accountant.", d.Accountant)
	}
	if d.Trusted != nil {
		set("trusted", "PERSON")
		PersonInput(in, "trusted.", d.Trusted)
	}
	if m := d.Managing; m != nil {
		set("managing", string(ManagedByOrganisation))
		if m.Individual {
			set("managing", string(ManagedByIndividual))
		}
		set("managing.name_ru", m.NameRu)
		set("managing.name_ky", m.NameKy)
		set("managing.inn", string(m.INN))
	}
	if p := d.Predecessor; p != nil {
		set("predecessor.serial", string(p.Serial))
		set("predecessor.not_after", p.NotAfter.In(zone).Format("02.01.2006 15:04:05"))
		if p.Revoked {
			set("predecessor.revoked", "on")
		}
	}
	for _, r := range d.Changed {
		in["changed"] = append(in["changed"], string(r))
	}
	for _, r := range d.Replaced {
		in["replaced"] = append(in["replaced"], string(r))
	}
	return in
}

// OrganisationInput fills the organisation's fields.
func OrganisationInput(in FormInput, o *OrganisationRequisites) {
	for f, v := range map[string]string{
		"kind": string(o.Kind), "inn": string(o.INN), "form_ru": o.FormRu, "form_ky": o.FormKy,
		"name_ru": o.NameRu, "name_ky": o.NameKy, "name_latin": o.NameLatin,
		"registration_date": displayDate(o.RegistrationDate), "okpo": o.OKPO, "social_fund_no": o.SocialFundNo,
		"settlement.code": o.Settlement.Code, "settlement.ru": o.Settlement.Ru, "settlement.ky": o.Settlement.Ky,
		"settlement.region": o.Settlement.Region, "street": o.Street, "phone": o.Phone, "email": o.Email,
	} {
		if v != "" {
			in["organisation."+f] = []string{v}
		}
	}
}

// PersonInput fills the fields of a person, whose names begin with prefix.
func PersonInput(in FormInput, prefix string, p *PersonRequisites) {
	fields := map[string]string{
		"personal_number": string(p.PersonalNumber),
		"name_ru.surname": p.NameRu.Surname, "name_ru.given": p.NameRu.Given, "name_ru.patronymic": p.NameRu.Patronymic,
		"name_ky.surname": p.NameKy.Surname, "name_ky.given": p.NameKy.Given, "name_ky.patronymic": p.NameKy.Patronymic,
		"latin": p.Latin, "citizenship": p.Citizenship, "position_ru": p.PositionRu, "position_ky": p.PositionKy,
		"phone": p.Phone, "email": p.Email, "document.number": p.Document.Series + p.Document.Number,
		"document.issued_by": p.Document.IssuedBy, "document.issued_on": displayDate(p.Document.IssuedOn),
		"document.valid_until": displayDate(p.Document.ValidUntil),
	}
	if p.Consent {
		fields["consent"] = "on"
	}
	if p.Citizenship != CitizenOfKyrgyzstan && personFacts(*p).LocalText {
		fields["document.local"] = "on"
	}
	for f, v := range fields {
		if v != "" {
			in[prefix+f] = []string{v}
		}
	}
}

func displayDate(s string) string {
	if d, err := ParseDate(s); err == nil {
		return d.Display()
	}
	return s
}
