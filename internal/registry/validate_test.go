package registry

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

var (
	bishkek = time.FixedZone("", 6*3600)
	today   = time.Date(2026, 4, 6, 3, 30, 0, 0, time.UTC)
)

// form is a form as a clerk types it: spaces, Cyrillic twins, all spellings.
func form() FormInput {
	return FormInput{
		"operation": {"RENEWAL"}, "channel": {"OFFICE"}, "storage": {"RUTOKEN"}, "office": {"OSH"}, "language": {"ky"},
		"organisation.kind": {"LEGAL_ENTITY"}, "organisation.inn": {" 00609 2015 19909 "}, "organisation.form_ru": {"ОсОО"},
		"organisation.name_ru": {"Анкара-Ош  Трейд"}, "organisation.name_ky": {"Анкара-Ош Трейд"}, "organisation.okpo": {"9000 0106"},
		"organisation.settlement.ru": {"г. Ош"}, "organisation.settlement.ky": {"Ош ш."}, "organisation.registration_date": {"06.09.2015"},
		"organisation.phone": {"(03222) 0-01-06"}, "organisation.email": {"osh@ankaratrade.example"},
		"head.personal_number": {"2 01041979 09813"}, "head.name_ru.surname": {"Йылмаз"}, "head.name_ru.given": {"Керем"},
		"head.citizenship": {"tur"}, "head.document.number": {"u 00000113"}, "head.document.valid_until": {"16.09.2031"},
		"head.position_ru": {"Генеральный директор"}, "head.consent": {"on"},
		"accountant": {"PERSON"}, "accountant.personal_number": {"11205198509814"},
		"accountant.name_ru.surname": {"Маматова"}, "accountant.name_ru.given": {"Дилбар"}, "accountant.name_ru.patronymic": {"Абдулаевна"},
		"accountant.document.number": {"АN 0000114"}, "accountant.position_ru": {"Главный бухгалтер"}, "accountant.consent": {"on"},
		"trusted": {"PERSON"}, "trusted.personal_number": {"20707199009815"}, "trusted.name_ru.surname": {"Асан уулу"},
		"trusted.name_ru.given": {"Бакыт"}, "trusted.document.number": {"ID0000115"}, "trusted.consent": {"on"},
		"predecessor.serial": {"5A:06"}, "predecessor.not_after": {"12.06.2026 15:30:00"},
		"changed": {"OWNER_POSITION"},
	}
}

func TestReadDeclarationNormalisesWhatIsTyped(t *testing.T) {
	d := ReadDeclaration(form(), bishkek)
	if errs := Validate(&d, today); len(errs) > 0 {
		t.Fatalf("a right form was refused: %v", errs)
	}
	for name, pair := range map[string][2]string{
		"INN":                   {string(d.Organisation.INN), "00609201519909"},
		"name":                  {d.Organisation.NameRu, "Анкара-Ош Трейд"},
		"Kyrgyz form":           {d.Organisation.FormKy, "ЖЧК"},
		"phone":                 {d.Organisation.Phone, "+996322200106"},
		"OKPO":                  {d.Organisation.OKPO, "90000106"},
		"sex":                   {string(d.Head.Sex), "M"},
		"birth date":            {d.Head.BirthDate, "1979-04-01"},
		"citizenship":           {d.Head.Citizenship, "TUR"},
		"passport":              {d.Head.Document.Series + "/" + d.Head.Document.Number, "U/00000113"},
		"homoglyph in passport": {d.Accountant.Document.Series, "AN"},
		"serial":                {string(d.Predecessor.Serial), "5a06"},
		"end":                   {d.Predecessor.NotAfter.Format(time.RFC3339), "2026-06-12T09:30:00Z"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %q, want %q", name, pair[0], pair[1])
		}
	}
}

func TestInputOfReadsBackTheSame(t *testing.T) {
	d := ReadDeclaration(form(), bishkek)
	back := ReadDeclaration(InputOf(&d, bishkek), bishkek)
	if !reflect.DeepEqual(d, back) {
		a, _ := json.Marshal(d)
		b, _ := json.Marshal(back)
		t.Errorf("declaration\n%s\nreads back as\n%s", a, b)
	}
}

