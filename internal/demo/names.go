package demo

import (
	"fmt"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// client is a fictional organisation; its place in the list makes its numbers.
type client struct {
	formRu, formKy, ru, ky, latin string
	town                          registry.Settlement
	sole, foreignHead             bool
	noAccountant, headActs        bool
	managed                       bool
	first                         bool // has no certificate yet
}

var (
	bishkek = registry.Settlement{Code: "BISHKEK", Ru: "г. Бишкек", Ky: "Бишкек ш.", Region: "BISHKEK"}
	osh     = registry.Settlement{Code: "OSH", Ru: "г. Ош", Ky: "Ош ш.", Region: "OSH"}
	manas   = registry.Settlement{Code: "JALAL_ABAD", Ru: "г. Манас", Ky: "Манас ш.", Region: "JALAL_ABAD"}
	tokmok  = registry.Settlement{Code: "TOKMOK", Ru: "г. Токмок", Ky: "Токмок ш.", Region: "CHUY"}
	karakol = registry.Settlement{Code: "KARAKOL", Ru: "г. Каракол", Ky: "Каракол ш.", Region: "ISSYK_KUL"}
)

func llc(ru, ky, latin string, town registry.Settlement) client {
	return client{formRu: "ОсОО", formKy: "ЖЧК", ru: ru, ky: ky, latin: latin, town: town}
}

var clients = []client{
	llc("Ак-Булак Агросервис", "Ак-Булак Агросервис", "Ak-Bulak Agroservis", bishkek),
	llc("Кок-Жайык Транс", "Көк-Жайык Транс", "Kok-Jaiyk Trans", manas),
	llc("Сары-Озон Курулуш", "Сары-Өзөн Курулуш", "Sary-Ozon Kurulush", bishkek),
	llc("Сон-Куль Балык", "Соң-Көл Балык", "Song-Kol Balyk", karakol),
	{formRu: "ОАО", formKy: "ААК", ru: "Чуй Дан Өндүрүш", ky: "Чүй Дан Өндүрүш", latin: "Chui Dan", town: tokmok},
	llc("Нооруз Кафе", "Нооруз Кафе", "Nooruz Cafe", osh),
	llc("Нур-Тилек Медиа", "Нур-Тилек Медиа", "Nur-Tilek Media", bishkek),
	llc("Алай Тоют", "Алай Тоют", "Alai Toiut", osh),
	llc("Бермет Текстиль", "Бермет Текстиль", "Bermet Textile", bishkek),
	{formRu: "ЗАО", formKy: "ЖАК", ru: "Тоо Курулуш", ky: "Тоо Курулуш", latin: "Too Kurulush", town: bishkek, managed: true},
	llc("Байтик Дары", "Байтик Дары", "Baitik Dary", bishkek),
	llc("Керемет Логистик", "Керемет Логистик", "Keremet Logistik", bishkek),
	llc("Ала-Арча Туризм", "Ала-Арча Туризм", "Ala-Archa Turizm", bishkek),
	llc("Жаны Доор Соода", "Жаңы Доор Соода", "Jany Door Sooda", tokmok),
	llc("Иссык-Куль Момо", "Ысык-Көл Мөмө", "Issyk-Kul Momo", karakol),
	llc("Манас Энерго", "Манас Энерго", "Manas Energo", manas),
	llc("Таш-Рабат Тур", "Таш-Рабат Тур", "Tash-Rabat Tour", bishkek),
	llc("Кен-Суу Сут", "Кең-Суу Сүт", "Keng-Suu Sut", karakol),
	llc("Узген Куруч", "Өзгөн Күрүч", "Ozgon Kuruch", osh),
	llc("Жылдыз Фарм", "Жылдыз Фарм", "Jyldyz Pharm", bishkek),
	{formRu: "ОсОО", formKy: "ЖЧК", ru: "Анкара-Ош Трейд", ky: "Анкара-Ош Трейд", latin: "Ankara-Osh Trade", town: osh, foreignHead: true},
	llc("Арча Мебель", "Арча Эмерек", "Archa Mebel", bishkek),
	{formRu: "ИП", formKy: "ЖИ", town: bishkek, sole: true, noAccountant: true},
	{formRu: "ИП", formKy: "ЖИ", town: osh, sole: true, noAccountant: true},
	{formRu: "ОсОО", formKy: "ЖЧК", ru: "Тянь-Шань Софт", ky: "Теңир-Тоо Софт", latin: "Tian-Shan Soft", town: bishkek, headActs: true, noAccountant: true},
	llc("Бакай Курулуш Групп", "Бакай Курулуш Групп", "Bakai Kurulush Group", bishkek),
	{formRu: "ОсОО", formKy: "ЖЧК", ru: "Бостери Курорт", ky: "Бостери Курорт", latin: "Bosteri Resort", town: karakol, headActs: true, noAccountant: true},
	llc("Саймалуу-Таш Тур", "Саймалуу-Таш Тур", "Saimaluu-Tash Tour", manas),
	llc("Арашан Ден Соолук", "Арашан Ден Соолук", "Arashan Den Sooluk", karakol),
	llc("Боом Сервис", "Боом Сервис", "Boom Service", tokmok),
	{formRu: "ИП", formKy: "ЖИ", town: karakol, sole: true, noAccountant: true},
	{formRu: "ОсОО", formKy: "ЖЧК", ru: "Чатыр-Куль Хостел", ky: "Чатыр-Көл Хостел", latin: "Chatyr-Kol Hostel", town: bishkek, headActs: true, noAccountant: true},
	llc("Кызыл-Туу Соода", "Кызыл-Туу Соода", "Kyzyl-Tuu Sooda", bishkek),
	{formRu: "ОсОО", formKy: "ЖЧК", ru: "Суусамыр Бал", ky: "Суусамыр Бал", latin: "Suusamyr Bal", town: bishkek, headActs: true, noAccountant: true},
	{formRu: "ОсОО", formKy: "ЖЧК", ru: "Кара-Шоро Суу", ky: "Кара-Шоро Суу", latin: "Kara-Shoro Suu", town: bishkek, headActs: true, noAccountant: true},
	{formRu: "ОсОО", formKy: "ЖЧК", ru: "Чон-Кемин Жылкы", ky: "Чоң-Кемин Жылкы", latin: "Chong-Kemin Jylky", town: bishkek, headActs: true, noAccountant: true},
	{formRu: "ОсОО", formKy: "ЖЧК", ru: "Кара-Балта Кант", ky: "Кара-Балта Кант", latin: "Kara-Balta Kant", town: bishkek, first: true},
	{formRu: "ОсОО", formKy: "ЖЧК", ru: "Сулайман-Тоо Китеп", ky: "Сулайман-Тоо Китеп", latin: "Sulaiman-Too Kitep", town: bishkek, first: true},
	{formRu: "ОсОО", formKy: "ЖЧК", ru: "Нарын Жун", ky: "Нарын Жүн", latin: "Naryn Jun", town: bishkek, first: true},
	{formRu: "ОсОО", formKy: "ЖЧК", ru: "Токтогул Бал", ky: "Токтогул Бал", latin: "Toktogul Bal", town: bishkek, first: true},
}

type given struct {
	surname, name, father string
	latin                 string
	sex                   registry.Sex
}

var people = []given{
	{"Асанова", "Гүлнара", "Бектуровна", "ASANOVA GULNARA", registry.Female},
	{"Токтосунов", "Эрлан", "Кубатович", "TOKTOSUNOV ERLAN", registry.Male},
	{"Сыдыкова", "Чолпон", "Маратовна", "SYDYKOVA CHOLPON", registry.Female},
	{"Ибраимов", "Тилек", "Нурланович", "IBRAIMOV TILEK", registry.Male},
	{"Абдрахманова", "Жылдыз", "Акматовна", "ABDRAKHMANOVA ZHYLDYZ", registry.Female},
	{"Мамбетов", "Канат", "Жээнбекович", "MAMBETOV KANAT", registry.Male},
	{"Дүйшөева", "Мээрим", "Аскаровна", "DUISHOEVA MEERIM", registry.Female},
	{"Асан уулу", "Эрмек", "", "ASAN UULU ERMEK", registry.Male},
	{"Жороева", "Назгүл", "Бакытовна", "ZHOROEVA NAZGUL", registry.Female},
	{"Сатаров", "Данияр", "Өмүрбекович", "SATAROV DANIYAR", registry.Male},
	{"Бекова", "Айнура", "Таалайбековна", "BEKOVA AINURA", registry.Female},
	{"Осмонов", "Бакыт", "Садырович", "OSMONOV BAKYT", registry.Male},
	{"Жумалиева", "Аида", "Эмильевна", "DZHUMALIEVA AIDA", registry.Female},
	{"Көчкөров", "Нурбек", "Үсөнович", "KOCHKOROV NURBEK", registry.Male},
}

// someone makes a fictional person; n tells them apart.
func someone(n int, position registry.Text) registry.PersonRequisites {
	g := people[n%len(people)]
	born := time.Date(1968+n%30, time.Month(1+n%12), 1+n%28, 0, 0, 0, 0, time.UTC)
	digit := "1"
	if g.sex == registry.Male {
		digit = "2"
	}
	name := registry.PersonName{Surname: g.surname, Given: g.name, Patronymic: g.father}
	return registry.PersonRequisites{
		PersonalNumber: registry.PersonalNumber(fmt.Sprintf("%s%s%05d", digit, born.Format("02012006"), 10000+n)),
		NameRu:         name, NameKy: name, Latin: g.latin, Sex: g.sex, BirthDate: born.Format(time.DateOnly), Citizenship: registry.CitizenOfKyrgyzstan,
		PositionRu: position.Ru, PositionKy: position.Ky,
		Document: registry.IdentityDocument{
			Type: registry.IDCard, Series: "ID", Number: fmt.Sprintf("%07d", 1000+n), Languages: []string{"ky", "ru"},
			IssuedOn: "2021-06-15", ValidUntil: "2031-06-15",
		},
		Phone: fmt.Sprintf("+9963120%05d", 10000+n), Email: fmt.Sprintf("person%d@demo.example", n), Consent: true,
	}
}

var (
	headPosition       = registry.Text{Ky: "Директор", Ru: "Директор", En: "Director"}
	accountantPosition = registry.Text{Ky: "Башкы бухгалтер", Ru: "Главный бухгалтер", En: "Chief accountant"}
	trustedPosition    = registry.Text{Ky: "Кеңсе менеджери", Ru: "Офис-менеджер", En: "Office manager"}
	employeePosition   = registry.Text{Ky: "Адис", Ru: "Специалист", En: "Specialist"}
)

// declaration is what client n declares.
func (d *demo) declaration(n int, storage registry.Storage) registry.Declaration {
	c := clients[n]
	head, accountant, trusted := someone(n*3, headPosition), someone(n*3+1, accountantPosition), someone(n*3+2, trustedPosition)
	org := registry.OrganisationRequisites{
		Kind: registry.LegalEntity, INN: inn(n), FormRu: c.formRu, FormKy: c.formKy, NameRu: c.ru, NameKy: c.ky, NameLatin: c.latin,
		RegistrationDate: sunday(n).Format(time.DateOnly), OKPO: fmt.Sprintf("9000%04d", n), SocialFundNo: fmt.Sprintf("100-000-%04d", n),
		Settlement: c.town, Street: "Чүй пр. 1", Phone: fmt.Sprintf("+9963120%05d", 90000+n), Email: fmt.Sprintf("office%d@demo.example", n),
	}
	if c.sole {
		org.Kind, org.INN = registry.SoleEntrepreneur, registry.INN(head.PersonalNumber)
		org.NameRu, org.NameKy = head.NameRu.String(), head.NameKy.String()
		head.PositionRu, head.PositionKy = "Индивидуальный предприниматель", "Жеке ишкер"
	}
	if c.foreignHead {
		head = turk(head)
	}
	out := registry.Declaration{
		Operation: registry.FirstIssue, Channel: registry.Office, Storage: storage, Office: d.officeOf(c), Language: registry.Languages[n%2],
		Organisation: org, Head: head, Trusted: &trusted, HeadActsAsAccountant: c.headActs,
	}
	if !c.noAccountant {
		out.Accountant = &accountant
	}
	if storage == registry.Rutoken && !c.first {
		d.again(n, &out)
	}
	if c.managed {
		out.Managing = &registry.ManagingOrganisation{NameRu: "Бирлик Башкаруу", NameKy: "Бирлик Башкаруу", INN: inn(90)}
	}
	return out
}

// again makes a declaration that of a client who has a certificate already: a
// renewal, or a reissue where the authority renews none.
func (d *demo) again(n int, out *registry.Declaration) {
	ends := d.now.AddDate(0, 0, 5+n%9).Truncate(time.Second)
	out.Predecessor = &registry.Predecessor{Serial: registry.Serial(fmt.Sprintf("5a%02d", n)), NotBefore: ends.AddDate(-1, 0, 0), NotAfter: ends}
	if _, ok := d.pack.Operation(registry.Renewal); ok {
		out.Operation = registry.Renewal
		return
	}
	out.Operation, out.Reason = registry.Reissue, registry.ReasonDeviceLost
}

// officeOf is the client's nearest office that the pack has.
func (d *demo) officeOf(c client) registry.OfficeCode {
	if o, ok := d.pack.Office(registry.OfficeCode(c.town.Code)); ok {
		return o.Code
	}
	return d.pack.HeadOffice
}

// turk makes a foreign citizen whose passport has no Kyrgyz or Russian text.
func turk(p registry.PersonRequisites) registry.PersonRequisites {
	p.NameRu = registry.PersonName{Surname: "Йылмаз", Given: "Керем"}
	p.NameKy, p.Latin, p.Citizenship = p.NameRu, "YILMAZ KEREM", "TUR"
	p.Document = registry.IdentityDocument{Type: registry.Passport, Series: "U", Number: "00000113", Languages: []string{"tr", "en"}, ValidUntil: "2031-09-16"}
	return p
}

// sunday is the day that client n was registered on: no office is open then.
func sunday(n int) time.Time {
	d := time.Date(2009+n%12, time.Month(1+n%12), 1, 0, 0, 0, 0, time.UTC)
	return d.AddDate(0, 0, (7-int(d.Weekday()))%7)
}

func inn(n int) registry.INN {
	return registry.INN(fmt.Sprintf("0%s1%04d", sunday(n).Format("02012006"), n))
}
