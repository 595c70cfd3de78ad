//go:build bench

package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// Words of fictional companies' and people's names: the first of each are the
// common ones.
var (
	firstWords = strings.Fields("Ак Көк Сары Кара Жаңы Алтын Күмүш Ала Чоң Нур Бек Кең Таш Тоо Соң Ысык Чүй Талас Нарын Алай Ош Манас Бакай Каныкей Айчүрөк Сейтек Семетей Токтогул Курманжан Байтик")
	otherWords = strings.Fields("Булак Жайык Өзөн Көл Арча Суу Жол Бел Дан Доор Кербен Базар Соода Курулуш Агросервис Текстиль Транс Логистик Медиа Фарм Туризм Энерго Мебель Балык Софт Групп Инвест Консалт Сервис Строй")
	surnames   = strings.Fields("Асанов Үсөнов Мамытов Токтоев Жумабаев Абдыраев Осмонов Садыков Бейшеев Калыков Турдуев Эсенов Исаев Омуров Кадыров Сыдыков Молдоев Алиев Жээнбеков Орозбеков")
	givenNames = strings.Fields("Азамат Бакыт Нурлан Эркин Талант Улан Канат Мирлан Айбек Жаныбек Чынгыз Темир Самат Данияр Эмил")
)

// statuses of a hundred applications: twenty of them are open.
var statuses = map[int]registry.ApplicationStatus{
	0: registry.Submitted, 1: registry.Submitted, 2: registry.Submitted, 3: registry.Submitted, 4: registry.InReview, 5: registry.InReview,
	6: registry.InReview, 7: registry.InReview, 8: registry.AwaitingDocuments, 9: registry.AwaitingDocuments, 10: registry.AwaitingDocuments,
	11: registry.Verified, 12: registry.Verified, 13: registry.Approved, 14: registry.Approved, 15: registry.Approved, 16: registry.Approved,
	17: registry.Draft, 18: registry.Draft, 19: registry.Draft, 20: registry.Refused, 21: registry.Withdrawn,
}

// application is a row of the table, as the workflow would have made it.
type application struct {
	n      int // from 1
	number string
	status registry.ApplicationStatus
	decl   registry.Declaration
}

// company makes the n-th application; the same every time.
func company(n int) application {
	h := mix(n)
	a := application{n: n, number: fmt.Sprintf("%02d-%04d", 22+n%5, n/5+1), status: registry.Completed}
	if s, ok := statuses[int(h%100)]; ok {
		a.status = s
	}
	name := firstWords[skew(h>>8, len(firstWords))] + "-" + otherWords[skew(h>>16, len(otherWords))] + " " + otherWords[skew(h>>24, len(otherWords))]
	if h>>32%10 == 0 { // every tenth has a name of its own
		name = fmt.Sprintf("%s Жетим%d", name, n)
	}
	a.decl = declaration(n)
	o := &a.decl.Organisation
	o.NameRu, o.NameKy, o.NameLatin = name, name, ""
	a.decl.Head = worker(a.decl.Head, h>>36)
	if h>>40%2 == 0 {
		a.decl.Accountant = nil
	} else {
		*a.decl.Accountant = worker(*a.decl.Accountant, h>>44)
	}
	return a
}

func worker(p registry.PersonRequisites, h uint64) registry.PersonRequisites {
	p.NameRu = registry.PersonName{
		Surname: surnames[h%uint64(len(surnames))], Given: givenNames[h>>3%uint64(len(givenNames))], Patronymic: givenNames[h>>6%uint64(len(givenNames))] + "ович",
	}
	p.NameKy = p.NameRu
	return p
}

// texts are those whose words the application is found by.
func (a application) texts() []string {
	o := a.decl.Organisation
	out := []string{a.number, o.NameRu, o.NameKy, o.NameLatin, o.FormRu, string(o.INN)}
	for _, s := range a.decl.Signatories() {
		out = append(out, s.Person.NameRu.String(), s.Person.NameKy.String(), string(s.Person.PersonalNumber))
	}
	return out
}

func (a application) terms() []string {
	seen := map[string]bool{}
	var out []string
	for _, text := range a.texts() {
		for _, t := range strings.Fields(registry.Fold(text)) {
			if !seen[t] {
				seen[t] = true
				out = append(out, t)
			}
		}
	}
	return out
}

// row is the application in the order of applicationColumns. People are the
// ids of those who may have it in hand.
func (a application) row(now time.Time, people []int64) ([]any, error) {
	h := mix(a.n + 1<<30)
	decl, err := json.Marshal(a.decl)
	if err != nil {
		return nil, err
	}
	updated := now.Add(-time.Duration(h%(365*24)) * time.Hour).Truncate(time.Microsecond)
	queue := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	var due, paused, assignee any
	var org any = int64(a.n)
	switch a.status {
	case registry.Draft:
		org = nil
	case registry.AwaitingDocuments:
		paused, due = updated, updated
	case registry.Submitted, registry.InReview, registry.Verified:
		// A tenth is overdue, a tenth due today, the rest later.
		at := now.Add(time.Duration(h>>8%240-24) * time.Hour).Add(time.Duration(h>>20%3600) * time.Second).Truncate(time.Microsecond)
		due, queue = at, at
	}
	if a.status == registry.InReview || a.status == registry.AwaitingDocuments || a.status == registry.Draft {
		assignee = people[h>>32%uint64(len(people))]
	}
	d := a.decl
	office := []string{"BISHKEK", "BISHKEK", "OSH", "JALAL_ABAD"}[h>>36%4]
	return []any{
		int64(a.n), a.number, fmt.Sprintf("%064x", a.n), string(a.status), a.status.Open(), string(d.Operation), string(d.Channel), string(d.Storage), office,
		org, string(d.Organisation.INN), d.Organisation.FullName(registry.Russian), d.Organisation.FullName(registry.Kyrgyz),
		string(decl), "{}", string(d.Language), assignee, updated, updated, due, paused, queue,
	}, nil
}

var applicationColumns = []string{
	"id", "number", "link_hash", "status", "is_open", "operation", "channel", "storage", "office", "organisation_id", "inn", "title_ru", "title_ky",
	"declaration", "input", "language", "assignee", "created_at", "updated_at", "due_at", "paused_at", "queue_at",
}

// mix is splitmix64: scattered numbers, the same in every run.
func mix(n int) uint64 {
	z := uint64(n)*0x9e3779b97f4a7c15 + 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// skew chooses small numbers more often.
func skew(h uint64, n int) int {
	a, b := int(h%uint64(n)), int(h>>4%uint64(n))
	return min(a, b)
}