func TestValidateNamesTheField(t *testing.T) {
	for name, c := range map[string]struct {
		field, value, wantField, wantKey string
	}{
		"§6.3 the leading zero is not repaired": {"organisation.inn", "609201519909", "organisation.inn", "error.registry.inn"},
		"no INN":                                {"organisation.inn", "", "organisation.inn", "error.registry.required"},
		"letters in the INN":                    {"organisation.inn", "0060920151990O", "organisation.inn", "error.registry.inn"},
		"§6.3 birth date must exist":            {"head.personal_number", "23102197909813", "head.personal_number", "error.registry.personal_number_date"},
		"§6.3 sex digit":                        {"head.personal_number", "30104197909813", "head.personal_number", "error.registry.personal_number_sex"},
		"birth date in the future":              {"head.personal_number", "20104203009813", "head.personal_number", "error.registry.date_future"},
		"DT-08 a foreign head needs one":        {"head.personal_number", "", "head.personal_number", "error.registry.required"},
		"citizen's passport":                    {"accountant.document.number", "AN000114", "accountant.document.number", "error.registry.passport"},
		"foreign passport":                      {"head.document.number", "U1", "head.document.number", "error.registry.passport_foreign"},
		"passport out of date":                  {"head.document.valid_until", "05.04.2026", "head.document.valid_until", "error.registry.document_expired"},
		"no such day":                           {"organisation.registration_date", "31.09.2015", "organisation.registration_date", "error.registry.date"},
		"registered tomorrow":                   {"organisation.registration_date", "08.04.2026", "organisation.registration_date", "error.registry.date_future"},
		"phone":                                 {"organisation.phone", "12", "organisation.phone", "error.registry.phone"},
		"e-mail":                                {"organisation.email", "osh@", "organisation.email", "error.registry.email"},
		"look-alike inside a word":              {"head.name_ru.surname", "Йылмaз", "head.name_ru.surname", "error.registry.mixed_letters"},
		"digits in a name":                      {"head.name_ru.given", "Кере3", "head.name_ru.given", "error.registry.letters"},
		"no surname":                            {"head.name_ru.surname", "", "head.name_ru.surname", "error.registry.required"},
		"§6.9 consent of each person":           {"trusted.consent", "", "trusted.consent", "error.registry.consent"},
		"unknown operation":                     {"operation", "STEAL", "operation", "error.registry.choice"},
		"unknown requisite":                     {"changed", "EVERYTHING", "changed", "error.registry.choice"},
		"serial of the old certificate":         {"predecessor.serial", "xyz", "predecessor.serial", "error.registry.serial"},
		"end of the old certificate":            {"predecessor.not_after", "soon", "predecessor.not_after", "error.registry.date"},
		"too long":                              {"organisation.street", strings.Repeat("у", 251), "organisation.street", "error.registry.too_long"},
	} {
		t.Run(name, func(t *testing.T) {
			in := form()
			in[c.field] = []string{c.value}
			d := ReadDeclaration(in, bishkek)
			errs := Validate(&d, today)
			if len(errs) != 1 || errs[0].Field != c.wantField || errs[0].Key != c.wantKey {
				t.Errorf("got %v, want %s on %s", errs, c.wantKey, c.wantField)
			}
		})
	}
}

func TestEntrepreneursINNIsTheirPersonalNumber(t *testing.T) {
	in := form()
	in["organisation.kind"] = []string{"SOLE_ENTREPRENEUR"}
	d := ReadDeclaration(in, bishkek)
	if errs := Validate(&d, today); len(errs) != 1 || errs[0].Key != "error.registry.inn_of_entrepreneur" {
		t.Errorf("another number was accepted: %v", errs)
	}
	in["organisation.inn"] = in["head.personal_number"]
	d = ReadDeclaration(in, bishkek)
	if errs := Validate(&d, today); len(errs) > 0 {
		t.Errorf("refused: %v", errs)
	}
}

func TestPatronymicIsNotRequired(t *testing.T) {
	in := form()
	in["head.name_ru.surname"], in["head.name_ru.given"] = []string{"Өмүрзак кызы"}, []string{"Үмүт"}
	delete(in, "head.name_ru.patronymic")
	d := ReadDeclaration(in, bishkek)
	if errs := Validate(&d, today); len(errs) > 0 {
		t.Error(errs)
	}
}

func FuzzReadDeclaration(f *testing.F) {
	f.Add("organisation.inn", "00609201519909")
	f.Add("head.document.number", "АN № 0000114")
	f.Add("predecessor.not_after", "31.02.2026")
	f.Add("organisation.name_ru", "\xff\xfe\x00")
	f.Fuzz(func(t *testing.T, field, value string) {
		in := form()
		in[field] = []string{value}
		d := ReadDeclaration(in, bishkek)
		if len(Validate(&d, today)) > 0 {
			return
		}
		// What is accepted is stored in its normal form, and reads back.
		if back := ReadDeclaration(InputOf(&d, bishkek), bishkek); !reflect.DeepEqual(d, back) {
			a, _ := json.Marshal(d)
			b, _ := json.Marshal(back)
			t.Errorf("%s = %q: declaration\n%s\nreads back as\n%s", field, value, a, b)
		}
	})
}
