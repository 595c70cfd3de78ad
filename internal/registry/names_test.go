package registry

import (
	"slices"
	"testing"
)

func TestFoldBringsSpellingsTogether(t *testing.T) {
	for _, same := range [][]string{
		{"Ысык-Көл Курорт", "ысык кол курорт", "ЫСЫК—КӨЛ  «Курорт»", "Ысык-Кѳл Курорт"},
		{"Жумалиев", "Джумалиев", "джумалиев"},
		{"Жети-Төр Софт", "Джети Тор Софт"},
		{"Пётр Королёв", "Петр Королев"},
		{"ОсОО «Ак-Булак»", "ЖЧК Ак Булак", "МЧК \"Ак-Булак\"", "LLC Ак-Булак", "Общество с ограниченной ответственностью Ак-Булак", "ооо ак-булак"},
		{"ЗАО Тоо Курулуш", "ЖАК Тоо Курулуш"},
		{"ИП Токтосунов", "ЖИ Токтосунов", "Жеке ишкер Токтосунов", "ЧП Токтосунов"},
		{"кол тамга", "колтамга", "Кол  Тамга"},
		{"кол тамганын", "колтамганын"},
		{"й", "и\u0306"},
		{"O'Brien", "O’Brien", "obrien"},
		{"", "«»", " — "},
	} {
		for _, s := range same[1:] {
			if Fold(s) != Fold(same[0]) {
				t.Errorf("%q folds to %q, %q to %q", same[0], Fold(same[0]), s, Fold(s))
			}
		}
	}
	if Fold("Акжол") == Fold("Ак кол") || Fold("колхоз") == Fold("кол тамга") {
		t.Error("different names fell together")
	}
	if got := Fold("26-0401 / 00503201719901"); got != "26 0401 00503201719901" {
		t.Errorf("numbers: %q", got)
	}
}

func TestSplitName(t *testing.T) {
	for in, want := range map[string]PersonName{
		"Асанова Гүлнара Бектуровна": {"Асанова", "Гүлнара", "Бектуровна"},
		"Асан уулу Эрмек":            {"Асан уулу", "Эрмек", ""},
		"Асан кызы Айгүл Бекова":     {"Асан кызы", "Айгүл", "Бекова"},
		"Йылмаз Керем":               {"Йылмаз", "Керем", ""},
		"Алиев  Али Вагиф оглы":      {"Алиев", "Али", "Вагиф оглы"},
		"Сократ":                     {"Сократ", "", ""},
		"Асан уулу":                  {"Асан уулу", "", ""},
		"":                           {},
	} {
		if got := SplitName(in); got != want {
			t.Errorf("SplitName(%q) = %+v", in, got)
		}
	}
}

func TestA03_ChangesAndReplacements(t *testing.T) {
	base := func() *Declaration {
		accountant := PersonRequisites{PersonalNumber: "12309198799802", NameRu: SplitName("Сыдыкова Чолпон"), PositionRu: "Главный бухгалтер", Document: IdentityDocument{Series: "ID", Number: "0000102"}}
		return &Declaration{
			Organisation: OrganisationRequisites{FormRu: "ОсОО", NameRu: "Ак-Булак", INN: "00503201719901", Settlement: Settlement{Code: "BISHKEK", Ru: "г. Бишкек"}, Street: "Чүй 1"},
			Head:         PersonRequisites{PersonalNumber: "11405198199801", NameRu: SplitName("Асанова Гүлнара"), PositionRu: "Директор", Document: IdentityDocument{Series: "ID", Number: "0000101"}},
			Accountant:   &accountant,
		}
	}
	for _, tc := range []struct {
		name       string
		change     func(d *Declaration)
		seriesOnly bool
		changed    []Requisite
		replaced   []SignatoryRole
	}{
		{"nothing", func(*Declaration) {}, false, nil, nil},
		{"spaces and capitals", func(d *Declaration) { d.Organisation.NameRu = " ак-булак " }, false, nil, nil},
		{"name", func(d *Declaration) { d.Organisation.NameRu = "Ак-Суу" }, false, []Requisite{OrgName}, nil},
		{"form", func(d *Declaration) { d.Organisation.FormRu = "ЗАО" }, false, []Requisite{OrgName}, nil},
		{"INN", func(d *Declaration) { d.Organisation.INN = "00503201719902" }, false, []Requisite{OrgINN}, nil},
		{"settlement", func(d *Declaration) { d.Organisation.Settlement = Settlement{Code: "TOKMOK", Ru: "г. Токмок"} }, false, []Requisite{OrgSettlement}, nil},
		{"A20 the settlement's new name", func(d *Declaration) { d.Organisation.Settlement.Ru = "г. Фрунзе" }, false, nil, nil},
		{"street", func(d *Declaration) { d.Organisation.Street = "Манас 2" }, false, []Requisite{StreetAddress}, nil},
		{"married", func(d *Declaration) { d.Head.NameRu.Surname = "Бекова" }, false, []Requisite{OwnerFullName}, nil},
		{"promoted", func(d *Declaration) { d.Accountant.PositionRu = "Финансовый директор" }, false, []Requisite{OwnerPosition}, nil},
		{"new passport number", func(d *Declaration) { d.Head.Document.Number = "0000999" }, false, []Requisite{OwnerPassport}, nil},
		{"new passport number, series only", func(d *Declaration) { d.Head.Document.Number = "0000999" }, true, nil, nil},
		{"new series, series only", func(d *Declaration) { d.Head.Document.Series = "AN" }, true, []Requisite{OwnerPassport}, nil},
		{"another head", func(d *Declaration) {
			d.Head = PersonRequisites{PersonalNumber: "20101198099801", NameRu: SplitName("Новый Глава")}
		}, false, nil, []SignatoryRole{Head}},
		{"another accountant", func(d *Declaration) { d.Accountant.PersonalNumber = "20101198099801" }, false, nil, []SignatoryRole{Accountant}},
		{"no accountant any more", func(d *Declaration) { d.Accountant = nil }, false, nil, nil},
		{"much", func(d *Declaration) {
			d.Head.Document.Number, d.Organisation.NameRu, d.Head.PositionRu = "1", "Б", "В"
		}, false, []Requisite{OrgName, OwnerPosition, OwnerPassport}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before, now := base(), base()
			tc.change(now)
			if got := Changes(before, now, tc.seriesOnly); !equal(got, tc.changed) {
				t.Errorf("changed %v, want %v", got, tc.changed)
			}
			if got := Replacements(before, now); !equal(got, tc.replaced) {
				t.Errorf("replaced %v, want %v", got, tc.replaced)
			}
		})
	}
}

// TestDT25_AMoveIsSeenInEitherLanguage: a language that one side lacks says
// nothing while another can be compared.
func TestDT25_AMoveIsSeenInEitherLanguage(t *testing.T) {
	for _, tc := range []struct {
		name        string
		before, now Settlement
		moved       bool
	}{
		{"in Kyrgyz only", Settlement{Ky: "Бишкек ш."}, Settlement{Ky: "Ош ш."}, true},
		{"in Russian only", Settlement{Ru: "г. Бишкек"}, Settlement{Ru: "г. Ош"}, true},
		{"said in Kyrgyz alone", Settlement{Ru: "г. Бишкек", Ky: "Бишкек ш."}, Settlement{Ru: "г. Бишкек", Ky: "Ош ш."}, true},
		{"the Kyrgyz name is new", Settlement{Ru: "г. Бишкек"}, Settlement{Ru: "г. Бишкек", Ky: "Бишкек ш."}, false},
		{"the Russian name is dropped", Settlement{Ru: "г. Бишкек", Ky: "Бишкек ш."}, Settlement{Ky: "бишкек  ш."}, false},
		{"no language in common", Settlement{Ru: "г. Бишкек"}, Settlement{Ky: "Ош ш."}, true},
		{"not on file before", Settlement{}, Settlement{Ky: "Ош ш."}, false},
		{"A20 the same code", Settlement{Code: "X", Ky: "Жалал-Абад ш."}, Settlement{Code: "X", Ky: "Манас ш."}, false},
	} {
		var before, now Declaration
		before.Organisation.Settlement, now.Organisation.Settlement = tc.before, tc.now
		if got := slices.Contains(Changes(&before, &now, false), OrgSettlement); got != tc.moved {
			t.Errorf("%s: moved %t", tc.name, got)
		}
	}
}

func equal[T comparable](a, b []T) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestAPlaceIsNamedInEveryLanguage(t *testing.T) {
	for place, want := range map[Settlement][3]string{
		{Ru: "г. Ош", Ky: "Ош ш."}: {"Ош ш.", "г. Ош", "г. Ош"},
		{Ru: "г. Ош"}:              {"г. Ош", "г. Ош", "г. Ош"},
		{Ky: "Ош ш."}:              {"Ош ш.", "Ош ш.", "Ош ш."},
	} {
		for i, l := range [...]Language{Kyrgyz, Russian, English} {
			if got := place.In(l); got != want[i] {
				t.Errorf("%+v in %s: %q", place, l, got)
			}
		}
	}
}
